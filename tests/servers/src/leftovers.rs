//! What a test process leaves behind when it ends: a value in a `static` is never dropped.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A folder that is removed when the test process has ended, however it has, after the processes whose working directory
/// is below it were killed.
pub(crate) struct Leftovers {
    folder: TempDir,
    /// Its input ends with this process.
    watcher: Child,
}

/// Processes are found by their working directory: an id may belong to somebody else by then.
const WATCHER: &str = "cat >/dev/null; cd /; \
    for process in /proc/[0-9]*; do \
        case $(readlink $process/cwd) in \"$1\"/*) kill -s KILL ${process#/proc/} ;; esac; \
    done 2>/dev/null; \
    rm -rf \"$1\"";

impl Leftovers {
    pub(crate) fn new() -> Leftovers {
        let folder = TempDir::new().expect("a temporary folder");
        let mut watcher = Command::new("sh");
        watcher.args(["-c", WATCHER, "sh"]).arg(folder.path());
        // Whoever reads what the test prints waits for everybody who could print.
        watcher.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Leftovers { watcher: watcher.spawn().expect("a shell"), folder }
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Leftovers {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        // An error means that it was not there.
        let _ = self.watcher.wait();
    }
}
