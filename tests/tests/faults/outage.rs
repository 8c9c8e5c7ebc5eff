//! Outages of every kind, while visitors go on reading and writing.

use std::any::Any;
use std::cell::RefCell;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use session_tests::app::{App, Launch};
use session_tests::budget;
use session_tests::client::Client;
use session_tests::on_stores;
use session_tests::poll;
use session_tests::process::{PATIENCE, run};
use session_tests::proxy::{Proxy, Way};
use session_tests::redis::Redis;
use session_tests::storage::{Database, Storage, on_redis};

use crate::visitor::Visitor;

struct Site {
    storage: Storage,
    proxy: Option<Proxy>,
    processes: Vec<App>,
}

impl Site {
    /// Two processes; a server is behind a proxy.
    fn start(storage: Storage) -> Site {
        let (proxy, toml) = if storage.is_server() {
            let proxy = storage.proxy();
            let toml = storage.rocket_toml_behind(&proxy);
            (Some(proxy), toml)
        } else {
            (None, storage.rocket_toml())
        };
        // Silent where printing is a write to a full disk.
        let process =
            || Launch::by(survivor()).toml(&format!("[default]\nlog_level = \"off\"\n{toml}")).start();
        let processes = vec![process(), process()];
        Site { storage, proxy, processes }
    }

    fn urls(&self) -> Vec<String> {
        self.processes.iter().map(App::url).collect()
    }

    fn set(&self, way: Way) {
        self.proxy.as_ref().expect("a server").set(way);
    }

    /// Lets no process write to a file beyond its first byte, or as before.
    fn limit_files(&self, limit: &str) {
        for process in &self.processes {
            let arguments = [format!("--pid={}", process.pid()), format!("--fsize={limit}:unlimited")];
            run(Command::new("prlimit").args(arguments), "apt-get install -y util-linux");
        }
    }
}

/// The probe, which gets an error and no signal when a file may not grow.
fn survivor() -> Command {
    let mut command = Command::new("env");
    command.arg("--ignore-signal=XFSZ").arg(env!("CARGO_BIN_EXE_probe"));
    command
}

/// Lets visitors read and write before, during and after an outage, in which at least `refused` of the
/// requests must fail: otherwise there was none.
fn survive(storage: Storage, begin: impl FnOnce(&mut Site), end: impl FnOnce(&mut Site)) {
    const VISITORS: usize = 4;
    let outage = Duration::from_secs(budget::amount("OUTAGE_SECONDS", 4, 30));
    let mut site = Site::start(storage);
    let urls = site.urls();
    let visitors: Vec<Visitor> = (0..VISITORS).map(|number| Visitor::log_in(number, &urls)).collect();
    let (running, failed) = (AtomicBool::new(true), AtomicBool::new(false));
    let visitors = thread::scope(|scope| {
        let load: Vec<_> = visitors
            .into_iter()
            .map(|mut visitor| {
                let (running, failed) = (&running, &failed);
                scope.spawn(move || {
                    while running.load(Ordering::Relaxed) {
                        if let Err(problem) = visitor.visit() {
                            failed.store(true, Ordering::Relaxed);
                            return Err(problem);
                        }
                        // The load of people, not of a benchmark: the breaker answers in microseconds.
                        thread::sleep(Duration::from_millis(2));
                    }
                    Ok(visitor)
                })
            })
            .collect();
        let pass = |time: Duration| {
            let until = Instant::now() + time;
            poll::until(time, || failed.load(Ordering::Relaxed) || Instant::now() >= until);
        };
        pass(Duration::from_millis(500));
        begin(&mut site);
        pass(outage);
        during(&site);
        end(&mut site);
        // Without a restart of the application.
        let clients: Vec<Client> = urls.iter().map(|url| Client::new(url)).collect();
        // Writes and loads, in each process: each is let through when a ping was answered.
        let works = |client: &Client| {
            let login = client.get("/login?name=late&items=1").send();
            let cookie =
                login.set_cookies().first().and_then(|line| line.split(';').next().map(str::to_owned));
            let reads = |cookie: String| client.get("/read").cookie(&cookie).send().status == 200;
            login.status == 200 && cookie.is_some_and(reads)
        };
        let works = || clients.iter().all(works);
        let recovered = poll::until(PATIENCE, || failed.load(Ordering::Relaxed) || works());
        pass(Duration::from_secs(1));
        running.store(false, Ordering::Relaxed);
        assert!(recovered, "the application did not recover");
        load.into_iter().map(|visitor| visitor.join().expect("a visitor's thread")).collect::<Vec<_>>()
    });
    for visitor in visitors {
        let mut visitor = visitor.unwrap_or_else(|problem| panic!("{problem}"));
        assert!(visitor.refused > 0, "nothing failed: there was no outage");
        // Reads, writes and increments, all of them served again.
        let served = visitor.served;
        for _ in 0..6 {
            visitor.visit().unwrap_or_else(|problem| panic!("after the outage: {problem}"));
        }
        assert_eq!(visitor.served, served + 6, "after the outage");
    }
}

