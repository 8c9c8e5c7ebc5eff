//! Keys that sign: which are needed, and which are too weak.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::{Environment, SecretKey, SessionConfig, SessionType};
use crate::settings::reader::{Setting, text_between_blanks};
use crate::settings::report::Report;

const FALLBACKS: &str = "secret_key_fallbacks";
const ALLOW_WEAK: &str = "session_allow_weak_secret";
const OF_FORMS: &str = "wtf_csrf_secret_key";

/// What a visitor gains who guesses a key.
const ANY_USER: &str = "can be any user";
const ANY_TOKEN: &str = "can make the tokens of forms";

const NEW_KEY: &str = "make one of at least 16 random bytes with `openssl rand -hex 32` or \
     `python3 -c 'import secrets; print(secrets.token_hex(32))'`";

/// Reads a key in base64, in either alphabet, with or without padding.
pub(super) fn from_base64(setting: &Setting) -> Result<Option<SecretKey>, String> {
    let text = text_between_blanks(setting)?;
    let alphabet = if text.contains(['-', '_']) { URL_SAFE } else { STANDARD };
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    match GeneralPurpose::new(&alphabet, config).decode(text.trim()) {
        Ok(bytes) => Ok(Some(bytes.into())),
        Err(_) => Err("is not valid base64; a key that is text belongs in session_secret_key".into()),
    }
}

/// Reports missing and weak keys, the one that signs and those that are still accepted: whoever guesses any of them can
/// sign. In the debug profile a missing one is generated.
pub(super) fn check(config: &mut SessionConfig, environment: Environment, report: &mut Report) {
    if report.is_set("session_secret_key") && report.is_set("session_secret_key_base64") {
        report.refuse(&["session_secret_key", "session_secret_key_base64"], "is set as base64 too; keep one");
    }
    if config.secret_key_fallbacks.iter().any(|key| key.as_bytes().is_empty()) {
        report.refuse(&[FALLBACKS], "holds an empty key, with which anybody can sign; remove it");
    }
    let key = ["session_secret_key_base64", "session_secret_key"]
        .into_iter()
        .find(|key| report.is_set(key))
        .unwrap_or("secret_key");
    let signs = config.session_use_signer
        || environment.shares_logins
        || (config.session_type == SessionType::Cookie && !environment.own_store);
    if !report.readable(&["session_type", "session_use_signer", ALLOW_WEAK]) {
        return;
    }
    check_key_of_forms(config, environment, report);
    if !signs {
        if report.readable(&[key, OF_FORMS]) && config.wtf_csrf_secret_key.is_none() {
            let flaw = config.secret_key.as_ref().and_then(SecretKey::weakness);
            if let Some(flaw) = flaw.filter(|_| config.csrf_key().is_some()) {
                report.warn(
                    &[key],
                    format!(
                        "{flaw}, and tokens of forms (csrf::FlaskWtf) are signed with it: who guesses it {ANY_TOKEN}; \
                         {NEW_KEY}"
                    ),
                );
            }
        }
        return;
    }
    let is_allowed = config.session_allow_weak_secret;
    if report.readable(&[key]) {
        match config.secret_key.as_ref().filter(|secret| !secret.as_bytes().is_empty()) {
            Some(secret) => {
                if let Some(flaw) = secret.weakness() {
                    let finding = format!("{flaw}, and sessions are signed with it");
                    weak(key, &finding, [ANY_USER, NEW_KEY], is_allowed, environment, report);
                }
            }
            None => config.secret_key = missing(key, environment, report),
        }
    }
    for (number, fallback) in (1..).zip(&config.secret_key_fallbacks) {
        if let Some(flaw) = fallback.weakness().filter(|_| !fallback.as_bytes().is_empty()) {
            let finding = format!("key {number} {flaw}, and what is signed with it is accepted");
            weak(FALLBACKS, &finding, [ANY_USER, "remove it"], is_allowed, environment, report);
        }
    }
}

/// Reports a weak key of the tokens' own. An empty one is refused in any case.
fn check_key_of_forms(config: &SessionConfig, environment: Environment, report: &mut Report) {
    let Some(secret) = config.wtf_csrf_secret_key.as_ref().filter(|key| !key.as_bytes().is_empty()) else {
        return;
    };
    if let Some(flaw) = secret.weakness() {
        let finding = format!("{flaw}, and tokens of forms are signed with it");
        let is_allowed = config.session_allow_weak_secret;
        weak(OF_FORMS, &finding, [ANY_TOKEN, NEW_KEY], is_allowed, environment, report);
    }
}

/// Reports a key that can be guessed, with what that lets a visitor do. A team that brings it from Flask may allow it,
/// and is told at each launch.
fn weak(
    key: &'static str,
    finding: &str,
    [harm, remedy]: [&str; 2],
    is_allowed: bool,
    environment: Environment,
    report: &mut Report,
) {
    if is_allowed {
        let message = format!("{finding}: who guesses it {harm}, which {ALLOW_WEAK} = true allows");
        report.warn(&[key, ALLOW_WEAK], message);
    } else if environment.debug_profile {
        report.warn(&[key], format!("{finding}, which does not launch outside the debug profile; {remedy}"));
    } else {
        let message =
            format!("{finding}: who guesses it {harm}; {remedy}, or allow it with {ALLOW_WEAK} = true");
        report.refuse(&[key], message);
    }
}

/// Makes a key in the debug profile and in a test, where one is missing. Elsewhere that is a problem.
fn missing(key: &'static str, environment: Environment, report: &mut Report) -> Option<SecretKey> {
    if !environment.debug_profile && !environment.in_test {
        report.refuse(
            &[key],
            format!(
                "is missing, and sessions are signed with it; {NEW_KEY} and set it in Rocket.toml or as \
                 ROCKET_SECRET_KEY"
            ),
        );
        return None;
    }
    match SecretKey::generate() {
        Ok(generated) => {
            if !environment.in_test {
                report.warn(
                    &[key],
                    "is missing; a random one is used, and every session ends with this process",
                );
            }
            Some(generated)
        }
        Err(error) => {
            report.refuse(&[key], format!("is missing, and none could be generated: {error}"));
            None
        }
    }
}
