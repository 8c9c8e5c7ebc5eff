//! A server process that belongs to one test.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Generous: only a failing test ever waits for all of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server on a port of 127.0.0.1; it ends with the test.
pub(crate) struct PrivateServer {
    child: Child,
    port: u16,
    command: Box<dyn Fn(u16) -> Command + Send + Sync>,
    install: &'static str,
}

impl PrivateServer {
    /// Starts what `command` says for a free port; without the program the test fails and names `install`.
    pub(crate) fn start(
        command: impl Fn(u16) -> Command + Send + Sync + 'static,
        install: &'static str,
    ) -> PrivateServer {
        // Somebody else may take a free port before the server does.
        for _ in 0..10 {
            let port = free_port();
            if let Some(child) = launch(&command, port, install) {
                return PrivateServer { child, port, command: Box::new(command), install };
            }
        }
        panic!("no server came up on any of ten ports");
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("wait");
    }

    /// Starts a killed server again, on the same port.
    pub(crate) fn start_again(&mut self) {
        self.child = launch(&self.command, self.port, self.install).expect("the same port again");
    }

    /// Stops the process without ending it: connections stay open, nothing is answered.
    pub(crate) fn freeze(&self) {
        self.signal("STOP");
        // A thread that is just running stops a little later.
        wait_until("stopped", || self.threads_are_stopped());
    }

    fn threads_are_stopped(&self) -> bool {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.pid())).expect("its threads");
        threads.flatten().all(|thread| {
            // A thread that has ended meanwhile is no matter.
            let state = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            state.is_empty() || state.rsplit_once(')').is_some_and(|(_, state)| state.starts_with(" T"))
        })
    }

    pub(crate) fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.expect("kill, from Debian's procps").success());
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        // Also a frozen process dies of this. It may have been killed by its test already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Starts a server and waits until it accepts connections; `None` if it ends before.
fn launch(command: &dyn Fn(u16) -> Command, port: u16, install: &str) -> Option<Child> {
    let mut command = command(port);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap_or_else(
            |error| {
                panic!("{:?} can't be started ({error}); install it with: {install}", command.get_program())
            },
        );
    let mut ended = false;
    wait_until("listening", || {
        ended = child.try_wait().expect("the state of a child").is_some();
        ended || TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    (!ended).then_some(child)
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < end, "the server was not {what} in time");
        std::thread::sleep(Duration::from_millis(5));
    }
}
