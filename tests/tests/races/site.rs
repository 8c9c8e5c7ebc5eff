//! One site: one or more processes that serve the same sessions.

use session_tests::app::{App, Launch};
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::storage::Fixture;

pub(crate) struct Site<'s> {
    pub(crate) name: String,
    pub(crate) processes: Vec<App>,
    pub(crate) engine: &'s dyn Fixture,
}

impl<'s> Site<'s> {
    /// So many processes.
    pub(crate) fn of(engine: &'s dyn Fixture, processes: usize) -> Site<'s> {
        let name = format!("{engine}, {processes} of the application");
        // That many wait for one record is not a reason to give up: lost changes are counted here.
        let toml = format!(
            "[default]\nworkers = 4\nsession_store_timeout = 20\nsession_request_timeout = 60\n{}",
            engine.rocket_toml()
        );
        let process = || Launch::new(env!("CARGO_BIN_EXE_probe")).toml(&toml).start();
        Site { name, processes: (0..processes).map(|_| process()).collect(), engine }
    }

    /// Two processes, where several can share the sessions. How requests of one process meet has nothing to do with
    /// the server: one of them is enough for that.
    pub(crate) fn all(engine: &'s dyn Fixture) -> Vec<Site<'s>> {
        let processes: &[usize] = match engine.name() {
            "memory" => &[1],
            "Redis" => &[1, 2],
            _ => &[2],
        };
        processes.iter().map(|processes| Site::of(engine, *processes)).collect()
    }

    /// A client for one of the processes: neighbours get different ones.
    pub(crate) fn client(&self, number: usize) -> Client {
        Client::new(&self.processes[number % self.processes.len()].url())
    }

    /// The cookie of a visitor who has just logged in.
    pub(crate) fn log_in(&self) -> String {
        let jar = Jar::default();
        let answer = Client::with_jar(&self.processes[0].url(), &jar).get("/login?name=momo&items=20").send();
        assert_eq!(answer.status, 200, "{}: {}", self.name, self.output());
        format!("session={}", jar.get("session").expect("a session cookie"))
    }

    pub(crate) fn output(&self) -> String {
        self.processes.iter().map(App::output).collect::<Vec<_>>().join("\n")
    }
}
