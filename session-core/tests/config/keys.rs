//! Which keys there are and what becomes of others.

use std::time::Duration;

use rocket_session_state_core::config::{
    CrossOrigin, Environment, Problem, RecordFormat, SameSite, SecretKey, SessionType, WhenFull,
};

use super::{KEY, accepted, assert_says, configure, configure_in, refused_line, refused_variable};

#[test]
fn without_any_key_the_defaults_are_those_of_flask_but_for_samesite() {
    let config = accepted("", &[("ROCKET_SECRET_KEY", KEY)]);
    assert_eq!(config.session_type, SessionType::Cookie);
    assert_eq!(config.session_cookie_name, "session");
    assert_eq!(config.session_cookie_domain, None);
    assert_eq!(config.cookie_path(), "/");
    assert!(config.session_cookie_httponly);
    assert!(!config.session_cookie_partitioned);
    assert_eq!(config.session_cookie_samesite, Some(SameSite::Lax));
    assert_eq!(config.permanent_session_lifetime, Duration::from_secs(2_678_400));
    assert_eq!(config.session_absolute_lifetime, None);
    assert_eq!(config.lifetime_max(), Duration::from_secs(2_678_400));
    assert!(config.session_refresh_each_request);
    assert_eq!(config.max_cookie_size, 4093);
    assert_eq!(config.session_cross_origin, CrossOrigin::Refuse);
    assert!(config.session_trusted_origins.is_empty());
    assert!(config.session_permanent);
    assert!(!config.session_use_signer);
    assert_eq!(config.session_key_prefix, "session:");
    assert_eq!(config.session_id_length, 32);
    assert_eq!(config.session_serialization_format, RecordFormat::Msgpack);
    assert_eq!(config.session_cleanup_n_requests, None);
    assert_eq!(config.session_purge_interval, Some(Duration::from_secs(600)));
    assert!(config.session_migrate_from.is_none());
    assert_eq!((config.session_max_per_user, config.session_when_full), (None, WhenFull::Oldest));
}

