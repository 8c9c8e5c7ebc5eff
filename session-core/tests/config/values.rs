//! Reading values: text, booleans, numbers, durations.

use std::time::Duration;

use rocket_session_state_core::config::{CrossOrigin, Environment, SessionType, WhenFull};

use super::{
    KEY, accepted, assert_says, checked, configure_in, only, refused, refused_line, refused_variable,
};

#[test]
fn text_in_a_variable_that_reads_as_something_else_is_refused_with_the_quoted_form() {
    for value in ["0110", "true", "{a=b}", "1.5"] {
        let problem = refused_variable("ROCKET_SESSION_COOKIE_NAME", value);
        assert_says(&problem, "session_cookie_name", &["write ROCKET_SESSION_COOKIE_NAME='\"…\"'"]);
    }
    let config = accepted("", &[("ROCKET_SESSION_COOKIE_NAME", "\"0110\"")]);
    assert_eq!(config.session_cookie_name, "0110");
}

#[test]
fn no_text_of_a_variable_loses_a_blank_without_a_word() {
    let keys = [
        "secret_key",
        "session_cookie_name",
        "session_cookie_domain",
        "session_cookie_path",
        "application_root",
        "session_key_prefix",
        "session_redis",
        "session_sqlalchemy",
        "session_sqlalchemy_table",
        "session_sqlalchemy_schema",
        "session_memcached",
        "session_mongodb",
        "session_mongodb_db",
        "session_mongodb_collect",
        "session_file_dir",
    ];
    for key in keys {
        let variable = format!("ROCKET_{}", key.to_uppercase());
        for (value, says) in [
            ("hushhushhushhush\n", "ends with a line break"),
            ("hushhushhushhush\r\n", "ends with a line break"),
            ("hushhushhushhush\r", "ends with a carriage return"),
            (" hushhushhushhush", "begins with a space"),
            ("\thushhushhushhush\u{a0}", "ends with the blank U+00A0"),
        ] {
            let problem = only(refused("[default]\nsession_type = \"memory\"", &[(&variable, value)]));
            assert_says(&problem, key, &[says, &format!("{variable}='\"…\"'"), "environment variable"]);
            assert!(!problem.to_string().contains("hush"), "{problem}");
        }
    }
    let problem = only(refused("", &[("ROCKET_SESSION_SECRET_KEY", "hushhushhushhush\n")]));
    assert_says(&problem, "session_secret_key", &["ends with a line break"]);
}

#[test]
fn a_blank_in_quotes_and_one_in_a_file_is_part_of_the_text() {
    let config = accepted("", &[("ROCKET_SECRET_KEY", "\"sixteen bytes and\\n\"\n")]);
    assert_eq!(config.secret_key.as_ref().unwrap().as_bytes(), b"sixteen bytes and\n");
    let problem = only(refused("", &[("ROCKET_SECRET_KEY", "\"sixteen bytes and\n\"")]));
    assert_says(&problem, "secret_key", &["in quotes that can't be read", r"\n"]);
    let config = accepted("[default]\nsecret_key = \" sixteen bytes and\\n\"", &[]);
    assert_eq!(config.secret_key.as_ref().unwrap().as_bytes(), b" sixteen bytes and\n");
}

#[test]
fn blanks_around_words_numbers_and_base64_mean_nothing() {
    let config = accepted(
        "",
        &[
            ("ROCKET_SESSION_TYPE", "memory\r"),
            ("ROCKET_SESSION_COOKIE_SAMESITE", " Strict"),
            ("ROCKET_SESSION_SERIALIZATION_FORMAT", "json\n"),
            ("ROCKET_PERMANENT_SESSION_LIFETIME", "2 hours\n"),
            ("ROCKET_MAX_COOKIE_SIZE", "4000\n"),
            ("ROCKET_SESSION_SECRET_KEY_BASE64", "c2l4dGVlbiBieXRlcyBvcg==\n"),
        ],
    );
    assert_eq!(config.session_type.as_str(), "memory");
    assert_eq!(config.permanent_session_lifetime, Duration::from_secs(7200));
    assert_eq!(config.secret_key.as_ref().unwrap().as_bytes(), b"sixteen bytes or");
}

#[test]
fn booleans_must_be_booleans() {
    for value in ["\"false\"", "1", "\"\"", "[]"] {
        assert_says(
            &refused_line(&format!("session_cookie_secure = {value}")),
            "session_cookie_secure",
            &["must be true or false", "session_cookie_secure = false"],
        );
    }
    assert_says(
        &refused_variable("ROCKET_SESSION_COOKIE_SECURE", "False"),
        "session_cookie_secure",
        &["write ROCKET_SESSION_COOKIE_SECURE=true or"],
    );
}

