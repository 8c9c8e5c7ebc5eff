//! Pickles as Python reads them, of protocol 5 and without references.

use super::class::Class;
use super::opcode;
use crate::formats::codec::entries::RawKey;
use crate::formats::error::EncodeError;
use crate::formats::format::Format;
use crate::formats::value::{DateTime, MAX_DEPTH, MAX_DIGITS, Value};

/// What cachelib writes: the highest protocol of every Python that Flask runs on.
const HEADER: [u8; 2] = [opcode::PROTO, 5];

/// The instructions that push one value.
pub(in crate::formats::codec) fn encode(out: &mut Vec<u8>, value: &Value) -> Result<(), EncodeError> {
    write(out, value, 0)
}

/// A whole pickle of a dict of values that are encoded already.
pub(in crate::formats::codec) fn join(out: &mut Vec<u8>, entries: &[(RawKey<'_>, &[u8])]) {
    out.extend(HEADER);
    out.push(opcode::EMPTY_DICT);
    if !entries.is_empty() {
        out.push(opcode::MARK);
        for (key, value) in entries {
            match key {
                RawKey::Text(key) => text(out, key),
                RawKey::Other(key) => out.extend_from_slice(key),
            }
            out.extend_from_slice(value);
        }
        out.push(opcode::SETITEMS);
    }
    out.push(opcode::STOP);
}

fn write(out: &mut Vec<u8>, value: &Value, depth: usize) -> Result<(), EncodeError> {
    let inner = depth + 1;
    match value {
        Value::None => out.push(opcode::NONE),
        Value::Bool(true) => out.push(opcode::NEWTRUE),
        Value::Bool(false) => out.push(opcode::NEWFALSE),
        Value::Int(number) => integer(out, *number),
        Value::BigInt(digits) => long_integer(out, digits)?,
        Value::Float(number) => {
            out.push(opcode::BINFLOAT);
            out.extend(number.to_be_bytes());
        }
        Value::Str(content) => text(out, content),
        Value::Bytes(content) => bytes(out, content),
        Value::List(_) | Value::Tuple(_) | Value::Map(_) if inner > MAX_DEPTH => {
            return Err(EncodeError::too_deep());
        }
        Value::List(items) => {
            out.push(opcode::EMPTY_LIST);
            group(out, items, opcode::APPENDS, |out, item| write(out, item, inner))?;
        }
        Value::Tuple(items) if items.is_empty() => out.push(opcode::EMPTY_TUPLE),
        Value::Tuple(items) => group(out, items, opcode::TUPLE, |out, item| write(out, item, inner))?,
        Value::Map(pairs) => {
            out.push(opcode::EMPTY_DICT);
            group(out, pairs, opcode::SETITEMS, |out, (key, value)| {
                check_key(key)?;
                write(out, key, inner)?;
                write(out, value, inner)
            })?;
        }
        Value::DateTime(time) => date_time(out, *time),
        Value::Uuid(uuid) => {
            class(out, Class::Uuid);
            out.extend([opcode::EMPTY_TUPLE, opcode::NEWOBJ, opcode::EMPTY_DICT]);
            text(out, "int");
            unsigned(out, uuid.as_u128());
            out.extend([opcode::SETITEM, opcode::BUILD]);
        }
        Value::Markup(html) => {
            class(out, Class::Markup);
            text(out, html);
            out.extend([opcode::TUPLE1, opcode::NEWOBJ]);
        }
        Value::Ext { .. } => return Err(EncodeError::unsupported(value.kind(), Format::Pickle)),
    }
    Ok(())
}

/// A mark, what `write` makes of the items, and the instruction that collects it; of nothing, nothing.
pub(super) fn group<T, E>(
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

/// Python can't hash everything.
fn check_key(key: &Value) -> Result<(), EncodeError> {
    match key {
        Value::List(_) | Value::Map(_) | Value::Ext { .. } => {
            Err(EncodeError::key(key.kind(), Format::Pickle))
        }
        Value::Tuple(items) => items.iter().try_for_each(check_key),
        _ => Ok(()),
    }
}

/// In the smallest form, as Python.
fn integer(out: &mut Vec<u8>, number: i128) {
    if let Ok(small) = u8::try_from(number) {
        out.extend([opcode::BININT1, small]);
    } else if let Ok(small) = u16::try_from(number) {
        out.push(opcode::BININT2);
        out.extend(small.to_le_bytes());
    } else if let Ok(small) = i32::try_from(number) {
        out.push(opcode::BININT);
        out.extend(small.to_le_bytes());
    } else {
        twos_complement(out, &number.to_le_bytes(), number < 0);
    }
}

fn unsigned(out: &mut Vec<u8>, number: u128) {
    match i128::try_from(number) {
        Ok(number) => integer(out, number),
        Err(_) => twos_complement(out, &number.to_le_bytes(), false),
    }
}

/// `LONG1`: the lowest byte first, and no more bytes than show the sign.
fn twos_complement(out: &mut Vec<u8>, number: &[u8], negative: bool) {
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

/// In digits, which every protocol knows too.
fn long_integer(out: &mut Vec<u8>, digits: &str) -> Result<(), EncodeError> {
    if let Ok(number) = digits.parse() {
        integer(out, number);
        return Ok(());
    }
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    let is_number =
        (1..=MAX_DIGITS).contains(&unsigned.len()) && unsigned.bytes().all(|b| b.is_ascii_digit());
    if !is_number || unsigned.starts_with('0') {
        return Err(EncodeError::integer_range(Format::Pickle));
    }
    out.push(opcode::LONG);
    out.extend_from_slice(digits.as_bytes());
    out.extend(*b"L\n");
    Ok(())
}

pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    counted(out, [opcode::SHORT_BINUNICODE, opcode::BINUNICODE, opcode::BINUNICODE8], text.as_bytes());
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    counted(out, [opcode::SHORT_BINBYTES, opcode::BINBYTES, opcode::BINBYTES8], bytes);
}

pub(super) fn byte_array(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(opcode::BYTEARRAY8);
    out.extend((bytes.len() as u64).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// Bytes behind their length in 1, 4 or 8 bytes.
fn counted(out: &mut Vec<u8>, [one, four, eight]: [u8; 3], bytes: &[u8]) {
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

fn class(out: &mut Vec<u8>, class: Class) {
    let (module, name) = class.path();
    text(out, module);
    text(out, name);
    out.push(opcode::STACK_GLOBAL);
}

/// `datetime(ten bytes)` or `datetime(ten bytes, timezone(timedelta(days, seconds, 0)))`, which is how
/// Python pickles them.
fn date_time(out: &mut Vec<u8>, time: DateTime) {
    class(out, Class::DateTime);
    bytes(out, &state(time));
    let Some(offset) = time.offset() else {
        out.extend([opcode::TUPLE1, opcode::REDUCE]);
        return;
    };
    class(out, Class::TimeZone);
    class(out, Class::TimeDelta);
    integer(out, offset.div_euclid(86_400).into());
    integer(out, offset.rem_euclid(86_400).into());
    integer(out, 0);
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
