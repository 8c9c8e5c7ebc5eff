//! The keys of the configuration that are texts and are parsed, each with any text.
#![no_main]

use std::time::Duration;

use figment::Figment;
use figment::providers::Serialized;
use libfuzzer_sys::fuzz_target;
use rocket_session_state_core::config::{Environment, SessionConfig};
use rocket_session_state_core::cookie::{CookieAttributes, SetCookie};

const KEYS: [&str; 10] = [
    "permanent_session_lifetime",
    "session_store_timeout",
    "session_cookie_name",
    "session_cookie_domain",
    "session_cookie_path",
    "session_cookie_samesite",
    "session_key_prefix",
    "session_redis",
    "session_type",
    "session_secret_key_base64",
];

fuzz_target!(|input: (u8, &str)| {
    let (key, text) = input;
    if text.len() > 256 {
        return; // reading a domain takes quadratic time, which would be most of the fuzzer's
    }
    let key = KEYS[usize::from(key) % KEYS.len()];
    let mut figment = Figment::from(Serialized::default(key, text));
    if key != "session_secret_key_base64" {
        figment = figment.merge(Serialized::default("secret_key", "0123456789abcdef")); // one is enough
    }
    match SessionConfig::from_figment(&figment, Environment::default()) {
        Ok(config) => {
            let longest = Duration::from_secs(36_500 * 86_400);
            assert!((Duration::from_secs(1)..=longest).contains(&config.permanent_session_lifetime));
            assert!(config.session_key_prefix.bytes().all(|byte| matches!(byte, b' '..=b'~')));
            let line = SetCookie::new(&CookieAttributes {
                path: Some(config.cookie_path().to_owned()),
                domain: config.session_cookie_domain.clone(),
                ..CookieAttributes::named(&config.session_cookie_name)
            })
            .set("value", None);
            assert!(line.starts_with(&format!("{}=value;", config.session_cookie_name)), "{line:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
