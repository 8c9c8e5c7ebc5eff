//! Reads and writes pickles of plain data without executing anything.
//!
//! Flask-Session up to 0.6 stored its sessions as pickles, and cachelib's files are pickles to this day.
//! A pickle is a program: Python runs it, so that anybody who can write to the store can run any code there.
//! This reader knows the instructions that make plain data, of protocols 0 to 5, and how Python pickles
//! `datetime`, `UUID` and `Markup`. Where a pickle names any other class or function, or asks for an object
//! from outside, it is refused.
//!
//! A pickle consists of `input` and `opcode`s; `instruction` is the table of what each opcode does;
//! `machine` follows the instructions, which builds a `graph` of objects, and `build` turns that into a
//! value: only then is it known what contains what. `class` and `object` have the known classes.
//!
//! `write` is the other direction. A record is split by `index` into the pickles of its values; if these
//! refer to each other, it is first written anew by `plain`.

mod build;
mod class;
mod graph;
mod index;
mod input;
mod instruction;
mod machine;
mod number;
mod object;
mod opcode;
mod plain;
mod strings;
mod write;

pub(super) use index::index;
pub(super) use write::{encode, join};

use crate::formats::error::DecodeError;
use crate::formats::value::Value;

/// The value of a pickle, which holds nothing else.
///
/// * None, bool, integers, floats, text, bytes, lists, tuples and dicts are themselves; a bytearray is
///   [`Value::Bytes`]; sets are [`Value::List`], in the order in which they were written.
/// * A `str` of Python 2 is text if it is ASCII, as for Python 3, otherwise bytes (Python 3 refuses it).
/// * `datetime.datetime`, naive or with an offset from UTC, `uuid.UUID` and `markupsafe.Markup` are
///   [`Value::DateTime`], [`Value::Uuid`] and [`Value::Markup`], from protocol 3 on.
/// * Everything else for which Python 3 calls a class or function is refused, and the error names it:
///   bytes in protocols 0 to 2, sets before protocol 4, bytearrays before protocol 5, `date`, `Decimal` …
///
/// An object that was stored once and referred to several times comes out as often. So that references to
/// references can't fill the memory, the value may need 64 bytes for each byte of the pickle and 4 MiB
/// beyond that: without references none needs more. Until that is known memory is only used in proportion
/// to `bytes`.
///
/// # Errors
///
/// The bytes are not a whole pickle, or go on after it; it needs something that is not plain data; it is
/// too large in the way just said, contains itself, or is nested more than
/// [`MAX_DEPTH`](crate::formats::value::MAX_DEPTH) levels deep; an integer has more than 4,300 digits, or a text
/// a lone surrogate.
///
/// ```
/// # extern crate rocket_session_state_core as rocket_session_state;
/// # use rocket_session_state_core::codec::pickle;
/// use rocket_session_state::value::Value;
///
/// // pickle.dumps({"views": 1}, protocol=0), and a pickle that runs a command where Python loads it
/// let views = Value::Map(vec![(Value::Str("views".into()), Value::Int(1))]);
/// assert_eq!(pickle::decode(b"(dp0\nVviews\np1\nI1\ns."), Ok(views));
/// assert!(pickle::decode(b"cos\nsystem\n(S'reboot'\ntR.").is_err());
/// ```
pub fn decode(bytes: &[u8]) -> Result<Value, DecodeError> {
    let (graph, root) = machine::run(bytes, false)?;
    build::value(graph, root, bytes.len())
}

/// The value that the instructions in a part of a pickle push.
pub(super) fn decode_part(bytes: &[u8]) -> Result<Value, DecodeError> {
    let (graph, root) = machine::run(bytes, true)?;
    build::value(graph, root, bytes.len())
}

/// Tells whether this is the pickle of `None`.
pub(super) fn is_none(bytes: &[u8]) -> bool {
    matches!(bytes, [opcode::PROTO, _, opcode::NONE, opcode::STOP] | [opcode::NONE, opcode::STOP])
}
