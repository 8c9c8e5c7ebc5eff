use super::*;

#[test]
fn a_record_survives_the_end_of_its_master_and_that_of_its_successor() {
    let mut cluster = RedisCluster::lent();
    let slot = cluster.slot_of("session:a");
    cluster.command("session:a", &["SET", "session:a", "x", "EX", "100"]);
    for _ in 0..2 {
        let master = cluster.master_of(slot);
        let replica = cluster.replica_of(master);
        cluster.kill(master);
        let taken_over = || cluster.nodes()[replica].is_master();
        assert!(poll::until(PATIENCE, taken_over), "nobody took over");
        cluster.restart(master);
        cluster.wait_until_whole();
        assert!(!cluster.nodes()[master].is_master());
        assert_eq!(cluster.get("session:a").as_deref(), Some(&b"x"[..]));
    }
    assert_eq!(cluster.keys(), ["session:a"]);
}

#[test]
fn a_slot_moves_with_its_record_and_the_masters_change_places_with_their_replicas() {
    let cluster = RedisCluster::lent();
    let slot = cluster.slot_of("session:b");
    cluster.command("session:b", &["SET", "session:b", "y"]);
    let before = (cluster.master_of(slot), cluster.masters());
    cluster.move_slot(slot, Duration::ZERO);
    assert_ne!(cluster.master_of(slot), before.0);
    cluster.failover_all();
    cluster.wait_until_whole();
    assert!(cluster.masters().iter().all(|master| !before.1.contains(master)));
    assert_eq!(cluster.get("session:b").as_deref(), Some(&b"y"[..]));
    assert_eq!(cluster.ttl("session:b"), None);
}

#[test]
fn a_cluster_may_have_one_node_and_is_gone_when_it_is_dropped() {
    let cluster = RedisCluster::start_as(&Plan { masters: 1, replicas: false, ..Plan::default() });
    assert_eq!((cluster.urls().len(), cluster.masters()), (1, vec![0]));
    let port = cluster.nodes()[0].address().port();
    drop(cluster);
    assert!(!crate::port::answers(port));
}
