//! The number of files that cachelib keeps in a file of its own.

use std::fs;
use std::thread;
use std::time::Duration;

use super::folder::Folder;
use super::layout;
use super::name::COUNTS;
use crate::error_chain::Chain;
use crate::formats::codec::{Format, pickle};
use crate::formats::value::Value;
use crate::store::StoreError;

/// Tells cachelib that there are `files` more.
///
/// It removes live sessions when its count is above its threshold, so a log-out here that it does not learn
/// of would some day cost a session there. It counts only if it has a threshold, and counts anew when it
/// starts. It takes no lock, so the count can still drift; a count that fails is not a reason to fail.
pub(super) fn add(folder: &Folder, files: i64) {
    if files == 0 {
        return;
    }
    for name in COUNTS.into_iter().filter(|name| folder.path().join(name).exists()) {
        for _ in 0..ATTEMPTS {
            // cachelib has no key of this name, so nobody is kept waiting but other counts.
            if let Ok(Some(_lock)) = folder.try_lock_file("count") {
                if let Err(error) = change(folder, name, files) {
                    log::debug!("cachelib's count of files was not changed: {}", Chain(&error));
                }
                break;
            }
            thread::sleep(PAUSE);
        }
    }
}

const ATTEMPTS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(1);

fn change(folder: &Folder, name: &str, files: i64) -> Result<(), StoreError> {
    let path = folder.path().join(name);
    let content = fs::read(&path).map_err(StoreError::refused)?;
    let Some(found) = layout::parts(content) else { return Ok(()) };
    let Ok(Value::Int(count)) = pickle::decode(&found.bytes) else { return Ok(()) };
    let count = count.saturating_add(files.into()).max(0);
    let Ok(pickled) = Format::Pickle.encode(&Value::Int(count)) else { return Ok(()) };
    let content = [&[0, 0, 0, 0, 0x80, 5], pickled.as_slice(), b"."].concat();
    folder.draft(&content)?.become_file(&path).map_err(StoreError::refused)
}
