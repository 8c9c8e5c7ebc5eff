//! Logging in before anybody looks at the session. A request knows this only, and not who does it.

use rocket::Request;
use rocket::futures::future::BoxFuture;
use rocket::tokio::task_local;
use rocket_session_state_core::session::Session as CoreSession;

use crate::error::SessionError;

/// Logs in whom a cookie names, in a session that was just opened. `true` if the page is made for a user whom nobody has logged
/// in yet: no cache is to keep it.
pub(crate) type Recall = for<'r, 'q> fn(
    &'r CoreSession,
    &'r Request<'q>,
    Option<&'r str>,
) -> BoxFuture<'r, Result<bool, SessionError>>;

task_local! {
    /// Set while the user is looked for, by whom the session is not to be waited for.
    static LOOKING: ();
}

/// Looks for a user. A guard by which users are found may ask for the session: it gets the one that came.
pub(crate) async fn looking<T>(search: impl Future<Output = T>) -> T {
    LOOKING.scope((), search).await
}

/// Tells whether the task that runs is looking for the user.
pub(crate) fn is_looking() -> bool {
    LOOKING.try_with(|()| ()).is_ok()
}
