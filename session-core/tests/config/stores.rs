//! Settings of the stores.

use std::time::Duration;

use rocket_session_state_core::config::{Environment, SessionConfig, SessionType};

use super::{KEY, TLS, accepted, assert_says, checked, only, refused, refused_line};

#[test]
fn the_null_type_of_flask_session_is_refused_with_the_types_there_are() {
    let problem = refused_line("session_type = \"null\"");
    let others = "write \"cookie\", \"memory\", \"redis\", \"sqlite\", \"postgres\", \"mysql\", \"sqlalchemy\", \
         \"memcached\", \"mongodb\", \"filesystem\"";
    assert_says(&problem, "session_type", &[others, "\"cachelib\"", " or \""]);
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

#[test]
fn sqlalchemy_without_a_database_or_its_feature_does_not_launch() {
    let any = cfg!(any(feature = "sqlite", feature = "postgres", feature = "mysql"));
    let toml = format!("[default]\nsession_type = \"sql\"\nsecret_key = \"{KEY}\"");
    let problems = refused(&toml, &[]);
    assert_says(problems.last().unwrap(), "session_sqlalchemy", &["sqlite:///sessions.db"]);
    assert_eq!(problems.len(), if any { 1 } else { 2 });
    for (url, on) in [
        ("sqlite:///sessions.db", cfg!(feature = "sqlite")),
        ("sqlite:////var/lib/shop/sessions.db", cfg!(feature = "sqlite")),
        ("postgresql+psycopg2://me:p%40ss@host:5432/shop?sslmode=prefer", cfg!(feature = "postgres")),
        ("postgresql://me:a/b?c#d@/shop?host=/run/postgresql", cfg!(feature = "postgres")),
        ("postgresql:///shop", cfg!(feature = "postgres")),
        ("postgresql:///shop?user=me&password=p%40ss&dbname=shop", cfg!(feature = "postgres")),
        ("mysql+pymysql://me:hush@host/shop?charset=utf8mb4", cfg!(feature = "mysql")),
        ("mariadb://host/shop?unix_socket=/run/mysqld/mysqld.sock", cfg!(feature = "mysql")),
    ] {
        let toml = format!("{toml}\nsession_sqlalchemy = \"{url}\"");
        if on {
            assert_eq!(accepted(&toml, &[]).session_type, SessionType::Sql, "{url}");
        } else {
            assert_says(
                refused(&toml, &[]).first().unwrap(),
                if any { "session_sqlalchemy" } else { "session_type" },
                &["cargo feature"],
            );
        }
    }
}

#[cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
#[test]
fn a_wrong_database_address_is_refused_with_the_reason_and_without_the_password() {
    for (url, reason) in [
        ("sqlite://sessions.db", "too few slashes"),
        ("sqlite://", "too few slashes"),
        ("sqlite:///", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("sqlite:///sessions.db?timeout=30", "`timeout`, which is not taken here: a call waits"),
        ("sqlite:///sessions.db?cache=shared", "`cache`, and takes none here"),
        ("sqlite:///file:sessions.db?mode=ro&uri=true", "`mode`"),
        ("sqlite:///file:sessions.db", "`file:` URI"),
        ("oracle://me:hush@host/shop", "must be one such as"),
        ("me:hush@host/shop", "must be one such as"),
        ("postgresql://me:hush@host:port/shop", "not a usable URL"),
        ("postgresql://me:hush@host/shop?sslmode=hush", "not a usable URL"),
        ("postgresql://me:hush@host/shop?connect_timeout=5", "`connect_timeout`, which is not taken here"),
        ("postgresql://me:hush@host/shop?sslmod=require", "`sslmod`, which is not known here; there are"),
        ("postgresql://host/shop?host=a&host=b", "`host` twice"),
        ("mysql://me:hush@host/shop?use_unicode=1", "`use_unicode`, which is not taken here"),
        ("mysql://host/shop?password=hush", "`password`, which is not taken here"),
        ("mysql://me:hush@host/shop?ssl_check_hostname=true&x=1", "`x`, which is not known here"),
        ("mysql://me:hush@host/shop?ssl_check_hostname=false", "no `ssl_ca`"),
        ("mysql://me:hush@host/shop?charset=", "`charset` without a value"),
    ] {
        let problem = refused_line(&format!("session_type = \"sqlalchemy\"\nsession_sqlalchemy = \"{url}\""));
        assert_says(&problem, "session_sqlalchemy", &[reason]);
        assert!(!problem.to_string().contains("hush"), "{problem}");
    }
}

#[cfg(all(feature = "postgres", feature = "mysql"))]
#[test]
fn an_encrypted_database_connection_needs_its_feature() {
    for url in [
        "postgresql://host/shop?sslmode=require",
        "mysql://host/shop?ssl-mode=VERIFY_IDENTITY",
        "mysql://host/shop?ssl_mode=REQUIRED",
        // In Python, an authority is named for the certificate to be checked.
        "mysql+pymysql://host/shop?ssl_ca=/ca.pem",
        "mysql+pymysql://host/shop?ssl_ca=/ca.pem&ssl_check_hostname=false",
    ] {
        let toml = format!(
            "[default]\nsecret_key = \"{KEY}\"\nsession_type = \"sql\"\nsession_sqlalchemy = \"{url}\""
        );
        if cfg!(feature = "sql-tls") {
            accepted(&toml, &[]);
        } else {
            assert_says(&only(refused(&toml, &[])), "session_sqlalchemy", &["`sql-tls`"]);
        }
    }
}

#[cfg(feature = "sqlite")]
#[test]
fn names_that_no_database_would_take_and_keys_that_its_column_would_not_are_refused() {
    let sql = "session_type = \"sql\"\nsession_sqlalchemy = \"sqlite:///sessions.db\"\n";
    for (line, key, part) in [
        ("session_sqlalchemy_table = \"a b\"", "session_sqlalchemy_table", "1 to 63 ASCII letters"),
        ("session_sqlalchemy_table = \"a\\\"; --\"", "session_sqlalchemy_table", "1 to 63 ASCII letters"),
        ("session_sqlalchemy_table = \"\"", "session_sqlalchemy_table", "1 to 63 ASCII letters"),
        ("session_sqlalchemy_table = \"1st\"", "session_sqlalchemy_table", "1 to 63 ASCII letters"),
        ("session_sqlalchemy_schema = \"auth\"", "session_sqlalchemy_schema", "does not exist in SQLite"),
    ] {
        assert_says(&refused_line(&format!("{sql}{line}")), key, &[part]);
    }
    let prefix = |length: usize| format!("{sql}session_key_prefix = \"{}\"", "p".repeat(length));
    let toml = |line: &str| format!("[default]\nsecret_key = \"{KEY}\"\n{line}");
    // The longest key is that of the list of a user's sessions.
    accepted(&toml(&prefix(255 - 70)), &[]);
    assert_says(&refused_line(&prefix(256 - 70)), "session_key_prefix", &["70 characters", "at most 255"]);
}

#[cfg(feature = "sqlite")]
#[test]
fn a_pool_has_at_least_one_connection() {
    let sql = "session_type = \"sql\"\nsession_sqlalchemy = \"sqlite:///sessions.db\"\n";
    for size in ["0", "1001"] {
        let problem = refused_line(&format!("{sql}session_sqlalchemy_pool_size = {size}"));
        assert_says(&problem, "session_sqlalchemy_pool_size", &[size]);
    }
}

#[cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
#[test]
fn a_kind_of_database_is_a_session_type_and_wants_a_url_of_that_kind() {
    for (word, session_type, url, others) in [
        ("sqlite", SessionType::Sqlite, "sqlite:///sessions.db", "postgresql://me:hush@h/shop"),
        ("postgres", SessionType::Postgres, "postgresql+psycopg2://h/shop", "mysql://me:hush@h/shop"),
        ("MySQL", SessionType::MySql, "mariadb://h/shop", "sqlite:///hush.db"),
        ("mariadb", SessionType::MySql, "mysql+pymysql://h/shop", "postgres://me:hush@h/shop"),
    ] {
        let line = |url: &str| format!("session_type = \"{word}\"\nsession_sqlalchemy = \"{url}\"");
        let toml = format!("[default]\nsecret_key = \"{KEY}\"\n{}", line(url));
        assert_eq!(accepted(&toml, &[]).session_type, session_type);
        let problem = refused_line(&line(others));
        assert_says(&problem, "session_sqlalchemy", &[&format!("session_type \"{session_type}\"")]);
        assert!(!problem.to_string().contains("hush"), "{problem}");
        let without_url = refused_line(&format!("session_type = \"{word}\""));
        let scheme = if word == "sqlite" { "\"sqlite:///sessions.db\"" } else { "://user:password@host" };
        assert_says(&without_url, "session_sqlalchemy", &["is missing", scheme]);
    }
}

#[test]
fn a_kind_of_database_without_its_feature_does_not_launch_and_the_feature_is_named() {
    for (word, built_in) in [
        ("sqlite", cfg!(feature = "sqlite")),
        ("postgres", cfg!(feature = "postgres")),
        ("mysql", cfg!(feature = "mysql")),
    ] {
        let problems = refused(&format!("[default]\nsession_type = \"{word}\""), &[]);
        let named = problems.iter().any(|problem| problem.message().contains(&format!("feature `{word}`")));
        assert_eq!(named, !built_in, "{problems:?}");
    }
}

/// The place of the store that these lines choose.
fn location(lines: &str, variables: &[(&str, &str)]) -> String {
    let toml = format!("[default]\nsecret_key = \"{KEY}\"\n{lines}");
    super::configure(&toml, variables).unwrap().store_location
}

#[cfg(all(feature = "redis", feature = "sqlite", feature = "filesystem", feature = "mongodb"))]
#[test]
fn the_place_of_a_store_names_address_key_and_where_that_was_set_and_no_password() {
    let redis = "session_type = \"redis\"";
    assert_eq!(location(redis, &[]), "redis://127.0.0.1:6379 (session_redis, by default)");
    let in_file = location(&format!("{redis}\nSESSION_REDIS = \"redis://me:hush@h:6380/1\""), &[]);
    assert_eq!(in_file, "redis://…@h:6380/1 (SESSION_REDIS, set in Rocket.toml, profile [default])");
    let variable = ("ROCKET_SESSION_SQLALCHEMY", "postgresql://me:hush@h/shop?sslmode=disable");
    assert_eq!(
        location("session_type = \"postgres\"", &[variable]),
        "postgresql://…@h/shop (session_sqlalchemy, set in the environment variable ROCKET_SESSION_SQLALCHEMY)"
    );
    let sqlite = location("session_type = \"sqlite\"\nsession_sqlalchemy = \"sqlite:////srv/shop.db\"", &[]);
    let set = "set in Rocket.toml, profile [default])";
    assert_eq!(sqlite, format!("SQLite file /srv/shop.db (session_sqlalchemy, {set}"));
    let relative = location("session_type = \"sql\"\nsession_sqlalchemy = \"sqlite:///shop.db\"", &[]);
    assert!(relative.starts_with("SQLite file /"), "{relative}");
    assert!(relative.ends_with(&format!("/shop.db (session_sqlalchemy, {set}")), "{relative}");
    let folder = location("session_type = \"filesystem\"", &[]);
    assert!(folder.starts_with("folder /"), "{folder}");
    assert!(folder.ends_with("/flask_session (session_file_dir, by default)"), "{folder}");
    let mongodb = location("session_type = \"mongodb\"\nsession_mongodb = \"mongodb://me:hush@a,b\"", &[]);
    assert_eq!(
        mongodb,
        format!("mongodb://…@a,b, collection flask_session.sessions (session_mongodb, {set}")
    );
}

#[test]
fn a_store_passed_in_code_and_the_cookie_have_a_place_without_a_key() {
    assert_eq!(location("", &[]), "the cookie");
    let own_store = Environment { own_store: true, ..Environment::default() };
    let checked = super::configure_in(own_store, "", &[]).unwrap();
    assert_eq!(checked.store_location, "the application's own store");
    assert!(checked.old_store_location.is_none());
}

#[test]
fn the_memory_store_outside_the_debug_profile_is_warned_about() {
    let memory = |debug| {
        let mut config = SessionConfig::default();
        config.session_type = SessionType::Memory;
        config.check(Environment { debug_profile: debug, ..TLS }).unwrap().warnings
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
    assert_eq!(accepted(&toml("\"cache:1\""), &[]).store.memcached.servers, ["cache:1"]);
    assert_eq!(accepted(&toml("[\"a:1\", \"b:2\"]"), &[]).store.memcached.servers, ["a:1", "b:2"]);
    let variable = [("ROCKET_SESSION_MEMCACHED", "[\"a:1\",\"b:2\"]")];
    assert_eq!(accepted(&toml("\"cache:1\""), &variable).store.memcached.servers, ["a:1", "b:2"]);
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
    assert!(with_prefix(250 - 70).is_ok());
    assert_says(
        &with_prefix(250 - 69).unwrap_err().problems()[0],
        "session_key_prefix",
        &["at most 180 bytes", "the list of a user", "250"],
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
    let problem =
        refused_line("session_type = \"mongodb\"\nsession_mongodb = \"mongodb://me:hush@host/?w=0\"");
    assert_says(&problem, "session_mongodb", &["w=0", "in Rocket.toml, profile [default]"]);
    assert!(!problem.to_string().contains("hush"), "{problem}");
    for (parameters, reason) in [
        (
            "readPreference=secondary",
            "`readPreference`, which is not taken here: every command goes to the primary",
        ),
        ("tz_aware=true", "`tz_aware`, which is not taken here"),
        ("tlsallowinvalidhostnames=true", "`tlsAllowInvalidHostnames`, which is not taken here"),
        ("retries=3", "`retries`, which is not known here; there are `appName`"),
        ("replicaSet=a&replicaset=b", "`replicaSet` twice"),
    ] {
        let url = format!("mongodb://me:hush@host/?{parameters}");
        let problem = refused_line(&format!("session_type = \"mongodb\"\nsession_mongodb = \"{url}\""));
        assert_says(&problem, "session_mongodb", &[reason]);
        assert!(!problem.to_string().contains("hush"), "{problem}");
    }
    let url = "mongodb://me:hush@host/?retryWrites=true&w=majority&authSource=admin&tls=true";
    let toml = format!("[default]\nsecret_key = \"{KEY}\"\nsession_type = \"mongodb\"\n");
    accepted(&format!("{toml}session_mongodb = \"{url}\""), &[]);
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
    config.store.mongodb.url = "mongodb://me:hush@host".into();
    config.store.memcached.servers = vec!["me:hush@host:1".into()];
    let shown = format!("{config:?}");
    assert!(!shown.contains("hush"), "{shown}");
}

#[cfg(feature = "filesystem")]
fn files(settings: &str) -> String {
    format!("[default]\nsecret_key = \"{KEY}\"\nsession_type = \"filesystem\"\n{settings}")
}

#[test]
fn files_go_by_both_names_of_flask_session_and_need_their_feature() {
    for name in ["filesystem", "CacheLib"] {
        let toml = format!("[default]\nsecret_key = \"{KEY}\"\nsession_type = \"{name}\"");
        if cfg!(feature = "filesystem") {
            assert_eq!(accepted(&toml, &[]).session_type.as_str(), name.to_lowercase());
        } else {
            assert_says(&only(refused(&toml, &[])), "session_type", &["cargo feature `filesystem`"]);
        }
    }
}

#[cfg(feature = "filesystem")]
#[test]
fn the_mode_of_files_is_a_number_as_in_flask_or_octal_digits_in_quotes() {
    for written in ["384", "0o600", "\"0600\"", "\"600\"", "\"0o600\""] {
        let config = accepted(&files(&format!("session_file_mode = {written}")), &[]);
        assert_eq!(config.store.files.mode, 0o600, "{written}");
    }
    assert_eq!(accepted(&files(""), &[]).store.files.mode, 0o600);
    // 600 without the quotes is not what somebody means who writes it.
    for written in ["600", "0", "\"0400\"", "\"1600\"", "\"rw\"", "true", "\"9\""] {
        let problem = only(refused(&files(&format!("session_file_mode = {written}")), &[]));
        assert_says(&problem, "session_file_mode", &["\"0600\""]);
    }
}

#[cfg(feature = "filesystem")]
#[test]
fn files_for_everybody_and_a_format_that_files_do_not_have_are_warned_about() {
    let configured = checked(|config| {
        config.session_type = SessionType::CacheLib;
        config.store.files.mode = 0o644;
    });
    assert_says(&configured.unwrap().warnings[0], "session_file_mode", &["every user of this machine"]);
    let configured = super::configure(&files("session_serialization_format = \"json\""), &[]).unwrap();
    assert_says(&configured.warnings[0], "session_serialization_format", &["no effect on files", "pickles"]);
}

#[cfg(feature = "filesystem")]
#[test]
fn a_folder_needs_a_name_and_a_cachelib_object_is_told_apart_from_a_typing_mistake() {
    let problem = only(refused(&files("session_file_dir = \"\""), &[]));
    assert_says(&problem, "session_file_dir", &["must name a folder"]);
    let problem = refused_line("SESSION_CACHELIB = \"x\"");
    assert_says(&problem, "SESSION_CACHELIB", &["Python object", "session_file_dir"]);
}

#[test]
fn copies_last_for_twenty_milliseconds_to_ten_seconds() {
    for (value, says) in [("\"19ms\"", "20ms to 10s, not 19ms"), ("11", "20ms to 10s, not 11s")] {
        let problem = refused_line(&format!("session_redis_cache = {value}"));
        assert_says(&problem, "session_redis_cache", &[says]);
    }
    for (value, millis) in [("\"20ms\"", Some(20)), ("0.1", Some(100)), ("10", Some(10_000)), ("0", None)] {
        let toml = format!("[default]\nsecret_key = \"{KEY}\"\nsession_redis_cache = {value}");
        assert_eq!(accepted(&toml, &[]).store.redis.cache, millis.map(Duration::from_millis), "{value}");
    }
}

#[cfg(feature = "redis")]
#[test]
fn copies_of_sessions_that_every_use_extends_are_refused() {
    let redis = format!(
        "[default]\nsecret_key = \"{KEY}\"\nsession_type = \"redis\"\nsession_redis_cache = \"100ms\""
    );
    let problem = only(refused(&format!("{redis}\nsession_refresh_after = 0"), &[]));
    assert_says(&problem, "session_redis_cache", &["session_refresh_after = 0.1"]);
    accepted(&format!("{redis}\nsession_refresh_after = 0\nsession_refresh_each_request = false"), &[]);
    let strict = redis.replace("session_redis_cache =", "session_redis_cache_strict = true # ");
    let warnings = accepted(&strict, &[]).warnings;
    assert!(
        warnings.iter().any(|warning| warning.to_string().contains("without session_redis_cache")),
        "{warnings:?}"
    );
}
