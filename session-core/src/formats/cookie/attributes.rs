//! The session cookie: a name and attributes from the configuration.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{SameSite, SetCookie};

/// Name and attributes of the session cookie, as configured; the same for setting and deleting, since
/// a browser deletes only the cookie whose name, domain and path it is told.
///
/// ```
/// use rocket_session_state_core::cookie::CookieAttributes;
///
/// let cookie = CookieAttributes { http_only: true, ..CookieAttributes::named("session") };
/// assert_eq!(cookie.set("abc", None), "session=abc; HttpOnly; Path=/");
/// assert_eq!(
///     cookie.delete(),
///     "session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; Path=/"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookieAttributes {
    /// `session_cookie_name`.
    pub name: String,
    /// `session_cookie_domain`; `None` for the host alone.
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

    /// The `Set-Cookie` line that sets the cookie; without `expires` it lasts until the browser is
    /// closed. Never a `Max-Age` (A14).
    pub fn set(&self, value: &str, expires: Option<SystemTime>) -> String {
        let cookie = self.with_value(value);
        match expires {
            Some(time) => cookie.expires(time).to_string(),
            None => cookie.to_string(),
        }
    }

    /// The `Set-Cookie` line that deletes the cookie, with all its attributes (A11): browsers ignore a
    /// deletion that lacks some of them in another site's frame.
    pub fn delete(&self) -> String {
        self.with_value("").expires(UNIX_EPOCH).max_age(Duration::ZERO, UNIX_EPOCH).to_string()
    }

    pub(super) fn with_value<'a>(&'a self, value: &'a str) -> SetCookie<'a> {
        SetCookie::new(&self.name, value)
            .domain(self.domain.as_deref())
            .secure(self.secure)
            .http_only(self.http_only)
            .path(self.path.as_deref())
            .same_site(self.same_site)
            .partitioned(self.partitioned)
    }
}
