//! Reads a value from JSON.

use super::scan::Scanner;
use super::{Dialect, tag, text};
use crate::formats::error::DecodeError;
use crate::formats::error::DecodeKind::{NotUtf8, OutOfRange, TooDeep};
use crate::formats::value::{MAX_DEPTH, MAX_DIGITS, Value, key_order, last_value_wins};

pub(in crate::formats::codec) fn decode(bytes: &[u8], dialect: Dialect) -> Result<Value, DecodeError> {
    let text = str::from_utf8(bytes).map_err(|error| DecodeError(NotUtf8(error)))?;
    let mut scanner = Scanner::new(text, dialect);
    let value = read_value(&mut scanner, 0)?;
    scanner.end()?;
    Ok(value)
}

fn read_value(scanner: &mut Scanner<'_>, depth: usize) -> Result<Value, DecodeError> {
    match scanner.peek() {
        Some(b'"') => Ok(Value::Str(text::read(scanner.text()?)?.into_owned())),
        Some(b'[' | b'{') if depth == MAX_DEPTH => Err(DecodeError(TooDeep)),
        Some(b'[') => read_items(scanner, depth + 1).map(Value::List),
        Some(b'{') => {
            let pairs = read_pairs(scanner, depth + 1)?;
            if scanner.dialect == Dialect::Tagged { tag::resolve(pairs) } else { Ok(Value::Map(pairs)) }
        }
        _ => read_literal(scanner),
    }
}

fn read_literal(scanner: &mut Scanner<'_>) -> Result<Value, DecodeError> {
    Ok(match scanner.literal()? {
        "null" => Value::None,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "NaN" => Value::Float(f64::NAN),
        "Infinity" => Value::Float(f64::INFINITY),
        "-Infinity" => Value::Float(f64::NEG_INFINITY),
        digits if digits.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) => {
            let number: f64 = digits.parse().map_err(|_| DecodeError(OutOfRange("a number")))?;
            if number.is_infinite() && scanner.dialect == Dialect::Record {
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

fn read_items(scanner: &mut Scanner<'_>, depth: usize) -> Result<Vec<Value>, DecodeError> {
    let mut items = Vec::new();
    let mut more = scanner.opened(b'[', b']', "a list")?;
    while more {
        items.push(read_value(scanner, depth)?);
        more = scanner.another(b']')?;
    }
    Ok(items)
}

fn read_pairs(scanner: &mut Scanner<'_>, depth: usize) -> Result<Vec<(Value, Value)>, DecodeError> {
    let mut pairs = Vec::new();
    let mut more = scanner.opened(b'{', b'}', "a map")?;
    while more {
        let key = text::read(scanner.key()?)?.into_owned();
        pairs.push((Value::Str(key), read_value(scanner, depth)?));
        more = scanner.another(b'}')?;
    }
    last_value_wins(&mut pairs, |(a, _), (b, _)| key_order(a, b));
    Ok(pairs)
}
