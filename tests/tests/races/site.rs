//! One site: one or more processes that serve the same sessions.

use serde_json::Value;
use session_tests::app::{App, Launch};
use session_tests::client::{Answer, Client};
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
        let settings = vec![String::new(); processes];
        Site::serving(env!("CARGO_BIN_EXE_probe"), engine, &settings)
    }

    /// Processes of the probe with users, each with settings of its own.
    pub(crate) fn with_users(engine: &'s dyn Fixture, settings: &[String]) -> Site<'s> {
        Site::serving(env!("CARGO_BIN_EXE_probe-users"), engine, settings)
    }

    fn serving(program: &str, engine: &'s dyn Fixture, settings: &[String]) -> Site<'s> {
        let name = format!("{engine}, {} of the application", settings.len());
        let process = |settings: &String| {
            // That many wait for one record is not a reason to give up: lost changes are counted here.
            let toml = format!(
                "[default]\nworkers = 4\nsession_store_timeout = 30\nsession_request_timeout = 60\n{settings}\n{}",
                engine.rocket_toml()
            );
            Launch::new(program).toml(&toml).start()
        };
        Site { name, processes: settings.iter().map(process).collect(), engine }
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

    /// The same with a jar, which takes cookies in the order in which answers arrive.
    pub(crate) fn client_with(&self, jar: &Jar, number: usize) -> Client {
        Client::with_jar(&self.processes[number % self.processes.len()].url(), jar)
    }

    /// The cookie of a new visitor, whose session has these fields.
    pub(crate) fn visitor_with(&self, fields: &Value) -> String {
        let answer = self.client(0).post("/typed").json(fields).send();
        assert_eq!(answer.status, 200, "{}: {}", self.name, self.output());
        session_cookie(&answer).expect("a session cookie")
    }

    /// The fields of the session that a cookie leads to, as each process says.
    pub(crate) fn fields(&self, cookie: &str) -> Value {
        let fields = |process: usize| self.client(process).get("/typed").cookie(cookie).send().json();
        let first = fields(0);
        for process in 1..self.processes.len() {
            assert_eq!(fields(process), first, "{}", self.name);
        }
        first
    }

    /// The cookie of a visitor who has just logged in.
    pub(crate) fn log_in(&self) -> String {
        let jar = Jar::default();
        let answer = Client::with_jar(&self.processes[0].url(), &jar).get("/login?name=momo&items=20").send();
        assert_eq!(answer.status, 200, "{}: {}", self.name, self.output());
        format!("session={}", jar.get("session").expect("a session cookie"))
    }

    /// The address of one of the processes: neighbours have different ones.
    pub(crate) fn url(&self, number: usize) -> String {
        self.processes[number % self.processes.len()].url()
    }

    pub(crate) fn output(&self) -> String {
        self.processes.iter().map(App::output).collect::<Vec<_>>().join("\n")
    }
}

/// The cookie that an answer sets, as a request sends it; not one that it deletes.
pub(crate) fn session_cookie(answer: &Answer) -> Option<String> {
    let pairs = answer.set_cookies().into_iter().filter_map(|line| line.split(';').next());
    pairs.filter(|pair| pair.starts_with("session=") && *pair != "session=").map(str::to_owned).next_back()
}
