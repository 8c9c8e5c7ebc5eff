//! A server started by a test.

use std::fs;
use std::io::ErrorKind;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::poll;

/// The time a server may take to come up or to end: generous, since a loaded machine is slow and only a
/// failing test ever waits for all of it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running program. It is killed and reaped when the value is dropped; what it prints goes to a file that
/// is shown when something fails.
pub struct Process {
    name: String,
    child: Child,
    output: NamedTempFile,
}

/// Actions on a running program, beside killing it.
#[derive(Clone, Copy, Debug)]
pub enum Signal {
    /// SIGTERM: please end.
    Terminate,
    /// SIGQUIT: to PostgreSQL, drop everything at once.
    Quit,
    /// SIGSTOP: stand still, with all connections open.
    Stop,
    /// SIGCONT: go on.
    Continue,
}

impl Process {
    /// Starts `command`; if there is no such program the test fails and names `install`.
    pub fn start(mut command: Command, install: &str) -> Process {
        let name = command.get_program().to_string_lossy().into_owned();
        let output = NamedTempFile::new().expect("a temporary file");
        // Both streams share one position in the file, so that neither writes over the other.
        let stream = || Stdio::from(output.as_file().try_clone().expect("the output file"));
        command.stdin(Stdio::null()).stdout(stream()).stderr(stream());
        let child = command.spawn().unwrap_or_else(|error| match error.kind() {
            ErrorKind::NotFound => panic!("{name} is not installed; install it with: {install}"),
            _ => panic!("{name} can't be started: {error}"),
        });
        Process { name, child, output }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has printed so far, on both streams.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.output.path()).expect("the output file")).into_owned()
    }

    /// Waits until `ready` says yes. Fails with the program's output if it ends before, or takes too long.
    pub fn wait_until(&mut self, what: &str, mut ready: impl FnMut(&Process) -> bool) {
        let came = poll::until(PATIENCE, || {
            if let Some(status) = self.child.try_wait().expect("the state of a child") {
                panic!("{} ended ({status}) before it was {what}:\n{}", self.name, self.output());
            }
            ready(self)
        });
        assert!(came, "{} was not {what} within {PATIENCE:?}:\n{}", self.name, self.output());
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let name = match signal {
            Signal::Terminate => "TERM",
            Signal::Quit => "QUIT",
            Signal::Stop => "STOP",
            Signal::Continue => "CONT",
        };
        // The shell's own `kill`: there is no safe call for it in the standard library.
        let kill = Command::new("sh").args(["-c", &format!("kill -s {name} {}", self.pid())]).status();
        assert!(kill.is_ok_and(|status| status.success()), "{} can't be sent SIG{name}", self.name);
        if let Signal::Stop = signal {
            let stopped = poll::until(PATIENCE, || self.is_stopped());
            assert!(stopped, "{} does not stand still", self.name);
        }
    }

    /// Whether all of its threads stand still: the signal is sent to one, and reaches the others a little later.
    fn is_stopped(&self) -> bool {
        let threads = fs::read_dir(format!("/proc/{}/task", self.pid())).into_iter().flatten().flatten();
        threads
            .map(|thread| fs::read_to_string(thread.path().join("stat")).unwrap_or_default())
            .all(|stat| stat.rsplit_once(") ").is_none_or(|(_, state)| state.starts_with('T')))
    }

    /// Waits until it has ended by itself; fails with its output if that takes too long.
    pub fn wait(&mut self) -> ExitStatus {
        let mut ended = None;
        poll::until(PATIENCE, || {
            ended = self.child.try_wait().expect("the state of a child");
            ended.is_some()
        });
        ended.unwrap_or_else(|| panic!("{} did not end within {PATIENCE:?}:\n{}", self.name, self.output()))
    }

    /// Lets it stand still with all connections open, as an overloaded machine or a cut network does.
    pub fn pause(&self) {
        self.signal(Signal::Stop);
    }

    /// Ends [`pause`](Process::pause).
    pub fn resume(&self) {
        self.signal(Signal::Continue);
    }

    /// Kills it (SIGKILL, which also ends a stopped process) and waits until it is gone.
    pub fn kill(&mut self) {
        // An error means that it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs a program to its end and gives what it printed; a program that is missing or fails, fails the test.
pub fn run(command: &mut Command, install: &str) -> String {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| match error.kind() {
        ErrorKind::NotFound => panic!("{name} is not installed; install it with: {install}"),
        _ => panic!("{name} can't be started: {error}"),
    });
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}:\n{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Process::start(command, "a shell")
    }

    #[test]
    #[should_panic(expected = "the reason why")]
    fn a_server_that_ends_early_fails_the_test_with_its_own_words() {
        shell("echo the reason why >&2; exit 3").wait_until("ready", |_| false);
    }

    #[test]
    #[should_panic(expected = "install it with: apt-get install unheard-of")]
    fn a_missing_program_fails_the_test_with_the_command_that_installs_it() {
        Process::start(Command::new("unheard-of-program"), "apt-get install unheard-of");
    }

    #[test]
    fn a_dropped_process_is_gone_even_while_it_is_stopped() {
        let mut process = shell("echo up; exec sleep 600");
        process.wait_until("up", |process| process.output() == "up\n");
        process.signal(Signal::Stop);
        let folder = format!("/proc/{}", process.pid());
        drop(process);
        assert!(!fs::exists(folder).unwrap());
    }
}
