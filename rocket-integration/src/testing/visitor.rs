//! What both clients know of their visitor.

use std::any::type_name;
use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rocket::http::Cookie;
use rocket::{Orbit, Request, Rocket};
use rocket_session_state_core::{Chain, browser, session};
use serde::Serialize;

use super::jar::{self, Jar};
use super::setup::TestSetup;
use super::store::TestStore;
use crate::context::SessionContext;
use crate::guard::{self, SessionState};
use crate::session::Session;
use crate::user::{SessionUser, prove};

/// One visitor with a browser, and the clock and the store of the test. Both clients are one, by `Deref`.
pub struct Visitor {
    setup: TestSetup,
    jar: Arc<Jar>,
    keeps_records: bool,
}

impl Visitor {
    /// The first visitor of an application, with no cookies.
    pub(super) fn of(rocket: &Rocket<Orbit>, setup: TestSetup) -> Self {
        let keeps_records =
            rocket.state::<SessionContext>().is_some_and(|context| !context.manager.is_cookie_store());
        let jar = Arc::new(Jar::new(setup.clock.clone()));
        Visitor { setup, jar, keeps_records }
    }

    /// Another visitor of the same application.
    pub(super) fn another(&self) -> Self {
        let jar = Arc::new(Jar::new(self.setup.clock.clone()));
        Visitor { setup: self.setup.clone(), jar, keeps_records: self.keeps_records }
    }

    /// Returns the time that the application sees.
    ///
    /// ```
    /// # use rocket_session_state::{Sessions, testing::{self, minutes}};
    /// # let rocket = rocket::build().attach(Sessions::fairing());
    /// let client = testing::blocking::client(rocket);
    /// let began = client.now();
    /// client.advance(minutes(5));
    /// assert_eq!(client.now(), began + minutes(5));
    /// ```
    pub fn now(&self) -> SystemTime {
        self.setup.clock.now()
    }

    /// Moves the clock on, for all visitors of the application: sessions and cookies expire.
    ///
    /// # Panics
    ///
    /// No clock can show that time.
    #[track_caller]
    pub fn advance(&self, time: Duration) {
        if self.setup.clock.advance(time).is_none() {
            give_up("no clock can show that time");
        }
    }

    /// Returns the store of all sessions of the application, which can be made to fail.
    ///
    /// # Panics
    ///
    /// The application keeps its sessions in signed cookies, so there is no store.
    #[track_caller]
    pub fn store(&self) -> &TestStore {
        if !self.keeps_records {
            give_up(
                "the application keeps its sessions in signed cookies (`session_type = \"cookie\"`), so there is no store \
                 that could fail",
            );
        }
        &self.setup.store
    }

