//! Applications of this workspace, started as a user starts them.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use serde_json::Value;
use tempfile::TempDir;

use crate::port;
use crate::process::{Process, Signal};

/// A running Rocket application. It is killed when the value is dropped.
pub struct App {
    port: u16,
    process: Process,
    folder: TempDir,
}

/// A Rocket application about to be started.
pub struct Launch {
    command: Command,
    folder: TempDir,
    port: u16,
}

impl Launch {
    /// `binary` is `env!("CARGO_BIN_EXE_…")` in the tests of its own package, otherwise what [`example`] gives.
    ///
    /// The working directory is a temporary folder, so that only what is said here configures it.
    pub fn new(binary: impl AsRef<Path>) -> Launch {
        Launch::by(Command::new(binary.as_ref()))
    }

    /// The same for an application that `command` becomes, as `env` and the like do.
    pub fn by(mut command: Command) -> Launch {
        let (folder, port) = (TempDir::new().expect("a temporary folder"), port::free_port());
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ROCKET_")) {
            command.env_remove(name);
        }
        command
            .current_dir(folder.path())
            .env("ROCKET_PORT", port.to_string())
            .env("ROCKET_CLI_COLORS", "false");
        Launch { command, folder, port }
    }

    /// Gives it this Rocket.toml.
    pub fn toml(mut self, text: &str) -> Launch {
        let file = self.folder.path().join("Rocket.toml");
        fs::write(&file, text).expect("Rocket.toml in a temporary folder");
        self.command.env("ROCKET_CONFIG", file);
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Launch {
        self.command.env(name, value);
        self
    }

    /// Starts it and waits until it listens.
    pub fn start(self) -> App {
        let mut process = Process::start(self.command, BUILD);
        process.wait_until("ready", |_| port::answers(self.port));
        App { port: self.port, process, folder: self.folder }
    }

    /// Starts it and expects that it refuses to launch; what it printed.
    pub fn refused(self) -> String {
        let mut process = Process::start(self.command, BUILD);
        let status = process.wait();
        assert!(!status.success(), "the application ended as if all were well:\n{}", process.output());
        process.output()
    }
}

impl App {
    /// The address without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The folder that it was started in, and that goes with it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Everything the application has printed, its log among it.
    pub fn output(&self) -> String {
        self.process.output()
    }

    /// Ends it in good order (SIGTERM) and waits; everything it printed.
    pub fn shut_down(mut self) -> String {
        self.process.signal(Signal::Terminate);
        self.process.wait();
        self.process.output()
    }
}

const BUILD: &str = "cargo build --workspace --bins";

/// The binary of an example, built as its README says: alone, so that it gets only what it asks for itself.
pub fn example(package: &str) -> PathBuf {
    built(package, &["--package", package])
}

/// The binary of an example with all of its features, which the whole workspace is built with for the tests: so
/// no dependency is compiled anew.
pub fn example_with_all_features(package: &str) -> PathBuf {
    built(package, &["--workspace", "--all-features", "--bin", package])
}

fn built(package: &str, selection: &[&str]) -> PathBuf {
    static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    // A build that failed in another test fails in this one too, with its own message.
    let mut built = BUILT.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    built.entry(selection.join(" ")).or_insert_with(|| build(package, selection)).clone()
}

/// A copy of the binary: the next build may put another one in its place.
fn build(package: &str, selection: &[&str]) -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let result = Command::new(cargo)
        .args(["build", "--message-format=json-render-diagnostics"])
        .args(selection)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo");
    assert!(
        result.status.success(),
        "{package} does not build:\n{}",
        String::from_utf8_lossy(&result.stderr)
    );
    let binary = String::from_utf8_lossy(&result.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact" && message["target"]["name"] == package)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .unwrap_or_else(|| panic!("{package} has no binary of its own name"));
    let copy = binary.with_file_name(format!("{package}-{:x}", selection.len()));
    fs::copy(&binary, &copy).expect("a copy of the binary");
    copy
}
