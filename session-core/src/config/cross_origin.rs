//! `session_cross_origin` and `session_trusted_origins`.

use super::SessionConfig;
use super::origin::Origin;
use crate::choice::{UnknownChoice, choice};
use crate::settings::address::public_part;
use crate::settings::reader::{FromSetting, Setting, text_between_blanks, texts};
use crate::settings::report::Report;

choice! {
    /// What becomes of a request that a page of another origin has sent: `session_cross_origin`.
    #[derive(Default)]
    CrossOrigin {
        /// It gets no session.
        #[default]
        Refuse = "refuse",
        /// It gets one like any other.
        Allow = "allow",
    }
}

impl FromSetting for CrossOrigin {
    fn from_setting(setting: &Setting) -> Result<Self, String> {
        text_between_blanks(setting)?.parse().map_err(|unknown: UnknownChoice| unknown.to_string())
    }
}

const TRUSTED: &str = "session_trusted_origins";

/// Reads one origin or a list of them.
pub(super) fn origins(setting: &Setting) -> Result<Vec<String>, String> {
    texts(setting, r#"["https://accounts.example"]"#)
}

/// Writes the trusted origins as browsers do, and reports what can't be one.
pub(super) fn check(config: &mut SessionConfig, report: &mut Report) {
    for text in &mut config.session_trusted_origins {
        let problem = match Origin::parse(text).map(|origin| origin.to_string()) {
            Ok(origin) => {
                *text = origin;
                continue;
            }
            Err(_) if text == "*" => {
                "is not an origin; to let pages of every site use sessions, write session_cross_origin = \"allow\""
                    .to_owned()
            }
            Err(reason) => format!(
                "{reason}; write scheme, host and, unless it is the default, port: \"https://accounts.example\""
            ),
        };
        // Who writes a user name may write a password.
        let shown = if text.contains('@') { public_part(text) } else { text.clone() };
        report.refuse(&[TRUSTED], format!("{shown:?} {problem}"));
    }
    if config.session_cross_origin == CrossOrigin::Allow && !config.session_trusted_origins.is_empty() {
        report.warn(
            &[TRUSTED, "session_cross_origin"],
            "has no effect on requests while session_cross_origin is \"allow\"; remove one of them, unless a guard has \
             its login page there",
        );
    }
}
