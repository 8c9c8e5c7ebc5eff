//! Which spelling and which source count, and where a mistake is said to be.

use figment::Figment;
use rocket_session_state_core::config::{Environment, SessionConfig, SessionType};

use super::{KEY, accepted, assert_says, configure, only, refused, refused_line};

#[test]
fn every_mistake_in_files_variables_and_profiles_is_reported_at_once_with_its_place() {
    let problems = refused(
        r#"
        [default]
        secret_key = "short"
        session_cookie_path = "account"
        session_tpye = "memory"

        [global]
        session_cookie_samesite = "Laxx"

        [release]
        permanent_session_lifetime = "1 month"
        session_dynamodb_table = "sessions"
        "#,
        &[
            ("ROCKET_PROFILE", "release"),
            ("ROCKET_SESSION_COOKIE_NAME", "0110"),
            ("ROCKET_SESSION_COOKIE_HTTPONLY", "no"),
            ("ROCKET_SESSION_ID_LENGTH", "8"),
        ],
    );
    let found: Vec<(&str, String)> = problems
        .iter()
        .map(|problem| {
            let places: Vec<String> = problem.places().iter().map(ToString::to_string).collect();
            (problem.key(), places.join("; "))
        })
        .collect();
    let expected = [
        ("session_dynamodb_table", "in Rocket.toml, profile [release]"),
        ("session_tpye", "in Rocket.toml, profile [default]"),
        ("session_cookie_name", "in the environment variable ROCKET_SESSION_COOKIE_NAME"),
        ("session_cookie_httponly", "in the environment variable ROCKET_SESSION_COOKIE_HTTPONLY"),
        ("session_cookie_samesite", "in Rocket.toml, profile [global]"),
        ("permanent_session_lifetime", "in Rocket.toml, profile [release]"),
        ("secret_key", "in Rocket.toml, profile [default]"),
        ("session_cookie_path", "in Rocket.toml, profile [default]"),
        ("session_id_length", "in the environment variable ROCKET_SESSION_ID_LENGTH"),
    ];
    assert_eq!(found, expected.map(|(key, place)| (key, place.to_owned())));
}

#[test]
fn the_error_text_has_one_line_for_each_problem() {
    let error = configure(
        "[default]\nsession_type = \"redsi\"\nsession_permanent = 1\nmax_cookie_size = -1",
        &[("ROCKET_SECRET_KEY", KEY)],
    )
    .unwrap_err();
    let unknown = "redsi".parse::<SessionType>().unwrap_err().to_string();
    assert!(unknown.starts_with("\"redsi\" is not known; write \"cookie\", \"memory\", "), "{unknown}");
    assert!(unknown.ends_with("\"; did you mean \"redis\"?"), "{unknown}");
    let expected = format!(
        "the session configuration has 3 problems:\
         \n  - session_type: {unknown} (in Rocket.toml, profile [default])\
         \n  - max_cookie_size: must be a whole number, not a negative, fractional or too large one \
         (in Rocket.toml, profile [default])\
         \n  - session_permanent: must be true or false, not a number; write session_permanent = true or \
         session_permanent = false (in Rocket.toml, profile [default])"
    );
    assert_eq!(error.to_string(), expected);
}

#[test]
fn keys_in_flasks_capitals_are_read() {
    let config =
        accepted("[default]\nSECRET_KEY = \"0123456789abcdef\"\nSESSION_COOKIE_NAME = \"visit\"", &[]);
    assert_eq!(config.session_cookie_name, "visit");
    assert_eq!(config.secret_key.as_ref().unwrap().as_bytes(), b"0123456789abcdef");
}

#[test]
fn a_variable_wins_over_either_spelling_in_a_file_and_over_every_profile() {
    for file in ["[default]\nSESSION_TYPE = \"cookie\"", "[global]\nsession_type = \"cookie\""] {
        let config = accepted(file, &[("ROCKET_SESSION_TYPE", "memory")]);
        assert_eq!(config.session_type, SessionType::Memory, "{file}");
    }
}

#[test]
fn two_spellings_of_one_key_in_files_are_refused_and_both_places_are_named() {
    let problem = only(refused(
        &format!(
            "[default]\nsecret_key = \"{KEY}\"\nSESSION_TYPE = \"memory\"\n[debug]\nsession_type = \"cookie\""
        ),
        &[],
    ));
    assert_says(
        &problem,
        "session_type",
        &["SESSION_TYPE", "profile [debug], and in Rocket.toml, profile [default]"],
    );
}

#[test]
fn a_key_in_mixed_letter_case_is_refused_with_the_right_spelling() {
    assert_says(
        &refused_line("Session_Type = \"memory\""),
        "Session_Type",
        &["session_type or SESSION_TYPE", "in Rocket.toml, profile [default]"],
    );
}

#[test]
fn a_value_that_can_not_be_read_is_no_second_problem_in_a_rule_about_it() {
    let release = ("ROCKET_PROFILE", "release");
    let problem = only(refused("[default]\nsecret_key = 5", &[release]));
    assert_says(&problem, "secret_key", &["must be text or a list of byte values"]);
    assert_says(
        &only(refused("[default]\nsession_type = \"redsi\"", &[release])),
        "session_type",
        &["redis"],
    );
}

#[test]
fn a_broken_file_is_one_problem_that_names_the_file_and_shows_none_of_its_values() {
    for toml in [
        "[default]\nsecret_key = \"hush",
        "[default]\nsecret_key = \"hush\" hush",
        "secret_key = \"hush\"",
        "[default]\nsecret_key = hush",
        "secret_key = \"a\\\"hush\\\"hush\"",
    ] {
        let error = configure(toml, &[]).unwrap_err();
        let problem = only(error.problems().to_vec());
        assert_says(&problem, problem.key(), &["can't be read", "Rocket.toml"]);
        assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
    }
}

#[test]
fn values_from_code_have_a_place_too() {
    let figment = Figment::from(("session_type", 5)).select("debug");
    let error = SessionConfig::from_figment(&figment, Environment::default()).unwrap_err();
    assert_says(&error.problems()[0], "session_type", &["places.rs:", "profile [global]"]);
}
