//! What a configuration must be to be launched, whoever made it.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::{
    ConfigError, Configured, SecretKey, SessionConfig, SessionType, Surroundings, cookie_rules, file_rules,
    memcached_rules, mongodb_rules, old_store, redis_url, sql_rules,
};
use crate::settings::report::Report;

const NEW_KEY: &str = "make one of at least 16 random bytes with `openssl rand -hex 32` or \
     `python3 -c 'import secrets; print(secrets.token_hex(32))'`";

/// Decides what the configuration leaves open, and reports what it must not say.
pub(super) fn apply(
    mut config: SessionConfig,
    surroundings: Surroundings,
    mut report: Report,
) -> Result<Configured, ConfigError> {
    let Surroundings { debug_profile, serves_tls, .. } = surroundings;
    secrets(&mut config, surroundings, &mut report);
    cookie_rules::apply(&mut config, debug_profile, serves_tls, &mut report);
    store(&config, surroundings, &mut report);
    ranges(&config, &mut report);
    report.finish(config)
}

fn secrets(config: &mut SessionConfig, surroundings: Surroundings, report: &mut Report) {
    if report.is_set("session_secret_key") && report.is_set("session_secret_key_base64") {
        report.refuse(&["session_secret_key", "session_secret_key_base64"], "is set as base64 too; keep one");
    }
    if config.secret_key_fallbacks.iter().any(|key| key.as_bytes().is_empty()) {
        report
            .refuse(&["secret_key_fallbacks"], "holds an empty key, with which anybody can sign; remove it");
    }
    let key = ["session_secret_key_base64", "session_secret_key"]
        .into_iter()
        .find(|key| report.is_set(key))
        .unwrap_or("secret_key");
    let signs =
        config.session_use_signer || (config.session_type == SessionType::Cookie && !surroundings.own_store);
    if !signs || !report.readable(&[key, "session_type", "session_use_signer"]) {
        return;
    }
    let present = config.secret_key.as_ref().filter(|secret| !secret.as_bytes().is_empty());
    match (present.map(SecretKey::weakness), surroundings.debug_profile) {
        (Some(None), _) => {}
        (Some(Some(weakness)), true) => {
            report.warn(
                &[key],
                format!("{weakness}, which does not launch outside the debug profile; {NEW_KEY}"),
            );
        }
        (Some(Some(weakness)), false) => {
            report.refuse(&[key], format!("{weakness}, and sessions are signed with it; {NEW_KEY}"));
        }
        (None, true) => match SecretKey::generate() {
            Ok(generated) => {
                config.secret_key = Some(generated);
                report.warn(
                    &[key],
                    "is missing; a random one is used, and every session ends with this process",
                );
            }
            Err(error) => report.refuse(&[key], format!("is missing, and none could be generated: {error}")),
        },
        (None, false) => {
            let where_to = "set it in Rocket.toml or as ROCKET_SECRET_KEY";
            report.refuse(
                &[key],
                format!("is missing, and sessions are signed with it; {NEW_KEY} and {where_to}"),
            );
        }
    }
}

fn store(config: &SessionConfig, surroundings: Surroundings, report: &mut Report) {
    if surroundings.own_store {
        if report.is_set("session_type") {
            report.refuse(
                &["session_type"],
                "says nothing while a store is passed in code; remove one of them",
            );
        }
    } else {
        named_store(config, surroundings, report);
    }
    key_prefix(config, report);
    old_store::apply(config, surroundings, report);
    let served = surroundings.own_store || config.session_type != SessionType::Cookie;
    if served && config.session_request_timeout < config.session_store_timeout {
        report.warn(
            &["session_request_timeout", "session_store_timeout"],
            "is shorter than session_store_timeout, which therefore never takes effect",
        );
    }
}

pub(super) fn key_prefix(config: &SessionConfig, report: &mut Report) {
    if !config.session_key_prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
        report
            .refuse(&["session_key_prefix"], "must be printable ASCII without spaces, such as \"session:\"");
    }
}

