//! Writes a value as JSON.

use std::borrow::Cow;

use super::tag::{ESCAPE, is_tag};
use super::{Dialect, float, text};
use crate::formats::error::EncodeError;
use crate::formats::error::EncodeKind::{IntegerRange, Key, MixedKeys, Unsupported};
use crate::formats::value::{MAX_DIGITS, Value, key_order};
use crate::formats::{base64, http_date};

pub(in crate::formats::codec) fn encode(
    out: &mut Vec<u8>,
    value: &Value,
    dialect: Dialect,
) -> Result<(), EncodeError> {
    Writer { out, dialect }.write_value(value, 0)
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    dialect: Dialect,
}

impl Writer<'_> {
    fn write_value(&mut self, value: &Value, depth: usize) -> Result<(), EncodeError> {
        match (value, self.dialect) {
            (Value::None, _) => self.push("null"),
            (Value::Bool(value), _) => self.push(if *value { "true" } else { "false" }),
            (Value::Int(number), _) => self.push(&number.to_string()),
            (Value::BigInt(digits), _) => self.push(self.checked_digits(digits)?),
            (Value::Float(number), _) => self.write_float(*number),
            (Value::Str(text), _) => self.write_text(text),
            (Value::List(items), _) | (Value::Tuple(items), Dialect::Record) => {
                self.write_items(items, depth)?
            }
            (Value::Map(pairs), Dialect::Record) => self.write_pairs(pairs.iter(), "", depth)?,
            (Value::Map(pairs), Dialect::Tagged) => self.write_tagged_map(pairs, depth)?,
            (Value::Bytes(bytes), Dialect::Record) => self.write_base64(bytes),
            (Value::DateTime(time), Dialect::Record) => self.write_text(&time.record_text()),
            (Value::Uuid(uuid), Dialect::Record) => self.write_text(&uuid.to_string()),
            (Value::Tuple(items), Dialect::Tagged) => {
                let inner = self.open_tag(" t", depth)?;
                self.write_items(items, inner)?;
                self.push("}");
            }
            (Value::Bytes(bytes), Dialect::Tagged) => {
                self.open_tag(" b", depth)?;
                self.write_base64(bytes);
                self.push("}");
            }
            (Value::Markup(text), Dialect::Tagged) => self.write_tagged_text(" m", text, depth)?,
            (Value::Uuid(uuid), Dialect::Tagged) => {
                self.write_tagged_text(" u", &uuid.simple().to_string(), depth)?;
            }
            (Value::DateTime(time), Dialect::Tagged) => {
                let mut date = String::with_capacity(http_date::LEN);
                http_date::push(time.unix_seconds(), &mut date);
                self.write_tagged_text(" d", &date, depth)?;
            }
            (Value::Markup(_), Dialect::Record) | (Value::Ext { .. }, _) => {
                return Err(EncodeError(Unsupported(value.kind(), self.dialect.format())));
            }
        }
        Ok(())
    }

    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn write_text(&mut self, text: &str) {
        text::write(self.out, text, self.dialect);
    }

    fn write_base64(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        self.push(&base64::encode(bytes));
        self.out.push(b'"');
    }

    /// Refuses anything but digits: a [`Value::BigInt`] may have been made by hand.
    fn checked_digits<'a>(&self, number: &'a str) -> Result<&'a str, EncodeError> {
        let digits = number.strip_prefix('-').unwrap_or(number);
        let zero = digits.starts_with('0') && digits.len() > 1;
        let valid = !zero && (1..=MAX_DIGITS).contains(&digits.len());
        if valid && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(number)
        } else {
            Err(EncodeError(IntegerRange(self.dialect.format())))
        }
    }

    fn write_float(&mut self, number: f64) {
        match (number, self.dialect) {
            (number, dialect) if number.is_finite() => float::write(self.out, number, dialect),
            (_, Dialect::Record) => self.push("null"),
            (number, Dialect::Tagged) => self.push(not_finite(number)),
        }
    }

    fn write_items(&mut self, items: &[Value], depth: usize) -> Result<(), EncodeError> {
        let inner = EncodeError::deeper(depth)?;
        self.push("[");
        for (position, item) in items.iter().enumerate() {
            if position > 0 {
                self.push(",");
            }
            self.write_value(item, inner)?;
        }
        self.push("]");
        Ok(())
    }

    fn write_pairs<'a>(
        &mut self,
        pairs: impl Iterator<Item = &'a (Value, Value)>,
        suffix: &str,
        depth: usize,
    ) -> Result<(), EncodeError> {
        let inner = EncodeError::deeper(depth)?;
        self.push("{");
        for (position, (key, value)) in pairs.enumerate() {
            if position > 0 {
                self.push(",");
            }
            let key = self.key_text(key)?;
            if suffix.is_empty() {
                self.write_text(&key)
            } else {
                self.write_text(&format!("{key}{suffix}"))
            }
            self.push(":");
            self.write_value(value, inner)?;
        }
        self.push("}");
        Ok(())
    }

    /// Opens a tag, and returns the depth of its content: a tag is a map, hence a level.
    fn open_tag(&mut self, tag: &str, depth: usize) -> Result<usize, EncodeError> {
        let inner = EncodeError::deeper(depth)?;
        self.push("{\"");
        self.push(tag);
        self.push("\":");
        Ok(inner)
    }

    fn write_tagged_text(&mut self, tag: &str, text: &str, depth: usize) -> Result<(), EncodeError> {
        self.open_tag(tag, depth)?;
        self.write_text(text);
        self.push("}");
        Ok(())
    }

    /// Writes a map of a cookie: sorted by key before keys become text (2, 9, 10), a lone key that looks like a tag
    /// escaped.
    fn write_tagged_map(&mut self, pairs: &[(Value, Value)], depth: usize) -> Result<(), EncodeError> {
        if let [(Value::Str(key), _)] = pairs
            && is_tag(key)
        {
            let inner = self.open_tag(" di", depth)?;
            self.write_pairs(pairs.iter(), ESCAPE, inner)?;
            self.push("}");
            return Ok(());
        }
        let mut sorted: Vec<_> = pairs.iter().collect();
        sorted.sort_by(|(a, _), (b, _)| key_order(a, b));
        if sorted.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if !sortable(a, b))) {
            return Err(EncodeError(MixedKeys));
        }
        self.write_pairs(sorted.into_iter(), "", depth)
    }

    fn key_text<'a>(&self, key: &'a Value) -> Result<Cow<'a, str>, EncodeError> {
        let tagged = self.dialect == Dialect::Tagged;
        Ok(match key {
            Value::Str(text) => text.into(),
            Value::Int(number) => number.to_string().into(),
            Value::BigInt(digits) => self.checked_digits(digits)?.into(),
            Value::Float(number) if number.is_finite() => {
                let mut text = Vec::new();
                float::write(&mut text, *number, self.dialect);
                String::from_utf8_lossy(&text).into_owned().into()
            }
            Value::Float(number) if tagged => not_finite(*number).into(),
            Value::Float(number) => number.to_string().to_ascii_lowercase().into(),
            Value::Bool(value) if tagged => value.to_string().into(),
            Value::None if tagged => "null".into(),
            Value::Bytes(bytes) if !tagged => base64::encode(bytes).into(),
            Value::DateTime(time) if !tagged => time.record_text().into(),
            Value::Uuid(uuid) if !tagged => uuid.to_string().into(),
            _ => return Err(EncodeError(Key(key.kind(), self.dialect.format()))),
        })
    }
}

fn not_finite(number: f64) -> &'static str {
    if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// Tells whether Python can say which of the two comes first. It can also order a float among integers, which
/// is refused here: no JSON reader can give such a map back.
fn sortable(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(_) | Value::BigInt(_), Value::Int(_) | Value::BigInt(_)) => true,
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}