#[test]
fn numbers_durations_and_lists_are_read_from_variables() {
    let config = accepted(
        "",
        &[
            ("ROCKET_MAX_COOKIE_SIZE", "4000"),
            ("ROCKET_PERMANENT_SESSION_LIFETIME", "7200"),
            ("ROCKET_SESSION_STORE_TIMEOUT", "0.25"),
            ("ROCKET_SESSION_REQUEST_TIMEOUT", "2 s"),
            ("ROCKET_SESSION_COOKIE_SAMESITE", "false"),
            ("ROCKET_SECRET_KEY_FALLBACKS", "[one, two]"),
        ],
    );
    assert_eq!(config.max_cookie_size, 4000);
    assert_eq!(config.permanent_session_lifetime, Duration::from_secs(7200));
    assert_eq!(config.session_store_timeout, Duration::from_millis(250));
    assert_eq!(config.session_request_timeout, Duration::from_secs(2));
    assert_eq!(config.session_cookie_samesite, None);
    assert_eq!(config.secret_key_fallbacks.len(), 2);
}

#[test]
fn a_lifetime_that_is_short_negative_endless_or_without_unit_does_not_launch() {
    for value in
        ["0", "0.9", "\"999 ms\"", "-1", "inf", "nan", "\"7200\"", "\"1 year\"", "\"40000 days\"", "true"]
    {
        let problem = refused_line(&format!("permanent_session_lifetime = {value}"));
        assert_eq!(problem.key(), "permanent_session_lifetime", "{value}");
    }
}

#[test]
fn a_limit_of_lifetimes_is_none_or_at_least_a_second() {
    for key in ["session_absolute_lifetime", "session_lifetime_max"] {
        for none in ["0", "false"] {
            let config = accepted(&format!("[default]\nsecret_key = \"{KEY}\"\n{key} = {none}"), &[]);
            assert_eq!((config.session_absolute_lifetime, config.session_lifetime_max), (None, None));
        }
        for wrong in ["0.5", "\"36501 days\""] {
            assert_says(
                &refused_line(&format!("{key} = {wrong}")),
                key,
                &["at least one second", "36500 days"],
            );
        }
    }
    let max = |lines: &str| {
        accepted(&format!("[default]\nsecret_key = \"{KEY}\"\n{lines}"), &[]).lifetime_max().as_secs()
            / 86_400
    };
    assert_eq!(max("session_absolute_lifetime = \"60 days\""), 60);
    assert_eq!(max("permanent_session_lifetime = \"40 days\""), 40);
    assert_eq!(max("permanent_session_lifetime = \"1 day\"\nsession_absolute_lifetime = \"2 days\""), 31);
    assert_eq!(max("session_lifetime_max = \"35 days\"\nsession_absolute_lifetime = \"60 days\""), 35);
}

#[test]
fn numbers_outside_their_range_are_refused() {
    for line in [
        "session_id_length = 15",
        "session_id_length = 129",
        "session_id_length = 32.5",
        "session_id_length_fallbacks = [8]",
        "session_id_length_fallbacks = 36",
        "session_refresh_after = 1.1",
        "session_refresh_after = -0.1",
        "session_refresh_after = nan",
        "session_swap_attempts = 0",
        "session_breaker_after = 0",
        "session_memory_max = 0",
        "session_store_timeout = 0",
        "session_request_timeout = \"0 s\"",
        "session_ended_poll = 0.0001",
        "session_cleanup_n_requests = 4294967296",
        "max_cookie_size = \"4093\"",
    ] {
        let problem = refused_line(line);
        assert_eq!(problem.key(), line.split(' ').next().unwrap(), "{problem}");
    }
}

#[test]
fn a_limit_of_sessions_per_user_is_none_or_one_to_a_hundred() {
    const KEY: &str = "session_max_per_user";
    let lines = |value: &str| format!("session_type = \"memory\"\n{KEY} = {value}");
    let limit = |value| accepted(&format!("[default]\n{}", lines(value)), &[]).session_max_per_user;
    assert_eq!(["0", "false", "1", "100"].map(limit), [None, None, Some(1), Some(100)]);
    for (wrong, message) in [
        ("101", "0 (none), or 1 to 100 sessions, not 101"),
        ("-1", "whole number"),
        ("\"5\"", "whole number"),
    ] {
        assert_says(&refused_line(&lines(wrong)), KEY, &[message]);
    }
    let in_code = checked(|config| {
        config.session_type = SessionType::Memory;
        config.session_max_per_user = Some(0);
    });
    assert_says(&in_code.unwrap_err().problems()[0], KEY, &["1 to 100 sessions, not 0"]);
    let word = "session_type = \"memory\"\nsession_when_full = \"newest\"";
    assert_says(&refused_line(word), "session_when_full", &["\"oldest\" or \"refuse\""]);
}

