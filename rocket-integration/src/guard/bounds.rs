//! The traits that carry the bounds of states and guards, with the words that the compiler says.
//!
//! The compiler quotes the lines of this file in its errors: they are kept short and rarely moved.

use std::future::{Future, ready};
use std::pin::Pin;
use std::time::Duration;

use rocket::Request;

use crate::guard::{LoginTarget, Parts};
use crate::{Session, SessionError};

/// The boxed future in which a base is asked or a check runs.
pub type Fut<'r, T> = Pin<Box<dyn Future<Output = Result<T, SessionError>> + Send + 'r>>;

/// A key and a function that names the type stored there.
pub type TypedKey = (&'static str, fn() -> &'static str);

/// A typed view of a session, as `#[session_state]` makes it.
pub trait SessionState: Sized + Send + 'static {
    /// The names of the fields, and whether a field is an `Option`, which a guard can require.
    const FIELDS: &'static [(&'static str, bool)];

    /// The keys of the fields, each with the name of the type that is stored there.
    const KEYS: &'static [TypedKey] = &[];

    /// The key of the login field, if there is one.
    const LOGIN: Option<&'static str> = None;

    /// A view of this session.
    fn from_session(session: Session) -> Self;

    /// The session behind the view.
    fn session(&self) -> &Session;

    /// Whether the login field is present; never, where there is none.
    fn is_logged_in(&self) -> bool {
        false
    }
}

/// A type that says who may enter: session state lets everybody in, a guard whom it requires.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither session state nor a session guard",
    label = "this type does not say who may enter",
    note = "name a `#[session_state]` struct or a `#[require_session(..)]` struct"
)]
pub trait SessionGuard: Sized + Send + 'static {
    /// The state in which the fields are.
    type State: SessionState;
    /// Whether anybody is kept out. A guard that keeps nobody out does not compile.
    const REQUIRES: bool;
    /// Where visitors are sent who have to log in first.
    const LOGIN: Option<LoginTarget> = None;
    /// The longest time since the login.
    const FRESH: Option<Duration> = None;

    /// Decides whether the request may enter. An `async fn` does.
    ///
    /// # Errors
    ///
    /// It may not, or the session can't be loaded.
    fn authorize(request: &Request<'_>) -> impl Future<Output = Result<Self, SessionError>> + Send;
}

/// What a `#[require_session]` struct is made of. [`authorize`](crate::guard::authorize) does the rest.
///
/// `Base` and `State` have no bounds: a base that is no guard is one error, at the base.
pub trait GuardDef: Sized {
    /// The state or the guard that this one builds upon.
    type Base;
    /// The state of the base.
    type State;
    /// The fields of the state that this guard reads.
    const FIELDS: &'static [&'static str];
    /// Where visitors are sent who have to log in first, if not where the base says.
    const LOGIN: Option<LoginTarget> = None;
    /// The longest time since the login, beside what the base says.
    const FRESH: Option<Duration> = None;

    /// Asks the base.
    fn base<'r>(request: &'r Request<'_>) -> Fut<'r, Self::Base>;

    /// Reads the fields.
    ///
    /// # Errors
    ///
    /// A required field is absent.
    fn build(parts: Parts<Self>) -> Result<Self, SessionError>;

    /// Whether the visitor may enter.
    ///
    /// # Errors
    ///
    /// A request guard that is needed to decide failed.
    fn check<'r>(&'r self, request: &'r Request<'_>) -> Fut<'r, bool> {
        let _ = request;
        Box::pin(ready(Ok(true)))
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

/// Where a guard's visitors log in: where it says itself, or where its base does.
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

/// A state's field of type `Self` can fill a guard's field of type `G`: only if the types are equal.
#[diagnostic::on_unimplemented(
    message = "the session field holds `{Self}`, but this guard field is a `{G}`",
    label = "wrong type for this guard field",
    note = "give both the same type; an `Option<T>` in the state becomes `T` in a guard"
)]
pub trait Fills<G> {
    /// The guard's field.
    fn fill(self) -> G;
}

impl<T> Fills<T> for T {
    fn fill(self) -> T {
        self
    }
}

/// With a second way to fill, the compiler does not take the only one for granted, and so reports a
/// wrong type in the words above.
#[derive(Debug)]
pub struct Hidden<T>(pub T);

#[diagnostic::do_not_recommend]
impl<T> Fills<Hidden<T>> for T {
    fn fill(self) -> Hidden<T> {
        Hidden(self)
    }
}

/// A guard's field from what was read.
pub fn same<G, S: Fills<G>>(read: S) -> G {
    read.fill()
}
