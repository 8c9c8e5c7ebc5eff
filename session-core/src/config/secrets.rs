//! Keys that sign: which are needed, and which are too weak.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::{Environment, SecretKey, SessionConfig, SessionType};
use crate::settings::reader::{FromSetting, Setting};
use crate::settings::report::Report;

const NEW_KEY: &str = "make one of at least 16 random bytes with `openssl rand -hex 32` or \
     `python3 -c 'import secrets; print(secrets.token_hex(32))'`";

/// Reads a key in base64, in either alphabet, with or without padding.
pub(super) fn from_base64(setting: &Setting) -> Result<Option<SecretKey>, String> {
    let text = String::from_setting(setting)?;
    let alphabet = if text.contains(['-', '_']) { URL_SAFE } else { STANDARD };
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    match GeneralPurpose::new(&alphabet, config).decode(text.trim()) {
        Ok(bytes) => Ok(Some(bytes.into())),
        Err(_) => Err("is not valid base64; a key that is text belongs in session_secret_key".into()),
    }
}

/// Reports missing and weak keys. In the debug profile a missing one is generated.
pub(super) fn check(config: &mut SessionConfig, environment: Environment, report: &mut Report) {
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
        config.session_use_signer || (config.session_type == SessionType::Cookie && !environment.own_store);
    if !signs || !report.readable(&[key, "session_type", "session_use_signer"]) {
        return;
    }
    let present = config.secret_key.as_ref().filter(|secret| !secret.as_bytes().is_empty());
    let (flaw, where_to) = match present.map(SecretKey::weakness) {
        Some(None) => return,
        Some(Some(weakness)) => (weakness, ""),
        None => ("is missing".into(), " and set it in Rocket.toml or as ROCKET_SECRET_KEY"),
    };
    if !environment.debug_profile {
        report.refuse(&[key], format!("{flaw}, and sessions are signed with it; {NEW_KEY}{where_to}"));
    } else if present.is_some() {
        report.warn(&[key], format!("{flaw}, which does not launch outside the debug profile; {NEW_KEY}"));
    } else {
        match SecretKey::generate() {
            Ok(generated) => {
                config.secret_key = Some(generated);
                report.warn(
                    &[key],
                    "is missing; a random one is used, and every session ends with this process",
                );
            }
            Err(error) => report.refuse(&[key], format!("is missing, and none could be generated: {error}")),
        }
    }
}
