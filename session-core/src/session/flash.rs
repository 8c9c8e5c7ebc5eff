//! Flash messages in Flask's shape: a list of `(category, message)` under `_flashes`.

use std::collections::HashMap;
use std::hash::Hash;

use serde::Serialize;

use super::Session;
use super::changes::FieldRule;
use super::state::State;
use crate::formats::value::Value;
use crate::session::merge::MergeError;

pub(super) const FLASHES: &str = "_flashes";

/// More messages than any page shows: whoever never takes them must not fill the session with them.
const LONGEST_QUEUE: usize = 100;

/// The mark of a session whose queue was reported as full.
const FULL: &str = "_flashes: full";

/// A message for the next page.
///
/// It serializes as a map with `category` and `message`, for templates.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
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
    /// A queue holds 100 messages: beyond that the oldest ones go, with one warning in the log.
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
        if list.len() >= LONGEST_QUEUE {
            warn_of_lost_messages(&mut state);
        }
        list.push(Value::Tuple(message));
        shorten(&mut list);
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

/// Says that messages are lost, once for a queue: in the request that has filled it.
fn warn_of_lost_messages(state: &mut State) {
    let was_full = list(state.contents.loaded_value(FLASHES)).len() >= LONGEST_QUEUE;
    if !was_full && state.reported.insert(FULL.into()) {
        log::warn!(
            "{LONGEST_QUEUE} flash messages are waiting in one session, and older ones are dropped: no page takes them \
             (`take_flashes`)"
        );
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
    shorten(&mut merged);
    Ok(if merged.is_empty() { None } else { Some(Value::List(merged)) })
}

/// Returns the messages of `all` that are not in `known`, where each known message cancels one.
fn added(known: &[Value], all: Vec<Value>) -> Vec<Value> {
    not_cancelled(known, all, read)
}

/// Returns the items of `all` that remain when every item of `known` cancels one with the same key.
fn not_cancelled<T, K: Hash + Eq>(known: &[T], all: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut cancelling = HashMap::<K, usize>::new();
    for item in known {
        *cancelling.entry(key(item)).or_default() += 1;
    }
    let remains = |item: &T| match cancelling.get_mut(&key(item)) {
        Some(left @ 1..) => {
            *left -= 1;
            false
        }
        _ => true,
    };
    all.into_iter().filter(remains).collect()
}

/// Drops the oldest messages of a queue that is too long.
fn shorten(queue: &mut Vec<Value>) {
    let surplus = queue.len().saturating_sub(LONGEST_QUEUE);
    queue.drain(..surplus);
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::hash::Hasher;

    use super::*;

    thread_local! {
        static COMPARED: Cell<usize> = const { Cell::new(0) };
    }

    /// A key that counts how often it is compared.
    #[derive(Eq)]
    struct Counting(u32);

    impl Hash for Counting {
        fn hash<H: Hasher>(&self, state: &mut H) {
            self.0.hash(state);
        }
    }

    impl PartialEq for Counting {
        fn eq(&self, other: &Self) -> bool {
            COMPARED.set(COMPARED.get() + 1);
            self.0 == other.0
        }
    }

    #[test]
    fn each_message_is_compared_about_once() {
        let known: Vec<u32> = (0..5_000).collect();
        let all: Vec<u32> = (0..5_010).rev().collect();
        let remaining = not_cancelled(&known, all, |number| Counting(*number));
        assert_eq!(remaining, (5_000..5_010).rev().collect::<Vec<_>>());
        assert!(COMPARED.get() < 15_000, "{} comparisons", COMPARED.get());
    }

    #[test]
    fn a_message_that_was_known_twice_cancels_two() {
        assert_eq!(not_cancelled(&[1, 1, 2], vec![1, 1, 1, 3], |number| *number), [1, 3]);
    }
}
