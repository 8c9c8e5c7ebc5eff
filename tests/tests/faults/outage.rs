//! Outages of every kind, while visitors go on reading and writing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use session_tests::app::{App, Launch};
use session_tests::budget;
use session_tests::client::Client;
use session_tests::poll;
use session_tests::process::PATIENCE;
use session_tests::proxy::{Proxy, Way};
use session_tests::redis::Redis;

use crate::visitor::Visitor;

struct Site {
    redis: Redis,
    proxy: Proxy,
    processes: Vec<App>,
}

impl Site {
    fn start() -> Site {
        let redis = Redis::start();
        let proxy = Proxy::to(redis.port());
        let process = || {
            Launch::new(env!("CARGO_BIN_EXE_probe"))
                .toml("[default]\nsession_type = \"redis\"\nlog_level = \"critical\"\n")
                .env("ROCKET_SESSION_REDIS", &proxy.redis_url())
                .start()
        };
        let processes = vec![process(), process()];
        Site { redis, proxy, processes }
    }

    fn urls(&self) -> Vec<String> {
        self.processes.iter().map(App::url).collect()
    }
}

/// Lets visitors read and write before, during and after an outage, in which at least `refused` of the
/// requests must fail: otherwise there was none.
fn survive(begin: impl FnOnce(&mut Site), end: impl FnOnce(&mut Site)) {
    const VISITORS: usize = 4;
    let outage = Duration::from_secs(budget::amount("OUTAGE_SECONDS", 6, 30));
    let mut site = Site::start();
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
        let client = Client::new(&urls[0]);
        let works = || client.get("/login?name=late&items=1").send().status == 200;
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

/// What else holds while the store does not work.
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

#[test]
fn redis_is_killed_and_started_again() {
    survive(|site| site.redis.kill(), |site| site.redis.restart());
}

#[test]
fn redis_is_shut_down_and_started_again() {
    survive(|site| site.redis.stop(), |site| site.redis.restart());
}

#[test]
fn redis_stands_still() {
    survive(|site| site.redis.pause(), |site| site.redis.resume());
}

#[test]
fn something_else_answers_at_its_port() {
    survive(|site| site.proxy.set(Way::Garbage), |site| site.proxy.set(Way::Open));
}

#[test]
fn connections_are_cut_in_the_middle_of_answers() {
    survive(|site| site.proxy.set(Way::Cut(3)), |site| site.proxy.set(Way::Open));
}

#[test]
fn connections_are_cut_before_answers() {
    survive(|site| site.proxy.set(Way::Cut(0)), |site| site.proxy.set(Way::Open));
}

#[test]
fn answers_are_lost_without_a_sign() {
    survive(|site| site.proxy.set(Way::Silent), |site| site.proxy.set(Way::Open));
}

#[test]
fn redis_becomes_a_replica_that_only_reads() {
    // Its master does not exist: it keeps its records and refuses every write.
    survive(
        |site| drop(site.redis.command(&["REPLICAOF", "127.0.0.1", "1"])),
        |site| drop(site.redis.command(&["REPLICAOF", "NO", "ONE"])),
    );
}

#[test]
fn redis_is_full() {
    survive(
        |site| drop(site.redis.command(&["CONFIG", "SET", "maxmemory", "1"])),
        |site| drop(site.redis.command(&["CONFIG", "SET", "maxmemory", "0"])),
    );
}
