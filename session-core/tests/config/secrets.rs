//! Keys that sign: when they are needed, which are refused, and that none is ever shown.

use figment::Figment;
use rocket_session_state_core::config::{Problem, SessionConfig};

use super::{KEY, TLS, accepted, assert_says, checked, configure, only, refused, refused_line};

#[test]
fn a_secret_that_figment_misread_is_refused_and_never_repeated() {
    for value in ["0110456789012345", "true", "{hush=hush}", "[256]"] {
        let problem = only(refused("", &[("ROCKET_PROFILE", "release"), ("ROCKET_SECRET_KEY", value)]));
        assert_says(&problem, "secret_key", &["ROCKET_SECRET_KEY='\"…\"'", "variable ROCKET_SECRET_KEY"]);
        for part in ["110456789012345", "hush", "256"] {
            assert!(!problem.to_string().contains(part), "{problem}");
        }
    }
}

#[test]
fn fallback_keys_must_be_a_list_of_keys_and_none_may_be_empty() {
    for (value, says) in [
        ("\"hushhush\"", "must be a list, not text"),
        ("[1, 2, 3]", "one list of numbers"),
        ("[\"hushhush\", 5]", "key 2 must be text"),
        ("[\"\"]", "empty key"),
        ("[[]]", "empty key"),
        ("[[256]]", "key 1"),
    ] {
        let problem = refused_line(&format!("secret_key_fallbacks = {value}"));
        assert_says(&problem, "secret_key_fallbacks", &[says]);
        assert!(!problem.to_string().contains("hush"), "{problem}");
    }
}

#[test]
fn outside_the_debug_profile_a_missing_or_weak_secret_does_not_launch() {
    let release = ("ROCKET_PROFILE", "release");
    assert_says(&only(refused("", &[release])), "secret_key", &["is missing", "token_hex(32)", "openssl"]);
    assert_says(&only(refused("", &[release, ("ROCKET_SECRET_KEY", "")])), "secret_key", &["is missing"]);
    for weak in ["changeme", "0123456789abcde", "aaaaaaaaaaaaaaaaaaaaaaaa"] {
        let problem = only(refused("", &[release, ("ROCKET_SECRET_KEY", weak)]));
        assert_says(&problem, "secret_key", &["token_hex(32)", "variable ROCKET_SECRET_KEY"]);
        assert!(!problem.message().contains(weak), "{problem}");
    }
    accepted("", &[release, ("ROCKET_SECRET_KEY", "0123456789abcdef")]);
}

#[test]
fn in_the_debug_profile_a_missing_secret_is_generated_and_a_short_one_kept_each_with_a_warning() {
    let configured = configure("", &[]).unwrap();
    assert_eq!(configured.secret_key.as_ref().unwrap().as_bytes().len(), 32);
    assert_says(&configured.warnings[0], "secret_key", &["is missing"]);
    let other = configure("", &[]).unwrap();
    assert_ne!(
        other.secret_key.as_ref().unwrap().as_bytes(),
        configured.secret_key.as_ref().unwrap().as_bytes()
    );

    let configured = configure("", &[("ROCKET_SECRET_KEY", "dev")]).unwrap();
    assert_eq!(configured.secret_key.as_ref().unwrap().as_bytes(), b"dev");
    assert_says(&configured.warnings[0], "secret_key", &["only 3 bytes"]);
}

#[test]
fn every_key_that_is_accepted_follows_the_rule_of_the_one_that_signs() {
    let toml = |lines: &str| format!("[default]\nsecret_key = \"{KEY}\"\n{lines}");
    let release = ("ROCKET_PROFILE", "release");
    for (weak, says) in [
        ("\"x\"", "only 1 bytes"),
        ("\"fifteen letters\"", "only 15 bytes"),
        ("\"aaaaaaaaaaaaaaaaaaaaaaaa\"", "repeats"),
    ] {
        let keys = toml(&format!("secret_key_fallbacks = [\"an old key of a good length\", {weak}]"));
        for signed in ["", "session_type = \"memory\"\nsession_use_signer = true\n"] {
            let problem = only(refused(&format!("{keys}\n{signed}"), &[release]));
            let parts = ["key 2", says, "session_allow_weak_secret = true", "Rocket.toml"];
            assert_says(&problem, "secret_key_fallbacks", &parts);
        }
        let warnings = configure(&keys, &[]).unwrap().warnings;
        assert_says(&only(warnings), "secret_key_fallbacks", &["key 2", says, "outside the debug profile"]);
        accepted(&format!("{keys}\nsession_type = \"memory\""), &[release]);
    }
    accepted(&toml("secret_key_fallbacks = [\"of sixteen bytes\"]"), &[release]);
}

