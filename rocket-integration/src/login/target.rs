//! The page to which a guard sends visitors who have to log in.

use rocket::http::uri::fmt::{Query, UriDisplay};
use rocket::http::uri::{Origin, Reference};

use super::next::Next;

/// The login page of a guard, as its option `login = ..` names it.
///
/// ```
/// use rocket_session_state::Next;
/// use rocket_session_state::guard::LoginTarget;
///
/// let login = LoginTarget::Path("/login");
/// assert_eq!(login.uri(Next::default()).to_string(), "/login");
/// let page = Next::parse("/orders?page=2").unwrap_or_default();
/// assert_eq!(login.uri(page).to_string(), "/login?next=%2Forders%3Fpage%3D2");
/// ```
#[derive(Debug, Clone, Copy)]
pub enum LoginTarget {
    /// A route of this application, made with `uri!`. The launch fails if it is not mounted.
    Route(fn(Next) -> Origin<'static>),
    /// A path as text. Another server may serve it, such as the Flask application behind the same proxy.
    /// The page that was asked for is appended as `next`.
    Path(&'static str),
    /// The address of a page of another origin, such as `https://accounts.example/login`. The launch fails unless
    /// `session_trusted_origins` lists the origin. The page that was asked for is appended as `next`, as a whole address.
    Url(&'static str),
}

impl LoginTarget {
    /// Returns the address of the login page for a visitor who goes on to `next` afterwards.
    ///
    /// That of another origin is without `next`: only a request tells the address of this site.
    pub fn uri(&self, next: Next) -> Reference<'static> {
        match self {
            LoginTarget::Route(uri) => uri(next).into(),
            LoginTarget::Path(path) => address(path, next.as_str()),
            LoginTarget::Url(url) => address(url, None),
        }
    }

    /// Returns the same, also for another origin; `here` is the origin of this site, if it is known.
    pub(crate) fn uri_from(&self, next: Next, here: Option<&str>) -> Reference<'static> {
        match (self, here, next.as_str()) {
            (LoginTarget::Url(url), Some(here), Some(page)) => address(url, Some(&format!("{here}{page}"))),
            _ => self.uri(next),
        }
    }
}

/// The address of a login page, with the page to go on to.
fn address(login: &str, next: Option<&str>) -> Reference<'static> {
    let address = match next {
        Some(page) => {
            let separator = if login.contains('?') { '&' } else { '?' };
            format!("{login}{separator}next={}", &page as &dyn UriDisplay<Query>)
        }
        None => login.to_owned(),
    };
    // The attribute has seen to it that it is one.
    Reference::parse_owned(address).unwrap_or_else(|_| rocket::uri!("/").into())
}
