//! Makes one value of a graph of objects. Every reference becomes a copy.

use std::mem;
use std::slice;

use super::graph::{Content, Graph, NodeId, PerNode};
use crate::formats::error::DecodeError;
use crate::formats::error::DecodeKind::{ContainsItself, NotAValue, TooDeep, TooManyReferences};
use crate::formats::value::{MAX_DEPTH, Value};

/// Memory that a value may need for each byte of its pickle. Without references it never needs more.
const PER_BYTE: usize = 64;
const _: () = assert!(size_of::<Value>() <= PER_BYTE);

/// Memory beyond that, for references.
const FOR_REFERENCES: usize = 4 << 20;

/// The value of `root`. `length` is that of the pickle.
///
/// Everything is measured before anything is built, so that a value that is refused costs no memory.
pub(super) fn value(graph: Graph, root: NodeId, length: usize) -> Result<Value, DecodeError> {
    let survey = Survey::new(&graph, root)?;
    survey.check_memory(length)?;
    let mut builder = Builder { graph, uses: survey.uses };
    for id in survey.order {
        builder.build(id);
    }
    Ok(builder.hand_out(root))
}

/// The objects that are reachable from the root.
pub(super) struct Survey {
    /// The parts of an object come before it.
    order: Vec<NodeId>,
    /// The number of references to an object.
    uses: PerNode<usize>,
    /// Memory that the value of the root needs, in bytes.
    memory: usize,
}

#[derive(Clone, Copy)]
enum Visit {
    Ahead,
    /// The state while some of what it holds is being looked at.
    Open,
    Done(Extent),
}

/// The size of a value in which every reference is a copy.
#[derive(Clone, Copy)]
struct Extent {
    memory: usize,
    levels: usize,
}

/// An object whose parts are being looked at.
struct OpenNode<'a> {
    id: NodeId,
    parts: slice::Iter<'a, NodeId>,
    extent: Extent,
}

impl Survey {
    /// Refuses a graph that contains itself, is nested too deeply, or holds something that is not a value.
    pub(super) fn new(graph: &Graph, root: NodeId) -> Result<Survey, DecodeError> {
        let mut order = Vec::new();
        let mut uses = graph.per_node(0);
        let mut visits = graph.per_node(Visit::Ahead);
        let mut open = vec![OpenNode::new(graph, root)?];
        uses[root] = 1;
        visits[root] = Visit::Open;
        let mut memory = 0;
        while let Some(mut last) = open.pop() {
            let Some(part) = last.parts.next() else {
                visits[last.id] = Visit::Done(last.extent);
                order.push(last.id);
                match open.last_mut() {
                    Some(holder) => holder.extent.add(last.extent)?,
                    None => memory = last.extent.memory,
                }
                continue;
            };
            uses[*part] += 1;
            match visits[*part] {
                Visit::Done(extent) => last.extent.add(extent)?,
                Visit::Open => return Err(DecodeError(ContainsItself)),
                Visit::Ahead => {
                    visits[*part] = Visit::Open;
                    open.extend([last, OpenNode::new(graph, *part)?]);
                    continue;
                }
            }
            open.push(last);
        }
        Ok(Survey { order, uses, memory })
    }

    /// Refuses a value that references make too large for a pickle of this length.
    pub(super) fn check_memory(&self, length: usize) -> Result<(), DecodeError> {
        let limit = length.saturating_mul(PER_BYTE).saturating_add(FOR_REFERENCES);
        if self.memory > limit { Err(DecodeError(TooManyReferences)) } else { Ok(()) }
    }
}

impl<'a> OpenNode<'a> {
    fn new(graph: &'a Graph, id: NodeId) -> Result<Self, DecodeError> {
        let (parts, content, levels): (&[NodeId], _, _) = match &graph[id].content {
            Content::Whole(value) => (&[], content_memory(value), 0),
            Content::Parts(_, parts) => (parts, 0, 1),
            Content::Object(object) => return Err(DecodeError(NotAValue(object.kind()))),
        };
        let memory = size_of::<Value>() + content;
        Ok(OpenNode { id, parts: parts.iter(), extent: Extent { memory, levels } })
    }
}

impl Extent {
    fn add(&mut self, part: Extent) -> Result<(), DecodeError> {
        self.memory = self.memory.saturating_add(part.memory);
        self.levels = self.levels.max(part.levels + 1);
        if self.levels > MAX_DEPTH { Err(DecodeError(TooDeep)) } else { Ok(()) }
    }
}

fn content_memory(value: &Value) -> usize {
    match value {
        Value::Str(text) | Value::BigInt(text) | Value::Markup(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    }
}

struct Builder {
    graph: Graph,
    /// References to an object that are still to come.
    uses: PerNode<usize>,
}

impl Builder {
    /// Makes an object whole, all of whose parts are.
    fn build(&mut self, id: NodeId) {
        if let Content::Parts(shape, parts) = &mut self.graph[id].content {
            let (shape, parts) = (*shape, mem::take(parts));
            let parts = parts.into_iter().map(|part| self.hand_out(part)).collect();
            self.graph[id].content = Content::Whole(shape.value(parts));
        }
    }

    /// A copy of a whole object; the last time the object itself.
    fn hand_out(&mut self, id: NodeId) -> Value {
        self.uses[id] -= 1;
        match &mut self.graph[id].content {
            Content::Whole(value) if self.uses[id] == 0 => mem::replace(value, Value::None),
            Content::Whole(value) => value.clone(),
            // Never: what an object holds is built before it, and the survey refuses anything else.
            Content::Parts(..) | Content::Object(_) => Value::None,
        }
    }
}
