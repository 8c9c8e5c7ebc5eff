//! The client of asynchronous tests.

use std::ops::Deref;
use std::sync::Arc;

use rocket::local::asynchronous::{self, LocalRequest};
use rocket::{Build, Rocket};
use serde::Serialize;

use super::requests::requests;
use super::setup::TestSetup;
use super::visitor::{Visitor, done};
use crate::guard::SessionState;
use crate::user::SessionUser;

/// Launches an application for a test, without a port, and returns its first visitor.
///
/// ```
/// # use rocket::{Build, Rocket, get, routes};
/// # use rocket_session_state::{Sessions, session_state, testing};
/// # #[session_state] pub struct Visit { views: u32 }
/// # #[get("/")] fn index(visit: Visit) -> String { visit.views().to_string() }
/// # fn rocket() -> Rocket<Build> { rocket::build().attach(Sessions::fairing()).mount("/", routes![index]) }
/// # rocket::async_test(async {
/// let client = testing::client(rocket()).await;
/// assert_eq!(client.get("/").dispatch().await.into_string().await.unwrap(), "0");
/// # });
/// ```
///
/// # Panics
///
/// The application does not launch, or has no `Sessions::fairing()`.
pub async fn client(rocket: Rocket<Build>) -> Client {
    let setup = TestSetup::new();
    let client = asynchronous::Client::untracked(setup.prepare(rocket)).await;
    let client = done(setup.launched(client));
    let visitor = Visitor::of(client.rocket(), setup);
    Client { launched: Arc::new(Launched { client }), visitor }
}

/// A visitor of an application that was [launched for a test](client), with a cookie jar of his own.
///
/// Requests and answers are Rocket's own. The jar does what a browser's does: cookies are sent where their path says, until they
/// end by the clock of the test, and those of every answer go into it. Requests may run at the same time. Clock, cookies and
/// store are methods of [`Visitor`], which this dereferences to.
///
/// Where something is wrong with the test itself, its methods panic and say what.
///
/// ```
/// # use rocket::{post, routes};
/// # use rocket_session_state::{Sessions, session_state, testing};
/// # #[session_state] pub struct Visit { note: String }
/// # #[post("/note", data = "<note>")] fn write(visit: Visit, note: String) { visit.set_note(note); }
/// # rocket::async_test(async {
/// # let rocket = rocket::build().attach(Sessions::fairing()).mount("/", routes![write]);
/// let client = testing::client(rocket).await;
/// client.post("/note").body("milk").dispatch().await;
/// assert_eq!(client.session::<Visit>().await.note(), "milk");
/// # });
/// ```
pub struct Client {
    launched: Arc<Launched>,
    visitor: Visitor,
}

struct Launched {
    client: asynchronous::Client,
}

impl Client {
    requests!(LocalRequest);

    /// Returns another visitor of the same application, with a browser of his own and no cookies.
    ///
    /// ```
    /// # use rocket_session_state::{Sessions, session_state, testing};
    /// # #[session_state] pub struct Visit { #[session(login)] username: Option<String> }
    /// # rocket::async_test(async {
    /// # let rocket = rocket::build().attach(Sessions::fairing());
    /// let momo = testing::client(rocket).await;
    /// momo.log_in::<Visit>(|visit| visit.set_username("momo")).await;
    /// let stranger = momo.visitor();
    /// assert_eq!(stranger.session::<Visit>().await.username(), None);
    /// # });
    /// ```
    #[must_use]
    pub fn visitor(&self) -> Client {
        Client { launched: Arc::clone(&self.launched), visitor: self.visitor.another() }
    }

    /// Logs the visitor in, without a route and a form: opens the session, lets the closure set the login field, saves, and
    /// takes the cookie.
    ///
    /// ```
    /// # use rocket_session_state::{Sessions, session_state, testing};
    /// # #[session_state] pub struct Visit { #[session(login)] username: Option<String> }
    /// # rocket::async_test(async {
    /// # let rocket = rocket::build().attach(Sessions::fairing());
    /// let client = testing::client(rocket).await;
    /// client.log_in::<Visit>(|visit| visit.set_username("momo")).await;
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// Nobody is logged in afterwards, the state says by another key than the application's who is, or the store fails.
    pub async fn log_in<S: SessionState>(&self, log_in: impl FnOnce(&S)) {
        done(self.visitor.log_in(self.rocket(), log_in).await);
    }

