//! Finding the user of a request, once.
//!
//! The compiler quotes lines of this file in its errors: they are kept short and rarely moved.

use std::sync::{Arc, OnceLock};

use rocket::{Ignite, Request, Rocket};
use tokio::sync::OnceCell;

use super::SessionUser;
use super::id::LoginField;
use super::stamp::stamp_of;
use crate::error::SessionError;
use crate::events::EndedBy;
use crate::guard::{Fut, NoUser, SessionState};
use crate::session::Session;

/// A state whose login field holds the id of a user.
///
/// That the user implements [`SessionUser`] is no bound of the trait, but of its methods and of all that generated code calls:
/// a bound of the trait would be an error beside theirs. Each of them says `Id: Sized` too, by which the compiler finds the
/// missing implementation before it knows who asks for it: so these errors are all alike, and it prints one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no user",
    label = "the state of this guard has no user",
    note = "name the type of its user: `#[session_state(user = User)]`"
)]
pub trait HasUser: SessionState + Sync {
    /// Returns the login field.
    fn login_field() -> LoginField<IdOf<Self>>
    where
        Self::User: SessionUser<Id: Sized>;

    /// Asks the request guard by which users are found.
    fn source<'r>(request: &'r Request<'_>) -> Fut<'r, <Self::User as SessionUser>::Source<'r>>
    where
        Self::User: SessionUser<Id: Sized>;

    /// Returns `true` if Rocket should refuse to launch because of that guard.
    fn misses_source(rocket: &Rocket<Ignite>) -> bool;

    /// Returns the id of the user who is logged in.
    fn user_id(&self) -> Option<IdOf<Self>>
    where
        Self::User: SessionUser<Id: Sized>,
    {
        Self::login_field().get(self.session())
    }
}

/// The type of the ids of a state's users.
pub type IdOf<S> = <<S as SessionState>::User as SessionUser>::Id;

/// The users that were looked for in one request. There is more than one only if the request changes who is logged in.
struct Finds<U: SessionUser> {
    find: OnceCell<Find<U>>,
    next: OnceLock<Box<Finds<U>>>,
}

struct Find<U: SessionUser> {
    id: U::Id,
    /// The number of log-ins in this request before it: another log-in of the same user is another question.
    log_in: u32,
    found: Result<Arc<U>, SessionError>,
}

impl<U: SessionUser> Finds<U> {
    fn none() -> Self {
        Finds { find: OnceCell::new(), next: OnceLock::new() }
    }
}

/// Finds the user with this id, who is logged in. However many ask, the user is looked for once.
///
/// # Errors
///
/// [`SessionError::LoggedOut`] if nobody is logged in, or if the login does not count any more, which logs out; the status
/// that the source or the user's `find` gives.
pub fn find<'s, 'r: 's, S>(
    state: &'s S,
    id: Option<IdOf<S>>,
    request: &'r Request<'_>,
) -> Fut<'s, &'r Arc<S::User>>
where
    S: HasUser<User: SessionUser<Id: Sized>>,
{
    Box::pin(async move {
        let id = id.ok_or(SessionError::LoggedOut)?;
        let log_in = state.session().changes_of_login();
        let mut finds: &'r Finds<S::User> = request.local_cache(Finds::none);
        loop {
            let find = finds.find.get_or_init(|| async {
                let found = find_now(state, &id, log_in, request).await;
                Find { id: id.clone(), log_in, found }
            });
            let find = find.await;
            if find.id == id && find.log_in == log_in {
                return find.found.as_ref().map_err(SessionError::clone);
            }
            finds = finds.next.get_or_init(|| Box::new(Finds::none()));
        }
    })
}

async fn find_now<S>(
    state: &S,
    id: &IdOf<S>,
    log_in: u32,
    request: &Request<'_>,
) -> Result<Arc<S::User>, SessionError>
where
    S: HasUser<User: SessionUser>,
{
    let source = S::source(request).await?;
    let found = S::User::find(id, source).await.map_err(SessionError::Other)?;
    let session = state.session();
    if session.changes_of_login() != log_in {
        // The request has logged somebody in or out meanwhile: nothing that was found is about that login.
        return Err(SessionError::LoggedOut);
    }
    let counts = |user: &S::User| stamp_of(user, |stamp| session.accepts_stamp(stamp)).unwrap_or(true);
    let ended_by = match found {
        Some(user) if counts(&user) => return Ok(Arc::new(user)),
        Some(_) => EndedBy::Stamp,
        None => EndedBy::UserGone,
    };
    session.end_unproven_login(ended_by);
    Err(SessionError::LoggedOut)
}

