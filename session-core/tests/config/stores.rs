//! Settings of the stores.

use std::time::Duration;

use session_core::config::{SessionConfig, SessionType, Surroundings};

use super::{KEY, TLS, accepted, assert_says, checked, only, refused, refused_line};

#[test]
fn the_null_type_of_flask_session_is_refused_with_the_types_there_are() {
    let problem = refused_line("session_type = \"null\"");
    assert_says(
        &problem,
        "session_type",
        &["\"cookie\", \"memory\", \"redis\", \"memcached\" or \"mongodb\""],
    );
}

#[test]
fn redis_without_its_feature_does_not_launch_and_the_feature_is_named() {
    let toml = format!("[default]\nsecret_key = \"{KEY}\"\nsession_type = \"redis\"");
    if cfg!(feature = "redis") {
        assert_eq!(accepted(&toml, &[]).session_type, SessionType::Redis);
    } else {
        assert_says(&only(refused(&toml, &[])), "session_type", &["cargo feature `redis`"]);
    }
}

#[cfg(feature = "redis")]
#[test]
fn a_wrong_redis_address_is_refused_without_showing_the_password() {
    for url in
        ["http://me:hush@host", "redis://me:hush@", "redis://me:hush@host:port", "me:hush@host", "hush"]
    {
        let problem = refused_line(&format!("session_type = \"redis\"\nsession_redis = \"{url}\""));
        assert_eq!(problem.key(), "session_redis", "{url}");
        assert!(!problem.to_string().contains("hush"), "{problem}");
    }
}

#[cfg(feature = "redis")]
#[test]
fn an_encrypted_redis_address_needs_its_feature() {
    let toml = format!(
        "[default]\nsecret_key = \"{KEY}\"\nsession_type = \"redis\"\nsession_redis = \"rediss://host\""
    );
    if cfg!(feature = "redis-tls") {
        accepted(&toml, &[]);
    } else {
        assert_says(&only(refused(&toml, &[])), "session_redis", &["`redis-tls`"]);
    }
}

#[test]
fn a_list_of_redis_addresses_is_refused_as_not_supported_yet() {
    assert_says(
        &refused_line("session_redis = [\"redis://:hush@a\", \"redis://:hush@b\"]"),
        "session_redis",
        &["a list of addresses is not supported yet; write one URL"],
    );
}

#[test]
fn the_memory_store_outside_the_debug_profile_is_warned_about() {
    let memory = |debug| {
        let mut config = SessionConfig::default();
        config.session_type = SessionType::Memory;
        config.check(Surroundings { debug_profile: debug, ..TLS }).unwrap().warnings
    };
    assert!(memory(true).is_empty());
    assert_says(&memory(false)[0], "session_type", &["ends with this process"]);
}

#[test]
fn a_key_prefix_is_printable_ascii_and_may_be_empty() {
    for prefix in ["a b", "a\n", "ä:"] {
        assert!(checked(|config| config.session_key_prefix = prefix.into()).is_err(), "{prefix:?}");
    }
    assert!(checked(|config| config.session_key_prefix = String::new()).is_ok());
}

#[test]
fn a_request_timeout_below_the_store_timeout_is_warned_about() {
    let configured = checked(|config| {
        config.session_type = SessionType::Memory;
        config.session_request_timeout = Duration::from_millis(500);
    })
    .unwrap();
    assert_says(&configured.warnings[1], "session_request_timeout", &["session_store_timeout"]);
}

#[test]
fn a_store_without_its_feature_does_not_launch_and_the_feature_is_named() {
    for (word, built_in) in
        [("memcached", cfg!(feature = "memcached")), ("mongodb", cfg!(feature = "mongodb"))]
    {
        let toml = format!("[default]\nsecret_key = \"{KEY}\"\nsession_type = \"{word}\"");
        if built_in {
            assert_eq!(accepted(&toml, &[]).session_type.as_str(), word);
        } else {
            assert_says(&only(refused(&toml, &[])), "session_type", &[&format!("cargo feature `{word}`")]);
        }
    }
}

#[test]
fn memcached_takes_one_address_or_a_list() {
    let toml = |value: &str| format!("[default]\nsecret_key = \"{KEY}\"\nsession_memcached = {value}");
    assert_eq!(accepted(&toml("\"cache:1\""), &[]).session_memcached, ["cache:1"]);
    assert_eq!(accepted(&toml("[\"a:1\", \"b:2\"]"), &[]).session_memcached, ["a:1", "b:2"]);
    let variable = [("ROCKET_SESSION_MEMCACHED", "[\"a:1\",\"b:2\"]")];
    assert_eq!(accepted(&toml("\"cache:1\""), &variable).session_memcached, ["a:1", "b:2"]);
    assert_says(
        &refused_line("session_memcached = [11211]"),
        "session_memcached",
        &["session_memcached = [\"host:port\", \"host:port\"]"],
    );
}

#[cfg(feature = "memcached")]
#[test]
fn a_wrong_memcached_address_is_refused_without_showing_it() {
    for addresses in ["\"hush\"", "[]", "[\"cache:1\", \"me:hush@cache:2\"]", "\"memcached://hush:1\""] {
        let problem = refused_line(&format!("session_type = \"memcached\"\nsession_memcached = {addresses}"));
        assert_says(&problem, "session_memcached", &["host:port"]);
        assert!(!problem.to_string().contains("hush"), "{problem}");
    }
}

#[cfg(feature = "memcached")]
#[test]
fn a_key_that_memcached_could_not_hold_does_not_launch() {
    let with_prefix = |bytes: usize| {
        checked(|config| {
            config.session_type = SessionType::Memcached;
            config.session_key_prefix = "p".repeat(bytes);
        })
    };
    assert!(with_prefix(250 - 43).is_ok());
    assert_says(
        &with_prefix(250 - 42).unwrap_err().problems()[0],
        "session_key_prefix",
        &["at most 207 bytes", "250"],
    );
}

#[cfg(feature = "mongodb")]
#[test]
fn a_wrong_mongodb_address_is_refused_without_showing_the_password() {
    for url in ["http://me:hush@host", "mongodb://me:hush@", "mongodb://me:h@ush:hush@host", "hush"] {
        let problem = refused_line(&format!("session_type = \"mongodb\"\nsession_mongodb = \"{url}\""));
        assert_eq!(problem.key(), "session_mongodb", "{url}");
        assert!(!problem.to_string().contains("hush"), "{problem}");
    }
    for line in ["session_mongodb_db = \"a.b\"", "session_mongodb_collect = \"\""] {
        let problem = refused_line(&format!("session_type = \"mongodb\"\n{line}"));
        assert!(line.starts_with(problem.key()), "{problem}");
    }
}

#[cfg(feature = "mongodb")]
#[test]
fn a_mongodb_address_in_dns_needs_its_feature() {
    let toml = format!(
        "[default]\nsecret_key = \"{KEY}\"\nsession_type = \"mongodb\"\nsession_mongodb = \"mongodb+srv://host.example.com\""
    );
    if cfg!(feature = "mongodb-srv") {
        accepted(&toml, &[]);
    } else {
        assert_says(&only(refused(&toml, &[])), "session_mongodb", &["`mongodb-srv`"]);
    }
}

#[test]
fn no_address_shows_its_password_in_debug_output() {
    let mut config = SessionConfig::default();
    config.session_mongodb = Some("mongodb://me:hush@host".into());
    config.session_memcached = vec!["me:hush@host:1".into()];
    let shown = format!("{config:?}");
    assert!(!shown.contains("hush"), "{shown}");
}
