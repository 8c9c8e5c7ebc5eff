//! Reads a value from JSON.

use super::scan::Scanner;
use super::{Dialect, tag, text};
use crate::formats::error::DecodeError;
use crate::formats::error::DecodeKind::{NotUtf8, OutOfRange, TooDeep};
use crate::formats::value::{MAX_DEPTH, MAX_DIGITS, Value, key_order, last_value_wins};

pub(in crate::formats::codec) fn decode(bytes: &[u8], dialect: Dialect) -> Result<Value, DecodeError> {
    let text = str::from_utf8(bytes).map_err(|error| DecodeError(NotUtf8(error)))?;
    let mut reader = Reader { scanner: Scanner::new(text, dialect), dialect };
    let value = reader.read_value(0)?;
    reader.scanner.end()?;
    Ok(value)
}

struct Reader<'a> {
    scanner: Scanner<'a>,
    dialect: Dialect,
}

impl Reader<'_> {
    fn read_value(&mut self, depth: usize) -> Result<Value, DecodeError> {
        match self.scanner.peek() {
            Some(b'"') => Ok(Value::Str(self.read_text()?)),
            Some(b'[' | b'{') if depth == MAX_DEPTH => Err(DecodeError(TooDeep)),
            Some(b'[') => self.read_items(depth + 1).map(Value::List),
            Some(b'{') => {
                let pairs = self.read_pairs(depth + 1)?;
                if self.dialect == Dialect::Tagged { tag::resolve(pairs) } else { Ok(Value::Map(pairs)) }
            }
            _ => self.read_literal(),
        }
    }

    fn read_text(&mut self) -> Result<String, DecodeError> {
        text::read(self.scanner.text()?).map(|text| text.into_owned())
    }

    fn read_literal(&mut self) -> Result<Value, DecodeError> {
        Ok(match self.scanner.literal()? {
            "null" => Value::None,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "NaN" => Value::Float(f64::NAN),
            "Infinity" => Value::Float(f64::INFINITY),
            "-Infinity" => Value::Float(f64::NEG_INFINITY),
            digits if digits.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) => {
                let number: f64 = digits.parse().map_err(|_| DecodeError(OutOfRange("a number")))?;
                if number.is_infinite() && self.dialect == Dialect::Record {
                    return Err(DecodeError(OutOfRange("a number")));
                }
                Value::Float(number)
            }
            digits => match digits.parse() {
                Ok(number) => Value::Int(number),
                Err(_) if digits.trim_start_matches('-').len() > MAX_DIGITS => {
                    return Err(DecodeError(OutOfRange("an integer")));
                }
                Err(_) => Value::BigInt(digits.to_owned()),
            },
        })
    }

    fn read_items(&mut self, depth: usize) -> Result<Vec<Value>, DecodeError> {
        let mut items = Vec::new();
        self.scanner.expect(b'[', "a list")?;
        if self.scanner.take(b']') {
            return Ok(items);
        }
        loop {
            items.push(self.read_value(depth)?);
            if !self.scanner.another(b']')? {
                return Ok(items);
            }
        }
    }

    fn read_pairs(&mut self, depth: usize) -> Result<Vec<(Value, Value)>, DecodeError> {
        let mut pairs = Vec::new();
        self.scanner.expect(b'{', "a map")?;
        if self.scanner.take(b'}') {
            return Ok(pairs);
        }
        loop {
            let key = text::read(self.scanner.key()?)?.into_owned();
            pairs.push((Value::Str(key), self.read_value(depth)?));
            if !self.scanner.another(b'}')? {
                break;
            }
        }
        last_value_wins(&mut pairs, |(a, _), (b, _)| key_order(a, b));
        Ok(pairs)
    }
}
