//! Skipping a value of which nothing is needed but its end.

use super::Dialect;
use super::step::{Step, another, blanks, byte, literal, next, number, text};

/// Closes what is around the outermost value.
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

    use super::super::step::Expected;
    use super::*;

    /// The same in the plainest way: recursive, byte by byte.
    struct Plain<'a> {
        json: &'a [u8],
        at: usize,
        dialect: Dialect,
    }

    type Plainly = Result<(), &'static str>;

    impl Plain<'_> {
        fn next(&self) -> Option<u8> {
            self.json.get(self.at).copied()
        }

        fn is(&mut self, byte: u8) -> bool {
            let is = self.next() == Some(byte);
            self.at += usize::from(is);
            is
        }

        fn blanks(&mut self) {
            while self.next().is_some_and(|byte| b" \t\r\n".contains(&byte)) {
                self.at += 1;
            }
        }

        fn value(&mut self) -> Plainly {
            self.blanks();
            match self.next() {
                Some(b'"') => self.text(),
                Some(b'[') => self.items(b']', Self::value),
                Some(b'{') => self.items(b'}', |map| {
                    map.blanks();
                    map.text()?;
                    map.blanks();
                    if map.is(b':') { map.value() } else { Err("a colon") }
                }),
                _ => self.literal(),
            }
        }

        fn items(&mut self, close: u8, item: impl Fn(&mut Self) -> Plainly) -> Plainly {
            self.at += 1;
            self.blanks();
            if self.is(close) {
                return Ok(());
            }
            loop {
                item(self)?;
                self.blanks();
                if self.is(close) {
                    return Ok(());
                } else if !self.is(b',') {
                    return Err("a comma or the end of a list or map");
                }
            }
        }

        fn text(&mut self) -> Plainly {
            if !self.is(b'"') {
                return Err("a text");
            }
            loop {
                match self.next() {
                    None | Some(..0x20) => return Err("no control character"),
                    Some(b'"') => {
                        self.at += 1;
                        return Ok(());
                    }
                    Some(b'\\') => {
                        self.at += 1;
                        let hex = self.next() == Some(b'u');
                        if !self.next().is_some_and(|byte| br#""\/bfnrtu"#.contains(&byte)) {
                            return Err("an escape");
                        }
                        self.at += 1;
                        for _ in 0..if hex { 4 } else { 0 } {
                            if !self.next().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                                return Err("four hex digits");
                            }
                            self.at += 1;
                        }
                    }
                    Some(_) => self.at += 1,
                }
            }
        }

        fn literal(&mut self) -> Plainly {
            let python = ["NaN", "Infinity", "-Infinity"];
            let names = ["null", "true", "false"].into_iter();
            for name in names.chain(python.into_iter().filter(|_| self.dialect == Dialect::Tagged)) {
                if self.json[self.at..].starts_with(name.as_bytes()) {
                    self.at += name.len();
                    return Ok(());
                }
            }
            if self.dialect == Dialect::Tagged && self.json[self.at..].starts_with(b"-I") {
                return Err("a value");
            }
            self.is(b'-');
            if !self.is(b'0') {
                self.digits("a value")?;
            }
            if self.is(b'.') {
                self.digits("a digit")?;
            }
            if self.is(b'e') || self.is(b'E') {
                let _ = self.is(b'+') || self.is(b'-');
                self.digits("a digit")?;
            }
            Ok(())
        }

        fn digits(&mut self, what: &'static str) -> Plainly {
            let start = self.at;
            while self.next().is_some_and(|byte| byte.is_ascii_digit()) {
                self.at += 1;
            }
            if self.at > start { Ok(()) } else { Err(what) }
        }
    }

    fn agrees(json: &str) -> Result<(), TestCaseError> {
        for dialect in [Dialect::Record, Dialect::Tagged] {
            let json = json.as_bytes();
            let mut plain = Plain { json, at: 0, dialect };
            let expected = match plain.value() {
                Ok(()) => Ok(plain.at),
                Err(what) => Err(Expected { what, at: plain.at }),
            };
            prop_assert_eq!(skip(json, 0, dialect, &mut Vec::new()), expected);
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
