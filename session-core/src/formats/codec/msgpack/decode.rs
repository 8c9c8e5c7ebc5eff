//! Reads a value from msgpack.

use super::scan::Head;
use crate::formats::codec::input::Input;
use crate::formats::error::DecodeError;
use crate::formats::error::DecodeKind::{Key, NotUtf8, OutOfRange};
use crate::formats::value::{DateTime, Value, key_order, last_value_wins};

pub(in crate::formats::codec) fn decode(bytes: &[u8]) -> Result<Value, DecodeError> {
    let mut input = Input::new(bytes);
    let value = read_value(&mut input, 0)?;
    input.end()?;
    Ok(value)
}

fn read_value(input: &mut Input<'_>, depth: usize) -> Result<Value, DecodeError> {
    Ok(match input.head()? {
        Head::Nil => Value::None,
        Head::Bool(value) => Value::Bool(value),
        Head::Unsigned(value) => Value::Int(value.into()),
        Head::Signed(value) => Value::Int(value.into()),
        Head::Float(value) => Value::Float(value),
        Head::Str(len) => Value::Str(utf8(input.take(len)?)?.to_owned()),
        Head::Bin(len) => Value::Bytes(input.take(len)?.to_vec()),
        Head::Array(len) => Value::List(read_items(input, len, DecodeError::deeper(depth)?)?),
        Head::Map(len) => Value::Map(read_pairs(input, len, DecodeError::deeper(depth)?)?),
        Head::Ext(-1, len) => Value::DateTime(read_timestamp(input.take(len)?)?),
        Head::Ext(code, len) => Value::Ext { code, data: input.take(len)?.to_vec() },
    })
}

pub(super) fn utf8(bytes: &[u8]) -> Result<&str, DecodeError> {
    str::from_utf8(bytes).map_err(|error| DecodeError(NotUtf8(error)))
}

/// A value takes more memory than its smallest encoding: grow with what is really there.
const AT_FIRST: usize = 64;

fn read_items(input: &mut Input<'_>, len: usize, depth: usize) -> Result<Vec<Value>, DecodeError> {
    let mut items = Vec::with_capacity(len.min(AT_FIRST));
    for _ in 0..len {
        items.push(read_value(input, depth)?);
    }
    Ok(items)
}

fn read_pairs(input: &mut Input<'_>, len: usize, depth: usize) -> Result<Vec<(Value, Value)>, DecodeError> {
    let mut pairs = Vec::with_capacity(len.min(AT_FIRST));
    for _ in 0..len {
        pairs.push((hashable_key(read_value(input, depth)?)?, read_value(input, depth)?));
    }
    last_value_wins(&mut pairs, |(a, _), (b, _)| key_order(a, b));
    Ok(pairs)
}

/// A list as a key is a tuple in Python; a value that Python can't hash can't be a key.
fn hashable_key(value: Value) -> Result<Value, DecodeError> {
    match value {
        Value::List(items) => items.into_iter().map(hashable_key).collect::<Result<_, _>>().map(Value::Tuple),
        Value::Map(_) | Value::Ext { .. } => Err(DecodeError(Key(value.kind()))),
        scalar => Ok(scalar),
    }
}

/// The timestamp extension in its three sizes.
fn read_timestamp(data: &[u8]) -> Result<DateTime, DecodeError> {
    let (seconds, nanoseconds) = match *data {
        [a, b, c, d] => (u32::from_be_bytes([a, b, c, d]).into(), 0),
        [a, b, c, d, e, f, g, h] => {
            let both = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
            let (nanoseconds, seconds) = (both >> 34, both & 0x3_ffff_ffff);
            (seconds.cast_signed(), u32::try_from(nanoseconds).unwrap_or(u32::MAX))
        }
        [a, b, c, d, e, f, g, h, i, j, k, l] => {
            (i64::from_be_bytes([e, f, g, h, i, j, k, l]), u32::from_be_bytes([a, b, c, d]))
        }
        _ => return Err(DecodeError(OutOfRange("the length of a timestamp"))),
    };
    DateTime::utc(seconds, nanoseconds).ok_or(DecodeError(OutOfRange("a timestamp")))
}
