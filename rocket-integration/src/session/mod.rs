//! The untyped session, as a request guard.

mod map;

use std::ops::Deref;
use std::time::{Duration, SystemTime};

use rocket::request::{FromRequest, Outcome, Request};
use rocket::{Ignite, Rocket, Sentinel, async_trait};
use rocket_session_state_core::session::{SaveError, Session as CoreSession};

use crate::SessionId;
use crate::context::SessionContext;
use crate::error::SessionError;
use crate::request::RequestSession;

/// The session of the request as a map, with the vocabulary of Flask's `session`.
///
/// It is a request guard. A clone costs nothing, and all handles of a request are one session, those inside
/// `#[session_state]` structs included (`visit.session()` gives one).
///
/// Values come back decoded and owned, and no lock is ever handed out. Changes are written when the response
/// is ready, or by [`save`](Session::save). If the handler panics, nothing is written. Every method counts as
/// using the session, so that the response gets `Vary: Cookie`.
///
/// ```
/// # use rocket::get;
/// use rocket_session_state::{FieldError, Session};
///
/// #[get("/views")]
/// fn views(session: Session) -> Result<String, FieldError> {
///     let views = session.get::<u32>("views")?.unwrap_or(0) + 1;
///     session.set("views", &views);
///     Ok(format!("{views} views"))
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Session(CoreSession);

impl Session {
    /// Returns the session of a request, loaded at the first call.
    pub(crate) async fn of(request: &Request<'_>) -> Result<Self, SessionError> {
        RequestSession::open(request).await.map(|session| Session(session.clone()))
    }

    /// Returns the id of the session; `None` if it was never stored, or is kept in its cookie.
    ///
    /// Anyone who has an id is logged in as its user: keep it out of logs and pages. [`SessionId`]'s `Debug`
    /// does not show it.
    ///
    /// ```
    /// use rocket_session_state::{Session, SessionId};
    ///
    /// /// Files of one session get names that nobody else can guess, and that tell nothing of the id.
    /// fn key_of_upload(session: &Session) -> Option<u64> {
    ///     use std::hash::{BuildHasher, RandomState};
    ///     let id: SessionId = session.id()?;
    ///     Some(RandomState::new().hash_one(id))
    /// }
    /// ```
    pub fn id(&self) -> Option<SessionId> {
        self.0.id()
    }

    /// Gives the session a new id at the next save and ends the old one. The data stays.
    ///
    /// Writing the login field of a state does this by itself; call it at other changes of rights. A session
    /// without data keeps its id, and a session that is kept in its cookie has none to change.
    ///
    /// ```
    /// # use rocket::post;
    /// use rocket_session_state::Session;
    ///
    /// #[post("/become-admin")]
    /// fn become_admin(session: Session) {
    ///     session.set("role", "admin");
    ///     session.regenerate();
    /// }
    /// ```
    pub fn regenerate(&self) {
        self.0.regenerate();
    }

    /// Ends the session: its record and its cookie are removed. What is set afterwards is a new session with
    /// an id of its own.
    ///
    /// ```
    /// # use rocket::post;
    /// use rocket_session_state::Session;
    ///
    /// #[post("/forget-me")]
    /// fn forget_me(session: Session) -> &'static str {
    ///     session.destroy();
    ///     "nothing is left"
    /// }
    /// ```
    pub fn destroy(&self) {
        self.0.destroy();
    }

