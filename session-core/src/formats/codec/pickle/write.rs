//! Writes pickles of protocol 5 and without references.

use super::class::Class;
use super::opcode;
use crate::formats::codec::entries::RawKey;
use crate::formats::error::EncodeError;
use crate::formats::error::EncodeKind::{IntegerRange, Key, TooDeep, Unsupported};
use crate::formats::format::Format;
use crate::formats::value::{DateTime, MAX_DEPTH, MAX_DIGITS, Value};

/// The protocol that cachelib writes: the highest of every Python that Flask runs on.
const HEADER: [u8; 2] = [opcode::PROTO, 5];

/// The instructions that push one value.
pub(in crate::formats::codec) fn encode(out: &mut Vec<u8>, value: &Value) -> Result<(), EncodeError> {
    write_value(out, value, 0)
}

/// A whole pickle of a dict of values that are encoded already.
pub(in crate::formats::codec) fn join(out: &mut Vec<u8>, entries: &[(RawKey<'_>, &[u8])]) {
    out.extend(HEADER);
    out.push(opcode::EMPTY_DICT);
    if !entries.is_empty() {
        out.push(opcode::MARK);
        for (key, value) in entries {
            match key {
                RawKey::Text(key) => write_text(out, key),
                RawKey::Other(key) => out.extend_from_slice(key),
            }
            out.extend_from_slice(value);
        }
        out.push(opcode::SETITEMS);
    }
    out.push(opcode::STOP);
}

fn write_value(out: &mut Vec<u8>, value: &Value, depth: usize) -> Result<(), EncodeError> {
    let inner = depth + 1;
    match value {
        Value::None => out.push(opcode::NONE),
        Value::Bool(true) => out.push(opcode::NEWTRUE),
        Value::Bool(false) => out.push(opcode::NEWFALSE),
        Value::Int(number) => write_integer(out, *number),
        Value::BigInt(digits) => write_long_integer(out, digits)?,
        Value::Float(number) => {
            out.push(opcode::BINFLOAT);
            out.extend(number.to_be_bytes());
        }
        Value::Str(content) => write_text(out, content),
        Value::Bytes(content) => write_bytes(out, content),
        Value::List(_) | Value::Tuple(_) | Value::Map(_) if inner > MAX_DEPTH => {
            return Err(EncodeError(TooDeep));
        }
        Value::List(items) => {
            out.push(opcode::EMPTY_LIST);
            write_group(out, items, opcode::APPENDS, |out, item| write_value(out, item, inner))?;
        }
        Value::Tuple(items) if items.is_empty() => out.push(opcode::EMPTY_TUPLE),
        Value::Tuple(items) => {
            write_group(out, items, opcode::TUPLE, |out, item| write_value(out, item, inner))?
        }
        Value::Map(pairs) => {
            out.push(opcode::EMPTY_DICT);
            write_group(out, pairs, opcode::SETITEMS, |out, (key, value)| {
                check_key(key)?;
                write_value(out, key, inner)?;
                write_value(out, value, inner)
            })?;
        }
        Value::DateTime(time) => write_date_time(out, *time),
        Value::Uuid(uuid) => {
            write_class(out, Class::Uuid);
            out.extend([opcode::EMPTY_TUPLE, opcode::NEWOBJ, opcode::EMPTY_DICT]);
            write_text(out, "int");
            write_unsigned(out, uuid.as_u128());
            out.extend([opcode::SETITEM, opcode::BUILD]);
        }
        Value::Markup(html) => {
            write_class(out, Class::Markup);
            write_text(out, html);
            out.extend([opcode::TUPLE1, opcode::NEWOBJ]);
        }
        Value::Ext { .. } => return Err(EncodeError(Unsupported(value.kind(), Format::Pickle))),
    }
    Ok(())
}

/// Writes a mark, the items, and the instruction that collects them; of no items, nothing.
pub(super) fn write_group<T, E>(
    out: &mut Vec<u8>,
    items: &[T],
    collect: u8,
    mut write: impl FnMut(&mut Vec<u8>, &T) -> Result<(), E>,
) -> Result<(), E> {
    if items.is_empty() {
        return Ok(());
    }
    out.push(opcode::MARK);
    items.iter().try_for_each(|item| write(out, item))?;
    out.push(collect);
    Ok(())
}

/// Refuses keys that Python can't hash.
fn check_key(key: &Value) -> Result<(), EncodeError> {
    match key {
        Value::List(_) | Value::Map(_) | Value::Ext { .. } => {
            Err(EncodeError(Key(key.kind(), Format::Pickle)))
        }
        Value::Tuple(items) => items.iter().try_for_each(check_key),
        _ => Ok(()),
    }
}

/// An integer in the smallest form, as Python writes it.
fn write_integer(out: &mut Vec<u8>, number: i128) {
    if let Ok(small) = u8::try_from(number) {
        out.extend([opcode::BININT1, small]);
    } else if let Ok(small) = u16::try_from(number) {
        out.push(opcode::BININT2);
        out.extend(small.to_le_bytes());
    } else if let Ok(small) = i32::try_from(number) {
        out.push(opcode::BININT);
        out.extend(small.to_le_bytes());
    } else {
        write_twos_complement(out, &number.to_le_bytes(), number < 0);
    }
}

fn write_unsigned(out: &mut Vec<u8>, number: u128) {
    match i128::try_from(number) {
        Ok(number) => write_integer(out, number),
        Err(_) => write_twos_complement(out, &number.to_le_bytes(), false),
    }
}

/// `LONG1`: the lowest byte first, and no more bytes than show the sign.
fn write_twos_complement(out: &mut Vec<u8>, number: &[u8], negative: bool) {
    let sign = if negative { 0xff } else { 0 };
    let length = number.iter().rposition(|byte| *byte != sign).map_or(0, |last| last + 1);
    let (significant, _) = number.split_at_checked(length).unwrap_or((number, &[]));
    let shows_sign = significant.last().is_some_and(|highest| (highest & 0x80 != 0) == negative);
    let length = significant.len() + usize::from(!shows_sign);
    out.extend([opcode::LONG1, u8::try_from(length).unwrap_or(u8::MAX)]); // at most 17
    out.extend_from_slice(significant);
    if !shows_sign {
        out.push(sign);
    }
}

/// An integer in digits, which every protocol knows too.
fn write_long_integer(out: &mut Vec<u8>, digits: &str) -> Result<(), EncodeError> {
    if let Ok(number) = digits.parse() {
        write_integer(out, number);
        return Ok(());
    }
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    let is_number =
        (1..=MAX_DIGITS).contains(&unsigned.len()) && unsigned.bytes().all(|b| b.is_ascii_digit());
    if !is_number || unsigned.starts_with('0') {
        return Err(EncodeError(IntegerRange(Format::Pickle)));
    }
    out.push(opcode::LONG);
    out.extend_from_slice(digits.as_bytes());
    out.extend(*b"L\n");
    Ok(())
}

pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    write_counted(out, [opcode::SHORT_BINUNICODE, opcode::BINUNICODE, opcode::BINUNICODE8], text.as_bytes());
}

fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_counted(out, [opcode::SHORT_BINBYTES, opcode::BINBYTES, opcode::BINBYTES8], bytes);
}

