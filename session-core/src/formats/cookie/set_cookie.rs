//! The `Set-Cookie` lines of one cookie, as Werkzeug writes them.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use super::CookieAttributes;
use crate::formats::http_date;

/// Writes the `Set-Cookie` lines of one cookie.
///
/// The text that is the same in every line is written once: value and date are all that is left to do for an
/// answer.
///
/// With any attributes, a line holds no control character, and no `;` but between
/// attributes: paths are percent-encoded, and from the other texts such characters are
/// left out. Whether a name or domain is a sensible one is for the configuration to check.
///
/// ```
/// # use rocket_session_state_core::cookie::{CookieAttributes, SetCookie};
/// let cookie = SetCookie::new(&CookieAttributes { http_only: true, ..CookieAttributes::named("session") });
/// assert_eq!(cookie.set("abc", None), "session=abc; HttpOnly; Path=/");
/// assert_eq!(
///     cookie.delete(),
///     "session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; Path=/"
/// );
/// ```
#[derive(Debug, Clone)]
pub struct SetCookie {
    /// `session=`
    name: String,
    /// `; Domain=example.org` or nothing.
    domain: String,
    /// The text behind the date: `; HttpOnly; Path=/`
    attributes: String,
    deletion: String,
}

impl SetCookie {
    /// The lines of a cookie with these attributes.
    pub fn new(cookie: &CookieAttributes) -> Self {
        let mut name = String::new();
        push_harmless(&mut name, &cookie.name);
        name.push('=');
        let mut domain = String::new();
        if let Some(name) = &cookie.domain {
            domain.push_str("; Domain=");
            push_harmless(&mut domain, name);
        }
        let mut attributes = String::new();
        if cookie.secure || cookie.partitioned {
            attributes.push_str("; Secure");
        }
        if cookie.http_only {
            attributes.push_str("; HttpOnly");
        }
        if let Some(path) = &cookie.path {
            attributes.push_str("; Path=");
            push_percent_encoded(&mut attributes, path);
        }
        if let Some(same_site) = cookie.same_site {
            attributes.push_str("; SameSite=");
            attributes.push_str(same_site.as_str());
        }
        if cookie.partitioned {
            attributes.push_str("; Partitioned");
        }
        let mut deletion = format!("{name}{domain}; Expires=");
        http_date::push(0, &mut deletion);
        deletion.push_str("; Max-Age=0");
        deletion.push_str(&attributes);
        SetCookie { name, domain, attributes, deletion }
    }

    /// The line that sets the cookie until `expires`, or until the browser is closed. Never a `Max-Age`, as in
    /// Flask. A time before 1970 is sent as 1970, one after 9999 as the end of 9999.
    ///
    /// The value is not quoted: it must be an id or a signed text, which have letters, digits, `-`, `_` and `.` only.
    pub fn set(&self, value: &str, expires: Option<SystemTime>) -> String {
        debug_assert!(is_bare(value), "a cookie's value needs quotes");
        self.line(value, expires)
    }

    fn line(&self, value: &str, expires: Option<SystemTime>) -> String {
        let fixed = self.name.len() + self.domain.len() + self.attributes.len();
        let mut line = String::with_capacity(fixed + value.len() + "; Expires=".len() + http_date::LEN);
        line.push_str(&self.name);
        line.push_str(value);
        line.push_str(&self.domain);
        if let Some(time) = expires {
            let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            line.push_str("; Expires=");
            http_date::push(i64::try_from(seconds).unwrap_or(i64::MAX), &mut line);
        }
        line.push_str(&self.attributes);
        line
    }

    /// As [`set`](Self::set), of any text: one that needs it is quoted, as Werkzeug does, so that it comes back as it is.
    ///
    /// ```
    /// # use rocket_session_state_core::cookie::{CookieAttributes, SetCookie};
    /// let cookie = SetCookie::new(&CookieAttributes::named("user"));
    /// assert_eq!(cookie.set_text("a|b", None), "user=a|b; Path=/");
    /// assert_eq!(cookie.set_text("é;\\", None), r#"user="\303\251\073\\"; Path=/"#);
    /// ```
    pub fn set_text(&self, value: &str, expires: Option<SystemTime>) -> String {
        if is_bare(value) { self.line(value, expires) } else { self.line(&quoted(value), expires) }
    }

    /// The line that deletes the cookie, with all its attributes: browsers ignore a deletion that lacks some of
    /// them in another site's frame.
    pub fn delete(&self) -> String {
        self.deletion.clone()
    }
}

/// Appends text without the characters that would end the attribute or the header: the last line of defence.
fn push_harmless(line: &mut String, text: &str) {
    line.extend(text.chars().filter(|c| !c.is_control() && *c != ';'));
}

/// A path. Percent signs stay: a path that is encoded already is not encoded twice.
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

/// A value in quotes. What may not stand there is escaped: a quote and a backslash by a backslash, any other byte by its
/// octal digits.
fn quoted(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for byte in value.bytes() {
        match byte {
            b'"' | b'\\' => {
                quoted.push('\\');
                quoted.push(char::from(byte));
            }
            b' '..=b'~' if !matches!(byte, b',' | b';') => quoted.push(char::from(byte)),
            _ => {
                // As above.
                let _ = write!(quoted, "\\{byte:03o}");
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Tells whether the value needs no quotes: visible ASCII but for the quote, the comma, the semicolon and the backslash.
fn is_bare(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'+' | b'-'..=b':' | b'<'..=b'[' | b']'..=b'~'))
}
