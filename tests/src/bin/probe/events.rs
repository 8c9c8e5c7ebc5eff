//! `/events` and `/stats`: what has happened to sessions, told and counted.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use rocket::http::ContentType;
use rocket::{Route, State, get, routes};
use rocket_session_state::Sessions;
use rocket_session_state::events::{Event, EventKind};
use serde_json::{Map, Value, json};
use session_tests::told;

pub(crate) fn routes() -> Vec<Route> {
    routes![events, stats]
}

/// The latest events, numbered from 1 on.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Latest>>);

#[derive(Default)]
struct Latest {
    told: u64,
    events: VecDeque<Value>,
}

/// A load test makes more than anybody reads.
const KEPT: usize = 100_000;

impl Told {
    pub(crate) fn add(&self, event: &Event) {
        told::check(event);
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        latest.told += 1;
        if latest.events.len() == KEPT {
            latest.events.pop_front();
        }
        let mut event = serde_json::to_value(event).unwrap_or_default();
        event["n"] = latest.told.into();
        latest.events.push_back(event);
    }
}

#[get("/events?<after>")]
async fn events(after: Option<u64>, told: &State<Told>, sessions: Sessions) -> (ContentType, String) {
    sessions.listeners_have_heard().await;
    let latest = told.0.lock().unwrap_or_else(PoisonError::into_inner);
    let is_later = |event: &&Value| event["n"].as_u64() > after;
    let events: Vec<&Value> = latest.events.iter().filter(is_later).collect();
    (ContentType::JSON, json!(events).to_string())
}

#[get("/stats")]
fn stats(sessions: Sessions) -> (ContentType, String) {
    let stats = sessions.stats();
    let counts: Map<String, Value> =
        EventKind::ALL.iter().map(|kind| (kind.to_string(), stats.count(*kind).into())).collect();
    (ContentType::JSON, Value::Object(counts).to_string())
}