#[test]
fn weak_keys_can_be_allowed_with_a_warning_for_each_but_none_that_is_empty() {
    let weak = "[default]\nsecret_key = \"dev\"\nsecret_key_fallbacks = [\"old\"]";
    let allowed = |toml: &str| format!("{toml}\nsession_allow_weak_secret = true");
    for profile in ["release", "debug"] {
        let warnings = configure(&allowed(weak), &[("ROCKET_PROFILE", profile)]).unwrap().warnings;
        let [secret, fallback] = &warnings[..] else { panic!("{warnings:?}") };
        assert_says(secret, "secret_key", &["only 3 bytes", "session_allow_weak_secret = true"]);
        assert_says(fallback, "secret_key_fallbacks", &["key 1", "session_allow_weak_secret = true"]);
    }
    let release = ("ROCKET_PROFILE", "release");
    assert_eq!(refused(weak, &[release]).len(), 2);
    let missing = only(refused(&allowed("[default]"), &[release]));
    assert_says(&missing, "secret_key", &["is missing"]);
    let empty = allowed(&format!("[default]\nsecret_key = \"{KEY}\"\nsecret_key_fallbacks = [\"\"]"));
    assert_says(&only(refused(&empty, &[release])), "secret_key_fallbacks", &["empty key"]);
}

/// The store of these tests has a warning of its own.
fn about_keys(mut warnings: Vec<Problem>) -> Vec<Problem> {
    warnings.retain(|warning| warning.key() != "session_type");
    warnings
}

#[test]
fn a_weak_key_of_the_tokens_of_forms_follows_the_rule_of_the_one_that_signs_sessions() {
    let release = ("ROCKET_PROFILE", "release");
    for kept in ["", "session_type = \"memory\"\n"] {
        let with =
            |key: &str| format!("[default]\nsecret_key = \"{KEY}\"\n{kept}wtf_csrf_secret_key = \"{key}\"\n");
        for (weak, says) in [("a secret", "only 8 bytes"), ("aaaaaaaaaaaaaaaaaaaaaaaa", "repeats")] {
            let problem = only(refused(&with(weak), &[release]));
            let parts =
                [says, "make the tokens of forms", "token_hex(32)", "session_allow_weak_secret = true"];
            assert_says(&problem, "wtf_csrf_secret_key", &parts);
            assert!(!problem.message().contains(weak), "{problem}");
            let warning = only(configure(&with(weak), &[]).unwrap().warnings);
            assert_says(&warning, "wtf_csrf_secret_key", &[says, "outside the debug profile"]);
            let allowed = format!("{}session_allow_weak_secret = true", with(weak));
            let warning = only(about_keys(configure(&allowed, &[release]).unwrap().warnings));
            assert_says(&warning, "wtf_csrf_secret_key", &[says, "session_allow_weak_secret = true"]);
        }
        accepted(&with("of sixteen bytes"), &[release]);
    }
}

#[test]
fn a_weak_secret_that_signs_nothing_but_tokens_of_forms_is_a_warning() {
    let release = ("ROCKET_PROFILE", "release");
    let memory = "[default]\nsession_type = \"memory\"\n";
    let warning = only(about_keys(accepted(&format!("{memory}secret_key = \"dev\""), &[release]).warnings));
    assert_says(&warning, "secret_key", &["only 3 bytes", "csrf::FlaskWtf", "token_hex(32)"]);
    for silent in [
        String::new(),
        "secret_key = \"\"".into(),
        format!("secret_key = \"{KEY}\""),
        format!("secret_key = \"dev\"\nwtf_csrf_secret_key = \"{KEY}\""),
    ] {
        let warnings = about_keys(accepted(&format!("{memory}{silent}"), &[release]).warnings);
        assert!(warnings.is_empty(), "{silent}: {warnings:?}");
    }
}

