//! A master that is cut off from all other nodes, and not from the application.

use std::net::Ipv4Addr;

use session_tests::load::{Load, TASKS, key};
use session_tests::namespace;
use session_tests::redis_cluster::{Plan, RedisCluster};

use crate::round::{Costs, one_at_a_time, rounds};
use crate::store;

#[test]
#[allow(clippy::print_stdout)] // for people who measure: `--nocapture`
fn a_master_that_is_cut_off_from_the_others_is_followed_by_its_replica() {
    let _alone = one_at_a_time();
    let name = "partition::a_master_that_is_cut_off_from_the_others_is_followed_by_its_replica";
    let inside = namespace::alone(name, |network| {
        let addresses: Vec<Ipv4Addr> = (11..=16).map(|last| Ipv4Addr::new(127, 0, 0, last)).collect();
        let cluster = RedisCluster::start_as(&Plan { addresses, ..Plan::default() });
        cluster.nodes().iter().for_each(|node| network.close(node.bus()));
        let slots: Vec<u16> = (0..TASKS).map(|task| cluster.slot_of(&key(task))).collect();
        let (load, mut costs) = (Load::on(store(&cluster)), Costs::default());
        for round in 0..rounds() as usize {
            cluster.wait_until_whole();
            let master = cluster.master_of(slots[round % TASKS]);
            let owners: Vec<usize> = slots.iter().map(|slot| cluster.master_of(*slot)).collect();
            let replica = cluster.replica_of(master);
            let ip = |node: usize| *cluster.nodes()[node].address().ip();
            let others = || (0..cluster.nodes().len()).filter(|node| *node != master);
            costs.round(
                &load,
                |task| owners[task] == master,
                || others().for_each(|other| network.cut(ip(master), ip(other))),
                || cluster.nodes()[replica].is_master(),
            );
            others().for_each(|other| network.join(ip(master), ip(other)));
        }
        costs.tell("a master cut off from the others");
    });
    if let Some(printed) = inside {
        printed.lines().filter(|line| line.starts_with("cluster:")).for_each(|line| println!("{line}"));
    }
}