/// What `session_type` and the address of its store must be.
pub(super) fn named_store(config: &SessionConfig, surroundings: Surroundings, report: &mut Report) {
    if let Some(features) = missing_feature(config.session_type) {
        let name = config.session_type;
        report.refuse(
            &["session_type"],
            format!("\"{name}\" needs the cargo feature {features}; turn it on in Cargo.toml"),
        );
    }
    // The address of a store that is not in use may stay as it is.
    match config.session_type {
        SessionType::Cookie => {}
        SessionType::Memory if surroundings.debug_profile => {}
        SessionType::Memory => report.warn(
            &["session_type"],
            "\"memory\": every session ends with this process, and no other process knows it",
        ),
        SessionType::Redis => {
            if let Some(objection) = config.session_redis.as_deref().and_then(redis_url::objection) {
                report.refuse(&["session_redis"], objection);
            }
        }
        SessionType::Sql => sql_rules::apply(config, report),
        SessionType::FileSystem | SessionType::CacheLib => file_rules::apply(config, report),
        SessionType::Memcached => memcached_rules::apply(config, report),
        SessionType::MongoDb => mongodb_rules::apply(config, report),
    }
}

/// The feature that holds such a store, or those of which one does, where it is off.
fn missing_feature(session_type: SessionType) -> Option<&'static str> {
    let (is_on, name) = match session_type {
        SessionType::Cookie | SessionType::Memory => return None,
        SessionType::Redis => (cfg!(feature = "redis"), "`redis`"),
        SessionType::Sql => (
            cfg!(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
            "`sqlite`, `postgres` or `mysql`",
        ),
        SessionType::FileSystem | SessionType::CacheLib => (cfg!(feature = "filesystem"), "`filesystem`"),
        SessionType::Memcached => (cfg!(feature = "memcached"), "`memcached`"),
        SessionType::MongoDb => (cfg!(feature = "mongodb"), "`mongodb`"),
    };
    (!is_on).then_some(name)
}

fn ranges(config: &SessionConfig, report: &mut Report) {
    // Far below what a point in time can be moved by, and far above any use.
    let longest = Duration::from_secs(36_500 * 24 * 60 * 60);
    let lifetime = config.permanent_session_lifetime;
    if lifetime < Duration::from_secs(1) {
        report.refuse(
            &["permanent_session_lifetime"],
            format!("must be at least one second, not {lifetime:?}"),
        );
    }
    if lifetime > longest {
        report.refuse(&["permanent_session_lifetime"], "must be at most 36500 days");
    }
    for (key, span) in [
        ("session_store_timeout", config.session_store_timeout),
        ("session_request_timeout", config.session_request_timeout),
        ("session_ended_poll", config.session_ended_poll),
    ] {
        if span < Duration::from_millis(1) || span > longest {
            report.refuse(
                &[key],
                format!("must be at least one millisecond and at most 36500 days, not {span:?}"),
            );
        }
    }
    if config.session_purge_interval.is_some_and(|span| span < Duration::from_secs(1) || span > longest) {
        report.refuse(
            &["session_purge_interval"],
            "must be 0 (never), or at least one second and at most 36500 days",
        );
    }
    // 16 bytes are 128 bits, below which ids can be guessed.
    within(report, "session_id_length", config.session_id_length, 16..=128, " bytes");
    for length in &config.session_id_length_fallbacks {
        within(report, "session_id_length_fallbacks", *length, 22..=171, " characters");
    }
    within(
        report,
        "session_refresh_after",
        config.session_refresh_after,
        0.0..=1.0,
        ", a share of the lifetime",
    );
    within(report, "session_swap_attempts", config.session_swap_attempts, 1..=u32::MAX, "");
    within(report, "session_breaker_after", config.session_breaker_after, 1..=u32::MAX, "");
    within(report, "session_memory_max", config.session_memory_max, 1..=u64::MAX, "");
}

fn within<T>(report: &mut Report, key: &'static str, value: T, range: RangeInclusive<T>, unit: &str)
where
    T: PartialOrd + Display,
{
    if !range.contains(&value) {
        report.refuse(&[key], format!("must be {} to {}{unit}, not {value}", range.start(), range.end()));
    }
}
