//! Addresses of Redis: one server, a cluster, sentinels, and the files of TLS.

use rocket_session_state_core::config::{Problem, RedisUrl, SessionConfig};

use super::{KEY, accepted, assert_says, only, refused, refused_variable};

const CHOSEN: &str = "session_type = \"redis\"";

fn toml(lines: &str) -> String {
    format!("[default]\nsecret_key = \"{KEY}\"\n{CHOSEN}\n{lines}")
}

fn redis(value: &str) -> String {
    toml(&format!("session_redis = {value}"))
}

/// The problem of a value of `session_redis`, in which nothing of a login may be shown.
#[track_caller]
fn refused_address(value: &str) -> Problem {
    let problem = only(refused(&redis(value), &[]));
    assert_eq!(problem.key(), "session_redis", "{problem}");
    assert!(!problem.to_string().contains("hu"), "{problem}");
    problem
}

#[track_caller]
fn assert_refused(value: &str, reason: &str) {
    assert_says(&refused_address(value), "session_redis", &[reason]);
}

#[test]
fn a_wrong_redis_address_is_refused_without_showing_the_password() {
    for url in
        ["http://me:hush@host", "redis://me:hush@", "redis://me:hush@host:port", "me:hush@host", "hush"]
    {
        refused_address(&format!("\"{url}\""));
    }
}

#[test]
fn every_parameter_of_a_redis_address_is_honoured_or_refused_by_name_without_showing_a_value() {
    for url in [
        "redis://h:6379?db=5",
        "redis://h:6379/3?db=5",
        "redis://me@h?password=p%40ss&protocol=3",
        "valkey://h/0?username=me&password=a@b",
        "unix:///run/redis.sock?db=2&username=me&password=pw",
        "unix:///run/redis.sock?user=me&pass=pw",
        "unix://me:pw@/run/redis.sock?db=2",
        "redis+unix://:pw@/run/redis.sock",
    ] {
        accepted(&redis(&format!("\"{url}\"")), &[]);
    }
    for (url, reason) in [
        ("redis://h?socket_timeout=5", "`socket_timeout`, which is not taken here: session_store_timeout"),
        ("redis://h?health_check_interval=30", "`health_check_interval`"),
        ("redis://h?decode_responses=True", "`decode_responses`"),
        ("redis://h?ssl=true", "rediss://"),
        ("redis://h?ssl_ca_certs=/hush.pem", "`ssl_ca_certs` and no TLS"),
        ("redis://h?database=5", "`database`, which is not known here; there are `db`, `username`"),
        ("redis://h?db=hush", "not a number"),
        ("redis://h?db=-1", "not a number"),
        ("redis://h?db=1&db=2", "`db` twice"),
        ("redis://h?user=hush&username=hush", "two users"),
        ("redis://h?pass=hush&password=hush", "two passwords"),
        ("redis://h?protocol=4", "write 2 or 3"),
        ("redis://me:hu?sh@h", "%3F"),
        ("redis://me:hush#1@h", "%23"),
        ("redis://h/0#hush", "`#`"),
        ("unix://run/redis.sock", "three slashes"),
        ("unix://me:hush@host/redis.sock", "three slashes"),
        ("unix://", "three slashes"),
        ("unix:///", "three slashes"),
        ("unix://hush@redis.sock", "three slashes"),
        ("redis-socket:///run/redis.sock", "must be one URL"),
    ] {
        assert_refused(&format!("\"{url}\""), reason);
    }
}

#[test]
fn a_list_is_a_redis_cluster_also_of_one_in_a_file_and_in_a_variable() {
    let config = accepted(&redis("[\"redis://me:hush@a:7001\", \"redis://me:hush@b\"]"), &[]);
    assert_eq!(config.store.redis.url, ["redis://me:hush@a:7001", "redis://me:hush@b"].into());
    let shown = format!("{config:?}");
    assert!(shown.contains("[\"redis://…@a:7001\", \"redis://…@b\"]") && !shown.contains("hush"), "{shown}");
    assert!(config.store_location.starts_with("redis://…@a:7001, redis://…@b (session_redis, set in"));
    let one = accepted(&redis("[\"redis://a\"]"), &[]);
    assert_eq!(one.store.redis.url, RedisUrl::Cluster(vec!["redis://a".into()]));
    for written in
        ["[\"redis://:a,b@a\", \"redis://:a,b@b\"]", "[ \"redis://:a,b@a\" , \"redis://:a,b@b\" ]\n"]
    {
        let variable = [("ROCKET_SESSION_REDIS", written)];
        let config = accepted(&redis("\"redis://other\""), &variable);
        assert_eq!(config.store.redis.url, ["redis://:a,b@a", "redis://:a,b@b"].into());
    }
    let unquoted = accepted(&toml(""), &[("ROCKET_SESSION_REDIS", "[redis://a, redis://b]")]);
    assert_eq!(unquoted.store.redis.url, ["redis://a", "redis://b"].into());
    let problem = refused_variable("ROCKET_SESSION_REDIS", "[6379]");
    assert_says(
        &problem,
        "session_redis",
        &["ROCKET_SESSION_REDIS='[\"redis://host:6379\", \"redis://host:6379\"]'"],
    );
}

