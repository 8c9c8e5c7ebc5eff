//! `session_max_per_user` and `session_when_full`.

use std::ops::RangeInclusive;

use super::{Environment, SessionConfig, SessionType};
use crate::choice::{UnknownChoice, choice};
use crate::settings::reader::{FromSetting, Setting, text_between_blanks};
use crate::settings::report::Report;

choice! {
    /// What becomes of a log-in by which a user would have more than `session_max_per_user` sessions:
    /// `session_when_full`.
    #[derive(Default)]
    WhenFull {
        /// The user's oldest session is ended.
        #[default]
        Oldest = "oldest",
        /// The log-in is refused.
        Refuse = "refuse",
    }
}

impl FromSetting for WhenFull {
    fn from_setting(setting: &Setting) -> Result<Self, String> {
        text_between_blanks(setting)?.parse().map_err(|unknown: UnknownChoice| unknown.to_string())
    }
}

const MAX: &str = "session_max_per_user";
const WHEN_FULL: &str = "session_when_full";

/// The list of a user's sessions is one record, which each log-in of the user rewrites, and which has room for so many
/// under ids of every length.
const ALLOWED: RangeInclusive<usize> = 1..=100;

/// Allows none, or a number of sessions.
pub(super) fn range(max: &Option<usize>) -> Option<String> {
    let wrong = max.filter(|max| !ALLOWED.contains(max))?;
    Some(format!("must be 0 (none), or {} to {} sessions, not {wrong}", ALLOWED.start(), ALLOWED.end()))
}

/// Reports a limit that nobody could keep to, and an answer to a limit that there is not.
pub(super) fn check(config: &SessionConfig, environment: Environment, report: &mut Report) {
    let in_cookies = !environment.own_store && config.session_type == SessionType::Cookie;
    if config.session_max_per_user.is_some() && in_cookies && report.readable(&["session_type"]) {
        report.refuse(
            &[MAX, "session_type"],
            "can't be kept to while session_type is \"cookie\", since nobody knows how many sessions browsers hold; choose \
             a store on the server, such as session_type = \"redis\", or remove it",
        );
    }
    if config.session_max_per_user.is_none()
        && config.session_when_full == WhenFull::Refuse
        && !in_cookies
        && report.readable(&[MAX])
    {
        report.warn(
            &[WHEN_FULL, MAX],
            "has no effect without session_max_per_user, the number of sessions that a user may have",
        );
    }
}
