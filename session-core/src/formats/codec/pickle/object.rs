//! Makes the objects of Python's classes, as far as a session has a kind of value for them.

use super::class::{Class, Object};
use super::graph::{Content, Graph, NodeId, Shape};
use crate::formats::error::{DecodeError, DecodeKind::OutOfRange};
use crate::formats::time::seconds_of;
use crate::formats::value::{DateTime, Value};

/// Gives an object its state. Only UUIDs are made in two steps.
pub(super) fn set_state(
    graph: &mut Graph,
    target: NodeId,
    state: NodeId,
    at: usize,
) -> Result<(), DecodeError> {
    let Content::Object(Object::BlankUuid) = &graph[target].content else {
        return Err(DecodeError::syntax("an object that has a state", at));
    };
    graph[target].content = Content::Whole(uuid(graph, state, at)?);
    Ok(())
}

/// Makes the object that Python gets when it calls the class with the arguments. `at` is the place in the pickle.
pub(super) fn make(
    graph: &Graph,
    class: NodeId,
    arguments: NodeId,
    at: usize,
) -> Result<Content, DecodeError> {
    let Content::Object(Object::Class(class)) = graph[class].content else {
        return Err(DecodeError::syntax("a class", at));
    };
    let Content::Parts(Shape::Tuple, arguments) = &graph[arguments].content else {
        return Err(DecodeError::syntax("a tuple of arguments", at));
    };
    let arguments: Vec<&Content> = arguments.iter().map(|id| &graph[*id].content).collect();
    let refused = || DecodeError::syntax("the arguments that this class is pickled with", at);
    Ok(match (class, arguments.as_slice()) {
        (Class::DateTime, [Content::Whole(Value::Bytes(state))]) => {
            Content::Whole(Value::DateTime(date_time(state, None)?))
        }
        (
            Class::DateTime,
            [Content::Whole(Value::Bytes(state)), Content::Object(Object::TimeZone(offset))],
        ) => Content::Whole(Value::DateTime(date_time(state, Some(*offset))?)),
        (
            Class::TimeDelta,
            [
                Content::Whole(Value::Int(days)),
                Content::Whole(Value::Int(seconds)),
                Content::Whole(Value::Int(0)),
            ],
        ) => Content::Object(Object::TimeDelta(duration(*days, *seconds).ok_or_else(refused)?)),
        // A name that the zone may have beside its offset says nothing about the time.
        (Class::TimeZone, [Content::Object(Object::TimeDelta(offset)), ..]) => {
            Content::Object(Object::TimeZone(i32::try_from(*offset).map_err(|_| refused())?))
        }
        (Class::Uuid, []) => Content::Object(Object::BlankUuid),
        (Class::Markup, [Content::Whole(Value::Str(text))]) => Content::Whole(Value::Markup(text.clone())),
        _ => return Err(refused()),
    })
}

/// The UUID with the state `{"int": number}`; how it was made may be in there too.
fn uuid(graph: &Graph, state: NodeId, at: usize) -> Result<Value, DecodeError> {
    let refused = || DecodeError::syntax("the state of a UUID", at);
    let Content::Parts(Shape::Dict, state) = &graph[state].content else { return Err(refused()) };
    let is_int = |key: NodeId| matches!(&graph[key].content, Content::Whole(Value::Str(key)) if key == "int");
    let mut numbers = state.as_chunks::<2>().0.iter().filter(|[key, _]| is_int(*key));
    let number = numbers.find_map(|[_, number]| match &graph[*number].content {
        Content::Whole(Value::Int(number)) => u128::try_from(*number).ok(),
        Content::Whole(Value::BigInt(digits)) => digits.parse().ok(),
        _ => None,
    });
    number.map(|number| Value::Uuid(uuid::Uuid::from_u128(number))).ok_or_else(refused)
}

/// The ten bytes in which Python keeps a date and time; the highest bit of the month tells the second of
/// two equal hours in autumn.
fn date_time(state: &[u8], offset: Option<i32>) -> Result<DateTime, DecodeError> {
    let refused = || DecodeError(OutOfRange("a date and time"));
    let &[century, year, month, day, hour, minute, second, high, middle, low] = state else {
        return Err(refused());
    };
    let year = u16::from_be_bytes([century, year]).into();
    let time = [hour, minute, second].map(u32::from);
    let wall = seconds_of(year, u32::from(month & 0x7f), day.into(), time).ok_or_else(refused)?;
    let nanoseconds = u32::from_be_bytes([0, high, middle, low]).saturating_mul(1000);
    match offset {
        None => DateTime::naive(wall, nanoseconds),
        Some(offset) => DateTime::with_offset(wall.saturating_sub(offset.into()), nanoseconds, offset),
    }
    .ok_or_else(refused)
}

fn duration(days: i128, seconds: i128) -> Option<i64> {
    i64::try_from(days.checked_mul(86_400)?.checked_add(seconds)?).ok()
}
