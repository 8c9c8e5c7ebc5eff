//! The stack machine that a pickle is a program for, as far as it makes data.

use std::collections::HashMap;

use super::class::{Class, Object};
use super::graph::{Content, Graph, NodeId};
use super::input::Input;
use super::instruction::{self, Instruction, Operands};
use super::object;
use crate::formats::error::{DecodeError, DecodeKind::TooLong};
use crate::formats::value::Value;

/// Follows a pickle to its end. Returns the objects that it made, and which of them is its value.
pub(super) fn run(bytes: &[u8]) -> Result<(Graph, NodeId), DecodeError> {
    let mut input = Input::new(bytes);
    let mut machine = Machine::default();
    loop {
        machine.at = input.position();
        match instruction::next(&mut input)? {
            Instruction::Stop => {
                input.end()?;
                let root = machine.pop()?;
                return Ok((machine.graph, root));
            }
            instruction => machine.follow(instruction)?,
        }
    }
}

/// The same for the part of a pickle that makes one value: it ends where its bytes end.
pub(super) fn run_part(bytes: &[u8]) -> Result<(Graph, NodeId), DecodeError> {
    let mut input = Input::new(bytes);
    let mut machine = Machine::default();
    while input.remaining() > 0 {
        machine.at = input.position();
        match instruction::next(&mut input)? {
            Instruction::Stop => return Err(machine.expected("a value in a pickle")),
            instruction => machine.follow(instruction)?,
        }
    }
    let root = machine.pop()?;
    if machine.stack.is_empty() { Ok((machine.graph, root)) } else { Err(machine.expected("one value")) }
}

#[derive(Default)]
struct Machine {
    graph: Graph,
    stack: Vec<NodeId>,
    /// Heights of the stack. Values below the last one are out of reach.
    marks: Vec<usize>,
    memo: HashMap<u32, NodeId>,
    /// The place of the instruction in the pickle.
    at: usize,
}

impl Machine {
    fn follow(&mut self, instruction: Instruction) -> Result<(), DecodeError> {
        match instruction {
            Instruction::Push(value) => self.stack.push(self.graph.whole(value, true)),
            Instruction::PushByteArray(bytes) => {
                self.stack.push(self.graph.whole(Value::Bytes(bytes), false))
            }
            Instruction::Collect(shape, operands) => {
                let parts = self.operands(operands)?;
                self.stack.push(self.graph.collect(shape, parts, self.at)?);
            }
            Instruction::Extend(shape, operands) => {
                let more = self.operands(operands)?;
                self.graph.extend(self.top()?, shape, more, self.at)?;
            }
            Instruction::Put(place) => drop(self.memo.insert(place, self.top()?)),
            Instruction::Memoize => {
                let place = u32::try_from(self.memo.len()).map_err(|_| DecodeError(TooLong))?;
                self.memo.insert(place, self.top()?);
            }
            Instruction::Get(place) => {
                let remembered = self.memo.get(&place).copied();
                self.stack.push(remembered.ok_or(self.expected("a value that is remembered"))?);
            }
            Instruction::Duplicate => self.stack.push(self.top()?),
            Instruction::Class(class) => self.stack.push(self.graph.object(Object::Class(class))),
            Instruction::NamedClass => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (Content::Whole(Value::Str(module)), Content::Whole(Value::Str(name))) =
                    (self.graph.content(module), self.graph.content(name))
                else {
                    return Err(self.expected("the names of a module and a class"));
                };
                let class = Class::named(module, name, self.at)?;
                self.stack.push(self.graph.object(Object::Class(class)));
            }
            Instruction::Make => {
                let (arguments, class) = (self.pop()?, self.pop()?);
                self.stack.push(object::make(&mut self.graph, class, arguments, self.at)?);
            }
            Instruction::Build => {
                let state = self.pop()?;
                let target = self.top()?;
                object::set_state(&mut self.graph, target, state, self.at)?;
            }
            Instruction::Mark => self.marks.push(self.stack.len()),
            // Python takes a mark for a value here.
            Instruction::Pop if self.marks.last() == Some(&self.stack.len()) => drop(self.marks.pop()),
            Instruction::Pop => drop(self.pop()?),
            Instruction::PopMark => drop(self.operands(Operands::SinceMark)?),
            Instruction::Protocol | Instruction::Frame | Instruction::Stop => {}
        }
        Ok(())
    }

    /// Takes values off the stack, the lowest first.
    fn operands(&mut self, operands: Operands) -> Result<Vec<NodeId>, DecodeError> {
        let start = match operands {
            Operands::Topmost(count) => {
                let start = self.stack.len().checked_sub(count).filter(|start| *start >= self.floor());
                start.ok_or(self.expected("more values on the stack"))?
            }
            Operands::SinceMark => self.marks.pop().ok_or(self.expected("a mark"))?,
        };
        Ok(self.stack.split_off(start))
    }

    fn pop(&mut self) -> Result<NodeId, DecodeError> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn top(&self) -> Result<NodeId, DecodeError> {
        let reachable = self.stack.get(self.floor()..).unwrap_or_default();
        reachable.last().copied().ok_or(self.expected("a value on the stack"))
    }

    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn expected(&self, what: &'static str) -> DecodeError {
        DecodeError::syntax(what, self.at)
    }
}
