//! Cookies that lead to no session. One is nothing to speak of; if it is most of them, the settings of this application and
//! of another one with the same visitors differ, and all that anybody sees is that everybody is logged out.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::events::{EndedBy, EventKind, Happening, Why};
use crate::config::{CheckedConfig, SessionType};
use crate::formats::signing::Invalid;

/// Counts the cookies that lead to a session and those that do not, and says in the log what to compare.
pub(super) struct CookieWatch {
    /// Cookies that led to a session since the minute began. The only thing that most requests touch.
    accepted: AtomicU64,
    minute: Mutex<Minute>,
}

/// The minute that is being counted. It lasts until the first refused cookie after its end.
struct Minute {
    began: Instant,
    /// Accepted cookies of the minute before: so a few refused ones at the beginning of a minute are not most of them.
    accepted_before: u64,
    refused: u64,
    told: bool,
}

/// The reason why a cookie leads to no session.
#[derive(Clone, Copy)]
pub(super) enum Unusable {
    /// What the signer says.
    Signature(Invalid),
    /// It has not the form of an id.
    NotAnId,
    /// The store has no record under that id.
    Unknown,
}

impl Unusable {
    /// What is told of such a cookie. A good signature that is too old is that of a session which has expired.
    pub(super) fn happening<'a>(self, now: SystemTime) -> Happening<'a> {
        match self {
            Unusable::Signature(Invalid::Expired) => Happening::ended(EndedBy::Expired, now),
            Unusable::Signature(reason) => Happening::refused(EventKind::CookieRefused, reason.into(), now),
            Unusable::NotAnId => Happening::refused(EventKind::CookieRefused, Why::NotAnId, now),
            Unusable::Unknown => Happening::new(EventKind::IdUnknown, now),
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);

/// Refused cookies of a minute below which nothing is said: sessions end, and robots keep their cookies.
const ENOUGH: u64 = 10;

impl CookieWatch {
    pub(super) fn new() -> Self {
        CookieWatch { accepted: AtomicU64::new(0), minute: Mutex::new(Minute::beginning(Instant::now(), 0)) }
    }

    pub(super) fn accepted(&self) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a cookie that leads to no session. At debug each has a line, otherwise at most one a minute is written.
    pub(super) fn refused(&self, config: &CheckedConfig, cookie: &str, why: Unusable) {
        log::debug!("a session cookie was refused: {}", explained(config, cookie, why));
        if let Some((refused, accepted)) = self.count(Instant::now()) {
            log::warn!(
                "most session cookies lead to no session: {refused} within a minute, and {accepted} do. If another \
                 application has the same visitors, its settings differ. Of the last cookie: {}",
                explained(config, cookie, why)
            );
        }
    }

    /// Counts a refused cookie. Returns the numbers of refused and accepted ones if they have to be told.
    fn count(&self, now: Instant) -> Option<(u64, u64)> {
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        let age = now.saturating_duration_since(minute.began);
        if age >= MINUTE {
            let minutes = (age.as_secs() / MINUTE.as_secs()).max(1);
            *minute = Minute::beginning(now, self.accepted.swap(0, Ordering::Relaxed) / minutes);
        }
        minute.refused += 1;
        let accepted = minute.accepted_before + self.accepted.load(Ordering::Relaxed);
        let due = !minute.told && minute.refused >= ENOUGH && minute.refused > accepted;
        minute.told |= due;
        due.then_some((minute.refused, accepted))
    }
}

impl Minute {
    fn beginning(began: Instant, accepted_before: u64) -> Self {
        Minute { began, accepted_before, refused: 0, told: false }
    }
}

/// Says why, and which settings to compare. Nothing of the cookie is shown but its form.
fn explained(config: &CheckedConfig, cookie: &str, why: Unusable) -> String {
    let dots = cookie.bytes().filter(|byte| *byte == b'.').count();
    match why {
        Unusable::Signature(reason) => {
            format!("{reason}; compare {}", signed_by_another(config, reason, dots))
        }
        Unusable::NotAnId => format!("the cookie is not an id; compare {}", not_an_id(config, cookie, dots)),
        Unusable::Unknown => format!(
            "no record of that id, which has expired or was ended, or is elsewhere; compare session_key_prefix ({:?}), \
             session_type, and the address and database: the sessions here are in {}",
            config.session_key_prefix, config.store_location
        ),
    }
}

fn signed_by_another(config: &CheckedConfig, reason: Invalid, dots: usize) -> String {
    let in_cookie = config.session_type == SessionType::Cookie && !config.environment().own_store;
    let salt = if in_cookie { "cookie-session" } else { "flask-session" };
    match reason {
        Invalid::Expired => "permanent_session_lifetime with PERMANENT_SESSION_LIFETIME".into(),
        Invalid::Future => "the clocks of the machines".into(),
        // The dots in front of the time and the signature.
        _ if in_cookie && dots < 2 => {
            "session_type with SESSION_TYPE: this looks like an id, and the sessions here are in the cookie"
                .into()
        }
        Invalid::NoSeparator => "session_use_signer, which is on here, with SESSION_USE_SIGNER".into(),
        _ if !in_cookie && dots > 1 => {
            "session_type with SESSION_TYPE: this looks like a whole session, and the cookies here hold an id"
                .into()
        }
        _ => format!(
            "secret_key with SECRET_KEY, byte by byte, and secret_key_fallbacks; the signature is HMAC-SHA1 with the \
             salt `{salt}`"
        ),
    }
}

fn not_an_id(config: &CheckedConfig, cookie: &str, dots: usize) -> String {
    match dots {
        0 => format!(
            "session_id_length ({} bytes) and session_id_length_fallbacks with SESSION_ID_LENGTH: it has {} characters",
            config.session_id_length,
            cookie.len()
        ),
        1 => "session_use_signer, which is off here, with SESSION_USE_SIGNER: this looks like a signed id"
            .into(),
        _ => {
            "session_type with SESSION_TYPE: this looks like a whole session, and the cookies here hold an id"
                .into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(watch: &CookieWatch, seconds: u64) -> Instant {
        watch.minute.lock().unwrap().began + Duration::from_secs(seconds)
    }

    fn refuse(watch: &CookieWatch, count: usize, now: Instant) -> Vec<(u64, u64)> {
        (0..count).filter_map(|_| watch.count(now)).collect()
    }

    #[test]
    fn more_refused_than_accepted_cookies_are_told_once_a_minute() {
        let watch = CookieWatch::new();
        let first = after(&watch, 5);
        assert_eq!(refuse(&watch, 9, first), [], "too few to mean anything");
        assert_eq!(refuse(&watch, 90, first), [(10, 0)]);
        let second = after(&watch, 60);
        assert_eq!(refuse(&watch, 90, second), [(10, 0)]);
    }

    #[test]
    fn a_few_refused_cookies_among_many_are_not_told_also_at_the_beginning_of_a_minute() {
        let watch = CookieWatch::new();
        for minute in 0..5 {
            (0..50).for_each(|_| watch.accepted());
            let now = after(&watch, if minute == 0 { 0 } else { 60 });
            assert_eq!(refuse(&watch, 40, now), [], "minute {minute}");
        }
    }

    #[test]
    fn what_was_accepted_in_an_hour_without_a_refused_cookie_does_not_hide_what_comes_then() {
        let watch = CookieWatch::new();
        (0..600).for_each(|_| watch.accepted());
        let now = after(&watch, 3600);
        assert_eq!(refuse(&watch, 100, now), [(11, 10)]);
    }
}
