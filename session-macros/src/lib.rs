#![doc = include_str!("../README.md")]

use proc_macro::TokenStream;

mod document;
mod duration;
mod errors;
mod guard;
mod options;
mod state;
mod syntax;

/// Makes a struct the typed view of a visitor's session.
///
/// The struct becomes a handle that is cheap to clone and a request guard. Each field becomes accessors with
/// the field's visibility. For a field `x: T` they are `x() -> T`, `set_x(T)`, `update_x(|&mut T| ..)` and
/// `take_x() -> T`. The documentation of a field becomes that of its getter. The handle derefs to the untyped
/// session: `visit.flash(..)`, `visit.destroy()`. `visit.snapshot()` gives the values of all fields at that
/// moment, by the fields' names, as something that is `Serialize + Send + 'static`: for a template.
///
/// An absent field reads as its default: `None` for an `Option`, otherwise `default = ..` or
/// [`Default::default`]. A field declared as `Result<T, FieldError>` tells instead why it can't be read.
///
/// # Options of a field, in `#[session(..)]`
///
/// | option | meaning |
/// |---|---|
/// | `login` | the visitor is logged in while this field is present; an `Option`, at most one in a state |
/// | `listed` | at the login field: the sessions of each user are listed, to show and to end them |
/// | `key = "name"` | the key in the stored session, if it is not the field's name |
/// | `default = expression` | the value of an absent field |
/// | `merge = "policy"` | the result when two requests change the field at once: `last` (the default), `add`, `max`, `min`, `union` or `refuse` |
/// | `merge = path::to::function` | the same by a function of yours: `fn(base: Option<T>, mine: Option<T>, theirs: Option<T>) -> Result<Option<T>, Refused>`, with `T` for an `Option<T>` too |
///
/// # Derives
///
/// `Clone` and `Debug`, the latter without values, come with the handle. `#[derive(Serialize)]` **below** the
/// attribute makes the handle itself serialize as its snapshot, and that of `rocket_okapi`'s `OpenApiFromRequest`
/// documents it as an argument of routes. Other derives are refused. Above the attribute the compiler expands derives first, for a struct
/// that the handle no longer is: they don't compile there.
///
/// # Example
///
/// ```
/// use rocket::{get, post};
/// use rocket_session_state::merge::Refused;
/// use rocket_session_state::{FieldError, session_state};
///
/// #[session_state]
/// #[derive(serde::Serialize)]
/// struct Visit {
///     /// The name of whoever is logged in.
///     #[session(login)]
///     username: Option<String>,
///     /// No view is lost when a visitor opens two pages at once.
///     #[session(merge = "add")]
///     views: u32,
///     #[session(key = "colour", default = "red".to_owned())]
///     theme: String,
///     #[session(merge = highest)]
///     score: Option<u8>,
///     /// Another application may have stored something else there.
///     age: Result<u8, FieldError>,
/// }
///
/// fn highest(_base: Option<u8>, mine: Option<u8>, theirs: Option<u8>) -> Result<Option<u8>, Refused> {
///     Ok(mine.max(theirs))
/// }
///
/// #[get("/")]
/// fn index(visit: Visit) -> String {
///     let views = visit.update_views(|views| {
///         *views += 1;
///         *views
///     });
///     format!("{views} views in {}", visit.theme())
/// }
///
/// #[post("/logout")]
/// fn logout(visit: Visit) {
///     visit.set_username(None);
///     visit.flash("Good bye", "info");
/// }
/// ```
#[proc_macro_attribute]
pub fn session_state(options: TokenStream, item: TokenStream) -> TokenStream {
    state::session_state(options.into(), item.into()).into()
}

/// Makes a struct a request guard, or puts one in front of a handler.
///
/// # Above a struct
///
/// A value of the struct is the proof that a request met its requirements. `#[require_session(Visit)]` builds
/// upon the state `Visit`, or upon another guard. Fields are read from the state by name; a field that is an
/// `Option<T>` there is required and is a `T` here.
///
/// * If the state has a login field, a visitor who is not logged in gets 401, whether or not the
///   guard lists that field; a browser that asks for a page is sent to the login page.
/// * A visitor without another required field, or whom `check` refuses, gets 403.
///
/// | option | meaning |
/// |---|---|
/// | `login = \|next\| uri!(login_page(next))` | the login page: a function of `Next`, the page to go on to afterwards, that gives an `Origin<'static>` |
/// | `login = "/login"` | the same as a path, to which `next` is appended |
/// | `login = "https://accounts.example/login"` | a page of another origin, which `session_trusted_origins` has to list; `next` is appended as a whole address |
/// | `check = path::to::function` | decides: `fn(&Member) -> bool` or `fn(&Visit) -> bool`, async or not; a second parameter may be a request guard or `&Request<'_>`. If that guard fails, its status is the answer. Instead of `bool` it may give `Access`, which can also say "log in again", or a `Result` of one of them with a `Status` |
/// | `fresh = "10 minutes"` | the longest time since the login; after it, visitors have to log in again |
///
/// The struct holds a proof that only the library makes, after the check: nothing else can build one. It derefs
/// to the state or guard that it builds upon. Two functions mount it: `Member::gate()` gives routes that close
/// a prefix, `Member::required(routes![..])` guards a list of routes. `#[derive(Serialize)]` serializes its
/// fields without the proof, and that of `rocket_okapi`'s `OpenApiFromRequest` documents it as a security scheme.
///
/// # Above a handler
///
/// `#[require_session(Member)]` above the route attribute makes the guard the first argument: it runs before
/// every other guard and the body. `uri!` does not see it. A direct call of the function has one argument more.
///
/// # Example
///
/// ```
/// use rocket::{get, uri};
/// use rocket_session_state::{Next, require_session, session_state};
///
/// #[session_state]
/// struct Visit {
///     #[session(login)]
///     username: Option<String>,
///     is_staff: bool,
/// }
///
/// #[require_session(Visit, login = |next| uri!(login_page(next)))]
/// struct Member {
///     username: String,
/// }
///
/// /// Builds upon `Member`: staff that logged in a short while ago.
/// #[require_session(Member, check = Admin::is_staff, fresh = "10 minutes")]
/// struct Admin;
///
/// impl Admin {
///     fn is_staff(visit: &Member) -> bool {
///         visit.is_staff()
///     }
/// }
///
/// #[get("/login?<next>")]
/// fn login_page(next: Option<Next>) -> String {
///     format!("After the login you go on to {}", next.unwrap_or_default())
/// }
///
/// #[get("/account")]
/// fn account(member: Member) -> String {
///     member.username
/// }
///
/// #[require_session(Admin)]
/// #[get("/shut-down")]
/// fn shut_down() {}
/// ```
#[proc_macro_attribute]
pub fn require_session(options: TokenStream, item: TokenStream) -> TokenStream {
    guard::require_session(options.into(), item.into()).into()
}
