//! One `Set-Cookie` line.

use std::fmt::{self, Display, Write};
use std::time::{Duration, SystemTime};

use super::http_date::HttpDate;
use super::{SameSite, domain, quoting};

/// A cookie to set: Werkzeug's `set_cookie`, argument for argument (`flask-sessions` 1.5).
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use rocket_session_state_core::cookie::{SameSite, SetCookie};
///
/// let now = UNIX_EPOCH + Duration::from_secs(1_704_164_645);
/// let cookie = SetCookie::new("colour", "dark red")
///     .max_age(Duration::from_secs(20), now)
///     .same_site(SameSite::Lax);
/// assert_eq!(
///     cookie.to_string(),
///     "colour=\"dark red\"; Expires=Tue, 02 Jan 2024 03:04:25 GMT; Max-Age=20; Path=/; SameSite=Lax"
/// );
/// ```
///
/// Whatever the arguments are, the line holds no control character, and no `;` but between
/// attributes: values are quoted, paths percent-encoded, and from the other texts such characters are
/// left out. Whether a name or domain is a sensible one is for the configuration to check.
#[derive(Clone)]
#[must_use]
pub struct SetCookie<'a> {
    name: &'a str,
    value: &'a str,
    domain: Option<&'a str>,
    expires: Option<Expires<'a>>,
    max_age: Option<(Duration, SystemTime)>,
    secure: bool,
    http_only: bool,
    path: Option<&'a str>,
    same_site: Option<SameSite>,
    partitioned: bool,
}

/// When a browser forgets a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expires<'a> {
    /// At that time; parts of a second are cut off.
    At(SystemTime),
    /// At a date that is written out already.
    Text(&'a str),
}

impl From<SystemTime> for Expires<'_> {
    fn from(time: SystemTime) -> Self {
        Expires::At(time)
    }
}

impl<'a> From<&'a str> for Expires<'a> {
    fn from(date: &'a str) -> Self {
        Expires::Text(date)
    }
}

impl<'a> SetCookie<'a> {
    /// A cookie for the whole host (`Path=/`) that lasts until the browser is closed.
    pub fn new(name: &'a str, value: &'a str) -> Self {
        SetCookie {
            name,
            value,
            domain: None,
            expires: None,
            max_age: None,
            secure: false,
            http_only: false,
            path: Some("/"),
            same_site: None,
            partitioned: false,
        }
    }

    /// The host whose subdomains get the cookie too. Leading dots and a port are dropped; a name
    /// without an ASCII form is left out, so that only the host itself gets the cookie.
    pub fn domain(self, domain: impl Into<Option<&'a str>>) -> Self {
        SetCookie { domain: domain.into(), ..self }
    }

    /// When the cookie ends. A time before 1970 is sent as 1970, one after 9999 as the end of 9999.
    pub fn expires(self, expires: impl Into<Expires<'a>>) -> Self {
        SetCookie { expires: Some(expires.into()), ..self }
    }

    /// How long the cookie lasts from `now` on, in whole seconds. `Expires` is sent too, for that
    /// moment if it is not set otherwise.
    pub fn max_age(self, max_age: Duration, now: SystemTime) -> Self {
        SetCookie { max_age: Some((max_age, now)), ..self }
    }

    /// Only over HTTPS.
    pub fn secure(self, secure: bool) -> Self {
        SetCookie { secure, ..self }
    }

    /// Not for scripts.
    pub fn http_only(self, http_only: bool) -> Self {
        SetCookie { http_only, ..self }
    }

    /// The path below which the cookie is sent; `None` leaves the choice to the browser.
    pub fn path(self, path: impl Into<Option<&'a str>>) -> Self {
        SetCookie { path: path.into(), ..self }
    }

    /// Whether the cookie goes along with requests that another site caused; `None` leaves the choice
    /// to the browser.
    pub fn same_site(self, same_site: impl Into<Option<SameSite>>) -> Self {
        SetCookie { same_site: same_site.into(), ..self }
    }

    /// A jar of its own for each embedding site. Turns `Secure` on.
    pub fn partitioned(self, partitioned: bool) -> Self {
        SetCookie { partitioned, ..self }
    }
}

/// The value of the `Set-Cookie` header, attributes in Werkzeug's order.
impl Display for SetCookie<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = String::new();
        self.push_name(&mut line);
        line.push_str(&quoting::quote(self.value));
        self.push_domain(&mut line);
        self.push_dates(&mut line);
        self.push_attributes(&mut line);
        f.write_str(&line)
    }
}

impl SetCookie<'_> {
    pub(super) fn push_name(&self, line: &mut String) {
        push_harmless(line, self.name);
        line.push('=');
    }

    pub(super) fn push_domain(&self, line: &mut String) {
        if let Some(domain) = self.domain.and_then(domain::to_ascii) {
            line.push_str("; Domain=");
            push_harmless(line, &domain);
        }
    }

    fn push_dates(&self, line: &mut String) {
        let date = match (self.expires, self.max_age) {
            (Some(Expires::At(time)), _) => Some(HttpDate::of(time)),
            (Some(Expires::Text(date)), _) => {
                line.push_str("; Expires=");
                push_harmless(line, date);
                None
            }
            (None, Some((age, now))) => Some(HttpDate::of(now).plus(age.as_secs())),
            (None, None) => None,
        };
        if let Some(date) = date {
            line.push_str("; Expires=");
            date.push_to(line);
        }
        if let Some((age, _)) = self.max_age {
            line.push_str("; Max-Age=");
            line.push_str(&age.as_secs().to_string());
        }
    }

    /// All that follows the dates.
    pub(super) fn push_attributes(&self, line: &mut String) {
        if self.secure || self.partitioned {
            line.push_str("; Secure");
        }
        if self.http_only {
            line.push_str("; HttpOnly");
        }
        if let Some(path) = self.path {
            line.push_str("; Path=");
            push_percent_encoded(line, path);
        }
        if let Some(same_site) = self.same_site {
            line.push_str("; SameSite=");
            line.push_str(same_site.as_str());
        }
        if self.partitioned {
            line.push_str("; Partitioned");
        }
    }
}

/// Never shows the value: it may be somebody's session.
impl fmt::Debug for SetCookie<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCookie").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Text without what would end the attribute or the header: the last line of defence.
fn push_harmless(line: &mut String, text: &str) {
    line.extend(text.chars().filter(|c| !c.is_control() && *c != ';'));
}

/// A path. Percent signs stay: what is encoded already is not encoded twice (1.5, rule 5).
fn push_percent_encoded(line: &mut String, path: &str) {
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~%!$&'()*+,/:=@".contains(&byte) {
            line.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(line, "%{byte:02X}");
        }
    }
}
