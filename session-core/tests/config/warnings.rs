//! What launches outside the debug profile, and is worth a line in its log: each is told once, with what to write.

use rocket_session_state_core::config::Warning;

use super::{KEY, TLS, assert_says, configure_in};

/// The warnings about these lines, outside the debug profile.
fn warnings(lines: &str) -> Vec<Warning> {
    let toml = format!("[release]\nsecret_key = \"{KEY}\"\n{lines}");
    configure_in(TLS, &toml, &[("ROCKET_PROFILE", "release")])
        .unwrap_or_else(|error| panic!("{error}"))
        .warnings
        .clone()
}

/// Asserts that these lines give one warning outside the debug profile, and none in it.
#[track_caller]
fn assert_warned(lines: &str, key: &str, parts: &[&str]) {
    let told = warnings(lines);
    let [warning] = told.as_slice() else { panic!("{lines}: {told:#?}") };
    assert_says(warning, key, parts);
    let debug = format!("[debug]\nsecret_key = \"{KEY}\"\n{lines}");
    let told = configure_in(TLS, &debug, &[("ROCKET_PROFILE", "debug")]).unwrap().warnings.clone();
    assert!(told.is_empty(), "{lines}: {told:#?}");
}

#[test]
fn a_cookie_that_scripts_can_read_is_warned_about() {
    assert_warned("session_cookie_httponly = false", "session_cookie_httponly", &["write true"]);
}

#[cfg(all(feature = "redis-tls", feature = "memcached"))]
#[test]
fn sessions_that_leave_the_machine_unencrypted_are_warned_about() {
    let redis = |url: &str| {
        let written = if url.starts_with('[') { url.to_owned() } else { format!("\"{url}\"") };
        format!("session_type = \"redis\"\nsession_redis = {written}")
    };
    for url in [
        "redis://cache.example/0",
        "redis://me:hush@10.0.0.1?db=1",
        "valkey://[fd00::1]",
        // One of several is enough.
        "[\"redis://:hush@127.0.0.1\", \"redis://:hush@cache.example\"]",
        "redis+sentinel://127.0.0.1,cache.example/shop",
    ] {
        assert_warned(
            &redis(url),
            "session_redis",
            &["write rediss://", "in Rocket.toml, profile [release]"],
        );
    }
    for url in [
        "redis://localhost/0",
        "redis://127.0.0.1",
        "redis://[::1]",
        "rediss://cache.example/0",
        "unix:///run/redis.sock",
        "[\"redis://127.0.0.1:7001\", \"redis://localhost:7002\"]",
        "[\"rediss://cache.example\"]",
        "redis+sentinel://127.0.0.1,localhost/shop",
        "rediss+sentinel://cache.example/shop",
    ] {
        assert!(warnings(&redis(url)).is_empty(), "{url}");
    }
    let memcached = |servers: &str| format!("session_type = \"memcached\"\nsession_memcached = {servers}");
    assert_warned(&memcached("[\"127.0.0.1:11211\", \"cache:11211\"]"), "session_memcached", &["tunnel"]);
    assert!(warnings(&memcached("[\"127.0.0.1:11211\", \"[::1]:11212\"]")).is_empty());
}

