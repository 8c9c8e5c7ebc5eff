//! Writes a value as msgpack, always in the smallest form.

use std::ops::Range;

use crate::formats::codec::entries::RawKey;
use crate::formats::error::EncodeError;
use crate::formats::error::EncodeKind::{IntegerRange, Key, TooLong, Unsupported};
use crate::formats::format::Format;
use crate::formats::value::{DateTime, Value};

pub(in crate::formats::codec) fn encode(out: &mut Vec<u8>, value: &Value) -> Result<(), EncodeError> {
    write_value(out, value, 0)
}

/// Writes a map. Calls `placed` with the place of each key, without its header, and that of its value.
pub(in crate::formats::codec) fn join(
    out: &mut Vec<u8>,
    entries: &[(RawKey<'_>, &[u8])],
    mut placed: impl FnMut(Range<usize>, Range<usize>),
) {
    // Entries and keys of 4 GiB do not fit into a record: `Record` refuses to index that much.
    container_header(out, u32::try_from(entries.len()).unwrap_or(u32::MAX), MAP);
    for (key, value) in entries {
        if let RawKey::Text(text) = key {
            text_header(out, u32::try_from(text.len()).unwrap_or(u32::MAX));
        }
        let start = out.len();
        out.extend_from_slice(key.bytes());
        let behind_key = out.len();
        out.extend_from_slice(value);
        placed(start..behind_key, behind_key..out.len());
    }
}

fn write_value(out: &mut Vec<u8>, value: &Value, depth: usize) -> Result<(), EncodeError> {
    match value {
        Value::None => out.push(0xc0),
        Value::Bool(false) => out.push(0xc2),
        Value::Bool(true) => out.push(0xc3),
        Value::Int(number) => write_integer(out, *number)?,
        Value::BigInt(digits) => {
            write_integer(out, digits.parse().map_err(|_| EncodeError(IntegerRange(Format::Msgpack)))?)?;
        }
        Value::Float(number) => {
            out.push(0xcb);
            out.extend(number.to_be_bytes());
        }
        Value::Str(text) => write_text(out, text)?,
        Value::Bytes(bytes) => {
            sized(out, length(bytes.len())?.into(), [0xc4, 0xc5, 0xc6, 0xc6]);
            out.extend_from_slice(bytes);
        }
        Value::List(items) | Value::Tuple(items) => {
            let inner = EncodeError::deeper(depth)?;
            container_header(out, length(items.len())?, [0x90, 0xdc, 0xdd]);
            items.iter().try_for_each(|item| write_value(out, item, inner))?;
        }
        Value::Map(pairs) => {
            let inner = EncodeError::deeper(depth)?;
            container_header(out, length(pairs.len())?, MAP);
            for (key, value) in pairs {
                if matches!(key, Value::Map(_) | Value::Ext { .. }) {
                    return Err(EncodeError(Key(key.kind(), Format::Msgpack))); // Python can't hash it
                }
                write_value(out, key, inner)?;
                write_value(out, value, inner)?;
            }
        }
        Value::DateTime(time) if time.offset().is_none() => write_text(out, &time.record_text())?,
        Value::DateTime(time) => write_timestamp(out, *time),
        Value::Uuid(uuid) => write_text(out, &uuid.to_string())?,
        Value::Markup(_) => return Err(EncodeError(Unsupported(value.kind(), Format::Msgpack))),
        Value::Ext { code, data } => {
            ext_header(out, *code, length(data.len())?);
            out.extend_from_slice(data);
        }
    }
    Ok(())
}

fn length(len: usize) -> Result<u32, EncodeError> {
    u32::try_from(len).map_err(|_| EncodeError(TooLong))
}

fn write_integer(out: &mut Vec<u8>, number: i128) -> Result<(), EncodeError> {
    if let Ok(number) = u64::try_from(number) {
        match number {
            0..=0x7f => out.push(low_byte(number)),
            _ => sized(out, number, [0xcc, 0xcd, 0xce, 0xcf]),
        }
        return Ok(());
    }
    let number = i64::try_from(number).map_err(|_| EncodeError(IntegerRange(Format::Msgpack)))?;
    if let Ok(small) = i8::try_from(number) {
        if small < -32 {
            out.push(0xd0);
        }
        out.extend(small.to_be_bytes());
    } else if let Ok(small) = i16::try_from(number) {
        out.push(0xd1);
        out.extend(small.to_be_bytes());
    } else if let Ok(small) = i32::try_from(number) {
        out.push(0xd2);
        out.extend(small.to_be_bytes());
    } else {
        out.push(0xd3);
        out.extend(number.to_be_bytes());
    }
    Ok(())
}

/// A number in the smallest of 1, 2, 4 and 8 bytes, behind the marker for that size.
fn sized(out: &mut Vec<u8>, number: u64, [one, two, four, eight]: [u8; 4]) {
    if let Ok(small) = u8::try_from(number) {
        out.extend([one, small]);
    } else if let Ok(small) = u16::try_from(number) {
        out.push(two);
        out.extend(small.to_be_bytes());
    } else if let Ok(small) = u32::try_from(number) {
        out.push(four);
        out.extend(small.to_be_bytes());
    } else {
        out.push(eight);
        out.extend(number.to_be_bytes());
    }
}

fn low_byte(number: u64) -> u8 {
    let [.., low] = number.to_be_bytes();
    low
}

fn write_text(out: &mut Vec<u8>, text: &str) -> Result<(), EncodeError> {
    text_header(out, length(text.len())?);
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

fn text_header(out: &mut Vec<u8>, len: u32) {
    match len {
        0..=31 => out.push(0xa0 | low_byte(len.into())),
        _ => sized(out, len.into(), [0xd9, 0xda, 0xdb, 0xdb]),
    }
}

/// The markers of a map, for [`container_header`].
const MAP: [u8; 3] = [0x80, 0xde, 0xdf];

fn container_header(out: &mut Vec<u8>, len: u32, [few, two, four]: [u8; 3]) {
    if len < 16 {
        out.push(few | low_byte(len.into()));
    } else if let Ok(small) = u16::try_from(len) {
        out.push(two);
        out.extend(small.to_be_bytes());
    } else {
        out.push(four);
        out.extend(len.to_be_bytes());
    }
}

fn ext_header(out: &mut Vec<u8>, code: i8, len: u32) {
    match len {
        1 => out.push(0xd4),
        2 => out.push(0xd5),
        4 => out.push(0xd6),
        8 => out.push(0xd7),
        16 => out.push(0xd8),
        _ => sized(out, len.into(), [0xc7, 0xc8, 0xc9, 0xc9]),
    }
    out.extend(code.to_be_bytes());
}

/// The timestamp extension in the smallest of its three sizes.
fn write_timestamp(out: &mut Vec<u8>, time: DateTime) {
    let (seconds, nanoseconds) = (time.unix_seconds(), time.nanoseconds());
    match (u32::try_from(seconds), u64::try_from(seconds)) {
        (Ok(seconds), _) if nanoseconds == 0 => {
            ext_header(out, -1, 4);
            out.extend(seconds.to_be_bytes());
        }
        (_, Ok(seconds)) if seconds >> 34 == 0 => {
            ext_header(out, -1, 8);
            out.extend((u64::from(nanoseconds) << 34 | seconds).to_be_bytes());
        }
        _ => {
            ext_header(out, -1, 12);
            out.extend(nanoseconds.to_be_bytes());
            out.extend(seconds.to_be_bytes());
        }
    }
}
