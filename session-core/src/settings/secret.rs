//! Keys that sign, and how they are read.

use std::fmt;
use std::io;

use figment::value::Value;

use super::reader::{FromSetting, Setting, count_of, found, text_of};

/// A key that signs cookies or session ids. It never shows itself.
///
/// ```
/// # extern crate rocket_session_state_core as rocket_session_state;
/// use rocket_session_state::config::SecretKey;
///
/// let key = SecretKey::from("correct horse battery staple");
/// assert_eq!(key.as_bytes().len(), 28);
/// assert!(!format!("{key:?}").contains("horse"));
/// ```
#[derive(Clone)]
pub struct SecretKey(Box<[u8]>);

impl SecretKey {
    /// Makes a key of 32 bytes from the operating system's random source.
    ///
    /// # Errors
    ///
    /// The operating system can't give random bytes.
    pub fn generate() -> io::Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        Ok(SecretKey(key.into()))
    }

    /// Returns the bytes of the key; text is its UTF-8, as in Flask.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the reason why the key protects nothing, as the end of a sentence that begins with it.
    pub(crate) fn weakness(&self) -> Option<String> {
        match self.as_bytes() {
            short if short.len() < 16 => Some(format!("has only {} bytes", short.len())),
            [first, rest @ ..] if rest.iter().all(|byte| byte == first) => {
                Some("repeats a single byte".into())
            }
            _ => None,
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// From text or bytes, owned or not.
impl<K: Into<Vec<u8>>> From<K> for SecretKey {
    fn from(key: K) -> Self {
        SecretKey(key.into().into())
    }
}

const KEY_FORMS: &str = "must be text or a list of byte values";

impl FromSetting for SecretKey {
    fn from_setting(setting: &Setting) -> Result<Self, String> {
        let key = key_of(&setting.value)
            .ok_or_else(|| format!("{KEY_FORMS} (0 to 255), not {}", setting.misread()))?;
        setting.unaltered().map(|()| key)
    }
}

impl FromSetting for Vec<SecretKey> {
    fn from_setting(setting: &Setting) -> Result<Self, String> {
        let Some(list) = setting.value.as_array() else {
            let example = setting.written("[\"…\", \"…\"]");
            return Err(format!("must be a list, not {}; write {example}", found(&setting.value)));
        };
        if !list.is_empty() && list.iter().all(|item| matches!(item, Value::Num(..))) {
            let example = setting.written("[[…, …]]");
            return Err(format!(
                "is one list of numbers, where each key must be text or a list of byte values; write {example}"
            ));
        }
        let key = |(item, number)| {
            key_of(item).ok_or_else(|| {
                let example = setting.written("[\"…\"]");
                format!("key {number} {KEY_FORMS}, not {}; write {example}", found(item))
            })
        };
        list.iter().zip(1..).map(key).collect()
    }
}

fn key_of(value: &Value) -> Option<SecretKey> {
    match value.as_array() {
        Some(list) => list.iter().map(count_of::<u8>).collect::<Option<Vec<u8>>>().map(SecretKey::from),
        None => text_of(value).map(SecretKey::from),
    }
}
