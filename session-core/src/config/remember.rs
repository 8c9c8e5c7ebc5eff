//! Flask-Login's keys: `remember_cookie_…` and `session_protection`.

use super::{Environment, SessionConfig, cookie};
use crate::choice::{UnknownChoice, choice};
use crate::formats::cookie::{CookieAttributes, SameSite};
use crate::settings::reader::{FromSetting, Setting, text_between_blanks};
use crate::settings::report::Report;

choice! {
    /// What becomes of a login whose browser is another one than that which has logged in, by its address and its
    /// `User-Agent`: `session_protection`.
    SessionProtection {
        /// It is not fresh any more.
        Basic = "basic",
        /// It ends, and the remember-me cookie with it; that of a permanent session is not fresh any more.
        Strong = "strong",
    }
}

impl FromSetting for SessionProtection {
    fn from_setting(setting: &Setting) -> Result<Self, String> {
        text_between_blanks(setting)?.parse().map_err(|unknown: UnknownChoice| {
            format!("{unknown} ({} turns it off)", setting.written("false"))
        })
    }
}

const SECURE: &str = "remember_cookie_secure";

/// All keys that do nothing where the application does not share Flask-Login's logins.
const KEYS: [&str; 9] = [
    "remember_cookie_name",
    "remember_cookie_duration",
    "remember_cookie_domain",
    "remember_cookie_path",
    SECURE,
    "remember_cookie_httponly",
    "remember_cookie_samesite",
    "remember_cookie_refresh_each_request",
    "session_protection",
];

/// Decides about the cookie what is left open, and reports what browsers would not keep. That of the session is decided.
pub(super) fn check(config: &mut SessionConfig, environment: Environment, report: &mut Report) {
    if !environment.shares_logins {
        for key in KEYS.into_iter().filter(|key| report.is_set(key)).collect::<Vec<_>>() {
            report.warn(
                &[key],
                "has no effect unless logins are shared with Flask-Login: `Sessions::fairing().flask_login::<Visit>()`",
            );
        }
        return;
    }
    cookie::name("remember_cookie_name", &config.remember_cookie_name, report);
    if config.remember_cookie_name == config.session_cookie_name {
        report.refuse(
            &["remember_cookie_name", "session_cookie_name"],
            "is the name of the session's cookie; write another one, such as \"remember_token\"",
        );
    }
    cookie::domain("remember_cookie_domain", &mut config.remember_cookie_domain, report);
    cookie::path("remember_cookie_path", &config.remember_cookie_path, report);
    let secure = config.remember_cookie_secure.unwrap_or_else(|| config.cookie_secure());
    config.remember_cookie_secure = Some(secure);
    if !secure && config.remember_cookie_samesite == Some(SameSite::None) && report.readable(&[SECURE]) {
        report.refuse(
            &["remember_cookie_samesite", SECURE],
            "\"None\": browsers drop such a cookie unless it is Secure; write remember_cookie_secure = true",
        );
    }
    if let Some(flaw) = cookie::broken_promise(&config.remember_cookie())
        && report.readable(&[SECURE])
    {
        report.refuse(&["remember_cookie_name"], flaw);
    }
    if environment.debug_profile {
        return;
    }
    if !config.remember_cookie_httponly {
        report.warn(
            &["remember_cookie_httponly"],
            "is off, so that any script of a page can read the cookie, which logs its user in; write true",
        );
    }
    if !secure && config.cookie_secure() {
        report.warn(
            &[SECURE],
            "is off, so that the cookie, which logs its user in, also travels unencrypted; write true",
        );
    }
    if config.session_stamp_required {
        report.warn(
            &["session_stamp_required"],
            "is on, so that no remember-me cookie logs anybody in: nobody knows which password it is of",
        );
    }
}

impl SessionConfig {
    /// Returns the attributes of the remember-me cookie.
    pub(crate) fn remember_cookie(&self) -> CookieAttributes {
        CookieAttributes {
            name: self.remember_cookie_name.clone(),
            domain: self.remember_cookie_domain.clone(),
            path: Some(self.remember_cookie_path.clone()),
            secure: self.remember_cookie_secure.unwrap_or(false),
            http_only: self.remember_cookie_httponly,
            same_site: self.remember_cookie_samesite,
            partitioned: false,
        }
    }
}
