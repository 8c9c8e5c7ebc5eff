//! The session cookie: a name and attributes from the configuration.

use super::SameSite;

/// Name and attributes of the session cookie, as configured; the same for setting and deleting, since
/// a browser deletes only the cookie whose name, domain and path it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookieAttributes {
    /// `session_cookie_name`.
    pub name: String,
    /// `session_cookie_domain`, in ASCII; `None` for the host alone.
    pub domain: Option<String>,
    /// `session_cookie_path`; `None` leaves the choice to the browser.
    pub path: Option<String>,
    /// `session_cookie_secure`.
    pub secure: bool,
    /// `session_cookie_httponly`.
    pub http_only: bool,
    /// `session_cookie_samesite`; `None` sends no such attribute.
    pub same_site: Option<SameSite>,
    /// `session_cookie_partitioned`; turns `Secure` on.
    pub partitioned: bool,
}

impl CookieAttributes {
    /// A cookie of that name for the whole host (`Path=/`), without further attributes.
    pub fn named(name: impl Into<String>) -> Self {
        CookieAttributes {
            name: name.into(),
            domain: None,
            path: Some("/".to_owned()),
            secure: false,
            http_only: false,
            same_site: None,
            partitioned: false,
        }
    }
}
