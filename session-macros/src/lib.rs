#![doc = include_str!("../README.md")]

use proc_macro::TokenStream;

mod duration;
mod errors;
mod guard;
mod options;
mod state;
mod syntax;

/// Makes a struct the typed view of a visitor's session.
///
/// The struct becomes a handle that is cheap to clone, a request guard, and has accessors for each
/// of its fields, with the field's visibility: for a field `x: T` these are `x() -> T`, `set_x(T)`,
/// `update_x(|&mut T| ..)` and `take_x() -> T`. Documentation of a field goes to its getter.
///
/// An absent field reads as its default: `None` for an `Option`, otherwise what [`Default`] or
/// `default = ..` says. A field declared as `Result<T, FieldError>` says instead why it can't be
/// read. Options of a field, in `#[session(..)]`:
///
/// | option | meaning |
/// |---|---|
/// | `login` | the visitor is logged in while this field is present; an `Option`, at most one in a state |
/// | `key = "name"` | the key in the stored session, if it is not the field's name |
/// | `default = expression` | what an absent field reads as |
/// | `merge = "policy"` | what two requests that change the field at once make of it: `last` (the default), `add`, `max`, `min`, `union` or `refuse` |
/// | `merge = path::to::function` | the same, by a function of your own: `fn(base: Option<T>, mine: Option<T>, theirs: Option<T>) -> Result<Option<T>, Refused>`, with `T` for an `Option<T>` too |
///
/// `Clone` and `Debug`, the latter without values, come with the handle. Other derives make no
/// sense for it and are refused where they stand below the attribute; above it they are expanded
/// first, by the compiler, and their code does not fit the handle.
#[proc_macro_attribute]
pub fn session_state(options: TokenStream, item: TokenStream) -> TokenStream {
    state::session_state(options.into(), item.into()).into()
}

/// Makes a struct a request guard, or puts one in front of a handler.
///
/// **Above a struct.** Who has it has proved what it requires. `#[require_session(Visit)]` builds upon
/// the state `Visit`, or upon another guard. Fields are read from the state by name; a field that is
/// an `Option<T>` there is required and is a `T` here.
///
/// * If the state has a login field, a visitor who is not logged in gets 401, whether or not the
///   guard lists that field; a browser that asks for a page is sent to the login page.
/// * A visitor without another required field, or whom `check` refuses, gets 403.
///
/// | option | meaning |
/// |---|---|
/// | `login = \|next\| uri!(login_page(Some(next)))` | where visitors log in: a function of `Next` that gives an `Origin<'static>` |
/// | `login = "/login"` | the same as a path, to which `next` is appended |
/// | `check = path::to::function` | decides: `fn(&Member) -> bool` or `fn(&Visit) -> bool`, async or not; a second parameter may be a request guard or `&Request<'_>`. If that guard fails, its status is the answer |
/// | `fresh = "10 minutes"` | the longest time since the login; otherwise as if nobody were logged in |
///
/// The struct holds a proof that only the library makes, after its check: nothing else can build one.
/// It dereferences to what it builds upon, and has two functions for mounting: `Member::gate()` gives
/// routes that close a prefix, `Member::required(routes![..])` guards a list of routes.
///
/// **Above a handler**, and above its route attribute, `#[require_session(Member)]` makes the guard the
/// first argument: it runs before every other guard and the body. `uri!` does not see it; whoever calls the
/// function directly has to pass one argument more.
#[proc_macro_attribute]
pub fn require_session(options: TokenStream, item: TokenStream) -> TokenStream {
    guard::require_session(options.into(), item.into()).into()
}
