//! The configuration as users write it: files, variables, profiles, and what they are told when it is wrong.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // in what tests share
#![allow(clippy::result_large_err)] // `Jail` prescribes its error type

mod cookie;
mod keys;
mod migrate_from;
mod places;
#[cfg(feature = "redis")]
mod redis;
mod remember;
mod secrets;
mod stores;
mod values;
mod warnings;

use figment::providers::{Env, Format, Serialized, Toml};
use figment::{Figment, Jail, Profile};
use rocket_session_state_core::config::{CheckedConfig, ConfigError, Environment, Problem, SessionConfig};

/// Outside the debug profile, behind TLS of its own.
const TLS: Environment = Environment {
    debug_profile: false,
    serves_tls: true,
    own_store: false,
    in_test: false,
    shares_logins: false,
};

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// Rocket's own figment, without Rocket.
fn rocket_figment() -> Figment {
    Figment::from(Serialized::defaults(figment::util::map!["port" => 8000]))
        .merge(Toml::file(Env::var_or("ROCKET_CONFIG", "Rocket.toml")).nested())
        .merge(Env::prefixed("ROCKET_").ignore(&["PROFILE"]).global())
        .select(Profile::from_env_or("ROCKET_PROFILE", "debug"))
}

/// The result of this Rocket.toml and these variables, in a server without TLS.
fn configure(toml: &str, variables: &[(&str, &str)]) -> Result<CheckedConfig, ConfigError> {
    configure_in(Environment::default(), toml, variables)
}

fn configure_in(
    environment: Environment,
    toml: &str,
    variables: &[(&str, &str)],
) -> Result<CheckedConfig, ConfigError> {
    let mut result = None;
    Jail::expect_with(|jail| {
        jail.clear_env();
        jail.create_file("Rocket.toml", toml)?;
        for (name, value) in variables {
            jail.set_env(name, value);
        }
        result = Some(SessionConfig::from_figment(&rocket_figment(), environment));
        Ok(())
    });
    result.unwrap()
}

#[track_caller]
fn accepted(toml: &str, variables: &[(&str, &str)]) -> CheckedConfig {
    configure(toml, variables).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn refused(toml: &str, variables: &[(&str, &str)]) -> Vec<Problem> {
    configure(toml, variables).expect_err("should not launch").problems().to_vec()
}

/// The only problem of a line in `[default]`.
#[track_caller]
fn refused_line(line: &str) -> Problem {
    only(refused(&format!("[default]\nsecret_key = \"{KEY}\"\n{line}"), &[]))
}

#[track_caller]
fn refused_variable(name: &str, value: &str) -> Problem {
    only(refused(&format!("[default]\nsession_secret_key = \"{KEY}\""), &[(name, value)]))
}

#[track_caller]
fn only(problems: Vec<Problem>) -> Problem {
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems.into_iter().next().unwrap()
}

#[track_caller]
fn assert_says(problem: &Problem, key: &str, parts: &[&str]) {
    assert_eq!(problem.key(), key, "{problem}");
    for part in parts {
        assert!(problem.to_string().contains(part), "{part:?} is missing in: {problem}");
    }
}

/// A configuration made in code, checked as outside the debug profile and with TLS.
fn checked(change: impl FnOnce(&mut SessionConfig)) -> Result<CheckedConfig, ConfigError> {
    let mut config = SessionConfig::default();
    config.secret_key = Some(KEY.into());
    change(&mut config);
    config.check(TLS)
}
