//! Where a guard sends visitors who have to log in.

use rocket::http::uri::Origin;
use rocket::http::uri::fmt::{Query, UriDisplay};

use crate::Next;

/// Where a guard sends visitors who have to log in, as `login = ..` says.
#[derive(Debug, Clone, Copy)]
pub enum LoginTarget {
    /// A route of this application, made with `uri!`. It has to be mounted: otherwise there is no launch.
    Route(fn(Next) -> Origin<'static>),
    /// A path as text. It may be served by somebody else, such as the Flask application behind the same
    /// proxy; the page that was asked for is appended as `next`.
    Path(&'static str),
}

impl LoginTarget {
    /// The login page, told where to go on to.
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
