//! Rules of the cookie.

use rocket_session_state_core::config::{Environment, SameSite, SessionConfig};

use super::{KEY, assert_says, checked, only, refused};

#[test]
fn secure_is_on_outside_the_debug_profile_and_with_tls_unless_it_is_set_and_its_absence_is_warned_about() {
    let secure = |tls, debug, set: Option<bool>| {
        let mut config = SessionConfig::default();
        config.secret_key = Some(KEY.into());
        config.session_cookie_secure = set;
        let checked = config
            .check(Environment { debug_profile: debug, serves_tls: tls, ..Environment::default() })
            .unwrap();
        assert_eq!(checked.secure_was_chosen, set.is_some());
        (checked.cookie_secure(), checked.warnings.len())
    };
    assert_eq!(secure(true, false, None), (true, 0));
    assert_eq!(secure(true, true, None), (true, 0));
    assert_eq!(secure(false, true, None), (false, 0));
    assert_eq!(secure(false, false, None), (true, 0));
    assert_eq!(secure(false, false, Some(true)), (true, 0));
    assert_eq!(secure(false, false, Some(false)), (false, 1));
    assert_eq!(secure(true, false, Some(false)), (false, 1));
}

#[test]
fn partitioned_turns_secure_on_unless_it_was_turned_off() {
    let mut config = SessionConfig::default();
    config.session_cookie_partitioned = true;
    assert!(
        config.check(Environment { debug_profile: true, ..Environment::default() }).unwrap().cookie_secure()
    );
    let error = checked(|config| {
        config.session_cookie_partitioned = true;
        config.session_cookie_secure = Some(false);
    })
    .unwrap_err();
    let problem = only(error.problems().to_vec());
    assert_says(&problem, "session_cookie_partitioned", &["session_cookie_secure = true"]);
}

#[test]
fn samesite_none_without_secure_does_not_launch_and_both_places_are_named() {
    let problem = only(refused(
        &format!("[default]\nsecret_key = \"{KEY}\"\nsession_cookie_samesite = \"None\""),
        &[("ROCKET_SESSION_COOKIE_SECURE", "false")],
    ));
    assert_says(
        &problem,
        "session_cookie_samesite",
        &[
            "session_cookie_secure = true",
            "Rocket.toml, profile [default]",
            "variable ROCKET_SESSION_COOKIE_SECURE",
        ],
    );
    assert!(checked(|config| config.session_cookie_samesite = Some(SameSite::None)).is_ok());
}

#[test]
fn a_cookie_name_prefix_whose_promise_is_not_kept_does_not_launch() {
    let problems = |name: &str, change: fn(&mut SessionConfig)| {
        checked(|config| {
            config.session_cookie_name = name.into();
            change(config);
        })
        .map_or_else(|error| error.problems().len(), |_| 0)
    };
    assert_eq!(problems("__Host-session", |_| {}), 0);
    assert_eq!(problems("__Host-session", |config| config.session_cookie_secure = Some(false)), 1);
    assert_eq!(
        problems("__Host-session", |config| config.session_cookie_domain = Some("a.example".into())),
        1
    );
    assert_eq!(problems("__Host-session", |config| config.application_root = "/app".into()), 1);
    assert_eq!(problems("__host-session", |config| config.session_cookie_path = Some("/app".into())), 1);
    assert_eq!(problems("__Secure-session", |config| config.session_cookie_secure = Some(false)), 1);
    assert_eq!(
        problems("__Secure-session", |config| config.session_cookie_domain = Some("a.example".into())),
        0
    );
}

