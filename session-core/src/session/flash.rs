//! Flash messages in Flask's shape: a list of `(category, message)` under `_flashes`.

use serde::Serialize;

use super::Session;
use super::changes::FieldRule;
use super::state::State;
use crate::formats::value::Value;
use crate::session::merge::MergeError;

pub(super) const FLASHES: &str = "_flashes";

/// A message for the next page.
///
/// It serializes as a map with `category` and `message`, for templates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flash {
    /// The kind of the message; Flask's default is `message`.
    pub category: String,
    /// The text.
    pub message: String,
}

impl Session {
    /// Queues a message for the next page, as Flask's `flash(message, category)`, whose default category is
    /// `"message"`.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// session.flash("Your changes are saved.", "success");
    /// let flashes = session.take_flashes();
    /// assert_eq!(flashes[0].message, "Your changes are saved.");
    /// assert_eq!(flashes[0].category, "success");
    /// # });
    /// ```
    pub fn flash(&self, message: impl Into<String>, category: impl Into<String>) {
        let message = vec![Value::Str(category.into()), Value::Str(message.into())];
        let now = self.now();
        let mut state = self.used();
        let mut list = queue(&state);
        list.push(Value::Tuple(message));
        state.put(FLASHES, Ok(Value::List(list)), RULE, now);
    }

    /// Takes all queued messages (`get_flashed_messages`).
    ///
    /// Further calls in the same request give the same messages, as in Flask. A message that Flask flashed as HTML
    /// is given as its text. A message that is not text at all stays in the queue, for Flask.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// session.flash("Your order is on its way.", "success");
    /// for flash in session.take_flashes() {
    ///     println!("{}: {}", flash.category, flash.message);
    /// }
    /// assert!(!session.contains("_flashes"));
    /// # });
    /// ```
    pub fn take_flashes(&self) -> Vec<Flash> {
        let now = self.now();
        let mut state = self.used();
        if let Some(taken) = &state.taken_flashes {
            return taken.clone();
        }
        let all = queue(&state);
        let taken: Vec<Flash> = all.iter().filter_map(read).collect();
        if taken.len() == all.len() {
            state.take(FLASHES, RULE);
        } else if !taken.is_empty() {
            let others = all.into_iter().filter(|value| read(value).is_none()).collect();
            state.put(FLASHES, Ok(Value::List(others)), RULE, now);
        }
        state.taken_flashes = Some(taken.clone());
        taken
    }
}

/// Returns the messages that this request has added to the loaded ones.
pub(super) fn added_messages(state: &State) -> Vec<Value> {
    let loaded = list(state.contents.loaded_value(FLASHES));
    added(&loaded, queue(state))
}

/// Queues messages again after all data was dropped.
pub(super) fn restore(state: &mut State, messages: Vec<Value>) {
    if messages.is_empty() {
        return;
    }
    if let Ok(raw) = state.contents.format().encode(&Value::List(messages)) {
        state.contents.set(FLASHES, raw, RULE);
    }
}

/// Keeps the messages of parallel requests and drops the taken ones.
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

/// Returns the messages of `all` that are not in `known`, where each known message cancels one.
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

fn queue(state: &State) -> Vec<Value> {
    list(state.contents.value(FLASHES).ok().flatten())
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

/// Markup is text that is safe in HTML. Here it becomes plain text, which templates escape.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Str(text) | Value::Markup(text) => Some(text.clone()),
        _ => None,
    }
}
