//! The layout of sessions in a file beside the code.

use std::any::type_name;
use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use rocket_session_state_core::session::layout::{Layout, StateLayout};

use super::visitor::done;
use crate::guard::SessionState;

/// The variable that makes the test write the file, whatever is lost by that: `SESSION_LAYOUT=update`.
const VARIABLE: &str = "SESSION_LAYOUT";

/// One state, or a tuple of up to eight: what [`check_layout`] describes.
pub trait States {
    /// The fields of all of them.
    #[doc(hidden)]
    fn layouts() -> Vec<StateLayout>;
}

impl<S: SessionState> States for S {
    fn layouts() -> Vec<StateLayout> {
        let fields = S::LAYOUT.iter().map(|layout| layout()).collect();
        vec![StateLayout { name: type_name::<S>(), fields, login: S::LOGIN, listed: S::LISTED }]
    }
}

macro_rules! tuples {
    ($(($($state:ident)+))+) => {$(
        impl<$($state: SessionState),+> States for ($($state,)+) {
            fn layouts() -> Vec<StateLayout> {
                let mut layouts = Vec::new();
                $(layouts.extend($state::layouts());)+
                layouts
            }
        }
    )+};
}

tuples! {
    (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H)
}

/// Compares what the states store with what they stored before, which is in a file of the repository.
///
/// The first run writes the file. From then on a change of a state fails the test if sessions that are stored already would
/// lose something by it: a field that is gone, that has another key or a type that does not read what was stored, or another
/// login field. Whatever loses nothing, such as a new field, is written into the file.
///
/// ```
/// use rocket_session_state::{session_state, testing};
///
/// #[session_state]
/// struct Visit {
///     #[session(login)]
///     username: Option<String>,
///     #[session(merge = "add")]
///     views: u32,
/// }
///
/// // A `#[test]`. The path begins in the folder of the crate's `Cargo.toml`.
/// fn stored_sessions_stay_readable() {
///     testing::check_layout::<Visit>("session-layout.json");
/// }
/// ```
///
/// An application with several states names all of them in one test, `check_layout::<(Visit, Admin)>(…)`. Two tests
/// can't have one file.
///
/// With `SESSION_LAYOUT=update` in the environment the file is written anew, and the change is accepted. Where `CI` is set,
/// nothing is written without it: a file that is not there or not up to date fails the test.
///
/// # Panics
///
/// Stored sessions would lose something, or the file can't be read or written.
#[track_caller]
pub fn check_layout<S: States>(path: impl AsRef<Path>) {
    let how = How { accepts: env::var_os(VARIABLE).is_some_and(|value| value == "update"), writes: !is_ci() };
    done(how.check(S::layouts(), path.as_ref()));
}

fn is_ci() -> bool {
    env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

/// What may be done with the file.
struct How {
    /// It is written, whatever is lost.
    accepts: bool,
    /// It is written if nothing is lost.
    writes: bool,
}

impl How {
    fn check(&self, states: Vec<StateLayout>, path: &Path) -> Result<(), String> {
        let file = path.display();
        let layout = Layout::of(states).map_err(|error| error.to_string())?;
        let text = layout.to_text().map_err(|error| error.to_string())?;
        let old = match fs::read_to_string(path) {
            Ok(old) => Some(old),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(format!("the session layout {file} can't be read: {error}")),
        };
        // A checkout may have changed the ends of lines.
        if old.as_ref().is_some_and(|old| old.lines().eq(text.lines())) {
            return Ok(());
        }
        if let Some(old) = old.as_ref().filter(|_| !self.accepts) {
            let old = Layout::from_text(old).map_err(|error| {
                format!("the session layout {file} can't be read: {error}\nTo write it anew, run the test with {VARIABLE}=update.")
            })?;
            let losses = layout.losses_since(&old);
            if !losses.is_empty() {
                return Err(format!(
                    "sessions that are stored already would lose something by this change, says {file}:\n- {}\n\
                     To accept it, run the test with {VARIABLE}=update, and commit the file.",
                    losses.join("\n- ")
                ));
            }
        }
        if !self.writes && !self.accepts {
            let state = if old.is_some() { "not up to date" } else { "not there" };
            return Err(format!(
                "the session layout {file} is {state}. Run the test where CI is not set, and commit the file."
            ));
        }
        fs::write(path, text).map_err(|error| format!("the session layout {file} can't be written: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session_state;

    const EVERYWHERE: How = How { accepts: false, writes: true };
    const IN_CI: How = How { accepts: false, writes: false };

    mod before {
        #[super::session_state]
        pub(super) struct Visit {
            #[session(login)]
            username: Option<String>,
            views: u32,
        }
    }

    mod after {
        #[super::session_state]
        pub(super) struct Visit {
            #[session(login)]
            username: Option<String>,
            views: u64,
            #[session(key = "lang", merge = "refuse", default = "en".to_owned())]
            language: String,
        }
    }

    /// A file in a folder of the test's own.
    fn in_folder(test: &str, check: impl FnOnce(&Path)) {
        let folder = env::temp_dir().join(format!("session-layout-{}-{test}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        check(&folder.join("session-layout.json"));
        fs::remove_dir_all(&folder).unwrap();
    }

    fn before(how: &How, path: &Path) -> Result<(), String> {
        how.check(before::Visit::layouts(), path)
    }

    fn after(how: &How, path: &Path) -> Result<(), String> {
        how.check(after::Visit::layouts(), path)
    }

    #[test]
    fn the_file_is_written_once_and_again_with_what_is_new() {
        in_folder("written", |path| {
            before(&EVERYWHERE, path).unwrap();
            let first = fs::read_to_string(path).unwrap();
            assert!(first.contains(r#""views": {"type": "u32", "merge": "last", "default": 0}"#), "{first}");
            fs::write(path, first.replace('\n', "\r\n")).unwrap();
            before(&EVERYWHERE, path).unwrap();
            assert!(fs::read_to_string(path).unwrap().contains('\r'), "nothing has changed");
            after(&EVERYWHERE, path).unwrap();
            let second = fs::read_to_string(path).unwrap();
            let language =
                r#""lang": {"type": "text", "merge": "refuse", "name": "language", "default": "en"}"#;
            assert!(second.contains(language), "{second}");
        });
    }

    #[test]
    fn what_stored_sessions_lose_is_told_until_it_is_accepted() {
        in_folder("lost", |path| {
            after(&EVERYWHERE, path).unwrap();
            let reason = before(&EVERYWHERE, path).unwrap_err();
            for line in
                ["- `lang` was text and is gone", "- `views` was u64 and is u32", "SESSION_LAYOUT=update"]
            {
                assert!(reason.contains(line), "{reason}");
            }
            before(&How { accepts: true, writes: false }, path).unwrap();
            before(&IN_CI, path).unwrap();
        });
    }

    #[test]
    fn in_ci_nothing_is_written() {
        in_folder("ci", |path| {
            assert!(before(&IN_CI, path).unwrap_err().contains("is not there"));
            assert!(!path.exists());
            before(&EVERYWHERE, path).unwrap();
            before(&IN_CI, path).unwrap();
            assert!(after(&IN_CI, path).unwrap_err().contains("is not up to date"));
        });
    }

    #[test]
    fn a_file_that_is_something_else_is_not_overwritten() {
        in_folder("else", |path| {
            fs::write(path, "<html>").unwrap();
            let reason = before(&EVERYWHERE, path).unwrap_err();
            assert!(reason.contains("is not a layout"), "{reason}");
            assert_eq!(fs::read_to_string(path).unwrap(), "<html>");
        });
    }
}
