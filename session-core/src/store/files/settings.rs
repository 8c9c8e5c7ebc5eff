//! The settings of the file store.

use std::fmt;
use std::path::PathBuf;

use crate::settings::address::absolute_path;
use crate::settings::reader::{FromSetting, Setting, text_between_blanks};
use crate::settings::report::Report;
use crate::settings::table::settings;
use crate::store::backend::{Against, Backend};

settings! {
    /// The settings of the file store.
    #[derive(PartialEq)]
    pub struct FileSettings: OneStore {
        /// Folder of session files, made if it is missing. Default: `flask_session` in the working directory.
        dir: PathBuf = "flask_session".into(), key session_file_dir;
        /// Number of session files above which expired ones are removed and, if that is not enough, a warning is
        /// logged. Nothing alive is ever removed. 0 disables it. Default: 500.
        threshold: u64 = 500, key session_file_threshold;
        /// Mode of session files. In Rocket.toml a number, as in Flask, or octal digits as text, `"0600"`.
        /// Default: 0600, for the owner only.
        mode: u32 = 0o600, key session_file_mode, read mode, shown |mode: &u32| Octal(*mode);
    }
}

/// The permissions that the owner needs, which is this process.
const OWNER: u32 = 0o600;
const OTHERS: u32 = 0o007;

impl Backend for FileSettings {
    fn check(&self, _: &Against<'_>, report: &mut Report) {
        if self.dir.as_os_str().is_empty() {
            report.refuse(&["session_file_dir"], "must name a folder, such as \"flask_session\"");
        }
        let mode = self.mode;
        if mode & OWNER != OWNER || mode > 0o777 {
            report.refuse(
                &["session_file_mode"],
                format!(
                    "is {mode:#o}, which must let the owner read and write; in octal digits write \"0600\""
                ),
            );
        } else if mode & OTHERS != 0 {
            report.warn(
                &["session_file_mode"],
                format!("is {mode:#o}: every user of this machine can read or write sessions"),
            );
        }
    }

    #[cfg(feature = "filesystem")]
    fn open(&self) -> Result<crate::store::DynStore, crate::store::StoreError> {
        let store = super::FileStore::new(&self.dir).threshold(self.threshold).mode(self.mode);
        Ok(crate::store::DynStore::new(store))
    }

    fn location(&self) -> String {
        format!("folder {}", absolute_path(&self.dir))
    }

    fn is_same_place(&self, other: &Self) -> bool {
        self.dir == other.dir
    }

    #[cfg(feature = "filesystem")]
    fn fixed_format(&self) -> Option<(crate::formats::codec::Format, &'static str)> {
        let reason = "has no effect on files: Flask-Session's are always pickles";
        Some((crate::formats::codec::Format::Pickle, reason))
    }

    fn is_purged(&self) -> bool {
        true
    }
}

/// Reads a number as it is, like Flask; text in octal digits, as modes are usually written.
fn mode(setting: &Setting) -> Result<u32, String> {
    if setting.is_number() {
        return u32::from_setting(setting);
    }
    let text = text_between_blanks(setting).ok();
    text.and_then(|text| u32::from_str_radix(text.trim().trim_start_matches("0o"), 8).ok()).ok_or_else(|| {
        format!("must be octal digits in quotes or a number; write {}", setting.written("\"0600\""))
    })
}

/// A mode in octal digits.
struct Octal(u32);

impl fmt::Debug for Octal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#o}", self.0)
    }
}