pub(super) fn write_byte_array(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(opcode::BYTEARRAY8);
    out.extend((bytes.len() as u64).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// Writes bytes behind their length in 1, 4 or 8 bytes.
fn write_counted(out: &mut Vec<u8>, [one, four, eight]: [u8; 3], bytes: &[u8]) {
    if let Ok(length) = u8::try_from(bytes.len()) {
        out.extend([one, length]);
    } else if let Ok(length) = u32::try_from(bytes.len()) {
        out.push(four);
        out.extend(length.to_le_bytes());
    } else {
        out.push(eight);
        out.extend((bytes.len() as u64).to_le_bytes());
    }
    out.extend_from_slice(bytes);
}

fn write_class(out: &mut Vec<u8>, class: Class) {
    let (module, name) = class.path();
    write_text(out, module);
    write_text(out, name);
    out.push(opcode::STACK_GLOBAL);
}

/// `datetime(ten bytes)` or `datetime(ten bytes, timezone(timedelta(days, seconds, 0)))`, which is how
/// Python pickles them.
fn write_date_time(out: &mut Vec<u8>, time: DateTime) {
    write_class(out, Class::DateTime);
    write_bytes(out, &state(time));
    let Some(offset) = time.offset() else {
        out.extend([opcode::TUPLE1, opcode::REDUCE]);
        return;
    };
    write_class(out, Class::TimeZone);
    write_class(out, Class::TimeDelta);
    write_integer(out, offset.div_euclid(86_400).into());
    write_integer(out, offset.rem_euclid(86_400).into());
    write_integer(out, 0);
    out.extend([
        opcode::TUPLE3,
        opcode::REDUCE,
        opcode::TUPLE1,
        opcode::REDUCE,
        opcode::TUPLE2,
        opcode::REDUCE,
    ]);
}

fn state(time: DateTime) -> [u8; 10] {
    let [year, month, day, hour, minute, second] = time.calendar();
    let [_, _, century, year] = year.to_be_bytes();
    let [_, high, middle, low] = (time.nanoseconds() / 1000).to_be_bytes();
    let byte = |number: u32| u8::try_from(number).unwrap_or(0); // months to seconds: far below 256
    let [month, day, hour, minute, second] = [month, day, hour, minute, second].map(byte);
    [century, year, month, day, hour, minute, second, high, middle, low]
}
