use super::*;

#[test]
fn a_replica_succeeds_a_master_that_is_killed_and_the_old_one_comes_back_as_a_replica() {
    let mut redis = RedisSentinel::start_as(Plan::with_passwords());
    redis.command(&["SET", "session:a", "x", "EX", "100"]);
    assert_eq!(redis.master(), 0);
    redis.kill(0);
    assert!(poll::until(PATIENCE, || redis.master() != 0), "nobody took over");
    redis.restart(0);
    assert_eq!(redis.servers()[0].role(), Role::Master);
    redis.wait_until_whole();
    assert_ne!(redis.servers()[0].role(), Role::Master);
    assert_eq!(redis.command(&["GET", "session:a"]).text(), "x");
    let port = redis.servers()[0].port();
    drop(redis);
    assert!(!crate::port::answers(port));
}
