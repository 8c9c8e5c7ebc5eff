//! Writes a pickle anew, without references from one place to another.

use std::convert::Infallible;

use super::build::Survey;
use super::graph::{Content, Graph, NodeId, Shape};
use super::write::{self, write_group};
use super::{machine, opcode};
use crate::formats::codec::entries::RawKey;
use crate::formats::error::{DecodeError, DecodeKind::NotAMapping};
use crate::formats::value::Value;

/// A pickle of the same dict in which everything that was referred to is a copy: sets stay sets, and
/// tuples tuples.
pub(super) fn without_references(record: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let (graph, root) = machine::run(record, false)?;
    Survey::new(&graph, root)?.check_memory(record.len())?;
    let Content::Parts(Shape::Dict, parts) = &graph[root].content else {
        return Err(DecodeError(NotAMapping(graph[root].kind())));
    };
    let encoded = |id: NodeId| {
        let mut out = Vec::new();
        write_node(&graph, &mut out, id);
        out
    };
    let encoded: Vec<_> =
        parts.as_chunks::<2>().0.iter().map(|[key, value]| (encoded(*key), encoded(*value))).collect();
    let entries: Vec<_> = encoded.iter().map(|(key, value)| (RawKey::Other(key), value.as_slice())).collect();
    let mut out = Vec::new();
    write::join(&mut out, &entries);
    Ok(out)
}

/// Recurses as deeply as values are nested, which the survey has limited.
fn write_node(graph: &Graph, out: &mut Vec<u8>, id: NodeId) {
    let (shape, parts) = match &graph[id].content {
        Content::Parts(shape, parts) => (*shape, parts),
        Content::Whole(Value::Bytes(bytes)) if !graph[id].hashable => {
            return write::write_byte_array(out, bytes);
        }
        Content::Whole(value) => {
            // The reader makes nothing that can't be written, and the survey lets nothing else pass.
            let _ = write::encode(out, value);
            return;
        }
        Content::Object(_) => return,
    };
    let (empty, collect) = match shape {
        Shape::List => (Some(opcode::EMPTY_LIST), opcode::APPENDS),
        Shape::Dict => (Some(opcode::EMPTY_DICT), opcode::SETITEMS),
        Shape::Set => (Some(opcode::EMPTY_SET), opcode::ADDITEMS),
        Shape::Tuple if parts.is_empty() => (Some(opcode::EMPTY_TUPLE), opcode::TUPLE),
        Shape::Tuple => (None, opcode::TUPLE),
        Shape::FrozenSet if parts.is_empty() => {
            return out.extend([opcode::MARK, opcode::FROZENSET]);
        }
        Shape::FrozenSet => (None, opcode::FROZENSET),
    };
    out.extend(empty);
    let Ok(()) = write_group(out, parts, collect, |out, part| {
        write_node(graph, out, *part);
        Ok::<(), Infallible>(())
    });
}
