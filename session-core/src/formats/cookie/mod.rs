//! Cookies on the wire: the `Cookie` header read and `Set-Cookie` lines written as Werkzeug does.
//!
//! A browser's cookie header may hold the cookies of a Flask application on the same host, and the
//! other way round. So both directions follow Werkzeug, not the framework's own cookie jar, which
//! percent-decodes values and lets the last of several cookies of one name win.

mod attributes;
mod domain;
mod request;
mod same_site;
mod set_cookie;

pub use attributes::CookieAttributes;
pub use domain::ascii_domain;
pub use request::{find, pairs};
pub use same_site::SameSite;
pub use set_cookie::SetCookie;
