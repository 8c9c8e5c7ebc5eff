//! A master that is cut off from all other nodes, and not from the application.

use std::net::Ipv4Addr;

use rocket_session_state::store::RedisStore;
use session_tests::load::{Load, TASKS, key};
use session_tests::namespace;
use session_tests::redis_cluster::{Plan, RedisCluster};

use crate::round::{Costs, one_at_a_time, rounds};
use crate::{store, waiting_store};

#[test]
fn a_master_that_is_cut_off_from_the_others_is_followed_by_its_replica() {
    let test = "partition::a_master_that_is_cut_off_from_the_others_is_followed_by_its_replica";
    cut_off(test, store, Costs::default(), |costs| costs.tell("a master cut off from the others"));
}

/// What follows the master has no replica that could have a write, until the others reach the old master again.
#[test]
fn no_write_that_a_replica_has_is_lost_when_its_master_is_cut_off() {
    let test = "partition::no_write_that_a_replica_has_is_lost_when_its_master_is_cut_off";
    cut_off(test, waiting_store, Costs::until_it_comes_back(), |costs| {
        costs.tell("a master cut off from the others and joined again, with session_redis_wait_replicas = 1");
        assert_eq!(costs.lost(), 0);
    });
}

/// Cuts one master after another off from all other nodes, in a network of the test's own.
#[allow(clippy::print_stdout)] // for people who measure: `--nocapture`
fn cut_off(test: &str, store: fn(&RedisCluster) -> RedisStore, mut costs: Costs, check: impl FnOnce(&Costs)) {
    let _alone = one_at_a_time();
    let inside = namespace::alone(test, |network| {
        let addresses: Vec<Ipv4Addr> = (11..=16).map(|last| Ipv4Addr::new(127, 0, 0, last)).collect();
        let cluster = RedisCluster::start_as(&Plan { addresses, ..Plan::default() });
        cluster.nodes().iter().for_each(|node| network.close(node.bus()));
        let slots: Vec<u16> = (0..TASKS).map(|task| cluster.slot_of(&key(task))).collect();
        let load = Load::on(store(&cluster));
        for round in 0..rounds() as usize {
            cluster.wait_until_whole();
            let master = cluster.master_of(slots[round % TASKS]);
            let owners: Vec<usize> = slots.iter().map(|slot| cluster.master_of(*slot)).collect();
            let replica = cluster.replica_of(master);
            let ip = |node: usize| *cluster.nodes()[node].address().ip();
            let others: Vec<usize> = (0..cluster.nodes().len()).filter(|node| *node != master).collect();
            costs.round(
                &load,
                |task| owners[task] == master,
                || others.iter().for_each(|other| network.cut(ip(master), ip(*other))),
                || cluster.nodes()[replica].is_master(),
                || others.iter().for_each(|other| network.join(ip(master), ip(*other))),
            );
        }
        check(&costs);
    });
    if let Some(printed) = inside {
        printed.lines().filter(|line| line.starts_with("cluster:")).for_each(|line| println!("{line}"));
    }
}
