//! The objects that a pickle makes, and the parts of each.
//!
//! A list can be remembered before it is filled, and filled after it has been put somewhere, so an object
//! is a number until the pickle has ended.

use std::ops::{Index, IndexMut};

use super::class::Object;
use crate::formats::error::{DecodeError, DecodeKind::Key};
use crate::formats::value::{Value, key_order, last_value_wins};

pub(super) type Graph = PerNode<Node>;

/// An object of the graph that gave it out.
#[derive(Clone, Copy)]
pub(super) struct NodeId(usize);

/// Something about each object of a graph.
pub(super) struct PerNode<T>(Vec<T>);

pub(super) struct Node {
    pub(super) content: Content,
    /// Tells that Python takes it for a key of a dict or an item of a set.
    pub(super) hashable: bool,
}

pub(super) enum Content {
    Whole(Value),
    /// Keys and values of a dict take turns.
    Parts(Shape, Vec<NodeId>),
    /// An object that is not a value, but needed for one.
    Object(Object),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    List,
    Tuple,
    Dict,
    Set,
    FrozenSet,
}

impl Graph {
    pub(super) fn new() -> Self {
        PerNode(Vec::new())
    }

    pub(super) fn per_node<T: Clone>(&self, value: T) -> PerNode<T> {
        PerNode(vec![value; self.0.len()])
    }

    /// An object that holds others. `at` is where in the pickle.
    pub(super) fn collect(
        &mut self,
        shape: Shape,
        parts: Vec<NodeId>,
        at: usize,
    ) -> Result<NodeId, DecodeError> {
        self.check_parts(shape, &parts, at)?;
        let hashable = match shape {
            Shape::List | Shape::Dict | Shape::Set => false,
            Shape::FrozenSet => true,
            Shape::Tuple => parts.iter().all(|part| self[*part].hashable),
        };
        Ok(self.push(Content::Parts(shape, parts), hashable))
    }

    /// Adds to an object of that shape.
    pub(super) fn extend(
        &mut self,
        target: NodeId,
        shape: Shape,
        more: Vec<NodeId>,
        at: usize,
    ) -> Result<(), DecodeError> {
        self.check_parts(shape, &more, at)?;
        match &mut self[target].content {
            Content::Parts(found, parts) if *found == shape => {
                parts.extend(more);
                Ok(())
            }
            _ => Err(DecodeError::syntax("something that can be added to", at)),
        }
    }

    fn check_parts(&self, shape: Shape, parts: &[NodeId], at: usize) -> Result<(), DecodeError> {
        let keys = match shape {
            Shape::List | Shape::Tuple => return Ok(()),
            Shape::Set | Shape::FrozenSet => 1,
            Shape::Dict if parts.len().is_multiple_of(2) => 2,
            Shape::Dict => return Err(DecodeError::syntax("a value for each key", at)),
        };
        match parts.iter().step_by(keys).find(|part| !self[**part].hashable) {
            None => Ok(()),
            Some(part) => Err(DecodeError(Key(self[*part].kind()))),
        }
    }

    pub(super) fn push(&mut self, content: Content, hashable: bool) -> NodeId {
        let id = NodeId(self.0.len());
        self.0.push(Node { content, hashable });
        id
    }
}

impl Node {
    pub(super) fn kind(&self) -> &'static str {
        match &self.content {
            Content::Whole(value) => value.kind(),
            Content::Parts(shape, _) => shape.value(Vec::new()).kind(),
            Content::Object(object) => object.kind(),
        }
    }
}

impl Shape {
    /// The value of this shape. Of a key that occurs twice the last value counts.
    pub(super) fn value(self, parts: Vec<Value>) -> Value {
        match self {
            Shape::List => Value::List(parts),
            Shape::Tuple => Value::Tuple(parts),
            Shape::Set | Shape::FrozenSet => {
                let mut items = parts;
                last_value_wins(&mut items, key_order);
                Value::List(items)
            }
            Shape::Dict => {
                let mut pairs = Vec::with_capacity(parts.len() / 2);
                let mut parts = parts.into_iter();
                while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
                    pairs.push((key, value));
                }
                last_value_wins(&mut pairs, |(a, _), (b, _)| key_order(a, b));
                Value::Map(pairs)
            }
        }
    }
}

#[expect(clippy::indexing_slicing, reason = "`Graph::push` alone makes a NodeId, and no node is removed")]
impl<T> Index<NodeId> for PerNode<T> {
    type Output = T;

    fn index(&self, id: NodeId) -> &T {
        &self.0[id.0]
    }
}

#[expect(clippy::indexing_slicing, reason = "`Graph::push` alone makes a NodeId, and no node is removed")]
impl<T> IndexMut<NodeId> for PerNode<T> {
    fn index_mut(&mut self, id: NodeId) -> &mut T {
        &mut self.0[id.0]
    }
}