#[cfg(all(feature = "sql-tls", feature = "postgres", feature = "mysql", feature = "mongodb"))]
#[test]
fn databases_whose_certificate_is_not_checked_are_warned_about() {
    let sql = |url: &str| format!("session_type = \"sql\"\nsession_sqlalchemy = \"{url}\"");
    let mongodb = |url: &str| format!("session_type = \"mongodb\"\nsession_mongodb = \"{url}\"");
    for (lines, key, part) in [
        (sql("postgresql://me:hush@db.example/shop"), "session_sqlalchemy", "sslmode=verify-full"),
        (sql("postgresql://db.example/shop?sslmode=require"), "session_sqlalchemy", "sslmode=verify-full"),
        (sql("mysql+pymysql://db.example/shop"), "session_sqlalchemy", "ssl-mode=VERIFY_IDENTITY"),
        (
            sql("mariadb://db.example/shop?ssl_mode=REQUIRED"),
            "session_sqlalchemy",
            "ssl-mode=VERIFY_IDENTITY",
        ),
        (mongodb("mongodb://127.0.0.1,db.example"), "session_mongodb", "tls=true"),
        #[cfg(feature = "mongodb-srv")]
        (mongodb("mongodb+srv://me:hush@db.example.com/?tls=false"), "session_mongodb", "tls=true"),
        (
            mongodb("mongodb://me:hush@127.0.0.1/?tls=true&tlsInsecure=true"),
            "session_mongodb",
            "remove `tlsInsecure`",
        ),
    ] {
        assert_warned(&lines, key, &[part]);
        assert!(!warnings(&lines)[0].to_string().contains("hush"));
    }
    for lines in [
        sql("postgresql://db.example/shop?sslmode=verify-full"),
        sql("postgresql://db.example/shop?sslmode=verify-ca"),
        sql("postgresql://localhost/shop"),
        sql("postgresql://me@/shop?host=/run/postgresql"),
        sql("mysql://db.example/shop?ssl_ca=/ca.pem"),
        sql("mysql://db.example/shop?unix_socket=/run/mysqld/mysqld.sock"),
        mongodb("mongodb://127.0.0.1,localhost"),
        mongodb("mongodb://db.example/?tls=true"),
    ] {
        assert!(warnings(&lines).is_empty(), "{lines}");
    }
}

#[cfg(all(feature = "redis", feature = "memcached"))]
#[test]
fn an_empty_prefix_in_a_store_that_has_other_keys_is_warned_about() {
    for store in ["redis", "memcached"] {
        let lines = format!("session_type = \"{store}\"\nsession_key_prefix = \"\"");
        assert_warned(&lines, "session_key_prefix", &["write \"session:\""]);
    }
}

#[cfg(feature = "redis")]
#[test]
fn the_store_that_sessions_are_moved_out_of_is_warned_about_as_well() {
    let old = "session_migrate_from = { type = \"redis\", redis = \"redis://cache.example\" }";
    let release = rocket_session_state_core::config::Environment { own_store: true, ..TLS };
    let toml = format!("[release]\nsecret_key = \"{KEY}\"\n{old}");
    let told = configure_in(release, &toml, &[("ROCKET_PROFILE", "release")]).unwrap().warnings.clone();
    assert_says(&told[0], "session_migrate_from", &["`redis` sends sessions unencrypted"]);
    assert_eq!(told.len(), 1, "{told:#?}");
}

#[test]
fn a_limit_of_lifetimes_that_can_not_be_reached_or_is_below_the_usual_life_is_warned_about() {
    for (lines, part) in [
        ("session_lifetime_max = \"30 days\"", "shorter than permanent_session_lifetime"),
        (
            "session_lifetime_max = \"90 days\"\nsession_absolute_lifetime = \"60 days\"",
            "longer than session_absolute_lifetime",
        ),
    ] {
        let told = warnings(lines);
        let [warning] = told.as_slice() else { panic!("{lines}: {told:#?}") };
        assert_says(warning, "session_lifetime_max", &[part]);
    }
    // Twelve hours at most, however long a session may lie unused, is what many want.
    for lines in [
        "session_absolute_lifetime = \"12 hours\"",
        "session_lifetime_max = \"31 days\"",
        "session_lifetime_max = 0\nsession_absolute_lifetime = \"1 day\"",
    ] {
        assert!(warnings(lines).is_empty(), "{lines}");
    }
}

#[test]
fn a_key_of_redis_alone_is_warned_about_where_sessions_are_elsewhere() {
    for line in [
        "session_redis_wait_replicas = 1",
        "session_redis_tls_ca = \"ca.pem\"",
        "session_redis_tls_cert = \"me.pem\"",
        "session_redis_tls_key = \"me.key\"",
        "session_redis_cache = \"100ms\"",
        "session_redis_cache_size = 1000",
        "session_redis_cache_strict = true",
    ] {
        let (key, _) = line.split_once(' ').unwrap();
        for elsewhere in ["", "session_type = \"memory\""] {
            let told = warnings(&format!("{elsewhere}\n{line}"));
            let warning = told.iter().find(|warning| warning.key() == key);
            let warning = warning.unwrap_or_else(|| panic!("{line}: {told:#?}"));
            assert_says(warning, key, &["no effect while session_type is not \"redis\""]);
        }
    }
    // Flask's own may stay in place.
    assert!(warnings("session_redis = \"redis://127.0.0.1\"").is_empty());
}
