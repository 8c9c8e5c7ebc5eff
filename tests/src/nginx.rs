//! A private nginx, for applications that share one address.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::process::Command;

use tempfile::TempDir;

use crate::port;
use crate::process::Process;

/// A running nginx. It is killed when the value is dropped.
pub struct Nginx {
    port: u16,
    process: Process,
    folder: TempDir,
}

impl Nginx {
    /// Starts it with a whole configuration, which listens on `port` of 127.0.0.1 and writes to relative paths:
    /// they are in a temporary folder.
    pub fn start(configuration: &str, port: u16) -> Nginx {
        let folder = TempDir::new().expect("a temporary folder");
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration).expect("nginx.conf in a temporary folder");
        let mut command = Command::new("nginx");
        command.env("PATH", path()).arg("-p").arg(folder.path()).arg("-c").arg(file);
        // One process, so that none is left behind when it is killed.
        command.args(["-e", "stderr", "-g", "daemon off; master_process off;"]);
        let mut process = Process::start(command, "apt-get install -y nginx");
        process.wait_until("ready", |_| port::answers(port));
        Nginx { port, process, folder }
    }

    /// The address without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The text so far of the log of this name, a relative path of its configuration.
    pub fn log(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Everything it has printed.
    pub fn output(&self) -> String {
        self.process.output()
    }
}

/// Debian keeps nginx where only root looks for programs.
fn path() -> OsString {
    let mut path = env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin");
    path
}
