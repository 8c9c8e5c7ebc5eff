//! The client of tests that are plain `#[test]` functions, without `async`.
//!
//! ```
//! # use rocket::{Build, Rocket, get, routes};
//! # use rocket_session_state::{Sessions, require_session, session_state, testing};
//! # #[session_state] pub struct Visit { #[session(login)] username: Option<String> }
//! # #[require_session(Visit)] struct Member { username: String }
//! # #[get("/account")] fn account(member: Member) -> String { member.username }
//! # fn rocket() -> Rocket<Build> { rocket::build().attach(Sessions::fairing()).mount("/", routes![account]) }
//! let client = testing::blocking::client(rocket());
//! client.log_in::<Visit>(|visit| visit.set_username("momo"));
//! assert_eq!(client.get("/account").dispatch().into_string().unwrap(), "momo");
//! ```
//!
//! It is for tests that have no runtime, and panics in one: there is [`testing::client`](super::client()).

use std::future::Future;
use std::ops::Deref;
use std::rc::Rc;

use rocket::local::blocking::{self, LocalRequest};
use rocket::{Build, Rocket};
use serde::Serialize;
use tokio::runtime::{Builder, Runtime};

use super::open_routes::Inquiries;
use super::requests::requests;
use super::setup::TestSetup;
use super::visitor::{Visitor, done};
use crate::guard::SessionState;
use crate::user::SessionUser;

/// Launches an application for a test, without a port, and returns its first visitor.
///
/// ```
/// # use rocket_session_state::{Sessions, testing};
/// # fn rocket() -> rocket::Rocket<rocket::Build> { rocket::build().attach(Sessions::fairing()) }
/// let client = testing::blocking::client(rocket());
/// assert_eq!(client.get("/nothing").dispatch().status().code, 404);
/// ```
///
/// # Panics
///
/// The application does not launch, or has no `Sessions::fairing()`.
#[track_caller]
pub fn client(rocket: Rocket<Build>) -> Client {
    let setup = TestSetup::new();
    let client = blocking::Client::untracked(setup.prepare(rocket));
    let client = done(setup.launched(client));
    let runtime = Builder::new_current_thread().enable_time().build();
    let runtime = done(runtime.map_err(|error| format!("no runtime for the test: {error}")));
    let visitor = Visitor::of(client.rocket(), setup);
    Client { launched: Rc::new(Launched { client, runtime }), visitor }
}

/// A visitor of an application that was [launched for a test](client), with a cookie jar of his own.
///
/// Its methods are those of the [asynchronous client](super::Client), and wait.
pub struct Client {
    launched: Rc<Launched>,
    visitor: Visitor,
}

struct Launched {
    client: blocking::Client,
    /// For what is done without a request: Rocket keeps its own to itself.
    runtime: Runtime,
}

impl Client {
    requests!(LocalRequest);

    /// Returns another visitor of the same application, with a browser of his own and no cookies.
    #[must_use]
    pub fn visitor(&self) -> Client {
        Client { launched: Rc::clone(&self.launched), visitor: self.visitor.another() }
    }

    /// Logs the visitor in, as [`testing::Client::log_in`](super::Client::log_in) does.
    ///
    /// # Panics
    ///
    /// Nobody is logged in afterwards, the state says by another key than the application's who is, or the store fails.
    #[track_caller]
    pub fn log_in<S: SessionState>(&self, log_in: impl FnOnce(&S)) {
        done(self.wait(self.visitor.log_in(self.rocket(), log_in)));
    }

    /// Logs a user in, as [`testing::Client::log_in_user`](super::Client::log_in_user) does.
    ///
    /// # Panics
    ///
    /// No route of the application uses a state with a login field, its login field holds no ids of this type, or the
    /// store fails.
    #[track_caller]
    pub fn log_in_user<U: SessionUser<Id: Serialize>>(&self, user: &U) {
        done(self.wait(self.visitor.log_in_user(self.rocket(), user)));
    }

    /// Changes the visitor's session, as [`testing::Client::change_session`](super::Client::change_session) does.
    ///
    /// # Panics
    ///
    /// The state says by another key than the application's who is logged in, the store fails, or a response would refuse
    /// to save.
    #[track_caller]
    pub fn change_session<S: SessionState, R>(&self, change: impl FnOnce(&S) -> R) -> R {
        done(self.wait(self.visitor.change(self.rocket(), change)))
    }

    /// Returns the visitor's session, to look inside. What is changed there is not saved.
    ///
    /// # Panics
    ///
    /// The state says by another key than the application's who is logged in, or the store fails.
    #[track_caller]
    pub fn session<S: SessionState>(&self) -> S {
        done(self.wait(self.visitor.session(self.rocket())))
    }

    /// Returns every route that serves something below `prefix` and does not turn an anonymous visitor away; see
    /// [`open_routes`](super::open_routes()).
    pub fn open_routes(&self, prefix: &str) -> Vec<String> {
        let client = &self.launched.client;
        let mut inquiries = Inquiries::below(prefix, client.rocket());
        while let Some(question) = inquiries.next_question() {
            let mut request = client.req(question.method, question.uri.clone());
            let answered_by = question.prepare(request.inner_mut());
            let status = request.dispatch().status();
            inquiries.hear(status, &answered_by);
        }
        inquiries.report()
    }

    fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.launched.runtime.block_on(work)
    }
}

impl Deref for Client {
    type Target = Visitor;

    fn deref(&self) -> &Visitor {
        &self.visitor
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.visitor.fmt(f)
    }
}