    /// Writes the changes now instead of when the response is ready: in a stream or a socket, or where the
    /// answer depends on the outcome.
    ///
    /// ```
    /// # use rocket::post;
    /// use rocket_session_state::{SaveError, Session};
    ///
    /// #[post("/order")]
    /// async fn order(session: Session) -> Result<&'static str, SaveError> {
    ///     session.set("ordered", &true);
    ///     session.save().await?; // a 503 or a 409 if it fails, and no order is placed
    ///     // … place the order …
    ///     Ok("ordered")
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`SaveError`] says why nothing was saved, or that this is not known. The changes stay and are tried
    /// again when the response is ready.
    pub async fn save(&self) -> Result<(), SaveError> {
        self.0.save().await
    }

    /// Returns when the session has ended: logged out, destroyed or expired, in this process or another. For
    /// streams and sockets that have to close then.
    ///
    /// An end in this process is told at once. An end elsewhere is found by asking the store every
    /// `session_ended_poll`, which does not extend the session's life. For a session that is kept in its
    /// cookie it never returns: nobody can end such a session.
    ///
    /// ```
    /// # use rocket::{futures::stream::Stream, get, response::stream::{Event, EventStream}};
    /// # use rocket::tokio::{select, time::{Duration, interval}};
    /// use rocket_session_state::Session;
    ///
    /// #[get("/events")]
    /// fn events(session: Session) -> EventStream![] {
    ///     EventStream! {
    ///         let mut seconds = interval(Duration::from_secs(1));
    ///         loop {
    ///             select! {
    ///                 () = session.ended() => break,
    ///                 _ = seconds.tick() => yield Event::data("still logged in"),
    ///             }
    ///         }
    ///     }
    /// }
    /// ```
    pub async fn ended(&self) {
        self.0.ended().await;
    }

    /// Returns how long ago the user who is logged in now did log in, in whole seconds.
    ///
    /// `None` if that is not known: nobody is logged in, no state with a login field was loaded in this
    /// request, or Flask has logged somebody in or changed the user since the last login here. A guard asks
    /// for a login of late with `#[require_session(…, fresh = "10 minutes")]`.
    ///
    /// ```
    /// # use rocket::get;
    /// # use rocket_session_state::session_state;
    /// # #[session_state] struct Visit { #[session(login)] username: Option<String> }
    /// #[get("/since")]
    /// fn since(visit: Visit) -> String {
    ///     match visit.session().login_age() {
    ///         Some(age) => format!("you logged in {} minutes ago", age.as_secs() / 60),
    ///         None => "you are not logged in, or nobody knows since when".into(),
    ///     }
    /// }
    /// ```
    pub fn login_age(&self) -> Option<Duration> {
        self.0.login_age()
    }

    /// Whether the session was not stored when the request came (Flask's `new`).
    ///
    /// ```
    /// use rocket_session_state::Session;
    ///
    /// fn greeting(session: &Session) -> &'static str {
    ///     if session.is_new() { "hello, stranger" } else { "welcome back" }
    /// }
    /// ```
    pub fn is_new(&self) -> bool {
        self.0.is_new()
    }

    /// Whether the session was changed in this request (Flask's `modified`).
    ///
    /// ```
    /// use rocket_session_state::Session;
    ///
    /// fn set_colour(session: &Session) {
    ///     session.set("colour", "red");
    ///     assert!(session.is_modified());
    /// }
    /// ```
    pub fn is_modified(&self) -> bool {
        self.0.is_modified()
    }

    /// Sets Flask's `modified` by hand: `true` sends the cookie again, `false` keeps it from being sent.
    ///
    /// As in Flask, the record of a changed session is still written after `false`. It is not written if
    /// `session_refresh_each_request` is off, or if nothing is left in the session.
    ///
    /// ```
    /// use rocket_session_state::Session;
    ///
    /// fn keep_alive(session: &Session) {
    ///     session.set_modified(true); // the cookie is sent again, whatever the configuration says
    /// }
    /// ```
    pub fn set_modified(&self, modified: bool) {
        self.0.set_modified(modified);
    }

    /// Whether there are changes that no save has written. They are lost if none comes.
    ///
    /// ```
    /// use rocket_session_state::{SaveError, Session};
    ///
    /// async fn on_message(session: &Session) -> Result<(), SaveError> {
    ///     if session.has_unsaved_changes() {
    ///         session.save().await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn has_unsaved_changes(&self) -> bool {
        self.0.has_unsaved_changes()
    }

    /// Whether a handle was dropped by a panic: the session has given up its changes, and nothing is saved.
    ///
    /// ```
    /// use rocket_session_state::Session;
    ///
    /// fn note(session: &Session) {
    ///     if session.is_abandoned() {
    ///         eprintln!("a task of this request has panicked");
    ///     }
    /// }
    /// ```
    pub fn is_abandoned(&self) -> bool {
        self.0.is_abandoned()
    }

    /// Returns the time as this session sees it: that of the request by the clock of
    /// [`Sessions::clock`](crate::Sessions::clock), moved on by the time since.
    ///
    /// ```
    /// use rocket_session_state::Session;
    /// use rocket_session_state::value::DateTime;
    ///
    /// fn note_visit(session: &Session) {
    ///     session.set("last_visit", &DateTime::from(session.now()));
    /// }
    /// ```
    pub fn now(&self) -> SystemTime {
        self.0.now()
    }
}

/// For generated code, which reads and writes fields by way of the core.
#[doc(hidden)]
impl Deref for Session {
    type Target = CoreSession;

    fn deref(&self) -> &CoreSession {
        &self.0
    }
}

#[async_trait]
impl<'r> FromRequest<'r> for Session {
    type Error = SessionError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, SessionError> {
        match Session::of(request).await {
            Ok(session) => Outcome::Success(session),
            Err(error) => Outcome::Error((error.status(), error)),
        }
    }
}

impl Sentinel for Session {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        let missing = rocket.state::<SessionContext>().is_none();
        if missing {
            log::error!(
                "a route uses the session, but no sessions are attached: `.attach(Sessions::fairing())`"
            );
        }
        missing
    }
}
