//! The lifetimes beside one another: each may be right, and one of them without effect.

use super::SessionConfig;
use crate::settings::report::Report;

pub(super) fn check(config: &SessionConfig, report: &mut Report) {
    let Some(max) = config.session_lifetime_max else { return };
    if max < config.permanent_session_lifetime {
        report.warn(
            &["session_lifetime_max", "permanent_session_lifetime"],
            "is shorter than permanent_session_lifetime: a session with a life of its own can't live as long as one \
             without",
        );
    }
    if config.session_absolute_lifetime.is_some_and(|absolute| absolute < max) {
        report.warn(
            &["session_lifetime_max", "session_absolute_lifetime"],
            "is longer than session_absolute_lifetime, which ends every session before",
        );
    }
}
