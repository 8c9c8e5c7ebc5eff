//! Instructions: opcodes with their arguments read.

use super::class::Class;
use super::graph::Shape;
use super::opcode::{self, beyond_data};
use super::{number, strings};
use crate::formats::codec::input::Input;
use crate::formats::error::{DecodeError, DecodeKind::Executes};
use crate::formats::value::Value;

pub(super) enum Instruction {
    /// Pushes a value that holds no others.
    Push(Value),
    /// Pushes bytes that Python can change, and therefore not use as a key.
    PushByteArray(Vec<u8>),
    /// Replaces the values on the stack by one that holds them.
    Collect(Shape, Operands),
    /// Moves the values on the stack into the one below them.
    Extend(Shape, Operands),
    /// Remembers the topmost value under a number.
    Put(u32),
    /// Remembers the topmost value under the next number.
    Memoize,
    /// Pushes what is remembered under a number.
    Get(u32),
    /// Pushes the topmost value once more.
    Duplicate,
    /// Pushes a class.
    Class(Class),
    /// Replaces the names of a module and of a class in it by the class.
    NamedClass,
    /// Replaces a class and a tuple of arguments by an object.
    Make,
    /// Gives the object below the topmost value that value as its state.
    Build,
    Mark,
    Pop,
    PopMark,
    /// Says which protocol follows.
    Protocol,
    /// Says how many bytes belong together.
    Frame,
    Stop,
}

/// The values on the stack that an instruction works on.
#[derive(Clone, Copy)]
pub(super) enum Operands {
    Topmost(usize),
    SinceMark,
}

/// The newest protocol there is.
const NEWEST: u8 = 5;

/// Reads the next instruction.
pub(super) fn next(input: &mut Input<'_>) -> Result<Instruction, DecodeError> {
    use Instruction::{
        Build, Collect, Duplicate, Extend, Frame, Get, Make, Mark, Memoize, NamedClass, Pop, PopMark,
        Protocol, Push, PushByteArray, Put, Stop,
    };
    use Operands::{SinceMark, Topmost};
    use Shape::{Dict, FrozenSet, List, Set, Tuple};

    let at = input.position();
    Ok(match input.byte()? {
        opcode::MARK => Mark,
        opcode::STOP => Stop,
        opcode::POP => Pop,
        opcode::POP_MARK => PopMark,
        opcode::DUP => Duplicate,
        opcode::PROTO if input.byte()? <= NEWEST => Protocol,
        opcode::PROTO => return Err(DecodeError::syntax("a protocol from 0 to 5", at)),
        opcode::FRAME if input.little_endian::<8>()? <= input.rest.len() => Frame,
        opcode::FRAME => return Err(DecodeError::truncated()),

        opcode::NONE => Push(Value::None),
        opcode::NEWTRUE => Push(Value::Bool(true)),
        opcode::NEWFALSE => Push(Value::Bool(false)),

        opcode::INT => Push(number::int(input.line()?, at)?),
        opcode::BININT => Push(Value::Int(i32::from_le_bytes(input.array()?).into())),
        opcode::BININT1 => Push(Value::Int(input.byte()?.into())),
        opcode::BININT2 => Push(Value::Int(u16::from_le_bytes(input.array()?).into())),
        opcode::LONG => Push(number::long(input.line()?, at)?),
        opcode::LONG1 => Push(number::binary_long(input.counted::<1>()?)?),
        opcode::LONG4 => Push(number::binary_long(input.counted::<4>()?)?),

        opcode::FLOAT => Push(number::float(input.line()?, at)?),
        opcode::BINFLOAT => Push(Value::Float(f64::from_be_bytes(input.array()?))),

        opcode::STRING => Push(strings::quoted(input.line()?, at)?),
        opcode::BINSTRING => Push(strings::byte_string(input.counted::<4>()?.to_vec())),
        opcode::SHORT_BINSTRING => Push(strings::byte_string(input.counted::<1>()?.to_vec())),

        opcode::UNICODE => Push(strings::raw_unicode_escape(input.line()?, at)?),
        opcode::BINUNICODE => Push(strings::utf8(input.counted::<4>()?)?),
        opcode::SHORT_BINUNICODE => Push(strings::utf8(input.counted::<1>()?)?),
        opcode::BINUNICODE8 => Push(strings::utf8(input.counted::<8>()?)?),

        opcode::BINBYTES => Push(Value::Bytes(input.counted::<4>()?.to_vec())),
        opcode::SHORT_BINBYTES => Push(Value::Bytes(input.counted::<1>()?.to_vec())),
        opcode::BINBYTES8 => Push(Value::Bytes(input.counted::<8>()?.to_vec())),
        opcode::BYTEARRAY8 => PushByteArray(input.counted::<8>()?.to_vec()),

        opcode::EMPTY_LIST => Collect(List, Topmost(0)),
        opcode::LIST => Collect(List, SinceMark),
        opcode::APPEND => Extend(List, Topmost(1)),
        opcode::APPENDS => Extend(List, SinceMark),

        opcode::EMPTY_TUPLE => Collect(Tuple, Topmost(0)),
        opcode::TUPLE => Collect(Tuple, SinceMark),
        opcode::TUPLE1 => Collect(Tuple, Topmost(1)),
        opcode::TUPLE2 => Collect(Tuple, Topmost(2)),
        opcode::TUPLE3 => Collect(Tuple, Topmost(3)),

        opcode::EMPTY_DICT => Collect(Dict, Topmost(0)),
        opcode::DICT => Collect(Dict, SinceMark),
        opcode::SETITEM => Extend(Dict, Topmost(2)),
        opcode::SETITEMS => Extend(Dict, SinceMark),

        opcode::EMPTY_SET => Collect(Set, Topmost(0)),
        opcode::ADDITEMS => Extend(Set, SinceMark),
        opcode::FROZENSET => Collect(FrozenSet, SinceMark),

        opcode::PUT => Put(number::place(input.line()?, at)?),
        opcode::BINPUT => Put(input.byte()?.into()),
        opcode::LONG_BINPUT => Put(u32::from_le_bytes(input.array()?)),
        opcode::MEMOIZE => Memoize,
        opcode::GET => Get(number::place(input.line()?, at)?),
        opcode::BINGET => Get(input.byte()?.into()),
        opcode::LONG_BINGET => Get(u32::from_le_bytes(input.array()?)),

        opcode::GLOBAL => {
            let names = [input.line()?, input.line()?].map(|name| str::from_utf8(name).unwrap_or_default());
            let [module, name] = names;
            Instruction::Class(Class::named(module, name, at)?)
        }
        opcode::STACK_GLOBAL => NamedClass,
        opcode::REDUCE | opcode::NEWOBJ => Make,
        opcode::BUILD => Build,

        other => {
            return Err(match beyond_data(other) {
                Some(what) => DecodeError(Executes(what, at)),
                None => DecodeError::syntax("an opcode", at),
            });
        }
    })
}
