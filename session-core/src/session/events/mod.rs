//! What happens to sessions, told: to listeners, to the audit log, and in numbers.

mod delivery;
mod event;
mod kinds;
mod mask;
mod stats;

use std::sync::OnceLock;
use std::time::SystemTime;

use self::delivery::Delivery;
pub use self::delivery::Listener;
pub use self::event::Event;
pub use self::kinds::{EndedBy, EventKind, Why};
use self::mask::Mask;
use self::stats::Counts;
pub use self::stats::{CallStats, Stats};
use crate::config::CheckedConfig;
use crate::formats::codec::{Format, Record};
use crate::formats::id::SessionId;
use crate::formats::value::Value;
use crate::store::client::call_times::CallTimes;
use crate::store::client::outage_listener::OutageListener;

/// The target of the audit log.
const AUDIT: &str = "session::audit";

/// Tells of everything that happens to sessions. Everything is counted; an event is made only if somebody wants to know.
pub(super) struct Events {
    counts: Counts,
    /// `session_audit_log`
    audits: bool,
    mask: Mask,
    delivery: OnceLock<Delivery>,
}

/// Something that has happened, as whoever saw it has it at hand. It costs nothing to make, and becomes an [`Event`] if that
/// is wanted.
#[derive(Clone, Copy)]
pub(super) struct Happening<'a> {
    kind: EventKind,
    at: SystemTime,
    id: Option<&'a SessionId>,
    before: Option<&'a SessionId>,
    by: Option<EndedBy>,
    why: Option<Why>,
    /// The login value, as it is encoded.
    user: Option<(Format, &'a [u8])>,
}

impl Events {
    pub(super) fn new(config: &CheckedConfig) -> Self {
        Events {
            counts: Counts::new(),
            audits: config.session_audit_log,
            mask: Mask::new(config.secret_key.as_ref().map(|key| key.as_bytes())),
            delivery: OnceLock::new(),
        }
    }

    /// Begins to tell these listeners of events, with their users if `names_users`. Those of a second call are not told.
    pub(super) fn listen(&self, listeners: Vec<Listener>, names_users: bool) {
        if !listeners.is_empty() {
            self.delivery.get_or_init(|| Delivery::new(listeners, names_users));
        }
    }

    /// Counts what has happened, and tells of it whoever wants to know.
    pub(super) fn tell(&self, happening: Happening<'_>) {
        self.counts.add(happening.kind);
        #[cfg(feature = "metrics")]
        metrics::counter!(
            "rocket_session_events_total",
            "event" => happening.kind.as_str(),
            "reason" => happening.reason()
        )
        .increment(1);
        let delivery = self.delivery.get();
        let audits = self.audits && audit_log_is_shown();
        if !audits && delivery.is_none() {
            return;
        }
        let event = self.event(&happening, delivery.is_some_and(|delivery| delivery.names_users));
        if audits {
            // Here and not behind the queue: no line of the log is dropped.
            log::info!(target: AUDIT, "{event}");
        }
        if delivery.is_some_and(|delivery| !delivery.send(event)) {
            self.counts.add_dropped();
        }
    }

    /// Returns the numbers, those of the store's calls among them.
    pub(super) fn stats(&self, calls: Option<&CallTimes>) -> Stats {
        self.counts.stats(calls.map(|calls| [calls.of_loads(), calls.of_writes()]))
    }

    pub(super) fn audit_log_is_silent(&self) -> bool {
        self.audits && !audit_log_is_shown()
    }

    /// Returns when listeners have been told of all that has happened, but after a second in any case.
    pub(super) async fn heard(&self) {
        if let Some(delivery) = self.delivery.get() {
            delivery.heard().await;
        }
    }

    fn event(&self, happening: &Happening<'_>, names_users: bool) -> Event {
        let handle = |id: Option<&SessionId>| id.map(|id| self.mask.handle(id.as_str()));
        Event {
            kind: happening.kind,
            at: happening.at,
            handle: handle(happening.id),
            before: handle(happening.before.filter(|before| happening.id != Some(before))),
            by: happening.by,
            why: happening.why,
            user: happening.user.filter(|_| names_users).and_then(|(format, raw)| {
                let user = format.decode(raw).ok()?;
                (user != Value::None).then_some(user)
            }),
        }
    }
}

fn audit_log_is_shown() -> bool {
    log::log_enabled!(target: AUDIT, log::Level::Info)
}

impl OutageListener for Events {
    fn begins(&self, now: SystemTime) {
        self.tell(Happening::new(EventKind::StoreFailed, now));
    }

    fn is_over(&self, now: SystemTime) {
        self.tell(Happening::new(EventKind::StoreBack, now));
    }
}

impl<'a> Happening<'a> {
    pub(super) fn new(kind: EventKind, at: SystemTime) -> Self {
        Happening { kind, at, id: None, before: None, by: None, why: None, user: None }
    }

    pub(super) fn ended(by: EndedBy, at: SystemTime) -> Self {
        Happening { by: Some(by), ..Happening::new(EventKind::Ended, at) }
    }

    pub(super) fn refused(kind: EventKind, why: Why, at: SystemTime) -> Self {
        Happening { why: Some(why), ..Happening::new(kind, at) }
    }

    /// It is about the session of this id.
    pub(super) fn of(self, id: Option<&'a SessionId>) -> Self {
        Happening { id, ..self }
    }

    /// The session had this id before.
    pub(super) fn before(self, before: Option<&'a SessionId>) -> Self {
        Happening { before, ..self }
    }

    /// The session is that of the user in this record.
    pub(super) fn user(self, record: &'a Record, login_key: Option<&str>) -> Self {
        self.login_value(record.format(), login_key.and_then(|key| record.get(key)))
    }

    /// As [`user`](Happening::user), with the login value.
    pub(super) fn login_value(self, format: Format, raw: Option<&'a [u8]>) -> Self {
        Happening { user: raw.map(|raw| (format, raw)), ..self }
    }

    #[cfg(feature = "metrics")]
    fn reason(&self) -> &'static str {
        self.by.map(EndedBy::as_str).or(self.why.map(Why::as_str)).unwrap_or_default()
    }
}
