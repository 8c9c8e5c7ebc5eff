//! The stack machine that a pickle is a program for, as far as it makes data.

use std::collections::HashMap;

use super::class::{Class, Object};
use super::graph::{Content, Graph, NodeId};
use super::instruction::{self, Instruction, Operands};
use super::object;
use crate::formats::codec::input::Input;
use crate::formats::error::{DecodeError, DecodeKind::TooLong};
use crate::formats::value::Value;

/// Follows a pickle to its end, or the part of one that makes one value: that ends where its bytes end. Returns the
/// objects that it made, and which of them is its value.
pub(super) fn run(bytes: &[u8], is_part: bool) -> Result<(Graph, NodeId), DecodeError> {
    let mut input = Input::new(bytes);
    let mut machine =
        Machine { graph: Graph::new(), stack: Vec::new(), marks: Vec::new(), memo: HashMap::new(), at: 0 };
    while !(is_part && input.rest.is_empty()) {
        machine.at = input.position();
        match instruction::next(&mut input)? {
            Instruction::Stop if is_part => return Err(machine.expected("a value in a pickle")),
            Instruction::Stop => break,
            instruction => machine.follow(instruction)?,
        }
    }
    input.end()?;
    let root = machine.pop()?;
    if is_part && !machine.stack.is_empty() {
        return Err(machine.expected("one value"));
    }
    Ok((machine.graph, root))
}

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
            Instruction::Push(value) => self.push(Content::Whole(value), true),
            Instruction::PushByteArray(bytes) => self.push(Content::Whole(Value::Bytes(bytes)), false),
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
            Instruction::Class(class) => self.push(Content::Object(Object::Class(class)), true),
            Instruction::NamedClass => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (Content::Whole(Value::Str(module)), Content::Whole(Value::Str(name))) =
                    (&self.graph[module].content, &self.graph[name].content)
                else {
                    return Err(self.expected("the names of a module and a class"));
                };
                let class = Class::named(module, name, self.at)?;
                self.push(Content::Object(Object::Class(class)), true);
            }
            Instruction::Make => {
                let (arguments, class) = (self.pop()?, self.pop()?);
                self.push(object::make(&self.graph, class, arguments, self.at)?, true);
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

    fn push(&mut self, content: Content, hashable: bool) {
        let object = self.graph.push(content, hashable);
        self.stack.push(object);
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
