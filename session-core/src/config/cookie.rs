//! Rules of the cookie: browsers must keep it, and nobody may smuggle in an attribute.

use super::{Environment, SessionConfig};
use crate::choice::UnknownChoice;
use crate::formats::cookie::{CookieAttributes, SameSite, ascii_domain};
use crate::settings::reader::{FromSetting, Setting, text_between_blanks};
use crate::settings::report::Report;

const SECURE: &str = "session_cookie_secure";
const ADD_SECURE: &str =
    "browsers drop such a cookie unless it is Secure; write session_cookie_secure = true";

impl FromSetting for SameSite {
    fn from_setting(setting: &Setting) -> Result<Self, String> {
        text_between_blanks(setting)?
            .parse()
            .map_err(|unknown: UnknownChoice| format!("{unknown} ({} sends none)", setting.written("false")))
    }
}

/// Decides `Secure`, and reports what browsers would not keep.
pub(super) fn check(config: &mut SessionConfig, environment: Environment, report: &mut Report) {
    name("session_cookie_name", &config.session_cookie_name, report);
    domain("session_cookie_domain", &mut config.session_cookie_domain, report);
    path("session_cookie_path", config.session_cookie_path.as_deref().unwrap_or_default(), report);
    path("application_root", &config.application_root, report);
    secure(config, environment, report);
    name_prefix(config, report);
    if !config.session_cookie_httponly && !environment.debug_profile {
        report.warn(
            &["session_cookie_httponly"],
            "is off, so that any script of a page can read the cookie; write true",
        );
    }
}

pub(super) fn name(key: &'static str, name: &str, report: &mut Report) {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        report.refuse(
            &[key],
            format!(
                "{name:?} is not a valid cookie name; write letters, digits, `-` and `_`, such as \"session\""
            ),
        );
    }
}

/// Removes leading dots and turns other scripts into Punycode, as Flask does. Refuses what Flask cuts off silently (a
/// port), sends as it is, or may turn into another domain.
pub(super) fn domain(key: &'static str, domain: &mut Option<String>, report: &mut Report) {
    let Some(written) = domain else { return };
    match ascii_domain(written) {
        Ok(ascii) => *written = ascii,
        Err(reason) => report.refuse(&[key], format!("{written:?} {reason}")),
    }
}

/// Allows what Werkzeug sends unchanged, so that both applications mean the same path.
pub(super) fn path(key: &'static str, path: &str, report: &mut Report) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,/:=@".contains(&byte);
    let unset = path.is_empty() && key == "session_cookie_path";
    if !unset && !path.starts_with('/') {
        report.refuse(&[key], format!("{path:?} must start with `/`"));
    }
    if !path.bytes().all(plain) {
        report.refuse(
            &[key],
            format!("{path:?} holds what a cookie path can't (`;`, a control character, a space …); percent-encode it"),
        );
    }
}

fn secure(config: &mut SessionConfig, environment: Environment, report: &mut Report) {
    let partitioned = config.session_cookie_partitioned;
    // Outside the debug profile a proxy in front speaks TLS, if Rocket does not; browsers also keep the cookie on
    // localhost.
    let by_default = partitioned || environment.serves_tls || !environment.debug_profile;
    let secure = config.session_cookie_secure.unwrap_or(by_default);
    config.session_cookie_secure = Some(secure);

    if !secure && report.readable(&[SECURE, "session_cookie_partitioned"]) {
        if config.session_cookie_samesite == Some(SameSite::None) {
            report.refuse(&["session_cookie_samesite", SECURE], format!("\"None\": {ADD_SECURE}"));
        }
        if partitioned {
            report.refuse(&["session_cookie_partitioned", SECURE], ADD_SECURE);
        }
        if !environment.debug_profile {
            report.warn(
                &[SECURE],
                "is off, so that the cookie also travels unencrypted; write true where users come by HTTPS",
            );
        }
    }
}

/// A beginning of cookie names that browsers check, and what it promises beside `Secure`.
struct NamePrefix {
    /// In lower case: browsers don't distinguish.
    text: &'static str,
    written: &'static str,
    /// The cookie belongs to the whole of one host.
    is_host: bool,
    /// Scripts can't make the cookie.
    is_http: bool,
}

/// All prefixes that browsers check. The first that a name begins with counts.
const NAME_PREFIXES: [NamePrefix; 4] = [
    NamePrefix { text: "__host-http-", written: "__Host-Http-", is_host: true, is_http: true },
    NamePrefix { text: "__host-", written: "__Host-", is_host: true, is_http: false },
    NamePrefix { text: "__http-", written: "__Http-", is_host: false, is_http: true },
    NamePrefix { text: "__secure-", written: "__Secure-", is_host: false, is_http: false },
];

/// Says what the name of another cookie than the session's promises, if the cookie does not keep it.
pub(super) fn broken_promise(cookie: &CookieAttributes) -> Option<String> {
    let name = cookie.name.to_ascii_lowercase();
    let prefix = NAME_PREFIXES.iter().find(|prefix| name.starts_with(prefix.text))?;
    let is_of_host = cookie.domain.is_none() && cookie.path.as_deref() == Some("/");
    let keeps = cookie.secure && (cookie.http_only || !prefix.is_http) && (is_of_host || !prefix.is_host);
    let needs = match (prefix.is_host, prefix.is_http) {
        (true, true) => "`Secure`, `HttpOnly`, the path \"/\" and no domain",
        (true, false) => "`Secure`, the path \"/\" and no domain",
        (false, true) => "`Secure` and `HttpOnly`",
        (false, false) => "`Secure`",
    };
    (!keeps).then(|| {
        format!("begins with `{}`, which needs {needs}, or browsers drop the cookie", prefix.written)
    })
}

/// Reports what a name promises and the cookie does not keep: browsers drop it without a word. `Secure` is decided.
fn name_prefix(config: &SessionConfig, report: &mut Report) {
    const NAME: &str = "session_cookie_name";
    let name = config.session_cookie_name.to_ascii_lowercase();
    let Some(prefix) = NAME_PREFIXES.iter().find(|prefix| name.starts_with(prefix.text)) else { return };
    let begins = format!("begins with `{}`", prefix.written);
    if !config.cookie_secure() && report.readable(&[SECURE, "session_cookie_partitioned"]) {
        report.refuse(&[NAME, SECURE], format!("{begins}: {ADD_SECURE}"));
    }
    if prefix.is_http && !config.session_cookie_httponly {
        report.refuse(
            &[NAME, "session_cookie_httponly"],
            format!("{begins}, which needs `HttpOnly`; write session_cookie_httponly = true"),
        );
    }
    if !prefix.is_host {
        return;
    }
    if let Some(domain) = &config.session_cookie_domain {
        report.refuse(
            &[NAME, "session_cookie_domain"],
            format!("{begins}, which forbids the domain {domain:?}; remove session_cookie_domain"),
        );
    }
    if config.cookie_path() != "/" {
        report.refuse(
            &[NAME, "session_cookie_path", "application_root"],
            format!("{begins}, which needs the path \"/\", not {:?}", config.cookie_path()),
        );
    }
}
