//! Text of environment variables as it was before figment read it.
//!
//! figment removes blanks around text that is not in quotes, and replaces bytes that are not UTF-8. A secret that was
//! altered is another secret: every cookie that Flask signed would be refused.

use std::env;
use std::ffi::OsString;

/// Says how `text`, which figment read from a variable, differs from what the variable holds, and what to do, as the end
/// of a sentence that begins with the key; `None` if it does not. No value is shown.
pub(super) fn alteration(variable: &str, text: &str) -> Option<String> {
    difference(raw(variable)?, text).map(|difference| match difference {
        Difference::Bytes => "holds bytes that are not UTF-8, which would be replaced; write UTF-8".into(),
        Difference::Quotes => {
            "is in quotes that can't be read as such; in quotes a line break is \\n, a quotation mark \\\" and a \
             backslash \\\\"
                .into()
        }
        Difference::Blank(end, blank) => format!(
            "{end} with {}, which would be lost here and not in other programs; remove it, or put the whole text in \
             quotes to keep it, with a line break as \\n: {variable}='\"…\"'",
            in_words(blank)
        ),
    })
}

#[derive(Debug, PartialEq)]
enum Difference {
    Bytes,
    /// figment took them for a part of the text.
    Quotes,
    Blank(&'static str, char),
}

fn difference(written: OsString, text: &str) -> Option<Difference> {
    let Ok(written) = written.into_string() else { return Some(Difference::Bytes) };
    let trimmed = written.trim();
    if trimmed.len() > 1 && trimmed.starts_with('"') && trimmed.ends_with('"') && text.trim() == trimmed {
        return Some(Difference::Quotes);
    }
    if written == text || trimmed != text {
        return None;
    }
    if written.len() > written.trim_end().len() {
        written.chars().next_back().map(|blank| Difference::Blank("ends", blank))
    } else {
        written.chars().next().map(|blank| Difference::Blank("begins", blank))
    }
}

/// Returns what a variable holds. As to figment, the letter case of its name does not matter, and the last one counts.
fn raw(variable: &str) -> Option<OsString> {
    let is_meant =
        |name: &OsString| name.to_str().is_some_and(|name| name.trim().eq_ignore_ascii_case(variable));
    env::vars_os().filter(|(name, _)| is_meant(name)).last().map(|(_, value)| value)
}

fn in_words(blank: char) -> String {
    match blank {
        '\n' => "a line break".into(),
        '\r' => "a carriage return".into(),
        '\t' => "a tab".into(),
        ' ' => "a space".into(),
        other => format!("the blank U+{:04X}", u32::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Difference, difference};

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_not_utf_8_are_told_and_not_replaced() {
        use std::os::unix::ffi::OsStringExt;

        let written = std::ffi::OsString::from_vec(b"K\xf6ln".into());
        assert_eq!(difference(written, "K\u{fffd}ln"), Some(Difference::Bytes));
    }

    #[test]
    fn what_quotes_brackets_or_nothing_stand_around_is_not_altered() {
        for (written, text) in [("a b", "a b"), ("\" a\"\n", " a"), ("\"\"", ""), ("[a ]", "a"), ("\"", "\"")]
        {
            assert_eq!(difference(written.into(), text), None, "{written:?}");
        }
        assert_eq!(difference(" \t".into(), ""), Some(Difference::Blank("ends", '\t')));
    }

    #[test]
    fn quotes_that_were_taken_for_text_are_told() {
        for written in ["\"a\nb\"", "\"a\nb\"\n", "\"a\\xb\""] {
            assert_eq!(difference(written.into(), written), Some(Difference::Quotes), "{written:?}");
        }
    }
}
