//! Keys of sessions in messages.

use std::fmt;

/// A key as messages show it: in quotes, on one line, and not longer than a line. An application may take keys from its
/// visitors, and no visitor may write lines of a log.
pub(super) struct QuotedKey<'k>(pub(super) &'k str);

/// Characters that are shown.
const LONGEST: usize = 100;

impl fmt::Display for QuotedKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(LONGEST) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => write!(f, "{:?}…", self.0.get(..end).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_quoted_on_one_line_and_cut() {
        for (key, shown) in [
            ("age", r#""age""#),
            ("Größe", r#""Größe""#),
            ("a\nERROR b", r#""a\nERROR b""#),
            ("\u{1b}[2J\"`", r#""\u{1b}[2J\"`""#),
            ("\u{202e}\u{2028}", r#""\u{202e}\u{2028}""#),
        ] {
            assert_eq!(QuotedKey(key).to_string(), shown);
        }
        let (longest, longer) = ("ä".repeat(100), "ä".repeat(101));
        assert_eq!(QuotedKey(&longest).to_string(), format!("\"{longest}\""));
        assert_eq!(QuotedKey(&longer).to_string(), format!("\"{longest}\"…"));
    }
}
