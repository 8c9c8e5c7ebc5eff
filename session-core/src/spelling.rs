//! Finds the known word that somebody may have meant.

use strsim::{damerau_levenshtein, sorensen_dice};

/// Returns the word most like `text`, and the number of typing mistakes between the two. Letter case and `-` for
/// `_` don't count.
pub(crate) fn nearest<'w>(text: &str, words: impl Iterator<Item = &'w str>) -> Option<(&'w str, usize)> {
    let text = text.to_ascii_lowercase().replace('-', "_");
    // Mistakes find a slip of the hand; shared letter pairs find a name that was remembered wrongly
    // (`session_lifetime`), for which counting mistakes would name some short word instead.
    words
        .map(|word| {
            let lower = word.to_ascii_lowercase();
            (word, damerau_levenshtein(&text, &lower), sorensen_dice(&text, &lower))
        })
        .min_by(|(_, a_mistakes, a_alike), (_, b_mistakes, b_alike)| {
            let slip = |mistakes: &usize| if *mistakes <= 2 { *mistakes } else { 3 };
            slip(a_mistakes).cmp(&slip(b_mistakes)).then(b_alike.total_cmp(a_alike))
        })
        .map(|(word, mistakes, _)| (word, mistakes))
}
