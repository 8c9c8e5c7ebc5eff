//! The one session of a request, opened at most once.

mod tracker;

use std::borrow::Cow;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use rocket::Request;
use rocket::http::Method;
use rocket_session_state_core::config::{Host, SessionConfig};
use rocket_session_state_core::session::{Refusal, Session as CoreSession, cross_origin};
use rocket_session_state_core::{Chain, cookie};
use tokio::sync::OnceCell;

use crate::context::SessionContext;
use crate::error::{ForeignRequest, Outage, SessionError};
use crate::login::LoginTarget;
use crate::recall::{Recall, is_looking};
use tracker::InUse;

/// The session of a request and what guards found out about its visitor, in Rocket's request-local cache.
/// Guards, forwards and catchers of the request share it.
pub(crate) struct RequestSession {
    // Rocket's asynchronous cache would run two loads at once for two callers; a cell runs one.
    opened: OnceCell<Result<CoreSession, SessionError>>,
    /// Flask-Login's remember-me cookie was looked at.
    recalled: OnceCell<Result<(), SessionError>>,
    /// A guard has decided about the request: the answer depends on who is logged in.
    pub(crate) guarded: AtomicBool,
    /// The page at which the visitor has to log in first. The last guard that says so counts: it is the one
    /// that was asked for, and the others are those that it builds upon.
    pub(crate) pending_login: Mutex<Option<LoginTarget>>,
    /// Method and path of a request whose session is used after the answer, for the log.
    streaming: OnceLock<String>,
    /// The address of the route that has answered, for the test that waits for it.
    answered_by: OnceLock<Arc<AtomicUsize>>,
    in_use: InUse,
    moved: OnceLock<InUse>,
}

impl RequestSession {
    /// The session of a request; the cache entry is made at the first call.
    pub(crate) fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        let session = request.local_cache(|| RequestSession {
            opened: OnceCell::new(),
            recalled: OnceCell::new(),
            guarded: AtomicBool::new(false),
            pending_login: Mutex::new(None),
            streaming: OnceLock::new(),
            answered_by: OnceLock::new(),
            in_use: InUse::of(request),
            moved: OnceLock::new(),
        });
        if !session.in_use.covers(request) {
            // A clone of a local client's request shares the cache, but not the address.
            session.moved.get_or_init(InUse::unplaced);
        }
        session
    }

    /// Asks for the route that is going to answer the request of a test: its address, or 0 if none has.
    pub(crate) fn watch(request: &Request<'_>) -> Arc<AtomicUsize> {
        Arc::clone(RequestSession::of(request).answered_by.get_or_init(Arc::default))
    }

    /// Tells the test that asked for it which route was the last to have the request.
    pub(crate) fn tell_route(&self, request: &Request<'_>) {
        if let Some(answered_by) = self.answered_by.get() {
            let address = request.route().map_or(0, |route| ptr::from_ref(route).addr());
            answered_by.store(address, Ordering::Release);
        }
    }

    /// The session, if the request may have one. `None` is certain and costs two atomic loads.
    pub(crate) fn existing<'r>(request: &'r Request<'_>) -> Option<&'r Self> {
        tracker::may_be_in_use(request).then(|| RequestSession::of(request))
    }

    /// The session, loaded at the first call.
    ///
    /// # Errors
    ///
    /// A page of another site sent the request, the store failed, or the session fairing is not attached.
    pub(crate) async fn open<'r>(request: &'r Request<'_>) -> Result<&'r CoreSession, SessionError> {
        let Some(context) = request.rocket().state::<SessionContext>() else {
            log::error!("a session was asked for, but none is attached: `.attach(Sessions::fairing())`");
            return Err(SessionError::NoFairing);
        };
        let in_request = RequestSession::of(request);
        let opened = in_request.opened.get_or_init(|| load(request, context)).await;
        let session = opened.as_ref().map_err(SessionError::clone)?;
        if let Some(recall) = context.recall.filter(|_| !is_looking()) {
            // In a box: most applications share no logins.
            let recalled =
                in_request.recalled.get_or_init(|| in_request.recall(recall, session, request, context));
            Box::pin(recalled).await.as_ref().map_err(SessionError::clone)?;
        }
        Ok(session)
    }

    /// Logs in whom the remember-me cookie names.
    async fn recall(
        &self,
        recall: Recall,
        session: &CoreSession,
        request: &Request<'_>,
        context: &SessionContext,
    ) -> Result<(), SessionError> {
        let cookie = read_cookie(request, &context.manager.config().remember_cookie_name);
        if recall(session, request, cookie.as_deref()).await? {
            self.guarded.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Returns the fate of the session in this request, without opening it.
    pub(crate) fn opened(&self) -> Opened<'_> {
        match self.opened.get() {
            None => Opened::Untouched,
            Some(Ok(session)) => Opened::Session(session),
            Some(Err(error @ SessionError::CrossOrigin(_))) if !error.is_handled() => Opened::Refused,
            Some(Err(error)) => Opened::Failed { handled: error.is_handled() },
        }
    }

    /// Keeps what the log has to say of the request if a stream or a socket goes on using its session. There is
    /// no request to ask any more when this is dropped, and no reason to write a text for all other requests.
    pub(crate) fn note_streaming_use(&self, request: &Request<'_>) {
        if let Some(Ok(session)) = self.opened.get()
            && session.has_other_handles()
        {
            self.streaming.get_or_init(|| format!("{} {}", request.method(), request.uri().path()));
        }
    }
}

