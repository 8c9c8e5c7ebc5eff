//! Sentinels that disagree, which real ones do for some seconds of a failover.

use std::time::{Duration, SystemTime};

use rocket::tokio::time::{Instant, sleep, timeout};
use rocket_session_state::store::{Call, New, RedisStore, Store, Watcher};
use rocket_session_state_core::Chain;
use session_tests::process::PATIENCE;
use session_tests::redis::Redis;
use session_tests::redis_sentinel::{FakeSentinel, MASTER, Says};

use crate::runtime;

/// Two masters, as there are during a failover, three sentinels, and a store that asks them.
struct Site {
    servers: [Redis; 2],
    sentinels: [FakeSentinel; 3],
    store: RedisStore,
}

fn call() -> Call {
    Call { now: SystemTime::now(), deadline: Instant::now() + Duration::from_secs(5) }
}

/// The epoch of the failover that made a server the master; `None` for sentinels that do not tell it.
type Epoch = Option<u64>;

impl Site {
    /// All name the first server.
    fn start(epoch: Epoch) -> Site {
        let servers = [(); 2].map(|()| Redis::start());
        let sentinels = [(); 3].map(|()| FakeSentinel::start(says(&servers[0], epoch)));
        let hosts = sentinels.each_ref().map(|sentinel| format!("127.0.0.1:{}", sentinel.port())).join(",");
        let store = RedisStore::from_url(&format!("redis+sentinel://{hosts}/{MASTER}/0")).unwrap();
        Site { servers, sentinels, store }
    }

    /// Lets these sentinels name a server.
    fn say(&self, sentinels: &[usize], server: usize, epoch: Epoch) {
        for sentinel in sentinels {
            self.sentinels[*sentinel].set(says(&self.servers[server], epoch));
        }
    }

    /// The server that a record is written to.
    async fn written_to(&self) -> usize {
        self.servers.iter().for_each(Redis::clear);
        let new = New { bytes: b"x", lifetime: Some(Duration::from_secs(100)) };
        self.store.swap(call(), "session:a", None, Some(new)).await.unwrap();
        self.servers.iter().position(|server| server.get("session:a").is_some()).expect("a written record")
    }

    /// Writes until that goes to a server.
    async fn goes_to(&self, server: usize) {
        let goes = async {
            while self.written_to().await != server {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, goes).await.unwrap_or_else(|_| panic!("nothing is written to server {server}"));
    }

    /// Writes until all sentinels that answer were asked some times more, and each time to this server.
    async fn stays_at(&self, server: usize) {
        let answering: Vec<_> =
            self.sentinels.iter().filter(|sentinel| sentinel.says() != Says::Silence).collect();
        let asked = |sentinels: &[&FakeSentinel]| sentinels.iter().map(|sentinel| sentinel.asked()).collect();
        let before: Vec<usize> = asked(&answering);
        let stays = async {
            loop {
                assert_eq!(self.written_to().await, server);
                let now: Vec<usize> = asked(&answering);
                if before.iter().zip(&now).all(|(before, now)| now - before >= 3) {
                    return;
                }
                self.tell("+switch-master");
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, stays).await.expect("sentinels that are asked");
    }

    /// Lets all sentinels tell an event.
    fn tell(&self, channel: &str) {
        let event = format!("{MASTER} 127.0.0.1 1 127.0.0.1 2");
        self.sentinels.iter().for_each(|sentinel| sentinel.tell(channel, &event));
    }
}

fn says(server: &Redis, epoch: Epoch) -> Says {
    match epoch {
        Some(epoch) => Says::Master(server.port(), epoch),
        None => Says::MasterWithoutEpoch(server.port()),
    }
}

/// The story of a failover, by sentinels that tell epochs and by such that don't.
fn a_failover(epochs: [Epoch; 3]) {
    runtime().block_on(async {
        let [first, second, third] = epochs;
        let site = Site::start(first);
        site.stays_at(0).await;
        // Only the one that leads the failover knows of it, and says nothing by itself.
        site.say(&[1], 1, second);
        site.goes_to(1).await;
        site.stays_at(1).await;
        // Another one comes to know.
        site.say(&[2], 1, second);
        site.stays_at(1).await;
        site.say(&[0], 1, second);
        site.stays_at(1).await;
        // A later failover leads back: without epochs, once all say so.
        site.say(&[2], 0, third);
        if third.is_none() {
            site.stays_at(1).await;
            site.say(&[0, 1], 0, third);
        }
        site.goes_to(0).await;
        site.stays_at(0).await;
    });
}

#[test]
fn one_sentinel_that_knows_of_a_failover_is_followed_and_the_others_lead_nobody_back() {
    a_failover([Some(1), Some(2), Some(3)]);
}

#[test]
fn they_do_not_either_where_no_sentinel_tells_the_epoch() {
    a_failover([None, None, None]);
}

#[test]
fn while_the_sentinel_that_leads_a_failover_is_silent_nobody_goes_back() {
    runtime().block_on(async {
        let site = Site::start(Some(1));
        site.stays_at(0).await;
        site.say(&[0], 1, Some(2));
        site.goes_to(1).await;
        site.sentinels[0].set(Says::Silence);
        site.stays_at(1).await;
    });
}

#[test]
fn a_server_that_is_named_and_not_a_master_is_not_taken() {
    runtime().block_on(async {
        let site = Site::start(Some(1));
        let master = site.servers[0].port().to_string();
        site.servers[1].command(&["REPLICAOF", "127.0.0.1", &master]);
        site.say(&[0, 1, 2], 1, Some(2));
        let error = site.store.ping(call()).await.unwrap_err();
        assert!(Chain(&error).to_string().contains("it is a replica"), "{error:?}");
        site.servers[1].command(&["REPLICAOF", "NO", "ONE"]);
        site.goes_to(1).await;
    });
}

#[test]
fn who_waits_for_the_end_of_a_session_is_told_by_the_new_master() {
    runtime().block_on(async {
        let site = Site::start(Some(1));
        site.stays_at(0).await;
        let (watcher, mut hints) = Watcher::new();
        site.store.watch("session:a", watcher);
        // It listens.
        assert!(timeout(PATIENCE, hints.wait(Instant::now() - PATIENCE)).await.expect("a hint"));
        let began = Instant::now();
        site.say(&[0, 1, 2], 1, Some(2));
        site.tell("+switch-master");
        // Something may have been missed meanwhile, so it is told when it listens there.
        assert!(timeout(PATIENCE, hints.wait(began)).await.expect("a hint"));
        site.goes_to(1).await;
        let began = Instant::now();
        let other = RedisStore::from_url(&site.servers[1].url()).unwrap();
        other.delete(call(), "session:a").await.unwrap();
        assert!(timeout(PATIENCE, hints.wait(began)).await.expect("a hint"));
    });
}
