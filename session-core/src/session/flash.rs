//! Flash messages in Flask's shape: a list of `(category, message)` under `_flashes`.

use std::time::SystemTime;

use super::changes::FieldRule;
use super::state::State;
use crate::formats::value::Value;
use crate::session::merge::MergeError;

pub(crate) const FLASHES: &str = "_flashes";

/// A message for the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    /// What kind of message it is; Flask's default is `message`.
    pub category: String,
    /// The text.
    pub message: String,
}

/// Queues a message.
pub(crate) fn push(state: &mut State, flash: Flash, now: SystemTime) {
    let mut list = stored(state);
    list.push(Value::Tuple(vec![Value::Str(flash.category), Value::Str(flash.message)]));
    state.put(FLASHES, Value::List(list), RULE, now);
}

/// Takes all messages; later calls in the same request give the same ones, as in Flask.
///
/// Flask can flash anything: what is no message here stays for Flask.
pub(crate) fn take(state: &mut State, now: SystemTime) -> Vec<Flash> {
    if let Some(taken) = &state.taken_flashes {
        return taken.clone();
    }
    let all = stored(state);
    let taken: Vec<Flash> = all.iter().filter_map(read).collect();
    if taken.len() == all.len() {
        state.take(FLASHES, RULE);
    } else if !taken.is_empty() {
        let others = all.into_iter().filter(|value| read(value).is_none()).collect();
        state.put(FLASHES, Value::List(others), RULE, now);
    }
    state.taken_flashes = Some(taken.clone());
    taken
}

/// The messages that this request has added to those it found.
pub(crate) fn queued(state: &State) -> Vec<Value> {
    let found = list(state.record.get(FLASHES).and_then(|raw| state.format().decode(raw).ok()));
    added(&found, stored(state))
}

pub(crate) fn queue_again(state: &mut State, queued: Vec<Value>) {
    if queued.is_empty() {
        return;
    }
    if let Ok(raw) = state.format().encode(&Value::List(queued)) {
        state.insert(FLASHES, raw, RULE);
    }
}

/// Messages of parallel requests are all kept, taken ones are gone.
const RULE: FieldRule = FieldRule { merge: Some(append) };

fn append(
    base: Option<Value>,
    mine: Option<Value>,
    theirs: Option<Value>,
) -> Result<Option<Value>, MergeError> {
    let (base, mine) = (list(base), list(mine));
    let taken = added(&mine, base.clone());
    let mut merged = added(&taken, list(theirs));
    merged.extend(added(&base, mine));
    Ok(if merged.is_empty() { None } else { Some(Value::List(merged)) })
}

/// What `all` holds beyond `known`, each known message counted once.
fn added(known: &[Value], all: Vec<Value>) -> Vec<Value> {
    let mut known: Vec<Option<Flash>> = known.iter().map(read).collect();
    all.into_iter()
        .filter(|value| {
            let flash = read(value);
            match known.iter().position(|other| *other == flash) {
                Some(at) => {
                    known.swap_remove(at);
                    false
                }
                None => true,
            }
        })
        .collect()
}

fn stored(state: &State) -> Vec<Value> {
    list(state.value(FLASHES).ok().flatten())
}

fn list(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::List(list) | Value::Tuple(list)) => list,
        _ => Vec::new(),
    }
}

fn read(value: &Value) -> Option<Flash> {
    match value {
        Value::List(pair) | Value::Tuple(pair) => match pair.as_slice() {
            [category, message] => Some(Flash { category: text(category)?, message: text(message)? }),
            _ => None,
        },
        _ => None,
    }
}

/// Markup is text that is safe in HTML; here it is text, and the template decides.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Str(text) | Value::Markup(text) => Some(text.clone()),
        _ => None,
    }
}
