//! Rules of the cookie: browsers must keep it, and nobody may smuggle in an attribute.

use super::{Environment, SessionConfig};
use crate::choice::UnknownChoice;
use crate::formats::cookie::{SameSite, ascii_domain};
use crate::settings::reader::{FromSetting, Setting, text_between_blanks};
use crate::settings::report::Report;

const SECURE: &str = "session_cookie_secure";

impl FromSetting for SameSite {
    fn from_setting(setting: &Setting) -> Result<Self, String> {
        text_between_blanks(setting)?
            .parse()
            .map_err(|unknown: UnknownChoice| format!("{unknown} ({} sends none)", setting.written("false")))
    }
}

/// Decides `Secure`, and reports what browsers would not keep.
pub(super) fn check(config: &mut SessionConfig, environment: Environment, report: &mut Report) {
    name(config, report);
    domain(config, report);
    path("session_cookie_path", config.session_cookie_path.as_deref().unwrap_or_default(), report);
    path("application_root", &config.application_root, report);
    secure(config, environment, report);
}

fn name(config: &SessionConfig, report: &mut Report) {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let name = &config.session_cookie_name;
    if name.is_empty() || !name.bytes().all(token) {
        report.refuse(
            &["session_cookie_name"],
            format!(
                "{name:?} is not a valid cookie name; write letters, digits, `-` and `_`, such as \"session\""
            ),
        );
    }
}

/// Removes leading dots and turns other scripts into Punycode, as Flask does. Refuses what Flask cuts off silently (a
/// port), sends as it is, or may turn into another domain.
fn domain(config: &mut SessionConfig, report: &mut Report) {
    let Some(written) = &config.session_cookie_domain else { return };
    match ascii_domain(written) {
        Ok(domain) => config.session_cookie_domain = Some(domain),
        Err(reason) => report.refuse(&["session_cookie_domain"], format!("{written:?} {reason}")),
    }
}

/// Allows what Werkzeug sends unchanged, so that both applications mean the same path.
fn path(key: &'static str, path: &str, report: &mut Report) {
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
    let name = config.session_cookie_name.to_ascii_lowercase();

    if !secure && report.readable(&[SECURE, "session_cookie_partitioned"]) {
        let add = "browsers drop such a cookie unless it is Secure; write session_cookie_secure = true";
        if config.session_cookie_samesite == Some(SameSite::None) {
            report.refuse(&["session_cookie_samesite", SECURE], format!("\"None\": {add}"));
        }
        if partitioned {
            report.refuse(&["session_cookie_partitioned", SECURE], add);
        }
        if name.starts_with("__host-") || name.starts_with("__secure-") {
            report.refuse(
                &["session_cookie_name", SECURE],
                format!("begins with `__Host-` or `__Secure-`: {add}"),
            );
        }
        if !environment.debug_profile {
            report.warn(
                &[SECURE],
                "is off, so that the cookie also travels unencrypted; write true where users come by HTTPS",
            );
        }
    }
    if name.starts_with("__host-") {
        if let Some(domain) = &config.session_cookie_domain {
            report.refuse(
                &["session_cookie_name", "session_cookie_domain"],
                format!(
                    "begins with `__Host-`, which forbids the domain {domain:?}; remove session_cookie_domain"
                ),
            );
        }
        if config.cookie_path() != "/" {
            report.refuse(
                &["session_cookie_name", "session_cookie_path", "application_root"],
                format!("begins with `__Host-`, which needs the path \"/\", not {:?}", config.cookie_path()),
            );
        }
    }
}