#[test]
fn what_can_not_be_a_cluster_is_refused_with_what_to_write_instead() {
    for (list, reason) in [
        ("[]", "an empty list; write the URL of a server, or of some nodes"),
        ("[\"redis://a\", \"redis://me:hush@b/1\"]", "number 2, which has a database"),
        ("[\"redis://a?db=2\"]", "number 1, which has a database"),
        ("[\"unix:///run/redis.sock\"]", "number 1, which is a socket"),
        ("[\"redis+sentinel://a/master\"]", "write that alone, without a list"),
        ("[\"redis://a\", \"hush\"]", "number 2, which must be one URL"),
        ("[\"redis://a\", \"redis://:hush@b?timeout=1\"]", "number 2, which has the parameter `timeout`"),
        ("[\"redis://a,redis://b\"]", "number 1, which names several servers"),
    ] {
        assert_refused(list, reason);
    }
}

#[test]
fn the_nodes_of_a_cluster_that_are_named_differ_in_nothing_but_their_place() {
    for (first, second, difference) in [
        ("redis://me:hush@a", "redis://you:hush@b", "user"),
        ("redis://me:hush@a", "redis://b", "user"),
        ("redis://:hush@a", "redis://:hush2@b", "password"),
        ("redis://:hush@a", "redis://b", "password"),
        ("redis://a", "redis://b?protocol=3", "`protocol`"),
    ] {
        let reason = format!("another {difference} in address number 2 than in the first");
        assert_refused(&format!("[\"{first}\", \"{second}\"]"), &reason);
    }
    // However it is written.
    accepted(&redis("[\"redis://me:p%40ss@a\", \"redis://b:7001/0?username=me&password=p@ss\"]"), &[]);
}

#[test]
fn servers_that_are_named_in_one_text_are_refused_with_the_list_and_the_sentinels() {
    for text in [
        "redis://h1:1,h2:2/0",
        "redis://:hush@h1,h2",
        "redis://a, redis://b",
        "redis://:hush@a,redis://:hush@b",
    ] {
        assert_refused(&format!("\"{text}\""), "[\"redis://host:6379\", \"redis://host:6379\"]");
        assert_refused(&format!("\"{text}\""), "\"redis+sentinel://host:26379,host:26379/master-name/0\"");
    }
}

#[test]
fn sentinels_are_named_in_one_url_with_the_master_and_its_database() {
    for url in [
        "redis+sentinel://h/mymaster",
        "redis+sentinel://h1,h2:26380,[::1]:26379/my-master_1.a/2",
        "redis+sentinel://me:p%40ss@h1,h2/m/0?sentinel_username=s&sentinel_password=p@ss",
        "redis+sentinel://h1/m?db=2&password=pw&protocol=3&sentinel_password=pw",
    ] {
        let config = accepted(&redis(&format!("\"{url}\"")), &[]);
        assert_eq!(config.store.redis.url, url.into());
    }
    let shown = "redis+sentinel://…@h1,h2/m (session_redis, set in";
    for url in [
        "redis+sentinel://me:hush@h1,h2/m?sentinel_password=hush",
        "redis+sentinel://:hush@h1,h2/m?password=hush&sentinel_username=hush",
    ] {
        let config = accepted(&redis(&format!("\"{url}\"")), &[]);
        assert!(config.store_location.starts_with(shown), "{}", config.store_location);
        assert!(!format!("{config:?}").contains("hush"));
    }
    for (url, reason) in [
        ("redis+sentinel://h1,h2", "no name of a master"),
        ("redis+sentinel://h1//0", "no name of a master"),
        ("redis+sentinel:///mymaster", "is not a usable URL"),
        ("redis+sentinel://h1,,h2/m", "is not a usable URL"),
        ("redis+sentinel://h1:port/m", "is not a usable URL"),
        ("redis+sentinel://h1/m/zero", "is not a usable URL"),
        ("redis+sentinel://h1/m/0/1", "is not a usable URL"),
        ("redis+sentinel://h1/my%20master", "letters, digits and . - _"),
        ("redis+sentinel://me:hush@h1,me:hush@h2/m", "write it once, before the first"),
        ("redis+sentinel://h1/m?sentinel_pass=hush", "there are `sentinel_username`, `sentinel_password`"),
        ("redis+sentinel://h1/m?sentinel_password=hush&sentinel_password=hush", "`sentinel_password` twice"),
        ("redis+sentinel://h1/m?socket_timeout=1", "session_store_timeout"),
        ("redis+sentinel://h1/m?ssl_ca_certs=/hush", "no TLS"),
        ("redis://h1/0?sentinel_password=hush", "`sentinel_password`, which is not known here"),
        ("sentinel://h1:26379", "\"redis+sentinel://host:26379,host:26379/master-name/0\""),
    ] {
        assert_refused(&format!("\"{url}\""), reason);
    }
}

