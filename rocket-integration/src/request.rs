//! The one session of a request, opened at most once.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rocket::Request;
use rocket_session_state_core::Chain;
use rocket_session_state_core::cookie;
use rocket_session_state_core::session::Session as CoreSession;
use rocket_session_state_core::store::StoreError;
use tokio::sync::OnceCell;

use crate::error::SessionError;
use crate::guard::Asked;
use crate::sessions::Attached;
use crate::touched::{Mark, may_be_touched};

/// What is kept with the request. Many guards, forwards and catchers share it.
pub(crate) struct Slot {
    // Rocket's asynchronous cache would run two loads at once for two callers; a cell runs one.
    opened: OnceCell<Result<CoreSession, SessionError>>,
    /// What guards leave for the response fairing.
    pub(crate) asked: Asked,
    /// Method and path of a request whose session is used after the answer, for the log.
    asked_for: OnceLock<String>,
    mark: Mark,
    moved: OnceLock<Mark>,
}

impl Slot {
    /// The slot of a request, made at the first call.
    pub(crate) fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        let slot = request.local_cache(|| Slot {
            opened: OnceCell::new(),
            asked: Asked::default(),
            asked_for: OnceLock::new(),
            mark: Mark::of(request),
            moved: OnceLock::new(),
        });
        if !slot.mark.covers(request) {
            // A clone of a local client's request shares the cache, but not the address.
            slot.moved.get_or_init(Mark::anywhere);
        }
        slot
    }

    /// The slot of a request if it has one, or one that is as good as none. Most requests pay nothing.
    pub(crate) fn made<'r>(request: &'r Request<'_>) -> Option<&'r Self> {
        may_be_touched(request).then(|| Slot::of(request))
    }

    /// What happened to the session in this request, without opening it.
    pub(crate) fn opened(&self) -> Opened<'_> {
        match self.opened.get() {
            None => Opened::Untouched,
            Some(Ok(session)) => Opened::Session(session),
            Some(Err(error)) if error.is_handled() => Opened::Untouched,
            Some(Err(_)) => Opened::Failed,
        }
    }

    /// Keeps what the log has to say of the request if a stream or a socket goes on using its session. There is
    /// no request to ask any more when the slot is dropped, and no reason to write a text for all the others.
    pub(crate) fn outlived(&self, request: &Request<'_>) {
        if let Some(Ok(session)) = self.opened.get()
            && session.has_other_handles()
        {
            self.asked_for.get_or_init(|| format!("{} {}", request.method(), request.uri().path()));
        }
    }
}

/// Dropped when the last byte of the body is sent, or the socket is closed.
impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(Ok(session)) = self.opened.get()
            && session.has_unsaved_changes()
        {
            let asked_for = self.asked_for.get().map_or("a request", String::as_str);
            log::error!(
                "{asked_for}: the session was changed after the response had begun, and the change is lost: \
                 `session.save().await` saves it"
            );
        }
    }
}

/// How the opening of a session ended, if it was tried.
pub(crate) enum Opened<'r> {
    Untouched,
    Session(&'r CoreSession),
    /// The store failed, and nobody has taken that over with [`SessionError::handled`].
    Failed,
}

/// The session of a request; opened at the first call.
pub(crate) async fn session<'r>(request: &'r Request<'_>) -> Result<&'r CoreSession, SessionError> {
    let Some(attached) = request.rocket().state::<Attached>() else {
        log::error!("a session was asked for, but none is attached: `.attach(Sessions::fairing())`");
        return Err(SessionError::NoFairing);
    };
    let opened = Slot::of(request).opened.get_or_init(|| open(request, attached)).await;
    opened.as_ref().map_err(SessionError::clone)
}

async fn open(request: &Request<'_>, attached: &Attached) -> Result<CoreSession, SessionError> {
    let now = (attached.clock)(request);
    let cookie = cookie(request, &attached.manager.config().session_cookie_name);
    let opened = attached.manager.open(cookie.as_deref(), now).await;
    attached.purging.after_opening(&attached.manager, now);
    opened.map_err(|error| {
        log::error!("{} {}: {}", request.method(), request.uri().path(), Chain(&error));
        SessionError::Unavailable(Outage { source: Arc::new(error), handled: Arc::default() })
    })
}

/// The session's cookie. Found in a function of its own: what it needs for that would make every future that waits for
/// a session larger than what malloc is quick with.
fn cookie<'r>(request: &'r Request<'_>, name: &str) -> Option<Cow<'r, str>> {
    let mut headers = request.headers().get("cookie").peekable();
    if headers.peek().is_some() {
        // Not Rocket's jar: of two cookies with one name it takes the last, Werkzeug the first (A2).
        return cookie::find(headers, name);
    }
    // Rocket's local client puts cookies into the jar only.
    request.cookies().get(name).map(|cookie| Cow::Borrowed(cookie.value()))
}

/// A load that failed. Clones share whether it is handled.
#[derive(Debug, Clone)]
pub struct Outage {
    source: Arc<StoreError>,
    handled: Arc<AtomicBool>,
}

impl Outage {
    pub(crate) fn source(&self) -> &StoreError {
        &self.source
    }

    pub(crate) fn handle(&self) {
        self.handled.store(true, Ordering::Release);
    }

    pub(crate) fn is_handled(&self) -> bool {
        self.handled.load(Ordering::Acquire)
    }
}