    /// Logs a user in, as `visit.log_in(&user)` does; the user need not be found. Flask-Login's `FlaskLoginClient`.
    ///
    /// ```
    /// # use rocket::{get, http::Status, routes};
    /// # use rocket_session_state::{SessionUser, Sessions, require_session, session_state, testing};
    /// # #[derive(Clone)] pub struct User { id: i64 }
    /// # impl SessionUser for User {
    /// #     type Id = i64;
    /// #     type Source<'r> = ();
    /// #     async fn find(id: &i64, (): ()) -> Result<Option<User>, Status> { Ok(Some(User { id: *id })) }
    /// #     fn id(&self) -> i64 { self.id }
    /// # }
    /// # #[session_state(user = User)] pub struct Visit { #[session(login)] user_id: Option<i64> }
    /// # #[require_session(Visit)] struct Member { #[session(user)] user: User }
    /// # #[get("/account")] fn account(member: Member) -> String { member.user.id.to_string() }
    /// # rocket::async_test(async {
    /// # let rocket = rocket::build().attach(Sessions::fairing()).mount("/", routes![account]);
    /// let client = testing::client(rocket).await;
    /// client.log_in_user(&User { id: 7 }).await;
    /// assert_eq!(client.get("/account").dispatch().await.into_string().await.unwrap(), "7");
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// No route of the application uses a state with a login field, its login field holds no ids of this type, or the
    /// store fails.
    pub async fn log_in_user<U: SessionUser<Id: Serialize>>(&self, user: &U) {
        done(self.visitor.log_in_user(self.rocket(), user).await);
    }

    /// Changes the visitor's session, saves it, and takes its cookie; returns what the closure returns. Flask's
    /// `session_transaction`.
    ///
    /// ```
    /// # use rocket_session_state::{Sessions, session_state, testing};
    /// # #[session_state] pub struct Visit { cart: Vec<String> }
    /// # rocket::async_test(async {
    /// # let rocket = rocket::build().attach(Sessions::fairing());
    /// let client = testing::client(rocket).await;
    /// client.change_session(|visit: &Visit| visit.set_cart(vec!["tea".to_owned()])).await;
    /// assert_eq!(client.session::<Visit>().await.cart(), ["tea"]);
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// The state says by another key than the application's who is logged in, the store fails, or a response would refuse
    /// to save: the session has ended, or is too large.
    pub async fn change_session<S: SessionState, R>(&self, change: impl FnOnce(&S) -> R) -> R {
        done(self.visitor.change(self.rocket(), change).await)
    }

    /// Returns the visitor's session, to look inside. What is changed there is not saved.
    ///
    /// ```
    /// # use rocket_session_state::{Sessions, session_state, testing};
    /// # #[session_state] pub struct Visit { views: u32 }
    /// # rocket::async_test(async {
    /// # let rocket = rocket::build().attach(Sessions::fairing());
    /// let client = testing::client(rocket).await;
    /// assert_eq!(client.session::<Visit>().await.views(), 0);
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// The state says by another key than the application's who is logged in, or the store fails.
    pub async fn session<S: SessionState>(&self) -> S {
        done(self.visitor.session(self.rocket()).await)
    }

    /// Returns every route that serves something below `prefix` and does not turn an anonymous visitor away; see
    /// [`open_routes`](super::open_routes()).
    ///
    /// ```
    /// # use rocket_session_state::{Sessions, testing};
    /// # rocket::async_test(async {
    /// # let rocket = rocket::build().attach(Sessions::fairing());
    /// let client = testing::client(rocket).await;
    /// assert_eq!(client.open_routes("/admin").await, [""; 0]);
    /// # });
    /// ```
    pub async fn open_routes(&self, prefix: &str) -> Vec<String> {
        super::open_routes(&self.launched.client, prefix).await
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
