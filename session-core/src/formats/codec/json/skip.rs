//! Skipping a value of which nothing is needed but its end.

use super::Dialect;
use super::step::{Step, another, blanks, byte, literal, next, number, text};

/// Stands for "in no list and no map".
const NOTHING: u8 = 0;

/// One value, however deeply nested. `around` is for what closes the lists and maps around the innermost.
pub(super) fn skip(json: &[u8], mut at: usize, dialect: Dialect, around: &mut Vec<u8>) -> Step {
    around.clear();
    let mut close = NOTHING;
    loop {
        if close == b'}' {
            (at, _) = text(json, at)?;
            at = byte(json, at, b':', "a colon")?;
        }
        at = blanks(json, at);
        let opened = match next(json, at) {
            Some(b'[') => b']',
            Some(b'{') => b'}',
            first => {
                at = match first {
                    Some(b'"') => text(json, at)?.0,
                    Some(b'0'..=b'9') => number(json, at)?,
                    _ => literal(json, at, dialect)?,
                };
                NOTHING
            }
        };
        if opened != NOTHING {
            at = blanks(json, at + 1);
            if next(json, at) != Some(opened) {
                around.push(close);
                close = opened;
                continue;
            }
            at += 1;
        }
        // A value is complete, and with it what it is the last item of.
        loop {
            if close == NOTHING {
                return Ok(at);
            }
            let goes_on;
            (at, goes_on) = another(json, at, close)?;
            if goes_on {
                break;
            }
            close = around.pop().unwrap_or(NOTHING);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{Index, select};

    use super::super::reference::Reference;
    use super::*;

    fn agrees(json: &str) -> Result<(), TestCaseError> {
        for dialect in [Dialect::Record, Dialect::Tagged] {
            let json = json.as_bytes();
            prop_assert_eq!(skip(json, 0, dialect, &mut Vec::new()), Reference::skip(json, dialect));
        }
        Ok(())
    }

    #[test]
    fn whatever_is_in_a_text_is_seen_at_every_place_of_a_word() -> Result<(), TestCaseError> {
        for special in ["", "\\", "\\\"", "\\n", "\\u00e9", "\\u00g0", "\u{1f}", "\0", "\u{7f}", "é", "😀"]
        {
            for before in 0..80 {
                for after in [0, 1, 7, 8, 100] {
                    let text = format!("\"{}{special}{}\"", "a".repeat(before), "b".repeat(after));
                    agrees(&text)?;
                    agrees(&format!("{{{text}:[{text},1]}}"))?;
                }
            }
        }
        Ok(())
    }

    #[test]
    fn everything_that_looks_like_a_number_is_read_as_byte_by_byte() -> Result<(), TestCaseError> {
        let mut longest = vec![String::new()];
        for _ in 0..5 {
            longest = longest
                .iter()
                .flat_map(|text| "01-+.e".chars().map(move |next| format!("{text}{next}")))
                .collect();
            for number in &longest {
                agrees(number)?;
                agrees(&format!("[{number}]"))?;
            }
        }
        Ok(())
    }

    const PIECES: [&str; 32] = [
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        " ",
        "\n",
        "\u{b}",
        "0",
        "1",
        "-",
        "+",
        ".",
        "e",
        "E",
        "nul",
        "null",
        "true",
        "N",
        "NaN",
        "-I",
        "-Infinity",
        "\0",
        "\u{1f}",
        "é",
        "\\u",
        "u00e",
        "abcdefgh",
        "\"a\":",
    ];

    fn value() -> impl Strategy<Value = String> {
        let blanks = || select(vec!["", "", "", " ", "\t\r\n  "]);
        let text = || "(\"([a-z é!#]{0,12}(\\\\n|\\\\\"|\\\\u00e9)?){0,4}\")";
        let number = "(-?(0|[1-9][0-9]{0,12})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?)";
        let name = select(vec!["null", "true", "false", "NaN", "-Infinity"]).prop_map(str::to_owned);
        let leaf = prop_oneof![text(), number, name];
        leaf.prop_recursive(4, 40, 5, move |value| {
            let item = (blanks(), value.clone(), blanks()).prop_map(|(a, item, b)| format!("{a}{item}{b}"));
            let entry = (blanks(), text(), blanks(), item.clone());
            let entry = entry.prop_map(|(a, key, b, item)| format!("{a}{key}{b}:{item}"));
            prop_oneof![
                prop::collection::vec(item, 0..5).prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::vec(entry, 0..5).prop_map(|entries| format!("{{{}}}", entries.join(","))),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_value_ends_where_it_ends_when_read_byte_by_byte(json in value()) {
            agrees(&json)?;
        }

        #[test]
        fn a_mistake_is_found_where_it_is_when_read_byte_by_byte(
            json in value(),
            piece in select(PIECES.as_slice()),
            place: Index,
            removed in 0..3_usize,
            cut: bool,
        ) {
            let chars: Vec<char> = json.chars().collect();
            let (before, after) = chars.split_at(place.index(chars.len() + 1));
            let after = after.iter().skip(removed).filter(|_| !cut);
            agrees(&before.iter().copied().chain(piece.chars()).chain(after.copied()).collect::<String>())?;
        }

        #[test]
        fn pieces_of_json_in_any_order_are_read_as_byte_by_byte(
            pieces in prop::collection::vec(select(PIECES.as_slice()), 0..12),
        ) {
            agrees(&pieces.concat())?;
        }
    }
}