#[test]
fn the_store_that_sessions_are_moved_out_of_is_not_the_cluster_that_they_are_moved_to() {
    let moved = |from: &str, to: &str| {
        format!("{}\nsession_migrate_from = {{ type = \"redis\", redis = {from} }}", redis(to))
    };
    accepted(&moved("\"redis://a\"", "[\"redis://a\", \"redis://b\"]"), &[]);
    accepted(&moved("[\"redis://c\"]", "[\"redis://a\", \"redis://b\"]"), &[]);
    let problem = only(refused(&moved("[\"redis://b\"]", "[\"redis://a\", \"redis://b\"]"), &[]));
    assert_says(&problem, "session_migrate_from", &["is the store that the sessions are in already"]);
}

#[test]
fn an_encrypted_redis_address_needs_its_feature() {
    for url in
        ["\"rediss://host\"", "\"valkeys://host\"", "\"rediss+sentinel://host/m\"", "[\"rediss://host\"]"]
    {
        if cfg!(feature = "redis-tls") {
            accepted(&redis(url), &[]);
        } else {
            assert_says(&only(refused(&redis(url), &[])), "session_redis", &["`redis-tls`"]);
        }
    }
}

#[test]
fn files_of_tls_without_tls_are_refused_with_the_scheme_to_write() {
    for key in ["session_redis_tls_ca", "session_redis_tls_cert", "session_redis_tls_key"] {
        for url in
            ["\"redis://h\"", "[\"redis://h\"]", "\"redis+sentinel://h/m\"", "\"unix:///run/redis.sock\""]
        {
            let problem = only(refused(&format!("{}\n{key} = \"a.pem\"", redis(url)), &[]));
            assert_says(&problem, key, &["no effect without TLS; write rediss:// in session_redis"]);
        }
    }
}

#[cfg(feature = "redis-tls")]
mod tls {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_server_behind_an_encrypted_redis_address_is_always_checked() {
        let files = "ssl_ca_certs=/ca.pem&ssl_certfile=/me.pem&ssl_keyfile=/me.key&ssl_cert_reqs=required";
        accepted(&redis(&format!("\"rediss://h?{files}&ssl_check_hostname=True\"")), &[]);
        accepted(&redis(&format!("\"rediss+sentinel://h/m?{files}\"")), &[]);
        for (parameters, reason) in [
            ("ssl_cert_reqs=none", "`ssl_cert_reqs` that turns a check"),
            ("ssl_cert_reqs=optional", "`ssl_cert_reqs` that turns a check"),
            ("ssl_check_hostname=False", "`ssl_check_hostname` that turns a check"),
            ("ssl_certfile=/me.pem", "ssl_keyfile"),
            ("ssl_keyfile=/me.pem", "ssl_certfile"),
            ("ssl_ca_path=/etc/ssl", "ssl_ca_certs"),
            ("ssl_ciphers=all", "`ssl_ciphers`"),
        ] {
            assert_refused(&format!("\"rediss://h?{parameters}\""), reason);
        }
        assert_refused("\"rediss://h#insecure\"", "`#`");
    }

    #[test]
    fn the_nodes_of_a_cluster_agree_in_tls_and_its_files() {
        for (second, difference) in [
            ("redis://b", "scheme, with or without TLS,"),
            ("rediss://b", "`ssl_ca_certs`"),
            ("rediss://b?ssl_ca_certs=/other.pem", "`ssl_ca_certs`"),
        ] {
            let first = "rediss://a?ssl_ca_certs=/ca.pem";
            assert_refused(
                &format!("[\"{first}\", \"{second}\"]"),
                &format!("another {difference} in address number 2"),
            );
        }
        accepted(&redis("[\"rediss://a?ssl_ca_certs=/ca.pem\", \"rediss://b?ssl_ca_certs=/ca.pem\"]"), &[]);
    }