#[test]
fn every_prefix_that_browsers_check_has_its_conditions_in_any_letter_case() {
    type Change = fn(&mut SessionConfig);
    let changes: [(&str, Change); 4] = [
        ("session_cookie_secure", |config| config.session_cookie_secure = Some(false)),
        ("session_cookie_httponly", |config| config.session_cookie_httponly = false),
        ("session_cookie_domain", |config| config.session_cookie_domain = Some("a.example".into())),
        ("path", |config| config.session_cookie_path = Some("/app".into())),
    ];
    for (prefix, broken_by) in [
        ("__Secure-", &[true, false, false, false]),
        ("__Host-", &[true, false, true, true]),
        ("__Http-", &[true, true, false, false]),
        ("__Host-Http-", &[true, true, true, true]),
        ("__Host_", &[false; 4]),
        ("Host-", &[false; 4]),
    ] {
        for prefix in [prefix.to_owned(), prefix.to_lowercase(), prefix.to_uppercase()] {
            let named = |change: Change| {
                checked(|config| {
                    config.session_cookie_name = format!("{prefix}session");
                    change(config);
                })
            };
            assert!(named(|_| {}).is_ok(), "{prefix}");
            for ((what, change), is_broken) in changes.into_iter().zip(broken_by) {
                let problems = named(change).map_or_else(|error| error.problems().to_vec(), |_| Vec::new());
                assert_eq!(problems.len(), usize::from(*is_broken), "{prefix} {what}: {problems:?}");
                for problem in problems {
                    assert_says(&problem, "session_cookie_name", &["begins with `__", what]);
                }
            }
        }
    }
}

#[test]
fn a_cookie_name_must_be_a_token() {
    for name in ["", "a b", "a;b", "a=b", "a,b", "ä", "a\n", "\"a\""] {
        assert!(checked(|config| config.session_cookie_name = name.into()).is_err(), "{name:?}");
    }
}

#[test]
fn a_path_is_absolute_and_can_not_smuggle_in_an_attribute() {
    for path in ["account", "/a; Domain=evil.example", "/a\r\nX: y", "/a b", "/ä", "/\u{7f}"] {
        assert!(checked(|config| config.session_cookie_path = Some(path.into())).is_err(), "{path:?}");
        assert!(checked(|config| config.application_root = path.into()).is_err(), "{path:?}");
    }
    assert!(checked(|config| config.application_root = String::new()).is_err());
    let empty = checked(|config| {
        config.session_cookie_path = Some(String::new());
        config.application_root = "/app".into();
    });
    assert_eq!(empty.unwrap().cookie_path(), "/app");
}

#[test]
fn a_domain_loses_leading_dots_becomes_ascii_and_holds_nothing_else() {
    let domain = |domain: &str| {
        checked(|config| config.session_cookie_domain = Some(domain.into()))
            .map(|configured| configured.session_cookie_domain.clone().unwrap())
    };
    assert_eq!(domain("..Example.com").unwrap(), "Example.com");
    match domain("bücher.example") {
        Ok(domain) => assert!(cfg!(feature = "idn") && domain == "xn--bcher-kva.example", "{domain}"),
        Err(error) => {
            let text = error.to_string();
            let says_how = text.contains("punycode") && text.contains("the cargo feature `idn`");
            assert!(!cfg!(feature = "idn") && says_how, "{text}");
        }
    }
    for ambiguous in [
        "straße.de",
        "STRASSE.straße.de",
        "STRAẞE.de",
        "βόλος.com",
        "نامه\u{200c}ای.com",
        "ÜBER.de",
        "ᎣᎦ.com",
    ] {
        let text = domain(ambiguous).unwrap_err().to_string();
        let says_how = if cfg!(feature = "idn") { "IDNA 2008" } else { "the cargo feature `idn`" };
        assert!(text.contains(says_how) && text.contains("xn--"), "{text}");
    }
    assert_eq!(domain("xn--strae-oqa.de").unwrap(), "xn--strae-oqa.de");
    if cfg!(feature = "idn") {
        // As Python's codec `idna` writes them.
        for (written, ascii) in [
            (".München.Example", "xn--mnchen-3ya.example"),
            ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
            ("xn--strae-oqa.bücher.de", "xn--strae-oqa.xn--bcher-kva.de"),
            ("почта.рф", "xn--80a1acny.xn--p1ai"),
        ] {
            assert_eq!(domain(written).unwrap(), ascii, "{written}");
        }
    }
    for wrong in
        ["", ".", "example.com:80", "https://example.com", "a b", "a;b", "a.example/x", "*.example.com"]
    {
        assert!(domain(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_cookie_may_not_be_larger_than_what_is_read_when_it_comes_back() {
    for size in [0, 1, 4093, 8192] {
        assert!(checked(|config| config.max_cookie_size = size).is_ok(), "{size}");
    }
    let error = checked(|config| config.max_cookie_size = 8193).unwrap_err();
    assert_says(&only(error.problems().to_vec()), "max_cookie_size", &["0 to 8192 bytes", "8193"]);
}
