//! Finds the top-level entries of a pickled dict.

use bytes::Bytes;

use super::class::Class;
use super::graph::Shape;
use super::instruction::{self, Instruction, Operands};
use super::opcode;
use super::plain;
use crate::formats::codec::entries::{Entry, Key, Span, dedup};
use crate::formats::codec::input::Input;
use crate::formats::error::{DecodeError, DecodeKind::TooLong};
use crate::formats::value::Value;

/// The record and the places of the values in it. Each is a pickle of its own but for the first and last
/// instruction, so that it can be moved to another place and other neighbours.
///
/// If one value refers to something in another, the record that is returned is another one that holds the same
/// without references.
pub(in crate::formats::codec) fn index(record: Bytes) -> Result<(Bytes, Vec<Entry>), DecodeError> {
    if let Some(entries) = independent(&record) {
        return Ok((record, entries));
    }
    let plain = Bytes::from(plain::without_references(&record)?);
    // A pickle that was just written has no references.
    let entries = independent(&plain).ok_or(DecodeError(TooLong))?;
    Ok((plain, entries))
}

/// The entries, if this is the pickle of a dict whose values do not refer to each other.
///
/// Follows the instructions without making anything of them, and does not recurse.
fn independent(record: &[u8]) -> Option<Vec<Entry>> {
    let mut input = Input::new(record);
    let mut places = Places::default();
    loop {
        let at = input.position();
        match instruction::next(&mut input).ok()? {
            // Frames are counted in bytes that will have moved.
            Instruction::Protocol if at == 0 => {}
            Instruction::Frame if at == 2 => {}
            Instruction::Stop => {
                input.end().ok()?;
                let mut entries = places.end(record)?;
                dedup(&mut entries, record);
                return Some(entries);
            }
            instruction => places.follow(record, &instruction, at)?,
        }
    }
}

/// The beginning of each value on the stack. The lowest is the dict.
#[derive(Default)]
struct Places {
    stack: Vec<usize>,
    /// Heights of the stack, and the mark's place in the pickle.
    marks: Vec<(usize, usize)>,
    pairs: Vec<[usize; 3]>,
}

impl Places {
    fn follow(&mut self, record: &[u8], instruction: &Instruction, at: usize) -> Option<()> {
        let whole = Operands::Topmost;
        match instruction {
            Instruction::Collect(Shape::Dict, Operands::Topmost(0)) if self.stack.is_empty() => {
                self.stack.push(at);
                return self.marks.is_empty().then_some(());
            }
            _ if self.stack.is_empty() => return None,
            Instruction::Push(_) | Instruction::PushByteArray(_) | Instruction::Class(_) => {
                self.stack.push(at)
            }
            Instruction::Memoize | Instruction::Put(_) => {}
            Instruction::Mark => self.marks.push((self.stack.len(), at)),
            Instruction::Collect(_, operands) => self.replace(*operands, at)?,
            Instruction::NamedClass => {
                let [module, name] = *self.peek()?;
                Class::find(&text_at(record, module)?, &text_at(record, name)?)?;
                self.replace(whole(2), at)?;
            }
            Instruction::Make => self.replace(whole(2), at)?,
            Instruction::Build => drop(self.extend(whole(1), at)?),
            Instruction::Extend(shape, operands) => {
                let parts = self.extend(*operands, at)?;
                if self.stack.len() == 1 {
                    if *shape != Shape::Dict || !parts.len().is_multiple_of(2) {
                        return None;
                    }
                    let ends = parts.iter().skip(2).step_by(2).copied().chain([at]);
                    let pairs = parts.as_chunks::<2>().0.iter().zip(ends);
                    self.pairs.extend(pairs.map(|([key, value], end)| [*key, *value, end]));
                }
            }
            Instruction::Get(_)
            | Instruction::Duplicate
            | Instruction::Pop
            | Instruction::PopMark
            | Instruction::Protocol
            | Instruction::Frame
            | Instruction::Stop => return None,
        }
        Some(())
    }

    /// Puts one value in the place of several; the lowest stays where it is.
    fn replace(&mut self, operands: Operands, at: usize) -> Option<()> {
        let (begins, _) = self.take_operands(operands, at)?;
        if self.stack.is_empty() {
            return None;
        }
        self.stack.push(begins);
        Some(())
    }

    /// Moves values into the one below them.
    fn extend(&mut self, operands: Operands, at: usize) -> Option<Vec<usize>> {
        let (_, parts) = self.take_operands(operands, at)?;
        (self.stack.len() > self.floor()).then_some(parts)
    }

    /// Takes the operands off the stack. Returns the beginning of the instructions that have made them, and
    /// the beginning of each.
    fn take_operands(&mut self, operands: Operands, at: usize) -> Option<(usize, Vec<usize>)> {
        match operands {
            Operands::Topmost(count) => {
                let height = self.stack.len().checked_sub(count).filter(|height| *height >= self.floor())?;
                let parts = self.stack.split_off(height);
                Some((parts.first().copied().unwrap_or(at), parts))
            }
            Operands::SinceMark => {
                let (height, mark) = self.marks.pop()?;
                Some((mark, self.stack.split_off(height)))
            }
        }
    }

    fn peek(&self) -> Option<&[usize; 2]> {
        self.stack.last_chunk()
    }

    fn floor(&self) -> usize {
        self.marks.last().map_or(0, |(height, _)| *height)
    }

    fn end(self, record: &[u8]) -> Option<Vec<Entry>> {
        if self.stack.len() != 1 || !self.marks.is_empty() {
            return None;
        }
        let entry = |[key, value, end]: [usize; 3]| {
            Some(Entry { key: key_at(record, key, value)?, value: Span::new(value..end).ok()? })
        };
        self.pairs.into_iter().map(entry).collect()
    }
}

fn key_at(record: &[u8], start: usize, end: usize) -> Option<Key> {
    let Some(text) = lone_text(record.get(start..end)?) else {
        return Span::new(start..end).ok().map(Key::Other);
    };
    let length_bytes = match *record.get(start)? {
        opcode::SHORT_BINUNICODE => 1,
        opcode::BINUNICODE => 4,
        opcode::BINUNICODE8 => 8,
        _ => return Some(Key::Escaped(text.into())),
    };
    let start = start + 1 + length_bytes;
    Span::new(start..start + text.len()).ok().map(Key::Text)
}

/// The text that the instructions push, if they do nothing else.
fn lone_text(instructions: &[u8]) -> Option<String> {
    let mut input = Input::new(instructions);
    let Instruction::Push(Value::Str(text)) = instruction::next(&mut input).ok()? else { return None };
    while !input.rest.is_empty() {
        let (Instruction::Memoize | Instruction::Put(_)) = instruction::next(&mut input).ok()? else {
            return None;
        };
    }
    Some(text)
}

/// The text that the instruction pushes, if it does that.
fn text_at(record: &[u8], at: usize) -> Option<String> {
    match instruction::next(&mut Input::new(record.get(at..)?)).ok()? {
        Instruction::Push(Value::Str(text)) => Some(text),
        _ => None,
    }
}