    fn files(url: &str, lines: &[&str]) -> String {
        format!("{}\n{}", redis(url), lines.join("\n"))
    }

    #[test]
    fn a_file_of_tls_that_is_named_twice_is_the_same_file_and_a_certificate_has_its_key() {
        let ca = "session_redis_tls_ca = \"/ca.pem\"";
        let (cert, key) = ("session_redis_tls_cert = \"/me.pem\"", "session_redis_tls_key = \"/me.key\"");
        for url in ["\"rediss://h\"", "[\"rediss://h\"]", "\"rediss+sentinel://h/m\""] {
            accepted(&files(url, &[ca, cert, key]), &[]);
            let alone = only(refused(&files(url, &[ca, cert]), &[]));
            assert_says(&alone, "session_redis_tls_cert", &["add session_redis_tls_key"]);
            let alone = only(refused(&files(url, &[key]), &[]));
            assert_says(&alone, "session_redis_tls_key", &["add session_redis_tls_cert"]);
        }
        accepted(&files("\"rediss://h?ssl_ca_certs=/ca.pem&ssl_certfile=/me.pem\"", &[ca, key]), &[]);
        let problem = only(refused(&files("\"rediss://h?ssl_ca_certs=/other.pem\"", &[ca]), &[]));
        assert_says(
            &problem,
            "session_redis_tls_ca",
            &["another file than ssl_ca_certs in session_redis; keep one"],
        );
        let problem = only(refused(&files("\"rediss://h\"", &["session_redis_tls_ca = \"\""]), &[]));
        assert_says(&problem, "session_redis_tls_ca", &["must name a file"]);
    }

    #[test]
    fn a_relative_file_of_tls_begins_at_the_file_that_names_it_and_in_a_variable_at_the_working_directory() {
        let config = accepted(&files("\"rediss://h\"", &["session_redis_tls_ca = \"tls/ca.pem\""]), &[]);
        let path = config.store.redis.tls_ca.as_deref().unwrap();
        assert!(path.is_absolute() && path.ends_with("tls/ca.pem"), "{path:?}");
        let variable = [("ROCKET_SESSION_REDIS_TLS_CA", "tls/ca.pem")];
        let config = accepted(&redis("\"rediss://h\""), &variable);
        assert_eq!(config.store.redis.tls_ca.as_deref(), Some(Path::new("tls/ca.pem")));
        let table = "{ type = \"redis\", redis = \"rediss://old\", redis_tls_ca = \"tls/ca.pem\" }";
        let config = accepted(&toml(&format!("session_migrate_from = {table}")), &[]);
        let old = &config.session_migrate_from.as_ref().unwrap().store.redis;
        assert!(old.tls_ca.as_ref().is_some_and(|path| path.is_absolute()), "{old:?}");
    }
}

#[test]
fn one_url_and_a_list_are_set_in_code_as_they_are_written() {
    let mut config = SessionConfig::default();
    config.store.redis.url = ["redis://me:hush@a"].into();
    let shown = format!("{:?}", config.store.redis);
    assert!(shown.contains("[\"redis://…@a\"]") && !shown.contains("hush"), "{shown}");
}

#[test]
fn more_replicas_than_anybody_has_are_a_mistake() {
    accepted(&toml("session_redis_wait_replicas = 10"), &[]);
    for (value, found) in [("11", "not 11"), ("-1", "negative"), ("\"one\"", "must be")] {
        let problem = only(refused(&toml(&format!("session_redis_wait_replicas = {value}")), &[]));
        assert_says(&problem, "session_redis_wait_replicas", &[found]);
    }
}

#[test]
fn copies_without_room_are_refused_with_a_limit_that_can_be_read() {
    let lines = redis("\"redis://h\"")
        + "\nsession_redis_cache = \"100ms\"\nsession_redis_cache_size = 0\n\
                 session_refresh_after = 0.1";
    assert_says(&only(refused(&lines, &[])), "session_redis_cache_size", &["must be at least 1 byte, not 0"]);
}

#[test]
fn a_table_is_refused_with_both_forms_of_an_address() {
    let table = "{host=\"h\"}";
    let problem = only(refused(&toml(""), &[("ROCKET_SESSION_REDIS", table)]));
    let both =
        ["not a table", "ROCKET_SESSION_REDIS='\"redis://host:6379\"'", "ROCKET_SESSION_REDIS='[\"redis:"];
    assert_says(&problem, "session_redis", &both);
}
