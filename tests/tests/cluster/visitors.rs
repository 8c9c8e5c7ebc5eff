//! Users who are logged in, on an application whose sessions are in a cluster.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use session_tests::app::{App, Launch};
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::poll;
use session_tests::redis_cluster::RedisCluster;
use session_tests::storage::Fixture;

use crate::round::{REST, one_at_a_time, recovery, rounds};

const VISITORS: usize = 16;

/// A user who goes on visiting.
struct Visitor {
    name: String,
    client: Client,
    start: Instant,
    /// When the last answer with the user's page was asked for, in microseconds since the start.
    served: AtomicU64,
    /// The longest time without one.
    longest: AtomicU64,
    /// The number of answers of 200 and of 503.
    answers: [AtomicU64; 2],
}

impl Visitor {
    fn log_in(number: usize, app: &App) -> Visitor {
        let name = format!("visitor-{number}");
        let client = Client::with_jar(&app.url(), &Jar::default());
        assert_eq!(
            client.get(&format!("/login?name={name}&items=20")).send().status,
            200,
            "{}",
            app.output()
        );
        let zero = || AtomicU64::new(0);
        let (served, longest, answers) = (zero(), zero(), [zero(), zero()]);
        Visitor { name, client, start: Instant::now(), served, longest, answers }
    }

    /// Reads and writes in turns until `running` says no; says what was wrong.
    fn visit(&self, running: &AtomicBool) -> Result<(), String> {
        let mut turn = 0;
        let mut last = Instant::now();
        while running.load(Ordering::SeqCst) {
            turn += 1;
            let changes = if turn % 2 == 0 { json!({}) } else { json!({ "add_counter": 1 }) };
            let asked = Instant::now();
            let answer = self.client.post("/typed").json(&changes).try_send();
            let answer = answer.map_err(|error| error.to_string())?;
            match answer.status {
                200 if answer.json()["username"] == self.name.as_str() => {
                    self.longest.fetch_max(last.elapsed().as_micros() as u64, Ordering::SeqCst);
                    self.served.store((asked - self.start).as_micros() as u64, Ordering::SeqCst);
                    last = Instant::now();
                }
                503 if answer.set_cookies().is_empty() => {}
                status => return Err(format!("{}: {status}: {}", self.name, answer.text())),
            }
            self.answers[usize::from(answer.status == 503)].fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    fn was_served_since(&self, since: Instant) -> bool {
        self.start + Duration::from_micros(self.served.load(Ordering::SeqCst)) > since
    }
}

/// Lets users visit while something happens, and waits until all are served by what is there afterwards.
#[allow(clippy::print_stdout)] // for people who measure: `--nocapture`
fn nobody_is_taken_for_a_stranger(
    event: &str,
    hit: impl Fn(&mut RedisCluster, usize),
    over: impl Fn(&RedisCluster, usize) -> bool,
) {
    let _alone = one_at_a_time();
    let cluster = RefCell::new(RedisCluster::lent());
    let toml = (&*cluster.borrow() as &dyn Fixture).rocket_toml();
    let app = Launch::new(env!("CARGO_BIN_EXE_probe")).toml(&format!("[default]\n{toml}")).start();
    let visitors: Vec<Visitor> = (0..VISITORS).map(|number| Visitor::log_in(number, &app)).collect();
    let (running, failed) = (AtomicBool::new(true), AtomicBool::new(false));
    let results: Vec<Result<(), String>> = thread::scope(|scope| {
        let visit = |visitor| {
            let (running, failed) = (&running, &failed);
            scope.spawn(move || {
                let result = Visitor::visit(visitor, running);
                failed.fetch_or(result.is_err(), Ordering::SeqCst);
                result
            })
        };
        let visits: Vec<_> = visitors.iter().map(visit).collect();
        let all_are_served = |since: Instant| {
            let served = || visitors.iter().all(|visitor| visitor.was_served_since(since));
            poll::until(recovery(), || failed.load(Ordering::SeqCst) || served())
        };
        let mut well = true;
        for round in 0..rounds() {
            if round > 0 {
                thread::sleep(REST);
            }
            cluster.borrow().wait_until_whole();
            well &= all_are_served(Instant::now() + Duration::from_secs(1));
            let master = cluster.borrow().masters()[0];
            let replica = cluster.borrow().replica_of(master);
            hit(&mut cluster.borrow_mut(), master);
            well &= poll::until(recovery(), || over(&cluster.borrow(), replica));
            well &= all_are_served(Instant::now());
            cluster.borrow_mut().restore();
        }
        running.store(false, Ordering::SeqCst);
        let results = visits.into_iter().map(|visit| visit.join().expect("a visitor's thread")).collect();
        assert!(well, "not all were served again: {results:?}\n{}", app.output());
        results
    });
    for result in results {
        result.unwrap_or_else(|problem| panic!("{event}: {problem}\n{}", app.output()));
    }
    let sum =
        |which: usize| visitors.iter().map(|one| one.answers[which].load(Ordering::SeqCst)).sum::<u64>();
    let longest =
        visitors.iter().map(|visitor| visitor.longest.load(Ordering::SeqCst)).max().unwrap_or_default();
    println!(
        "cluster: {event}, over HTTP: {} rounds, {VISITORS} users; {} pages, {} answers of 503, longest time without a \
         page {:.3} s, no user taken for a stranger",
        rounds(),
        sum(0),
        sum(1),
        longest as f64 / 1e6,
    );
}

#[test]
fn users_stay_logged_in_when_a_master_is_killed() {
    let kill = |cluster: &mut RedisCluster, master| cluster.kill(master);
    nobody_is_taken_for_a_stranger("kill -9 of a master", kill, |cluster, replica| {
        cluster.nodes()[replica].is_master()
    });
}

#[test]
fn users_stay_logged_in_when_masters_change_places_with_their_replicas() {
    let failover = |cluster: &mut RedisCluster, _| cluster.failover_all();
    nobody_is_taken_for_a_stranger("CLUSTER FAILOVER of all masters", failover, |_, _| true);
}