    /// Returns the cookie of this name that the visitor's browser holds now, with the attributes that it came with.
    ///
    /// ```
    /// # use rocket_session_state::{Sessions, session_state, testing};
    /// # #[session_state] pub struct Visit { #[session(login)] username: Option<String> }
    /// # let rocket = rocket::build().attach(Sessions::fairing());
    /// let client = testing::blocking::client(rocket);
    /// assert!(client.cookie("session").is_none());
    /// client.log_in::<Visit>(|visit| visit.set_username("momo"));
    /// assert_eq!(client.cookie("session").unwrap().http_only(), Some(true));
    /// ```
    pub fn cookie(&self, name: &str) -> Option<Cookie<'static>> {
        self.jar.get(name)
    }

    /// Closes the visitor's browser and opens it again: cookies without an end are gone.
    ///
    /// ```
    /// # use rocket_session_state::{Sessions, session_state, testing};
    /// # #[session_state] pub struct Visit { #[session(login)] username: Option<String> }
    /// # let rocket = rocket::build().attach(Sessions::fairing());
    /// let client = testing::blocking::client(rocket); // of an application with signed cookies
    /// client.log_in::<Visit>(|visit| visit.set_username("momo"));
    /// client.close_browser();
    /// assert_eq!(client.session::<Visit>().username(), None);
    /// ```
    pub fn close_browser(&self) {
        self.jar.close_browser();
    }

    /// Returns the cookies for a request of this visitor, and lets those of the answer go into the jar.
    pub(super) fn cookies_for(&self, request: &Request<'_>) -> Vec<Cookie<'static>> {
        jar::await_cookies(request, &self.jar);
        self.jar.sent_to(request.uri().path().as_str())
    }

    /// Opens the visitor's session, outside any request.
    pub(super) async fn session<S: SessionState>(&self, rocket: &Rocket<Orbit>) -> Result<S, String> {
        self.open(context(rocket)?).await
    }

    /// Changes the visitor's session and takes its cookie.
    pub(super) async fn change<S: SessionState, R>(
        &self,
        rocket: &Rocket<Orbit>,
        change: impl FnOnce(&S) -> R,
    ) -> Result<R, String> {
        let context = context(rocket)?;
        let state = self.open::<S>(context).await?;
        let answer = change(&state);
        self.save(context, state.session()).await?;
        Ok(answer)
    }

    /// As [`change`](Self::change), and makes sure that somebody is logged in afterwards.
    pub(super) async fn log_in<S: SessionState>(
        &self,
        rocket: &Rocket<Orbit>,
        log_in: impl FnOnce(&S),
    ) -> Result<(), String> {
        let name = type_name::<S>();
        if S::LOGIN.is_none() {
            return Err(format!("`{name}` has no login field, `#[session(login)]`, so it logs nobody in"));
        }
        let change = |state: &S| {
            log_in(state);
            state.is_logged_in()
        };
        if self.change(rocket, change).await? {
            Ok(())
        } else {
            Err(format!("nobody is logged in: the closure has not set the login field of `{name}`"))
        }
    }

    /// Logs the user in as `visit.log_in(&user)` does, under the key that the application has for that.
    pub(super) async fn log_in_user<U>(&self, rocket: &Rocket<Orbit>, user: &U) -> Result<(), String>
    where
        U: SessionUser<Id: Serialize>,
    {
        let context = context(rocket)?;
        let key = context.manager.login_key().ok_or(
            "no route uses a state with a login field, `#[session(login)]`, so nobody can be logged in",
        )?;
        let (id, name) = (type_name::<U::Id>(), type_name::<U>());
        if let Some(stored) = guard::stored_type(rocket, key).filter(|stored| *stored != id) {
            return Err(format!(
                "the login field `{key}` holds `{stored}`, and the id of `{name}` is `{id}`"
            ));
        }
        let session = self.open_session(context).await?;
        session.set(key, &user.id());
        prove(&session, user);
        self.save(context, &session).await
    }

    async fn open<S: SessionState>(&self, context: &SessionContext) -> Result<S, String> {
        if let (Some(key), Some(of_application)) = (S::LOGIN, context.manager.login_key())
            && key != of_application
        {
            return Err(format!(
                "`{}` says by the session key `{key}` who is logged in, and the application by `{of_application}`: use the \
                 state that its routes use",
                type_name::<S>()
            ));
        }
        let session = self.open_session(context).await?;
        if let Some(key) = S::LOGIN {
            session.declare_login(key);
        }
        Ok(S::from_session(Session::from_core(session)))
    }

    async fn open_session(&self, context: &SessionContext) -> Result<session::Session, String> {
        let cookie = self.jar.get(&context.manager.config().session_cookie_name);
        let opened = context.manager.open(cookie.as_ref().map(Cookie::value), self.now()).await;
        let session = opened.map_err(|error| format!("the session can't be opened: {}", Chain(&error)))?;
        // A login is that of the browser of a test's requests, which have neither an address nor a `User-Agent`.
        session.come_from(&browser::identifier(None, None, None));
        Ok(session)
    }

    async fn save(&self, context: &SessionContext, session: &session::Session) -> Result<(), String> {
        let closed = context.manager.close(session, self.now()).await;
        let closed = closed.map_err(|error| format!("the session is not saved: {}", Chain(&error)))?;
        if let Some(line) = closed.set_cookie {
            let cookie = Cookie::parse_encoded(line).map_err(|error| format!("no cookie: {error}"))?;
            self.jar.take(&cookie, "/");
        }
        Ok(())
    }
}

fn context(rocket: &Rocket<Orbit>) -> Result<&SessionContext, String> {
    rocket.state().ok_or_else(|| "the application has no sessions".to_owned())
}

/// The value, or the end of the test.
#[track_caller]
pub(super) fn done<T>(result: Result<T, String>) -> T {
    match result {
        Ok(value) => value,
        Err(problem) => give_up(problem),
    }
}

/// Ends the test with this problem.
#[track_caller]
#[expect(clippy::panic, reason = "this is how a test fails")]
fn give_up(problem: impl Display) -> ! {
    panic!("{problem}")
}

/// Shows the time, and nothing that lets anybody in.
impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visitor").field("now", &self.now()).finish_non_exhaustive()
    }
}
