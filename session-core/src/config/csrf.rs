//! Flask-WTF's keys: `wtf_csrf_…`.

use std::time::Duration;

use super::SessionConfig;
use crate::settings::range::seconds;
use crate::settings::reader::{Setting, texts};
use crate::settings::report::Report;

/// Keys that Flask-WTF has besides. Its check is one for a whole application; here it is where a handler asks for it.
pub(super) const OF_FLASK_ALONE: [&str; 5] = [
    "wtf_csrf_enabled",
    "wtf_csrf_check_default",
    "wtf_csrf_methods",
    "wtf_csrf_meta_name",
    "wtf_csrf_ssl_strict",
];

/// Keys of the session that are not free for a token.
const RESERVED: [&str; 7] =
    ["_permanent", "_flashes", "_login_at", "_stamp", "_created_at", "_lifetime", "_listed"];

const HEADERS: &str = r#"["X-CSRFToken"]"#;

/// Reads one name of a header or a list of them.
pub(super) fn headers(setting: &Setting) -> Result<Vec<String>, String> {
    texts(setting, HEADERS)
}

/// Allows none, or at least a second.
pub(super) fn time_limit(limit: &Option<Duration>) -> Option<String> {
    let problem = limit.as_ref().and_then(seconds)?;
    Some(format!("{problem}; write false for tokens that are good as long as the session"))
}

/// Reports what neither side could work with.
pub(super) fn check(config: &SessionConfig, report: &mut Report) {
    if config.wtf_csrf_secret_key.as_ref().is_some_and(|key| key.as_bytes().is_empty()) {
        report.refuse(
            &["wtf_csrf_secret_key"],
            "is empty, so that anybody could sign; remove it, and tokens are signed with secret_key",
        );
    }
    let name = config.wtf_csrf_field_name.as_str();
    if name.is_empty() || RESERVED.contains(&name) {
        report.refuse(
            &["wtf_csrf_field_name"],
            format!("{name:?} can't be a key of the session; write a name such as \"csrf_token\""),
        );
    }
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    for header in &config.wtf_csrf_headers {
        if header.is_empty() || !header.bytes().all(token) {
            report.refuse(
                &["wtf_csrf_headers"],
                format!("{header:?} is not the name of a header; write a list such as {HEADERS}"),
            );
        }
    }
}
