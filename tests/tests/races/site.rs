//! One site: one or more processes that serve the same sessions.

use session_tests::app::{App, Launch};
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::redis::Redis;

pub(crate) struct Site {
    pub(crate) name: &'static str,
    pub(crate) processes: Vec<App>,
    pub(crate) redis: Option<Redis>,
}

impl Site {
    pub(crate) fn in_memory() -> Site {
        Site { name: "memory", processes: vec![probe("session_type = \"memory\"").start()], redis: None }
    }

    pub(crate) fn on_redis(processes: usize) -> Site {
        let redis = Redis::start();
        let process = || probe("session_type = \"redis\"").env("ROCKET_SESSION_REDIS", &redis.url()).start();
        let processes: Vec<App> = (0..processes).map(|_| process()).collect();
        let name = if processes.len() == 1 { "redis, one process" } else { "redis, several processes" };
        Site { name, processes, redis: Some(redis) }
    }

    /// Every kind of site that keeps sessions where several requests can meet.
    pub(crate) fn all() -> [Site; 3] {
        [Site::in_memory(), Site::on_redis(1), Site::on_redis(2)]
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

fn probe(settings: &str) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_probe")).toml(&format!("[default]\nworkers = 4\n{settings}\n"))
}
