//! The user behind a login: found at most once per request, and only where somebody asks.

mod finding;
mod id;
mod source;
mod stamp;

use std::future::Future;

use rocket::http::Status;

pub(crate) use finding::remember;
pub use finding::{ByValue, Clones, HasUser, IdOf, UserField, fill_user, find, found, user_of};
pub(crate) use id::prove;
pub use id::{LoginField, LoginId, log_in, login_field};
pub use source::{UserSource, source};

use stamp::NoStamp;

/// The user whose id the login field of a state holds.
///
/// `#[session_state(user = User)]` names the type. Then `visit.log_in(&user)` logs a user in, and a guard with a field
/// `#[session(user)]` has the user, who is found at most once per request however many guards ask.
///
/// ```
/// use rocket::State;
/// use rocket::http::Status;
/// use rocket_session_state::{SessionUser, require_session, session_state};
///
/// # struct Db;
/// # impl Db {
/// #     async fn user(&self, _: i64) -> Result<Option<User>, std::io::Error> { Ok(None) }
/// # }
/// #[derive(Clone)]
/// struct User {
///     id: i64,
///     name: String,
///     password_hash: String,
/// }
///
/// impl SessionUser for User {
///     type Id = i64;
///     type Source<'r> = &'r State<Db>;
///
///     async fn find(id: &i64, db: &State<Db>) -> Result<Option<User>, Status> {
///         db.user(*id).await.map_err(|_| Status::ServiceUnavailable)
///     }
///
///     fn id(&self) -> i64 {
///         self.id
///     }
///
///     fn stamp(&self) -> impl AsRef<[u8]> {
///         &self.password_hash
///     }
/// }
///
/// #[session_state(user = User)]
/// struct Visit {
///     #[session(login)]
///     user_id: Option<i64>,
/// }
///
/// #[require_session(Visit, login = "/login")]
/// struct Member {
///     #[session(user)]
///     user: User,
/// }
///
/// #[rocket::get("/account")]
/// fn account(member: Member) -> String {
///     format!("Hello, {}", member.user.name)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a user of sessions",
    label = "expected a type that implements `SessionUser`",
    note = "write `impl SessionUser for {Self}`: its id, and how a user is found by that"
)]
pub trait SessionUser: Sized + Send + Sync + 'static {
    /// The id in the login field, which is an `Option` of it. Where Flask-Login shares the sessions, its field
    /// `_user_id` is text: `String`.
    type Id: Clone + PartialEq + Send + Sync + 'static;

    /// The request guard by which users are found: a pool, `&'r State<..>`, or `()` for none.
    type Source<'r>: Send;

    /// Finds the user with this id.
    ///
    /// `None` says that there is none any more: the session is logged out, and its visitor has to log in like any other.
    ///
    /// # Errors
    ///
    /// A status, with which the request is answered: nothing is known about the user, who stays logged in. Where a
    /// database is down, that is 503.
    fn find<'r>(
        id: &'r Self::Id,
        source: Self::Source<'r>,
    ) -> impl Future<Output = Result<Option<Self>, Status>> + Send;

    /// Returns the id that the login field is to hold.
    fn id(&self) -> Self::Id;

    /// Returns what a login is bound to, such as the hash of the password: when it is another one, all older logins of
    /// the user end. The handler that changes it calls `log_in` again, so that its own visitor stays.
    ///
    /// The session keeps a keyed hash of it, which is compared when the user is found. A session without one, made by
    /// Flask or by setting the login field, gets it then, or is logged out with `session_stamp_required = true`.
    /// Guards without the user do not look at it. By default users have no stamp.
    fn stamp(&self) -> impl AsRef<[u8]> {
        NoStamp
    }
}