/// Logs in the user with this id, whom Flask-Login's remember-me cookie names: not fresh, without a password. `false` if there is
/// none.
///
/// # Errors
///
/// The status that the source or the user's `find` gives.
pub(crate) async fn remember<S>(
    session: Session,
    id: String,
    request: &Request<'_>,
) -> Result<bool, SessionError>
where
    S: HasUser<User: SessionUser<Id = String>>,
{
    let source = S::source(request).await?;
    let Some(user) = S::User::find(&id, source).await.map_err(SessionError::Other)? else { return Ok(false) };
    session.log_in_recalled(&id);
    // The session keeps the stamp that the user has today.
    stamp_of(&user, |stamp| session.accepts_stamp(stamp));
    let found = Find { id, log_in: session.changes_of_login(), found: Ok(Arc::new(user)) };
    // Nobody has asked before: the session was not open.
    let _ = request.local_cache(Finds::none).find.set(found);
    Ok(true)
}

/// The type of a guard's field that holds a user: the user, who is cloned then, or an `Arc` of it.
#[diagnostic::on_unimplemented(
    message = "the user of this state is `{U}`, but this guard field is `{Self}`",
    label = "wrong type for the user",
    note = "write `{U}`, which has to implement `Clone` for that, or `Arc<{U}>`"
)]
pub trait UserField<U> {
    /// Makes the field of the user that all guards of the request share.
    fn of(user: &Arc<U>) -> Self;
}

impl<U> UserField<U> for U
where
    ByValue: Clones<U>,
{
    fn of(user: &Arc<U>) -> Self {
        ByValue::clone(user)
    }
}

#[diagnostic::do_not_recommend]
impl<U: SessionUser> UserField<U> for Arc<U> {
    fn of(user: &Arc<U>) -> Self {
        Arc::clone(user)
    }
}

/// That a state has no user is said where the user is asked for, and not at the field as well.
#[diagnostic::do_not_recommend]
impl<G> UserField<NoUser> for G {
    fn of(user: &Arc<NoUser>) -> Self {
        match **user {}
    }
}

/// Stands for the guards that have the user by value. The compiler words an error by the bound that is not met only if
/// that is about another type than the bound that it came from.
#[derive(Debug)]
pub struct ByValue;

/// Users that a guard can have by value.
#[diagnostic::on_unimplemented(
    message = "`{U}` is not `Clone`, so a guard can't have the user by value",
    label = "guards share the user with one another",
    note = "write `Arc<{U}>`, or add `#[derive(Clone)]` to `{U}`"
)]
pub trait Clones<U> {
    /// Clones the user.
    fn clone(user: &U) -> U;
}

#[diagnostic::do_not_recommend]
impl<U: Clone> Clones<U> for ByValue {
    fn clone(user: &U) -> U {
        user.clone()
    }
}

/// Fills a guard's field with the user.
pub fn fill_user<G: UserField<U>, U>(user: &Arc<U>) -> G {
    G::of(user)
}

/// Returns the user that was found for a guard before.
///
/// # Errors
///
/// As [`find`].
pub fn user_of<'r, S: HasUser>(
    state: &S,
    request: &'r Request<'_>,
) -> Result<&'r Arc<S::User>, SessionError> {
    state.found(request)
}

/// Returns the user with this id, if it was found before.
///
/// # Errors
///
/// As [`find`].
pub fn found<'r, U: SessionUser<Id: Sized>>(
    id: Option<U::Id>,
    request: &'r Request<'_>,
) -> Result<&'r Arc<U>, SessionError> {
    let id = id.ok_or(SessionError::LoggedOut)?;
    let first: &'r Finds<U> = request.local_cache(Finds::none);
    let finds = std::iter::successors(Some(first), |finds| finds.next.get().map(Box::as_ref));
    // The last one was asked for by the guard that wants to know.
    let find = finds.filter_map(|finds| finds.find.get()).filter(|find| find.id == id).last();
    find.ok_or(SessionError::LoggedOut)?.found.as_ref().map_err(SessionError::clone)
}
