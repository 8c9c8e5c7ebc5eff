//! Files that others than this process may read or write. Who can write sessions, or read their ids, can be any user.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// The rights of a file or folder.
#[derive(Clone, Copy)]
struct Rights {
    owner: u32,
    mode: u32,
}

const GROUP_WRITES: u32 = 0o020;
const ALL_WRITE: u32 = 0o002;
#[cfg(feature = "sqlite")]
const ALL_READ_OR_WRITE: u32 = 0o006;
/// In such a folder everybody may make files, and nobody may remove or replace those of others.
#[cfg(feature = "sqlite")]
const STICKY: u32 = 0o1000;

/// Says who else may write in a folder whose files have this mode, and what to do about it.
#[cfg(feature = "filesystem")]
pub(super) fn who_may_write_in(folder: &Path, mode_of_files: u32) -> Option<String> {
    let who = who_writes_folder(rights(folder)?, mode_of_files, own_user())?;
    Some(format!("the folder of the sessions, {folder:?}, {who}"))
}

/// Says who else may read or write a database, its companions, or the folder that they are in, and what to do about it.
#[cfg(feature = "sqlite")]
pub(super) fn who_may_use_database(file: &Path) -> Option<String> {
    let user = own_user();
    let beside = |suffix: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(suffix);
        name
    };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let of_files = ["", "-wal", "-shm"].into_iter().find_map(|suffix| {
        let name = beside(suffix);
        let who = who_uses_database(rights(Path::new(&name))?, user)?;
        Some(format!("the file of the sessions, {name:?}, {who}"))
    });
    of_files.or_else(|| {
        let is_open = rights(folder)?.mode & (ALL_WRITE | STICKY) == ALL_WRITE;
        is_open.then(|| {
            format!(
                "every user of this machine may replace files in {folder:?}, where the file of the sessions is; run \
                 `chmod o-w` on that folder"
            )
        })
    })
}

#[cfg(feature = "filesystem")]
fn who_writes_folder(folder: Rights, mode_of_files: u32, user: Option<u32>) -> Option<String> {
    // What was chosen for the files is meant for the folder.
    let unwanted = folder.mode & !mode_of_files;
    let is_shared = mode_of_files & GROUP_WRITES != 0;
    if unwanted & ALL_WRITE != 0 {
        return Some(format!(
            "may be written by every user of this machine; run `chmod go-w` on it{ANYBODY}"
        ));
    }
    if unwanted & GROUP_WRITES != 0 {
        return Some(format!(
            "may be written by its group; run `chmod g-w` on it, or set session_file_mode = \"0660\" if the group \
             shares the sessions{ANYBODY}"
        ));
    }
    belongs_to_another(folder, user).filter(|_| !is_shared)
}

#[cfg(feature = "sqlite")]
fn who_uses_database(file: Rights, user: Option<u32>) -> Option<String> {
    if file.mode & ALL_READ_OR_WRITE != 0 {
        return Some(format!(
            "may be read or written by every user of this machine; run `chmod o=` on it and on the files beside it \
             that begin with its name{ANYBODY}"
        ));
    }
    belongs_to_another(file, user).filter(|_| file.mode & GROUP_WRITES == 0)
}

const ANYBODY: &str = ": whoever can write or read sessions can be any user of the application";

/// `user` is that of this process, if it is known. The administrator can read and write everything anyway.
fn belongs_to_another(rights: Rights, user: Option<u32>) -> Option<String> {
    let owner = rights.owner;
    (owner != 0 && user.is_some_and(|user| user != owner)).then(|| {
        format!("belongs to another user (number {owner}); run `chown` on it, or the application as that user{ANYBODY}")
    })
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
        Rights { owner, mode }
    }

    #[cfg(feature = "filesystem")]
    #[test]
    fn a_folder_is_written_by_its_owner_and_those_for_whom_its_files_are() {
        for (owner, mode, files) in [
            (1000, 0o700, 0o600),
            (1000, 0o755, 0o600),
            (0, 0o755, 0o600),
            (1000, 0o775, 0o660),
            (33, 0o770, 0o660),
            (1000, 0o777, 0o666),
        ] {
            assert_eq!(who_writes_folder(rights(owner, mode), files, ME), None, "{owner} {mode:o} {files:o}");
        }
        for (owner, mode, files, part) in [
            (1000, 0o777, 0o600, "chmod go-w"),
            (1000, 0o1777, 0o600, "chmod go-w"),
            (1000, 0o777, 0o660, "chmod go-w"),
            (1000, 0o775, 0o600, "session_file_mode = \"0660\""),
            (33, 0o755, 0o600, "belongs to another user (number 33)"),
        ] {
            let who = who_writes_folder(rights(owner, mode), files, ME).unwrap();
            assert!(who.contains(part), "{who}");
        }
        assert_eq!(who_writes_folder(rights(33, 0o755), 0o600, None), None, "nobody knows who we are");
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn a_database_is_used_by_its_owner_and_a_group_that_was_let_in() {
        for (owner, mode) in [(1000, 0o600), (1000, 0o660), (33, 0o660), (0, 0o600), (1000, 0o640)] {
            assert_eq!(who_uses_database(rights(owner, mode), ME), None, "{owner} {mode:o}");
        }
        for (owner, mode, part) in [
            (1000, 0o644, "chmod o="),
            (1000, 0o602, "chmod o="),
            (33, 0o600, "belongs to another user"),
            (33, 0o640, "belongs to another user"),
        ] {
            let who = who_uses_database(rights(owner, mode), ME).unwrap();
            assert!(who.contains(part), "{who}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_user_of_this_process_owns_what_it_makes() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(own_user(), Some(super::rights(file.path()).unwrap().owner));
    }
}