/// Dropped when the last byte of the body is sent, or the socket is closed.
impl Drop for RequestSession {
    fn drop(&mut self) {
        if let Some(Ok(session)) = self.opened.get()
            && session.has_unsaved_changes()
        {
            let request = self.streaming.get().map_or("a request", String::as_str);
            log::error!(
                "{request}: the session was changed after the response had begun, and the change is lost: \
                 `session.save().await` saves it"
            );
        }
    }
}

/// The result of opening the session, if it was tried.
pub(crate) enum Opened<'r> {
    Untouched,
    Session(&'r CoreSession),
    /// A page of another site sent the request, and no handler has taken that over with [`SessionError::handled`].
    Refused,
    /// The store failed, or a handler has taken over that the request was refused.
    Failed {
        /// A handler has taken that over with [`SessionError::handled`].
        handled: bool,
    },
}

async fn load(request: &Request<'_>, context: &SessionContext) -> Result<CoreSession, SessionError> {
    let config = context.manager.config();
    if let Err(refusal) = check_origin(request, config) {
        let (method, path) = (request.method(), request.uri().path());
        log::warn!(
            "{method} {path}: a page of another site sent this, so it has no session (403): {refusal}"
        );
        context.manager.note_cross_origin(context.now(request));
        return Err(SessionError::CrossOrigin(ForeignRequest::new(refusal)));
    }
    let now = context.now(request);
    let cookie = read_cookie(request, &config.session_cookie_name);
    let opened = if only_reads(request) {
        context.manager.open_to_read(cookie.as_deref(), now).await
    } else {
        context.manager.open(cookie.as_deref(), now).await
    };
    context.purge_if_due(now);
    if let Ok(session) = &opened
        && context.manager.is_listed()
        && let Some(browser) = request.headers().get_one("User-Agent")
    {
        session.suggest_label(browser);
    }
    opened.map_err(|error| {
        // The store's client writes one line about an outage, instead of one for each request.
        let level = if error.was_told() { log::Level::Debug } else { log::Level::Error };
        let (method, path) = (request.method(), request.uri().path());
        log::log!(level, "{method} {path}: {}", Chain(&error));
        SessionError::Unavailable(Outage::new(error))
    })
}

/// Tells whether the request may have a session, whoever sent it.
fn check_origin(request: &Request<'_>, config: &SessionConfig) -> Result<(), Refusal> {
    let host = request.host().map(|host| Host { name: host.domain().as_str(), port: host.port() });
    cross_origin(config, sent_by(request).as_str(), host, |name| request.headers().get_one(name))
}

/// The method by which the request was sent. Rocket makes any other of a POST whose form begins with `_method`, GET too. A
/// browser sends no form by GET in the body, so what has its type was a POST.
fn sent_by(request: &Request<'_>) -> Method {
    let was_form = request.content_type().is_some_and(|content_type| content_type.is_form());
    if was_form { Method::Post } else { request.method() }
}

/// Tells whether the request is not to change anything, by its method.
fn only_reads(request: &Request<'_>) -> bool {
    matches!(sent_by(request), Method::Get | Method::Head | Method::Options)
}

/// A cookie of the request. Found in a function of its own: what it needs for that would make every future that waits for
/// a session larger than what malloc is quick with.
fn read_cookie<'r>(request: &'r Request<'_>, name: &str) -> Option<Cow<'r, str>> {
    let mut headers = request.headers().get("cookie").peekable();
    if headers.peek().is_some() {
        // Not Rocket's jar: of two cookies with one name it takes the last, Werkzeug the first.
        return cookie::find(headers, name);
    }
    // Rocket's local client puts cookies into the jar only.
    request.cookies().get(name).map(|cookie| Cow::Borrowed(cookie.value()))
}