/// Other rules that hold while the store does not work.
fn during(site: &Site) {
    for url in site.urls() {
        let client = Client::new(&url);
        let login = client.get("/login?name=nobody&items=1").send();
        assert_eq!(login.status, 503, "a login that could not be saved");
        assert!(login.set_cookies().is_empty());
        assert_eq!(client.get("/untouched").send().text(), "ok");
        // A page that wants the session of somebody who has none needs no store.
        assert_eq!(client.get("/read").send().status, 200);
    }
}

mod the_server_is_killed_and_started_again {
    use session_tests::storage;
    use session_tests::storage::Database;

    use super::{Storage, survive};

    fn killed(storage: Storage) {
        survive(storage, |site| site.storage.kill(), |site| site.storage.restart());
    }

    #[test]
    fn on_redis() {
        killed(storage::on_redis());
    }

    #[test]
    fn on_redis_cluster() {
        killed(storage::on_redis_cluster());
    }

    #[test]
    fn on_postgresql() {
        killed(Box::new(Database::postgres_alone()));
    }

    #[test]
    fn on_mariadb() {
        killed(Box::new(Database::mariadb_alone()));
    }

    #[test]
    fn on_mongodb() {
        killed(storage::on_mongodb());
    }
}

on_stores!(servers, something_else_answers_at_its_port);

fn something_else_answers_at_its_port(storage: Storage) {
    survive(storage, |site| site.set(Way::Garbage), |site| site.set(Way::Open));
}

on_stores!(servers, connections_are_cut_in_the_middle_of_answers);

fn connections_are_cut_in_the_middle_of_answers(storage: Storage) {
    survive(storage, |site| site.set(Way::Cut(3)), |site| site.set(Way::Open));
}

on_stores!(servers, connections_are_cut_before_answers);

fn connections_are_cut_before_answers(storage: Storage) {
    survive(storage, |site| site.set(Way::Cut(0)), |site| site.set(Way::Open));
}

on_stores!(servers, answers_are_lost_without_a_sign);

fn answers_are_lost_without_a_sign(storage: Storage) {
    survive(storage, |site| site.set(Way::Silent), |site| site.set(Way::Open));
}

on_stores!(files, the_disk_is_full);

fn the_disk_is_full(storage: Storage) {
    survive(storage, |site| site.limit_files("0"), |site| site.limit_files("unlimited"));
}

/// Somebody has the database open in a tool, in the middle of a transaction.
#[test]
fn another_program_holds_the_lock_on_sqlite() {
    let database = Database::sqlite();
    let file = database.file();
    let lock = RefCell::new(None);
    survive(
        Box::new(database),
        |_| {
            let mut tool = Command::new("sqlite3").arg(file).stdin(Stdio::piped()).spawn().expect("sqlite3");
            let commands = b".timeout 10000\nBEGIN EXCLUSIVE;\n";
            tool.stdin.as_mut().expect("its input").write_all(commands).expect("sqlite3 reads");
            lock.replace(Some(tool));
        },
        |_| {
            // The end of its input ends it, and what it began is undone.
            let mut tool = lock.take().expect("the tool");
            drop(tool.stdin.take());
            assert!(tool.wait().expect("its end").success());
        },
    );
}

/// A process of Redis of the test's own.
fn redis(site: &mut Site) -> &mut Redis {
    let storage: &mut dyn Any = &mut *site.storage;
    storage.downcast_mut().expect("this outage is Redis' own")
}

#[test]
fn redis_is_shut_down_and_started_again() {
    survive(on_redis(), |site| redis(site).stop(), |site| redis(site).restart());
}

#[test]
fn redis_stands_still() {
    survive(on_redis(), |site| redis(site).pause(), |site| redis(site).resume());
}

#[test]
fn redis_becomes_a_replica_that_only_reads() {
    // Its master does not exist: it keeps its records and refuses every write.
    survive(
        on_redis(),
        |site| drop(redis(site).command(&["REPLICAOF", "127.0.0.1", "1"])),
        |site| drop(redis(site).command(&["REPLICAOF", "NO", "ONE"])),
    );
}

#[test]
fn redis_is_full() {
    survive(
        on_redis(),
        |site| drop(redis(site).command(&["CONFIG", "SET", "maxmemory", "1"])),
        |site| drop(redis(site).command(&["CONFIG", "SET", "maxmemory", "0"])),
    );
}
