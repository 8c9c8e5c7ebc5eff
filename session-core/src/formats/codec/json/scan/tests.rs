//! Skipping a value must end where reading it byte by byte ends, and find the same mistakes in the same places.

use proptest::prelude::*;
use proptest::sample::{Index, select};

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
    for special in ["", "\\", "\\\"", "\\n", "\\u00e9", "\\u00g0", "\u{1f}", "\0", "\u{7f}", "é", "😀"] {
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

/// The reference that skipping is held against: the same in the plainest way, recursive and byte by byte.
struct Reference<'a> {
    json: &'a [u8],
    at: usize,
    dialect: Dialect,
}

type Outcome = Result<(), &'static str>;

impl<'a> Reference<'a> {
    /// The end of the value that the text begins with.
    fn skip(json: &'a [u8], dialect: Dialect) -> Step {
        let mut reader = Reference { json, at: 0, dialect };
        match reader.value() {
            Ok(()) => Ok(reader.at),
            Err(what) => Err(Expected { what, at: reader.at }),
        }
    }

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

    fn value(&mut self) -> Outcome {
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

    fn items(&mut self, close: u8, item: impl Fn(&mut Self) -> Outcome) -> Outcome {
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

    fn text(&mut self) -> Outcome {
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

    fn literal(&mut self) -> Outcome {
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

    fn digits(&mut self, what: &'static str) -> Outcome {
        let start = self.at;
        while self.next().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(what) }
    }
}
