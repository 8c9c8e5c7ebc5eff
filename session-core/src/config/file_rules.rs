//! What the settings of session files must be.

use super::SessionConfig;
use crate::settings::report::Report;

/// What the owner needs, which is this process.
const OWNER: u32 = 0o600;
const OTHERS: u32 = 0o007;

pub(super) fn apply(config: &SessionConfig, report: &mut Report) {
    if config.session_file_dir.as_os_str().is_empty() {
        report.refuse(&["session_file_dir"], "must name a folder, such as \"flask_session\"");
    }
    let mode = config.session_file_mode;
    if mode & OWNER != OWNER || mode > 0o777 {
        report.refuse(
            &["session_file_mode"],
            format!("is {mode:#o}, which must let the owner read and write; in octal digits write \"0600\""),
        );
    } else if mode & OTHERS != 0 {
        report.warn(
            &["session_file_mode"],
            format!("is {mode:#o}: every user of this machine can read or write sessions"),
        );
    }
}
