//! Failovers while 64 tasks write: the master ends or stands still, an operator plans one, sentinels are away.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rocket_session_state::store::RedisStore;
use session_tests::budget;
use session_tests::load::{Counts, Load};
use session_tests::poll;
use session_tests::process::PATIENCE;
use session_tests::redis_sentinel::{DOWN_AFTER, FAILOVER_TIMEOUT, Plan, RedisSentinel};

/// The servers of all tests here, which run one after another: they measure, and a start takes seconds.
struct Shared(MutexGuard<'static, Option<RedisSentinel>>);

impl Shared {
    fn take() -> Shared {
        static SERVERS: Mutex<Option<RedisSentinel>> = Mutex::new(None);
        let mut servers = SERVERS.lock().unwrap_or_else(|broken| {
            // Nobody knows what state a test leaves that has failed.
            let mut servers = PoisonError::into_inner(broken);
            *servers = None;
            SERVERS.clear_poison();
            servers
        });
        servers.get_or_insert_with(|| RedisSentinel::start_as(Plan::with_passwords()));
        Shared(servers)
    }

    fn redis(&mut self) -> &mut RedisSentinel {
        self.0.as_mut().expect("servers since they were taken")
    }
}

/// What one failover has cost.
struct Cost {
    /// The longest time for which a session was not written.
    silence: Duration,
    /// Acknowledged swaps per second, before the failover or with it, whichever was faster: what runs beside the test can
    /// hold up a part of it.
    pace: f64,
    counts: Counts,
}

/// In this time every session has to be written again, also where the sentinels need two elections. A run that shares its
/// processors with others can only tell whether something hangs.
fn recovery() -> Duration {
    DOWN_AFTER + FAILOVER_TIMEOUT * 2 + Duration::from_secs(if budget::long() { 5 } else { 40 })
}

/// Lets something happen to the master under load, round by round, and then lets everybody come back. `hit` is told the
/// round and the master.
fn survive(event: &str, hit: impl Fn(&mut RedisSentinel, u64, usize)) -> Vec<Cost> {
    let mut shared = Shared::take();
    let redis = shared.redis();
    redis.restore();
    redis.wait_until_whole();
    let load = Load::on(RedisStore::from_url(&redis.url()).unwrap());
    let rounds = 0..budget::amount("ROUNDS", 1, 10);
    let costs: Vec<Cost> =
        rounds.map(|number| round(redis, &load, |redis, master| hit(redis, number, master))).collect();
    drop(load);
    tell(event, &costs);
    for cost in &costs {
        assert_eq!(cost.counts.false_conflicts, 0, "{event}: a swap met its own record");
    }
    costs
}

fn round(redis: &mut RedisSentinel, load: &Load, hit: impl FnOnce(&mut RedisSentinel, usize)) -> Cost {
    redis.forget_failovers();
    redis.wait_until_whole();
    let before = Instant::now();
    load.begin();
    load.written_since(before + Duration::from_secs(1), recovery());
    let pace = load.counts().swaps as f64 / before.elapsed().as_secs_f64();
    load.begin();
    let (master, begin) = (redis.master(), Instant::now());
    hit(redis, master);
    assert!(poll::until(recovery(), || redis.master() != master), "no other server became the master");
    load.written_since(Instant::now(), recovery().saturating_sub(begin.elapsed()));
    let silence = load.longest_silence(|_| true);
    // A server that comes back takes itself for a master until sentinels tell it otherwise, and an operator's failover
    // leaves the old one a master for long: nobody may go there.
    redis.restore();
    redis.wait_until_whole();
    load.written_since(Instant::now(), recovery());
    let counts = load.counts();
    Cost { silence, pace: pace.max(counts.swaps as f64 / begin.elapsed().as_secs_f64()), counts }
}

#[allow(clippy::print_stdout)] // for people who measure: `--nocapture`
fn tell(event: &str, costs: &[Cost]) {
    for Cost { silence, pace, counts } in costs {
        println!(
            "sentinel: {event}: nothing was written for {:.3} s; {} swaps ({pace:.0} a second), {} errors ({:?}), {} of them \
             had happened, {} happened later, {} false conflicts, {} acknowledged lost",
            silence.as_secs_f64(),
            counts.swaps,
            counts.failed(),
            counts.errors,
            counts.happened,
            counts.late,
            counts.false_conflicts,
            counts.lost,
        );
    }
}

/// A server that ends loses what its replica does not have yet: little, unless the replica gets no processor. Who follows an
/// old master that comes back loses at least eight seconds.
fn little() -> f64 {
    if budget::long() { 0.5 } else { 4.0 }
}

/// Checks that the acknowledged writes of so many seconds are lost at most.
fn lose_at_most(seconds: f64, costs: &[Cost]) {
    for cost in costs {
        let lost = cost.counts.lost as f64 / cost.pace;
        assert!(lost <= seconds, "the writes of {lost:.1} seconds are lost");
    }
}

#[test]
fn a_master_that_is_killed_is_left_for_its_replica_and_not_followed_when_it_comes_back() {
    lose_at_most(little(), &survive("kill -9", |redis, _, master| redis.kill(master)));
}

#[test]
fn a_master_that_stands_still_is_left_for_its_replica_and_not_followed_when_it_goes_on() {
    lose_at_most(little(), &survive("the master stands still", |redis, _, master| redis.pause(master)));
}

#[test]
fn a_master_that_is_killed_is_left_though_a_sentinel_is_away() {
    let costs = survive("kill -9, and a sentinel stands still or is down", |redis, round, master| {
        if round % 2 == 0 {
            redis.pause_sentinel(1)
        } else {
            redis.kill_sentinel(0)
        }
        redis.kill(master);
    });
    lose_at_most(little(), &costs);
}

/// The old master acknowledges writes for eleven seconds more. What it was given is thrown away: that of about a second,
/// which passes before a sentinel notices that the new one is a master.
#[test]
fn a_failover_that_an_operator_plans_loses_the_writes_of_two_seconds_at_most() {
    let costs = survive("SENTINEL FAILOVER", |redis, _, _| redis.fail_over());
    lose_at_most(if budget::long() { 2.0 } else { 4.0 }, &costs);
}

#[test]
fn sentinels_that_are_all_away_do_not_keep_anybody_from_a_master_that_was_found() {
    let mut shared = Shared::take();
    let redis = shared.redis();
    redis.restore();
    redis.wait_until_whole();
    let load = Load::on(RedisStore::from_url(&redis.url()).unwrap());
    (0..redis.sentinels().len()).for_each(|sentinel| redis.kill_sentinel(sentinel));
    load.begin();
    load.written_since(Instant::now() + Duration::from_secs(3), PATIENCE);
    assert_eq!(load.counts().failed(), 0, "{:?}", load.counts().errors);
}