#[test]
fn every_key_arrives_in_its_field() {
    let config = accepted(
        r#"
        [default]
        secret_key = "0123456789abcdef"
        secret_key_fallbacks = ["old", [1, 2, 255]]
        session_type = "Memory"
        session_cookie_name = "visit"
        session_cookie_domain = ".example.com"
        session_cookie_path = "/shop"
        application_root = "/app"
        session_cookie_httponly = false
        session_cookie_secure = true
        session_cookie_partitioned = true
        session_cookie_samesite = "none"
        permanent_session_lifetime = "1h 30m"
        session_refresh_each_request = false
        max_cookie_size = 0
        session_cross_origin = "Allow"
        session_trusted_origins = ["HTTPS://Accounts.example:443", "http://[0::1]:8000"]
        session_permanent = false
        session_use_signer = true
        session_key_prefix = "shop:"
        session_id_length = 16
        session_id_length_fallbacks = [36]
        session_serialization_format = "json"
        session_cleanup_n_requests = 100
        session_purge_interval = "1 hour"
        session_redis = "redis://localhost"
        session_sqlalchemy = "sqlite:///sessions.db"
        session_sqlalchemy_table = "web_sessions"
        session_sqlalchemy_schema = "auth"
        session_sqlalchemy_pool_size = 3
        session_memcached = ["a:1", "b:2"]
        session_mongodb = "mongodb://localhost"
        session_mongodb_db = "shop"
        session_mongodb_collect = "visits"
        session_file_dir = "/srv/sessions"
        session_file_threshold = 0
        session_file_mode = "0640"
        session_store_timeout = "500 ms"
        session_request_timeout = 2.5
        session_swap_attempts = 10
        session_breaker_after = 3
        session_refresh_after = 1
        session_absolute_lifetime = "200 days"
        session_lifetime_max = "90 days"
        session_memory_max = 1000
        session_memory_max_bytes = 1000000
        session_max_size = 65536
        session_ended_poll = 2
        session_max_per_user = 5
        session_when_full = "Refuse"
        "#,
        &[],
    );
    assert_eq!(config.secret_key.as_ref().unwrap().as_bytes(), b"0123456789abcdef");
    let fallbacks: Vec<&[u8]> = config.secret_key_fallbacks.iter().map(SecretKey::as_bytes).collect();
    assert_eq!(fallbacks, [b"old".as_slice(), &[1, 2, 255]]);
    assert_eq!(config.session_type, SessionType::Memory);
    assert_eq!(config.session_cookie_name, "visit");
    assert_eq!(config.session_cookie_domain.as_deref(), Some("example.com"));
    assert_eq!(config.cookie_path(), "/shop");
    assert_eq!(config.application_root, "/app");
    assert!(!config.session_cookie_httponly);
    assert!(config.cookie_secure());
    assert!(config.session_cookie_partitioned);
    assert_eq!(config.session_cookie_samesite, Some(SameSite::None));
    assert_eq!(config.permanent_session_lifetime, Duration::from_secs(5_400));
    assert!(!config.session_refresh_each_request);
    assert_eq!(config.max_cookie_size, 0);
    assert_eq!(config.session_cross_origin, CrossOrigin::Allow);
    assert_eq!(config.session_trusted_origins, ["https://accounts.example", "http://[::1]:8000"]);
    assert!(!config.session_permanent);
    assert!(config.session_use_signer);
    assert_eq!(config.session_key_prefix, "shop:");
    assert_eq!(config.session_id_length, 16);
    assert_eq!(config.session_id_length_fallbacks, [36]);
    assert_eq!(config.session_serialization_format, RecordFormat::Json);
    assert_eq!(config.session_cleanup_n_requests, Some(100));
    assert_eq!(config.session_purge_interval, Some(Duration::from_secs(3600)));
    assert_eq!(config.store.redis.url, "redis://localhost".into());
    assert_eq!(config.store.sql.url.as_deref(), Some("sqlite:///sessions.db"));
    assert_eq!(config.store.sql.table, "web_sessions");
    assert_eq!(config.store.sql.schema.as_deref(), Some("auth"));
    assert_eq!(config.store.sql.pool_size, Some(3));
    assert_eq!(config.store.memcached.servers, ["a:1", "b:2"]);
    assert_eq!(config.store.mongodb.url, "mongodb://localhost");
    assert_eq!(config.store.files.dir, std::path::Path::new("/srv/sessions"));
    assert_eq!((config.store.files.threshold, config.store.files.mode), (0, 0o640));
    assert_eq!((&*config.store.mongodb.database, &*config.store.mongodb.collection), ("shop", "visits"));
    assert_eq!(config.session_store_timeout, Duration::from_millis(500));
    assert_eq!(config.session_request_timeout, Duration::from_millis(2_500));
    assert_eq!(config.session_swap_attempts, 10);
    assert_eq!(config.session_breaker_after, 3);
    assert!((config.session_refresh_after - 1.0).abs() < f64::EPSILON);
    assert_eq!((config.store.memory.max, config.store.memory.max_bytes), (1_000, 1_000_000));
    let days = [config.session_absolute_lifetime, config.session_lifetime_max];
    assert_eq!(days, [200, 90].map(|days| Some(Duration::from_secs(days * 86_400))));
    assert_eq!(config.session_max_size, 65_536);
    assert_eq!(config.session_ended_poll, Duration::from_secs(2));
    assert_eq!((config.session_max_per_user, config.session_when_full), (Some(5), WhenFull::Refuse));
}

#[test]
fn an_unknown_session_key_does_not_launch_and_the_nearest_name_is_told() {
    assert_says(&refused_line("session_tpye = \"memory\""), "session_tpye", &["did you mean session_type?"]);
    assert_says(
        &refused_variable("ROCKET_PERMANENT_SESSION_LIFETME", "60"),
        "permanent_session_lifetme",
        &["permanent_session_lifetime?", "variable ROCKET_PERMANENT_SESSION_LIFETME"],
    );
    assert_says(&refused_line("secret_key_fallback = []"), "secret_key_fallback", &["secret_key_fallbacks?"]);
}

