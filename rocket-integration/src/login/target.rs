//! The page to which a guard sends visitors who have to log in.

use rocket::http::uri::Origin;
use rocket::http::uri::fmt::{Query, UriDisplay};

use super::next::Next;

/// The login page of a guard, as its option `login = ..` names it.
///
/// ```
/// use rocket_session_state::Next;
/// use rocket_session_state::guard::LoginTarget;
///
/// let login = LoginTarget::Path("/login");
/// assert_eq!(login.uri(Next::default()), "/login");
/// let page = Next::parse("/orders?page=2").unwrap_or_default();
/// assert_eq!(login.uri(page), "/login?next=%2Forders%3Fpage%3D2");
/// ```
#[derive(Debug, Clone, Copy)]
pub enum LoginTarget {
    /// A route of this application, made with `uri!`. The launch fails if it is not mounted.
    Route(fn(Next) -> Origin<'static>),
    /// A path as text. Another server may serve it, such as the Flask application behind the same proxy.
    /// The page that was asked for is appended as `next`.
    Path(&'static str),
}

impl LoginTarget {
    /// The address of the login page for a visitor who goes on to `next` afterwards.
    pub fn uri(&self, next: Next) -> Origin<'static> {
        match self {
            LoginTarget::Route(uri) => uri(next),
            LoginTarget::Path(path) => {
                let uri = match next.as_str() {
                    Some(page) => {
                        let separator = if path.contains('?') { '&' } else { '?' };
                        format!("{path}{separator}next={}", &page as &dyn UriDisplay<Query>)
                    }
                    None => (*path).to_owned(),
                };
                // The attribute has seen to it that the path is one.
                Origin::parse_owned(uri).unwrap_or_else(|_| rocket::uri!("/"))
            }
        }
    }
}
