//! What skipping is held against in tests: the same in the plainest way, recursive and byte by byte.

use super::Dialect;
use super::step::{Expected, Step};

/// A place in a JSON text.
pub(super) struct Reference<'a> {
    json: &'a [u8],
    at: usize,
    dialect: Dialect,
}

type Outcome = Result<(), &'static str>;

impl<'a> Reference<'a> {
    /// The end of the value that the text begins with.
    pub(super) fn skip(json: &'a [u8], dialect: Dialect) -> Step {
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
