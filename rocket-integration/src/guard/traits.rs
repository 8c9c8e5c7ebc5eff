//! The traits that carry the bounds of states and guards, with the words that the compiler says.
//!
//! The compiler quotes the lines of this file in its errors: they are kept short and rarely moved.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rocket::{Ignite, Request, Rocket};
use rocket_session_state_core::session::layout::FieldLayout;

use super::access::Access;
use super::fields::Parts;
use crate::error::SessionError;
use crate::login::LoginTarget;
use crate::session::Session;

/// The boxed future in which a base is asked or a check runs.
pub type Fut<'r, T> = Pin<Box<dyn Future<Output = Result<T, SessionError>> + Send + 'r>>;

/// A key and a function that names the type stored there.
pub type TypedKey = (&'static str, fn() -> &'static str);

/// A function that describes a field.
pub type LayoutOf = fn() -> FieldLayout;

/// A typed view of a session, as `#[session_state]` makes it.
pub trait SessionState: Sized + Send + 'static {
    /// The keys of the fields, each with the name of the type that is stored there.
    const KEYS: &'static [TypedKey] = &[];

    /// The fields in detail, for tests. Nothing else asks, so that no program is larger by it.
    const LAYOUT: &'static [LayoutOf] = &[];

    /// The key of the login field, if there is one.
    const LOGIN: Option<&'static str> = None;

    /// `true` if the sessions of each user are listed, by which they are shown and ended. Such a state is
    /// [`Listed`](crate::guard::Listed).
    const LISTED: bool = false;

    /// The user whose id the login field holds; [`NoUser`] for a state without.
    type User: Send + Sync + 'static;

    /// Makes a view of this session.
    fn from_session(session: Session) -> Self;

    /// Returns the session behind the view.
    fn session(&self) -> &Session;

    /// Returns `true` if the login field is present; never, where there is none.
    fn is_logged_in(&self) -> bool {
        false
    }

    /// Finds the user who is logged in, at most once per request.
    ///
    /// # Errors
    ///
    /// [`SessionError::LoggedOut`] if there is none; the status that says why nothing is known.
    fn user<'s, 'r: 's>(&'s self, request: &'r Request<'_>) -> Fut<'s, &'r Arc<Self::User>> {
        let _ = request;
        Box::pin(ready(Err(SessionError::LoggedOut)))
    }

    /// Returns the user that [`user`](Self::user) has found before.
    ///
    /// # Errors
    ///
    /// As there.
    fn found<'r>(&self, request: &'r Request<'_>) -> Result<&'r Arc<Self::User>, SessionError> {
        let _ = request;
        Err(SessionError::LoggedOut)
    }

    /// Returns `true` if Rocket should refuse to launch because users can't be found. The log says why.
    fn misses_source(rocket: &Rocket<Ignite>) -> bool {
        let _ = rocket;
        false
    }
}

/// The user of a state that has none. It is not `Clone`, so that a guard's field can't hold it by value.
#[derive(Debug)]
pub enum NoUser {}

/// A type that says who may enter: session state lets everybody in, a guard whom it requires.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither session state nor a session guard",
    label = "this type does not say who may enter",
    note = "name a `#[session_state]` struct or a `#[require_session(..)]` struct"
)]
pub trait SessionGuard: Sized + Send + 'static {
    /// The state in which the fields are.
    type State: SessionState;
    /// `true` if anybody is kept out. A guard that keeps nobody out does not compile.
    const REQUIRES: bool;
    /// The page for visitors who have to log in first.
    const LOGIN: Option<LoginTarget> = None;
    /// The longest time since the login.
    const FRESH: Option<Duration> = None;

    /// Decides whether the request may enter. An `async fn` does.
    ///
    /// # Errors
    ///
    /// The visitor may not enter, or the session can't be loaded. [`SessionError::LoggedOut`] and
    /// [`SessionError::Stale`] send a browser to the page that [`LOGIN`](SessionGuard::LOGIN) names.
    fn authorize(request: &Request<'_>) -> impl Future<Output = Result<Self, SessionError>> + Send;
}

/// The definition of a `#[require_session]` struct. [`authorize`](crate::guard::authorize) does the rest.
///
/// `Base` and `State` have no bounds: a base that is not a guard is one error, at the base.
pub trait GuardDef: Sized {
    /// The state or the guard that this one builds upon.
    type Base;
    /// The state of the base.
    type State;
    /// The page for visitors who have to log in first, if not that of the base.
    const LOGIN: Option<LoginTarget> = None;
    /// The longest time since the login, beside what the base says.
    const FRESH: Option<Duration> = None;
    /// `true` if a field holds the user, who is found before the fields are read.
    const USER: bool = false;

    /// Asks the base.
    fn base<'r>(request: &'r Request<'_>) -> Fut<'r, Self::Base>;

    /// Reads the fields.
    ///
    /// # Errors
    ///
    /// A required field is absent.
    fn build(parts: Parts<Self>, request: &Request<'_>) -> Result<Self, SessionError>;

    /// Decides whether the visitor may enter.
    ///
    /// # Errors
    ///
    /// The check, or a request guard that it needs to decide, failed.
    fn check<'r>(&'r self, request: &'r Request<'_>) -> Fut<'r, Access> {
        let _ = request;
        Box::pin(ready(Ok(Access::Allowed)))
    }
}

/// A state with a login field.
#[diagnostic::on_unimplemented(
    message = "`fresh` needs a login field, and `{Self}` has none",
    label = "the time since login is not known",
    note = "give `{Self}` a login field, `#[session(login)]`, or leave `fresh` out"
)]
pub trait HasLogin {}

/// The time that a guard's `fresh` says.
pub const fn fresh<S: HasLogin>(millis: u64) -> Option<Duration> {
    Some(Duration::from_millis(millis))
}

/// The login page of a guard: its own, or that of its base.
pub const fn login(own: Option<LoginTarget>, base: Option<LoginTarget>) -> Option<LoginTarget> {
    match own {
        Some(own) => Some(own),
        None => base,
    }
}

/// The longest time since the login that a guard or its base says. Each of them checks its own.
pub const fn freshness(own: Option<Duration>, base: Option<Duration>) -> Option<Duration> {
    match (own, base) {
        (Some(own), Some(base)) if own.as_nanos() < base.as_nanos() => Some(base),
        (None, base) => base,
        (own, _) => own,
    }
}

/// Says as a type whether something keeps anybody out.
#[derive(Debug)]
pub struct Requirement<const SOMETHING: bool>;

/// Implemented for `Requirement<true>` alone.
#[diagnostic::on_unimplemented(
    message = "this guard requires nothing: it would let everybody in",
    label = "without a login field, and no field of the guard is an `Option` there",
    note = "give the state a login field, `#[session(login)]`, or list a field that is an `Option` there"
)]
pub trait RequiresSomething {}

#[diagnostic::do_not_recommend]
impl RequiresSomething for Requirement<true> {}

/// Compiles for a guard that keeps somebody out.
pub const fn requires_something<R: RequiresSomething>() {}
