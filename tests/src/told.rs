//! What events of sessions may hold, checked over a whole run.

use rocket_session_state::events::{EndedBy, Event, EventKind, Why};

/// Checks that an event shows nothing but words and handles, however it is printed: so it can't show an id, a value or a user.
/// A listener that panics fails no test, so the process ends.
pub fn check(event: &Event) {
    let json = serde_json::to_value(event).unwrap_or_default();
    let shown = [event.to_string(), format!("{event:?}").replace("Event(", "").replace(')', "")];
    let is_map_of_words = json.as_object().is_some_and(|map| {
        map.iter().all(|(name, value)| match (name.as_str(), value.as_str()) {
            ("event", Some(kind)) => kind.parse::<EventKind>().is_ok(),
            ("at", None) => value.is_i64(),
            (name, Some(text)) => is_detail(name, text),
            _ => false,
        })
    });
    if !is_map_of_words || !shown.iter().all(|line| is_line(line)) {
        log::error!("an event shows more than it may");
        std::process::abort();
    }
}

/// Checks a line of the audit log.
pub fn is_line(line: &str) -> bool {
    let mut words = line.split(' ');
    words.next().is_some_and(|kind| kind.parse::<EventKind>().is_ok())
        && words.all(|word| word.split_once('=').is_some_and(|(name, text)| is_detail(name, text)))
}

fn is_detail(name: &str, text: &str) -> bool {
    match name {
        "handle" | "before" => {
            text.len() == 8 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        }
        "by" => text.parse::<EndedBy>().is_ok(),
        "why" => text.parse::<Why>().is_ok(),
        "at" => is_time(text),
        _ => false,
    }
}

fn is_time(text: &str) -> bool {
    let is_like = |(byte, like): (u8, u8)| if like == b'0' { byte.is_ascii_digit() } else { byte == like };
    let like = "0000-00-00T00:00:00Z";
    text.len() == like.len() && text.bytes().zip(like.bytes()).all(is_like)
}
