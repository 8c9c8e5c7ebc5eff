//! What happens to a cluster while 64 tasks write: a master ends or stands still, masters change, slots move, connections
//! are cut.

use std::cell::RefCell;
use std::thread;
use std::time::Duration;

use rocket_session_state::store::RedisStore;
use session_tests::load::{Load, TASKS, key};
use session_tests::redis_cluster::RedisCluster;

use crate::round::{Costs, REST, one_at_a_time, rounds};
use crate::{store, waiting_store};

/// The slot of the session of each task.
fn slots(cluster: &RedisCluster) -> Vec<u16> {
    (0..TASKS).map(|task| cluster.slot_of(&key(task))).collect()
}

/// Hits one master after another with something after which its replica takes over.
fn hit_masters(
    store: fn(&RedisCluster) -> RedisStore,
    hit: impl Fn(&mut RedisCluster, usize),
    mut costs: Costs,
) -> Costs {
    let _alone = one_at_a_time();
    let cluster = RedisCluster::lent();
    let (slots, load) = (slots(&cluster), Load::on(store(&cluster)));
    let cluster = RefCell::new(cluster);
    for round in 0..rounds() as usize {
        cluster.borrow().wait_until_whole();
        let master = cluster.borrow().master_of(slots[round % TASKS]);
        let owners: Vec<usize> = slots.iter().map(|slot| cluster.borrow().master_of(*slot)).collect();
        let replica = cluster.borrow().replica_of(master);
        costs.round(
            &load,
            |task| owners[task] == master,
            || hit(&mut cluster.borrow_mut(), master),
            || cluster.borrow().nodes()[replica].is_master(),
            || cluster.borrow_mut().restart(master),
        );
    }
    costs
}

#[test]
fn a_master_that_is_killed_is_followed_by_its_replica_and_the_others_go_on() {
    hit_masters(store, RedisCluster::kill, Costs::default()).tell("kill -9 of a master");
}

#[test]
fn a_master_that_stands_still_is_followed_by_its_replica_and_the_others_go_on() {
    hit_masters(store, RedisCluster::pause, Costs::default()).tell("a master stands still");
}

/// What follows a master has no replica that could have a write, until the old master is one.
#[test]
fn no_write_that_a_replica_has_is_lost_when_its_master_is_killed() {
    let costs = hit_masters(waiting_store, RedisCluster::kill, Costs::until_it_comes_back());
    costs.tell("kill -9 of a master, which comes back, with session_redis_wait_replicas = 1");
    assert_eq!(costs.lost(), 0);
}

#[test]
fn masters_that_change_places_with_their_replicas_cost_nobody_an_error() {
    let _alone = one_at_a_time();
    // Nothing has changed places here before.
    let cluster = RedisCluster::start();
    let (load, mut costs) = (Load::on(store(&cluster)), Costs::default());
    for round in 0..rounds() {
        if round > 0 {
            thread::sleep(REST);
        }
        cluster.wait_until_whole();
        costs.round(&load, |_| true, || cluster.failover_all(), || true, || ());
    }
    costs.tell("CLUSTER FAILOVER of all masters");
    assert_eq!(costs.lost(), 0);
    // One that does not come off at once makes its master hold back all writes for up to five seconds, for anybody.
    assert!(costs.failed() == 0 || costs.longest() > Duration::from_secs(3), "{} failed", costs.failed());
}

#[test]
fn slots_that_move_cost_nobody_an_error() {
    let _alone = one_at_a_time();
    let cluster = RedisCluster::lent();
    let slots = slots(&cluster);
    let (load, mut costs) = (Load::on(store(&cluster)), Costs::default());
    for _ in 0..rounds() {
        // Each of them holds a session that is in use.
        let move_all = || slots.iter().for_each(|slot| cluster.move_slot(*slot, Duration::from_millis(10)));
        costs.round(&load, |_| true, move_all, || true, || ());
    }
    costs.tell("64 slots moved");
    assert_eq!((costs.failed(), costs.lost()), (0, 0));
}

#[test]
fn connections_that_are_cut_leave_no_session_in_doubt_for_long() {
    let _alone = one_at_a_time();
    let cluster = RedisCluster::lent();
    let (load, mut costs) = (Load::on(store(&cluster)), Costs::default());
    for _ in 0..rounds() {
        let cut = || {
            for _ in 0..20 {
                cluster.cut();
                thread::sleep(Duration::from_millis(100));
            }
        };
        costs.round(&load, |_| true, cut, || true, || ());
    }
    costs.tell("connections cut 20 times");
}
