//! A folder of session files that a Rust and a Python application can share.

use std::fs;
use std::path::{Path, PathBuf};

use crate::storage::{Fixture, Setting, Storage, at, flask_session_at};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// A folder of the test's own.
pub struct Files(TempDir);

impl Files {
    /// An empty folder.
    pub fn new() -> Files {
        Files(TempDir::new().expect("a temporary folder"))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The path of the record under `key`.
    pub fn file(&self, key: &str) -> PathBuf {
        let name: String = Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect();
        self.path().join(name)
    }
}

/// A file begins with the second at which it ends; 0 is never.
fn is_alive(file: &[u8], now: f64) -> bool {
    let end = u32::from_le_bytes(file[..4].try_into().expect("four bytes"));
    end == 0 || f64::from(end) >= now
}

impl Default for Files {
    fn default() -> Self {
        Files::new()
    }
}

/// A folder of files.
pub fn on_files() -> Storage {
    Box::new(Files::new())
}

impl Fixture for Files {
    fn name(&self) -> &'static str {
        "files"
    }

    fn settings(&self) -> Vec<(&'static str, Setting)> {
        at("cachelib", "session_file_dir", self.path().display().to_string())
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        flask_session_at("PROBE_FILES", self.path().display().to_string())
    }

    // The names of the files: they are made from the keys, which can't be told from them.
    fn keys(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).expect("the folder").flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| !name.ends_with(".__wz_cache")).collect();
        names.sort();
        names
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        fs::read(self.file(key)).ok().map(|file| file[4..].to_vec())
    }

    fn records(&self) -> Vec<Vec<u8>> {
        let file = |name: &String| fs::read(self.path().join(name)).ok();
        self.keys().iter().filter_map(file).map(|file| file[4..].to_vec()).collect()
    }

    fn spoil(&self, key: &str) {
        fs::remove_file(self.file(key)).expect("a session file");
        fs::create_dir(self.file(key)).expect("a folder");
    }

    fn clear(&self) {
        for name in self.keys() {
            fs::remove_file(self.path().join(name)).expect("a session file");
        }
    }

    fn living_keys(&self, now: f64) -> Vec<String> {
        let mut names = self.keys();
        names.retain(|name| is_alive(&fs::read(self.path().join(name)).expect("a session file"), now));
        names
    }

    fn living(&self, key: &str, now: f64) -> Option<Vec<u8>> {
        fs::read(self.file(key)).ok().filter(|file| is_alive(file, now)).map(|file| file[4..].to_vec())
    }

    fn pickles(&self) -> bool {
        true
    }
}
