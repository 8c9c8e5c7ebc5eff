//! Tests of applications that use this library.
//!
//! A test gets a client of the application's own `rocket()`, with a clock and a store of its own, and needs neither a
//! server nor a form to log in:
//!
//! ```
//! # use rocket::{Build, Rocket, get, http::Status, routes};
//! # use rocket_session_state::{Sessions, require_session, session_state};
//! use rocket_session_state::testing::{self, days};
//!
//! # #[session_state] pub struct Visit { #[session(login)] username: Option<String> }
//! # #[require_session(Visit)] struct Member { username: String }
//! # #[get("/account")] fn account(member: Member) -> String { member.username }
//! # fn rocket() -> Rocket<Build> { rocket::build().attach(Sessions::fairing()).mount("/", routes![account]) }
//! # #[rocket::main] async fn main() {
//! // In your crate: `#[rocket::async_test] async fn a_login_ends_after_its_lifetime()`.
//! let client = testing::client(rocket()).await;
//! client.log_in::<Visit>(|visit| visit.set_username("momo")).await;
//! assert_eq!(client.get("/account").dispatch().await.status(), Status::Ok);
//! client.advance(days(32));
//! assert_eq!(client.get("/account").dispatch().await.status(), Status::Unauthorized);
//! # }
//! ```
//!
//! | | |
//! |---|---|
//! | [`client`] | a visitor of the application, for asynchronous tests |
//! | [`blocking::client`] | the same for a plain `#[test]` |
//! | [`Visitor`] | what both know: the cookies, the clock, the store |
//! | [`open_routes`] | the routes that let everybody in |
//! | [`check_layout`] | what sessions hold, compared with what they held before |
//!
//! # What is different in a test
//!
//! - Sessions are in a store of the test's own, in memory, wherever the configuration keeps them: no server is needed. Those in
//!   signed cookies stay there.
//! - The clock stands still at the moment when the client was made, in whole seconds, and moves by
//!   [`advance`](Visitor::advance) alone.
//! - Where no `secret_key` is set, the test has a random one.
//! - A store that [fails](TestStore::fail) works at once when it is [healed](TestStore::heal): no call is refused without
//!   asking it.
//!
//! Everything else is the application's: the configuration has to be valid, and the launch makes its other checks.
//!
//! Each client has launched an application of its own, so any number of tests run at once. What is wrong with a test itself is
//! a panic that says so.

pub mod blocking;
mod client;
mod clock;
mod jar;
mod layout;
mod open_routes;
mod requests;
mod setup;
mod store;
mod visitor;

pub use client::{Client, client};
pub use clock::{days, hours, minutes};
pub use layout::{States, check_layout};
pub use open_routes::open_routes;
pub use store::TestStore;
pub use visitor::Visitor;

pub(crate) use jar::KeepCookies;
pub(crate) use setup::TestSetup;
