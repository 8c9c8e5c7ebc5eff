//! Flask-Login's keys: the remember-me cookie and the browser of a login.

use std::time::Duration;

use rocket_session_state_core::config::{
    CheckedConfig, ConfigError, Environment, SameSite, SessionProtection,
};

use super::{KEY, TLS, assert_says, configure_in, only};

const SHARED: Environment = Environment { shares_logins: true, ..TLS };

fn configure(environment: Environment, lines: &str) -> Result<CheckedConfig, ConfigError> {
    let toml = format!("[release]\nsecret_key = \"{KEY}\"\n{lines}");
    configure_in(environment, &toml, &[("ROCKET_PROFILE", "release")])
}

#[test]
fn the_keys_have_flask_logins_names_and_are_as_strict_as_those_of_the_session() {
    let config = configure(SHARED, "").unwrap();
    assert_eq!(config.remember_cookie_name, "remember_token");
    assert_eq!((config.remember_cookie_secure, config.remember_cookie_httponly), (Some(true), true));
    assert_eq!(config.remember_cookie_samesite, Some(SameSite::Lax));
    assert_eq!(config.session_protection, Some(SessionProtection::Basic));
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);

    let lines = "REMEMBER_COOKIE_DURATION = \"14 days\"\nremember_cookie_domain = \".example.org\"\n\
                 SESSION_PROTECTION = \"Strong\"\nremember_cookie_samesite = false";
    let config = configure(SHARED, lines).unwrap();
    assert_eq!(config.remember_cookie_duration, Duration::from_secs(14 * 86_400));
    assert_eq!(config.remember_cookie_domain.as_deref(), Some("example.org"));
    assert_eq!(config.session_protection, Some(SessionProtection::Strong));
    assert_eq!(config.remember_cookie_samesite, None);
    assert!(configure(SHARED, "remember_cookie_name = \"__Host-user\"").is_ok());
    assert_eq!(configure(SHARED, "session_protection = false").unwrap().session_protection, None);
}

#[test]
fn what_browsers_would_not_keep_and_what_is_not_a_word_do_not_launch() {
    for (line, key, says) in [
        ("remember_cookie_name = \"a b\"", "remember_cookie_name", "not a valid cookie name"),
        ("remember_cookie_name = \"session\"", "remember_cookie_name", "name of the session's cookie"),
        (
            "remember_cookie_name = \"__Host-user\"\nremember_cookie_path = \"/shop\"",
            "remember_cookie_name",
            "needs `Secure`, the path \"/\" and no domain",
        ),
        ("remember_cookie_domain = \"example.org:80\"", "remember_cookie_domain", "not a domain"),
        ("remember_cookie_path = \"shop\"", "remember_cookie_path", "must start with `/`"),
        ("remember_cookie_duration = 0", "remember_cookie_duration", "at least one second"),
        ("session_protection = \"weak\"", "session_protection", "session_protection = false turns it off"),
        (
            "remember_cookie_samesite = \"None\"\nremember_cookie_secure = false",
            "remember_cookie_samesite",
            "Secure",
        ),
        (
            "remember_cookie_httpsonly = true",
            "remember_cookie_httpsonly",
            "did you mean remember_cookie_httponly?",
        ),
    ] {
        let problem = only(configure(SHARED, line).unwrap_err().problems().to_vec());
        assert_says(&problem, key, &[says]);
    }
}

#[test]
fn a_key_that_does_nothing_or_a_cookie_that_others_may_read_is_a_warning() {
    for (environment, line, says) in [
        (TLS, "session_protection = \"strong\"", "has no effect unless logins are shared"),
        (TLS, "remember_cookie_name = \"stay\"", "has no effect unless logins are shared"),
        (SHARED, "remember_cookie_httponly = false", "any script"),
        (SHARED, "remember_cookie_secure = false", "unencrypted"),
        (SHARED, "session_stamp_required = true", "no remember-me cookie logs anybody in"),
    ] {
        let warnings = configure(environment, line).unwrap().warnings.clone();
        let [warning] = warnings.as_slice() else { panic!("{line}: {warnings:#?}") };
        assert!(warning.to_string().contains(says), "{warning}");
    }
}

#[test]
fn shared_logins_need_a_key_that_nobody_guesses_in_every_store() {
    for (key, says) in [("", "is missing"), ("secret_key = \"changeme\"", "has only 8 bytes")] {
        let toml = format!("[release]\nsession_type = \"memory\"\n{key}");
        let configured = configure_in(SHARED, &toml, &[("ROCKET_PROFILE", "release")]);
        let problem = only(configured.unwrap_err().problems().to_vec());
        assert_says(&problem, "secret_key", &[says]);
    }
}