#[test]
fn a_limit_of_sessions_per_user_does_not_launch_where_sessions_live_in_cookies() {
    assert_says(
        &refused_line("session_max_per_user = 5"),
        "session_max_per_user",
        &["session_type is \"cookie\"", "such as session_type = \"redis\"", "in Rocket.toml"],
    );
    // One mistake, not two, where the store is misspelled.
    assert_says(&refused_line("session_max_per_user = 5\nsession_type = \"mem\""), "session_type", &[]);
    let own_store = Environment { own_store: true, ..Environment::default() };
    configure_in(own_store, "[default]\nsession_max_per_user = 5", &[]).unwrap();
}

#[test]
fn an_answer_to_a_limit_that_there_is_not_is_warned_about() {
    let warnings = |max, answer| {
        let limited = checked(|config| {
            config.session_type = SessionType::Memory;
            config.session_max_per_user = max;
            config.session_when_full = answer;
        });
        limited.unwrap().warnings.iter().filter(|warning| warning.key() == "session_when_full").count()
    };
    assert_eq!(warnings(None, WhenFull::Refuse), 1);
    assert_eq!(warnings(Some(5), WhenFull::Refuse) + warnings(None, WhenFull::Oldest), 0);
}

#[test]
fn an_origin_that_no_browser_sends_does_not_launch() {
    const KEY: &str = "session_trusted_origins";
    for (value, message) in [
        ("[\"accounts.example\"]", "\"accounts.example\" has no scheme"),
        ("[\"https://accounts.example/\"]", "has a path"),
        ("[\"https://accounts.example:0x1\"]", "has an invalid port"),
        ("[\"https://a.example\", \"https://*.example\"]", "\"https://*.example\" has an invalid host"),
        ("[\"null\"]", "\"https://accounts.example\""),
        ("\"*\"", "session_cross_origin = \"allow\""),
        ("[443]", "write session_trusted_origins = [\"https://accounts.example\"]"),
        ("true", "must be text"),
    ] {
        assert_says(&refused_line(&format!("{KEY} = {value}")), KEY, &[message]);
    }
    let problem = refused_line("session_trusted_origins = \"https://momo:hush@accounts.example\"");
    assert_says(&problem, KEY, &["has a user name"]);
    assert!(!problem.to_string().contains("hush"), "{problem}");
    assert_says(
        &refused_line("session_cross_origin = \"deny\""),
        "session_cross_origin",
        &["\"refuse\" or \"allow\""],
    );
}

#[test]
fn trusted_origins_are_read_from_a_variable_and_warned_about_where_every_origin_is_allowed() {
    let variable =
        |value| accepted("", &[("ROCKET_SESSION_TRUSTED_ORIGINS", value)]).session_trusted_origins.clone();
    assert_eq!(variable("https://accounts.example:8443"), ["https://accounts.example:8443"]);
    assert_eq!(
        variable(r#"["https://a.example", "app://b.example"]"#),
        ["https://a.example", "app://b.example"]
    );
    let warnings = |answer| {
        let trusting = checked(|config| {
            config.session_cross_origin = answer;
            config.session_trusted_origins = vec!["https://accounts.example".into()];
        });
        trusting.unwrap().warnings.len()
    };
    assert_eq!((warnings(CrossOrigin::Refuse), warnings(CrossOrigin::Allow)), (0, 1));
}

#[test]
fn tokens_of_forms_that_nobody_could_check_do_not_launch() {
    for (line, message) in [
        ("wtf_csrf_secret_key = \"\"", "is empty"),
        ("wtf_csrf_field_name = \"\"", "\"csrf_token\""),
        ("wtf_csrf_field_name = \"_permanent\"", "can't be a key of the session"),
        ("wtf_csrf_time_limit = 0", "write false"),
        ("wtf_csrf_time_limit = true", "must be a number of seconds"),
        ("wtf_csrf_headers = [\"X CSRF\"]", "\"X CSRF\" is not the name of a header"),
        ("wtf_csrf_headers = [7]", "write wtf_csrf_headers = [\"X-CSRFToken\"]"),
        ("wtf_csrf_methods = [\"POST\"]", "has no effect here"),
    ] {
        assert_says(&refused_line(line), line.split(' ').next().unwrap(), &[message]);
    }
    let config = accepted(
        "[default]\nsecret_key = \"a secret that is long\"",
        &[("ROCKET_WTF_CSRF_TIME_LIMIT", "false")],
    );
    assert_eq!((config.wtf_csrf_time_limit, config.csrf_key()), (None, Some(&b"a secret that is long"[..])));
    let config =
        accepted("", &[("ROCKET_WTF_CSRF_SECRET_KEY", "Flask's own"), ("ROCKET_SECRET_KEY", "of cookies")]);
    assert_eq!(config.csrf_key(), Some(&b"Flask's own"[..]));
}