#[test]
fn a_secret_is_not_needed_where_nothing_is_signed() {
    let release = ("ROCKET_PROFILE", "release");
    accepted("[default]\nsession_type = \"memory\"", &[release]);
    let signed = "[default]\nsession_type = \"memory\"\nsession_use_signer = true";
    assert_says(&only(refused(signed, &[release])), "secret_key", &["is missing"]);
}

#[test]
fn the_sessions_own_key_goes_before_rockets() {
    let rocket = format!("[default]\nsecret_key = \"{KEY}\"\n");
    for own in [
        "session_secret_key = \"sixteen bytes or\"",
        "session_secret_key = [115, 105, 120, 116, 101, 101, 110, 32, 98, 121, 116, 101, 115, 32, 111, 114]",
        "session_secret_key_base64 = \"c2l4dGVlbiBieXRlcyBvcg==\"",
        "session_secret_key_base64 = \"c2l4dGVlbiBieXRlcyBvcg\"",
    ] {
        let config = accepted(&format!("{rocket}{own}"), &[]);
        assert_eq!(config.secret_key.as_ref().unwrap().as_bytes(), b"sixteen bytes or", "{own}");
    }
    let url_safe = accepted("[default]\nsession_secret_key_base64 = \"-_-_-_-_-_-_-_-_-_-_-w\"", &[]);
    assert_eq!(url_safe.secret_key.as_ref().unwrap().as_bytes()[..3], [0xfb, 0xff, 0xbf]);
    assert_says(
        &refused_line("session_secret_key_base64 = \"hush hush\""),
        "session_secret_key_base64",
        &["is not valid base64"],
    );
}

#[test]
fn two_keys_of_the_sessions_own_are_refused() {
    let problem = only(refused(
        &format!("[default]\nsession_secret_key = \"{KEY}\""),
        &[("ROCKET_SESSION_SECRET_KEY_BASE64", "c2l4dGVlbiBieXRlcyBvcg==")],
    ));
    assert_says(
        &problem,
        "session_secret_key",
        &["Rocket.toml, profile [default]", "variable ROCKET_SESSION_SECRET_KEY_BASE64"],
    );
}

#[test]
fn the_zeros_that_rocket_shows_instead_of_a_key_are_never_signed_with() {
    let rocket = Figment::from(("secret_key", vec![0_u8; 32]));
    let error = SessionConfig::from_figment(&rocket.clone().select("release"), TLS).unwrap_err();
    assert_says(&error.problems()[0], "secret_key", &["is missing"]);

    let generated =
        SessionConfig::from_figment(&rocket.select("debug"), TLS).unwrap().secret_key.clone().unwrap();
    assert_ne!(generated.as_bytes(), [0; 32]);
    assert!(checked(|config| config.secret_key = Some(vec![0; 32].into())).is_err());
}

#[test]
fn debug_means_the_selected_profile_and_not_the_kind_of_build() {
    assert!(configure("", &[("ROCKET_PROFILE", "debug")]).is_ok());
    assert!(configure("", &[("ROCKET_PROFILE", "staging")]).is_err());
}

#[test]
fn debug_shows_no_secret_and_no_password() {
    let configured = checked(|config| {
        config.secret_key = Some("hush hush hush hush".into());
        config.secret_key_fallbacks = vec![b"hush hush hush hush".into()];
        config.store.redis.url = "redis://me:hush@host:6379/1".into();
        config.store.sql.url = Some("mysql+pymysql://me:hush@host/shop".into());
    })
    .unwrap();
    let shown = format!("{configured:?}");
    assert!(!shown.contains("hush"), "{shown}");
    assert!(shown.contains("redis://…@host:6379/1"), "{shown}");
    assert!(shown.contains("mysql+pymysql://…@host/shop"), "{shown}");
}
