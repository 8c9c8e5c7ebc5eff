//! Files that others than this process may read or write. Who can write sessions, or read their ids, can be any user.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::{fmt, fs};

use super::OpenTo;

/// The rights of a file or folder.
#[derive(Clone, Copy)]
struct Rights {
    owner: u32,
    mode: u32,
}

const GROUP_WRITES: u32 = 0o020;
const ALL_WRITE: u32 = 0o002;
#[cfg(feature = "sqlite")]
const ALL_READ: u32 = 0o004;
/// In such a folder everybody may make files, and nobody may remove or replace those of others.
#[cfg(feature = "sqlite")]
const STICKY: u32 = 0o1000;

/// Says who else may write in a folder whose files have this mode, and what to do about it.
#[cfg(feature = "filesystem")]
pub(super) fn who_may_write_in(folder: &Path, mode_of_files: u32) -> Option<OpenTo> {
    who_writes_folder(folder, rights(folder)?, mode_of_files, own_user())
}

/// Says who else may read or write a database, its companions, or the folder that they are in, and what to do about it.
/// A database that is not in a file is open to nobody.
#[cfg(feature = "sqlite")]
pub(super) fn who_may_use_database(file: &Path) -> Option<OpenTo> {
    let user = own_user();
    let own = who_uses_database(file, rights(file)?, user);
    let beside = ["-wal", "-shm"].into_iter().find_map(|suffix| {
        let mut name = file.as_os_str().to_owned();
        name.push(suffix);
        let name = Path::new(&name);
        who_uses_database(name, rights(name)?, user)
    });
    OpenTo::worst([own, beside]).or_else(|| {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        who_replaces_files(folder, rights(folder)?)
    })
}

#[cfg(feature = "filesystem")]
fn who_writes_folder(folder: &Path, rights: Rights, mode_of_files: u32, user: Option<u32>) -> Option<OpenTo> {
    let what = format!("the folder of the sessions, {folder:?},");
    // What was chosen for the files is meant for the folder.
    let unwanted = rights.mode & !mode_of_files;
    let subfolder = format!("keep the sessions in a subfolder such as {:?}", folder.join("sessions"));
    if unwanted & ALL_WRITE != 0 {
        return Some(OpenTo::Everybody(format!(
            "{what} has {rights}, so that every user of this machine may write there; run `chmod go-w` on it, or where \
             its mode is fixed, as that of a mounted volume, {subfolder}{ANYBODY}"
        )));
    }
    if unwanted & GROUP_WRITES != 0 {
        return Some(OpenTo::Others(format!(
            "{what} has {rights}, so that its group may write there; run `chmod g-w` on it, set session_file_mode = \
             \"0660\" if the group shares the sessions, or {subfolder}{ANYBODY}"
        )));
    }
    let is_shared = mode_of_files & GROUP_WRITES != 0;
    belongs_to_another(&what, rights, user).filter(|_| !is_shared)
}

#[cfg(feature = "sqlite")]
fn who_uses_database(file: &Path, rights: Rights, user: Option<u32>) -> Option<OpenTo> {
    const REMEDY: &str = "run `chmod o=` on it and on the files beside it that begin with its name";
    let what = format!("the file of the sessions, {file:?},");
    if rights.mode & ALL_WRITE != 0 {
        return Some(OpenTo::Everybody(format!(
            "{what} has {rights}, so that every user of this machine may write it; {REMEDY}, or where its mode is fixed, \
             as on some mounted volumes, keep it elsewhere, in a subfolder of its own{ANYBODY}"
        )));
    }
    if rights.mode & ALL_READ != 0 {
        return Some(OpenTo::Others(format!(
            "{what} has {rights}, so that every user of this machine may read it; {REMEDY}{ANYBODY}"
        )));
    }
    belongs_to_another(&what, rights, user).filter(|_| rights.mode & GROUP_WRITES == 0)
}

#[cfg(feature = "sqlite")]
fn who_replaces_files(folder: &Path, rights: Rights) -> Option<OpenTo> {
    (rights.mode & (ALL_WRITE | STICKY) == ALL_WRITE).then(|| {
        OpenTo::Others(format!(
            "{folder:?}, where the file of the sessions is, has {rights}, so that every user of this machine may replace \
             that file; run `chmod o-w` on the folder, or keep the file in a subfolder of its own{ANYBODY}"
        ))
    })
}

const ANYBODY: &str = ": whoever can write or read sessions can be any user of the application";

