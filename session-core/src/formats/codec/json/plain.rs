//! How far a JSON text goes on with bytes that mean themselves.
//!
//! Half of a record's bytes are in texts, and to look at each alone was half of the work of skipping it.

/// Behind what is plain in the next four words of eight bytes: keys and most texts are not longer.
#[inline(always)]
pub(super) fn behind_words(json: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(word) = json.get(at..).and_then(<[u8]>::first_chunk) {
        let plain = plain_in_word(*word);
        at += plain;
        if plain < word.len() || at >= start + 32 {
            break;
        }
    }
    at
}

#[inline(always)]
fn plain_in_word(word: [u8; 8]) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(word);
    // The lowest bit that is set is right; borrows reach only what is above it.
    let below = |word: u64, limit: u8| word.wrapping_sub(EACH * u64::from(limit));
    // Flipping one bit moves the quote to the end of the control characters.
    let special = below(word ^ (EACH * 0x02), 0x21) | below(word ^ (EACH * u64::from(b'\\')), 1);
    let special = special & !word & (EACH << 7);
    special.trailing_zeros() as usize / 8
}

/// Behind whole blocks that are plain: written so that the compiler compares all bytes of one at once.
pub(super) fn behind_blocks(json: &[u8], start: usize) -> usize {
    let special = |byte: &u8| (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\');
    let (blocks, _) = json.get(start..).unwrap_or_default().as_chunks::<32>();
    let whole = blocks.iter().take_while(|block| !block.iter().fold(false, |any, byte| any | special(byte)));
    start + whole.count() * 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_plain_ends_at_the_first_byte_that_is_not(bytes: Vec<u8>, pad in 0..200_usize, start in 0..9_usize) {
            let json = [vec![b'"'; start], vec![b'a'; pad], bytes].concat();
            let rest = &json[start..];
            let plain = rest.iter().take_while(|byte| !matches!(byte, ..0x20 | b'"' | b'\\')).count();
            let seen_in_words = rest.len() / 8 * 8;
            let words = behind_words(&json, start) - start;
            prop_assert!(words == plain.min(32) || (words == seen_in_words && words < plain));
            prop_assert_eq!(behind_blocks(&json, start) - start, plain / 32 * 32);
        }
    }
}