#[test]
fn keys_of_rocket_and_of_the_application_are_no_problem() {
    accepted(
        r#"
        [default]
        secret_key = "0123456789abcdef"
        address = "127.0.0.1"
        workers = 4
        max_blocking = 512
        keep_alive = 5
        ident = false
        ip_header = false
        log_level = "normal"
        temp_dir = "tmp"
        cli_colors = true
        application_port = 3
        secretary = "Ms Moneypenny"
        [default.limits]
        form = "64 kB"
        [default.tls]
        key = "key.pem"
        [default.shutdown]
        grace = 1
        [default.databases.main]
        url = "db.sqlite"
        "#,
        &[("ROCKET_PORT", "8001")],
    );
}

#[test]
fn what_this_release_does_not_have_yet_is_told_apart_from_a_typing_mistake() {
    for key in ["session_sqlalchemy_sequence", "SESSION_SQLALCHEMY_BIND_KEY"] {
        let problem = refused_line(&format!("{key} = \"x\""));
        assert_says(&problem, key, &["not supported in this release yet"]);
        assert!(!problem.message().contains("did you mean"), "{problem}");
    }
    for store in ["PostgreSQL", "dynamodb"] {
        let problem = refused_line(&format!("session_type = \"{store}\""));
        assert_says(&problem, "session_type", &[&format!("no {} store yet", store.to_lowercase())]);
    }
}

#[test]
fn keys_that_do_nothing_for_the_chosen_store_are_warned_about_but_not_a_stores_address() {
    let configured = configure(
        &format!(
            "[default]\nsecret_key = \"{KEY}\"\nsession_permanent = true\nsession_redis = \"redis://host\""
        ),
        &[("ROCKET_SESSION_USE_SIGNER", "true")],
    )
    .unwrap();
    let keys: Vec<&str> = configured.warnings.iter().map(Problem::key).collect();
    assert_eq!(keys, ["session_permanent", "session_use_signer"]);
    assert_says(
        &configured.warnings[0],
        "session_permanent",
        &["no effect", "in Rocket.toml, profile [default]"],
    );
}

/// The keys that are said to have no effect beside these lines.
fn idle(lines: &str, environment: Environment) -> Vec<String> {
    let toml = format!("[default]\nsecret_key = \"{KEY}\"\n{lines}");
    let configured = configure_in(environment, &toml, &[]).unwrap();
    let idle = configured.warnings.iter().filter(|warning| warning.message().contains("no effect"));
    idle.map(|warning| warning.key().to_owned()).collect()
}

#[test]
fn purging_is_said_to_have_no_effect_only_where_no_store_keeps_what_has_expired() {
    let purging = |lines: &str| {
        let lines = format!("{lines}\nsession_purge_interval = 5\nsession_cleanup_n_requests = 9");
        idle(&lines, Environment::default())
    };
    let both = ["session_cleanup_n_requests", "session_purge_interval"];
    assert_eq!(purging("session_type = \"cookie\""), both);
    assert!(purging("session_type = \"memory\"").is_empty(), "its memory is freed earlier");
    if cfg!(feature = "filesystem") {
        assert!(purging("session_type = \"filesystem\"").is_empty());
    }
    if cfg!(feature = "redis") {
        assert_eq!(purging("session_type = \"redis\""), both);
    }
    if cfg!(all(feature = "redis", feature = "filesystem")) {
        let moving = "session_type = \"redis\"\nsession_migrate_from = { type = \"filesystem\" }";
        assert!(purging(moving).is_empty(), "the old store is purged");
    }
}

#[test]
fn no_key_is_said_to_have_no_effect_on_a_store_that_is_passed_in_code() {
    let lines =
        "session_key_prefix = \"shop:\"\nsession_purge_interval = 5\nsession_serialization_format = \"json\"";
    assert_eq!(idle(lines, Environment::default()).len(), 3, "on cookies they have none");
    let own_store = Environment { own_store: true, ..Environment::default() };
    assert!(idle(lines, own_store).is_empty());
}