/// `user` is that of this process, if it is known. The administrator can read and write everything anyway.
fn belongs_to_another(what: &str, rights: Rights, user: Option<u32>) -> Option<OpenTo> {
    let owner = rights.owner;
    (owner != 0 && user.is_some_and(|user| user != owner)).then(|| {
        OpenTo::Others(format!(
            "{what} has {rights} and belongs to another user (number {owner}); run `chown` on it, the application as \
             that user, or keep the sessions in a subfolder of its own{ANYBODY}"
        ))
    })
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the mode {:04o}", self.mode & 0o7777)
    }
}

fn rights(path: &Path) -> Option<Rights> {
    let metadata = fs::metadata(path).ok()?;
    Some(Rights { owner: metadata.uid(), mode: metadata.permissions().mode() })
}

/// Returns the user as which this process uses files. Only Linux tells it without unsafe code.
fn own_user() -> Option<u32> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let users = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    users.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: Option<u32> = Some(1000);

    fn rights(owner: u32, mode: u32) -> Rights {
        // As `stat` tells it: with the kind of the file.
        Rights { owner, mode: mode | 0o100_000 }
    }

    /// Asserts that nothing launches if everybody writes, and that the text has the mode and what to do.
    #[track_caller]
    fn assert_open(answer: Option<OpenTo>, is_everybody: bool, mode: u32, part: &str) {
        let text = match (answer.unwrap(), is_everybody) {
            (OpenTo::Everybody(text), true) | (OpenTo::Others(text), false) => text,
            (answer, _) => panic!("{answer:?}"),
        };
        assert!(text.contains(part) && text.contains(&format!("the mode {mode:04o}")), "{text}");
    }

    #[cfg(feature = "filesystem")]
    #[test]
    fn a_folder_is_written_by_its_owner_and_those_for_whom_its_files_are() {
        let of = |owner, mode, files| who_writes_folder(Path::new("/srv/s"), rights(owner, mode), files, ME);
        for (owner, mode, files) in [
            (1000, 0o700, 0o600),
            (1000, 0o755, 0o600),
            (0, 0o755, 0o600),
            (1000, 0o775, 0o660),
            (33, 0o770, 0o660),
            (1000, 0o777, 0o666),
        ] {
            assert_eq!(of(owner, mode, files), None, "{owner} {mode:o} {files:o}");
        }
        for (owner, mode, files) in [
            (1000, 0o777, 0o600),
            (0, 0o1777, 0o600),
            (0, 0o777, 0o600),
            (1000, 0o777, 0o660),
            (1000, 0o2777, 0o600),
        ] {
            assert_open(of(owner, mode, files), true, mode, "chmod go-w");
            assert_open(of(owner, mode, files), true, mode, "a subfolder such as \"/srv/s/sessions\"");
        }
        for (owner, mode, files, part) in [
            (1000, 0o775, 0o600, "session_file_mode = \"0660\""),
            // What Kubernetes makes of a volume with an `fsGroup`.
            (0, 0o2775, 0o600, "chmod g-w"),
            (33, 0o755, 0o600, "belongs to another user (number 33)"),
        ] {
            assert_open(of(owner, mode, files), false, mode, part);
            assert_open(of(owner, mode, files), false, mode, "in a subfolder");
        }
        let nobody = who_writes_folder(Path::new("/srv/s"), rights(33, 0o755), 0o600, None);
        assert_eq!(nobody, None, "nobody knows who we are");
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn a_database_is_used_by_its_owner_and_a_group_that_was_let_in() {
        let of = |owner, mode| who_uses_database(Path::new("/srv/shop.db"), rights(owner, mode), ME);
        for (owner, mode) in [(1000, 0o600), (1000, 0o660), (33, 0o660), (0, 0o600), (1000, 0o640)] {
            assert_eq!(of(owner, mode), None, "{owner} {mode:o}");
        }
        for mode in [0o602, 0o666, 0o777] {
            assert_open(of(1000, mode), true, mode, "chmod o=");
            assert_open(of(1000, mode), true, mode, "in a subfolder of its own");
        }
        for (owner, mode, part) in [
            (1000, 0o644, "chmod o="),
            (33, 0o600, "belongs to another user"),
            (33, 0o640, "belongs to another user"),
        ] {
            assert_open(of(owner, mode), false, mode, part);
        }
        let folder = |mode| who_replaces_files(Path::new("/srv"), rights(0, mode));
        assert_open(folder(0o777), false, 0o777, "chmod o-w");
        assert_eq!((folder(0o1777), folder(0o775)), (None, None));
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn a_database_that_is_not_in_a_file_is_open_to_nobody() {
        assert_eq!(who_may_use_database(Path::new("file:sqlx-in-memory-0")), None);
        assert_eq!(who_may_use_database(Path::new(":memory:")), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_user_of_this_process_owns_what_it_makes() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(own_user(), Some(super::rights(file.path()).unwrap().owner));
    }
}
