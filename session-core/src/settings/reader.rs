//! One setting as figment found it, read as the type that its key has.
//!
//! Every method fails with what is wrong and what to write instead. No message shows the value of a
//! setting that may be secret.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use figment::value::{Num, Value};

use super::{Place, SecretKey, duration};
use crate::config::{RecordFormat, SessionType, UnknownChoice};
use crate::formats::cookie::{SameSite, UnknownSameSite};

/// A key that was set, how it was spelled, to what and where.
pub(crate) struct Setting {
    pub(crate) spelling: String,
    pub(crate) value: Value,
    pub(crate) place: Option<Place>,
}

/// Flask-Session's other stores.
const LATER_STORES: [&str; 2] = ["dynamodb", "postgresql"];

const KEY_FORMS: &str = "must be text or a list of byte values";

impl Setting {
    pub(crate) fn is_variable(&self) -> bool {
        self.place.as_ref().is_some_and(Place::is_variable)
    }

    pub(crate) fn text(&self) -> Result<String, String> {
        text_of(&self.value).ok_or_else(|| format!("must be text, not {}", self.misread()))
    }

    /// `false` stands for none, since TOML has no null (and Flask accepts it for the domain).
    pub(crate) fn text_or_false(&self) -> Result<Option<String>, String> {
        match self.value {
            Value::Bool(_, false) => Ok(None),
            _ => self.text().map(Some),
        }
    }

    pub(crate) fn some_text(&self) -> Result<Option<String>, String> {
        self.text().map(Some)
    }

    pub(crate) fn flag(&self) -> Result<bool, String> {
        self.value.to_bool().ok_or_else(|| {
            format!(
                "must be true or false, not {}; write {} or {}",
                found(&self.value),
                self.written("true"),
                self.written("false")
            )
        })
    }

    pub(crate) fn flag_or_open(&self) -> Result<Option<bool>, String> {
        self.flag().map(Some)
    }

    pub(crate) fn count<T: TryFrom<u128>>(&self) -> Result<T, String> {
        count_of(&self.value).ok_or_else(|| {
            let found = match &self.value {
                Value::Num(..) => "a negative, fractional or too large one",
                other => found(other),
            };
            format!("must be a whole number, not {found}")
        })
    }

    /// 0 counts as unset, as in Flask-Session.
    pub(crate) fn count_or_none(&self) -> Result<Option<u32>, String> {
        match self.value {
            Value::Bool(_, false) => Ok(None),
            _ => self.count().map(|count| Some(count).filter(|count| *count > 0)),
        }
    }

    pub(crate) fn counts(&self) -> Result<Vec<usize>, String> {
        self.value.as_array().and_then(|list| list.iter().map(count_of).collect()).ok_or_else(|| {
            format!(
                "must be a list of whole numbers, not {}; write {}",
                found(&self.value),
                self.written("[36]")
            )
        })
    }

    pub(crate) fn number(&self) -> Result<f64, String> {
        self.value
            .to_num()
            .and_then(number_of)
            .ok_or_else(|| format!("must be a number, not {}", found(&self.value)))
    }

    pub(crate) fn duration(&self) -> Result<Duration, String> {
        match &self.value {
            Value::String(_, text) => duration::parse(text).map_err(|error| format!("{text:?} {error}")),
            Value::Num(_, num) => match num.to_u128_lossy() {
                Some(seconds) => u64::try_from(seconds).ok().map(Duration::from_secs),
                None => number_of(*num).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            }
            .ok_or_else(|| "is not a valid duration: seconds must be finite and not negative".into()),
            other => {
                Err(format!("must be a number of seconds or text such as \"2 hours\", not {}", found(other)))
            }
        }
    }

    /// 0 and `false` stand for never.
    pub(crate) fn duration_or_none(&self) -> Result<Option<Duration>, String> {
        match self.value {
            Value::Bool(_, false) => Ok(None),
            _ => self.duration().map(|span| Some(span).filter(|span| !span.is_zero())),
        }
    }

    pub(crate) fn session_type(&self) -> Result<SessionType, String> {
        let text = self.text()?;
        text.parse().map_err(|unknown: UnknownChoice| match text.to_ascii_lowercase().as_str() {
            later if LATER_STORES.contains(&later) => {
                format!("this release has no {later} store yet; write {}", unknown.known())
            }
            "null" => format!("\"null\" would be sessions that nobody can write; write {}", unknown.known()),
            _ => unknown.to_string(),
        })
    }

    pub(crate) fn record_format(&self) -> Result<RecordFormat, String> {
        self.text()?.parse().map_err(|unknown: UnknownChoice| unknown.to_string())
    }

    pub(crate) fn same_site(&self) -> Result<Option<SameSite>, String> {
        match self.text_or_false()? {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|unknown: UnknownSameSite| {
                format!("{text:?} is not known: {unknown}; {} sends none", self.written("false"))
            }),
        }
    }

    pub(crate) fn redis(&self) -> Result<Option<String>, String> {
        if matches!(self.value, Value::Array(..)) {
            return Err("a list of addresses is not supported yet; write one URL".into());
        }
        self.text().map(Some)
    }

    /// One address or a list of such.
    pub(crate) fn addresses(&self) -> Result<Vec<String>, String> {
        let Some(list) = self.value.as_array() else { return self.text().map(|one| vec![one]) };
        list.iter().map(text_of).collect::<Option<_>>().ok_or_else(|| {
            format!("must be a list of texts; write {}", self.written("[\"host:port\", \"host:port\"]"))
        })
    }

    pub(crate) fn mongodb(&self) -> Result<Option<String>, String> {
        if matches!(self.value, Value::Array(..)) {
            return Err("must be one URL; several servers stand in it: \"mongodb://host1,host2\"".into());
        }
        self.text().map(Some)
    }

    pub(crate) fn path(&self) -> Result<PathBuf, String> {
        self.text().map(PathBuf::from)
    }

    /// A number as it is, like Flask; text in octal digits, as modes are usually written.
    pub(crate) fn file_mode(&self) -> Result<u32, String> {
        let written = self.written("\"0600\"");
        match &self.value {
            Value::Num(..) => self.count(),
            value => text_of(value)
                .and_then(|text| u32::from_str_radix(text.trim().trim_start_matches("0o"), 8).ok())
                .ok_or_else(|| format!("must be octal digits in quotes or a number; write {written}")),
        }
    }

    pub(crate) fn secret(&self) -> Result<Option<SecretKey>, String> {
        secret_of(&self.value)
            .map(Some)
            .ok_or_else(|| format!("{KEY_FORMS} (0 to 255), not {}", self.misread()))
    }

    /// Either alphabet, with or without padding.
    pub(crate) fn secret_base64(&self) -> Result<Option<SecretKey>, String> {
        let text = self.text()?;
        let alphabet = if text.contains(['-', '_']) { URL_SAFE } else { STANDARD };
        let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        match GeneralPurpose::new(&alphabet, config).decode(text.trim()) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(_) => Err("is no base64; a key that is text belongs in session_secret_key".into()),
        }
    }

    pub(crate) fn secrets(&self) -> Result<Vec<SecretKey>, String> {
        let Some(list) = self.value.as_array() else {
            return Err(format!(
                "must be a list, not {}; write {}",
                found(&self.value),
                self.written("[\"…\", \"…\"]")
            ));
        };
        if !list.is_empty() && list.iter().all(|item| matches!(item, Value::Num(..))) {
            return Err(format!(
                "is one list of numbers, where each key must be text or a list of byte values; write {}",
                self.written("[[…, …]]")
            ));
        }
        list.iter()
            .zip(1..)
            .map(|(item, number)| {
                secret_of(item).ok_or_else(|| {
                    format!(
                        "key {number} {KEY_FORMS}, not {}; write {}",
                        found(item),
                        self.written("[\"…\"]")
                    )
                })
            })
            .collect()
    }

    /// What was found where text is wanted, and how to quote it. The value itself may be a secret, and
    /// `0110` is a mere 110 by now, so it is not repeated.
    fn misread(&self) -> String {
        let how = self.written("\"…\"");
        if self.is_variable() {
            format!("{}; unquoted, the variable does not read as text: write {how}", found(&self.value))
        } else {
            format!("{}; write {how}", found(&self.value))
        }
    }

    /// How the key is set to `value` at the place where it was set.
    fn written(&self, value: &str) -> String {
        match &self.place {
            Some(Place::Variable(name)) if value.contains('"') => format!("{name}='{value}'"),
            Some(Place::Variable(name)) => format!("{name}={value}"),
            _ => format!("{} = {value}", self.spelling),
        }
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(text.clone()),
        Value::Char(_, letter) => Some(letter.to_string()),
        _ => None,
    }
}

fn count_of<T: TryFrom<u128>>(value: &Value) -> Option<T> {
    value.to_num()?.to_u128_lossy()?.try_into().ok()
}

fn secret_of(value: &Value) -> Option<SecretKey> {
    match value.as_array() {
        Some(list) => list.iter().map(count_of::<u8>).collect::<Option<Vec<u8>>>().map(SecretKey::from),
        None => text_of(value).map(SecretKey::from),
    }
}

fn number_of(num: Num) -> Option<f64> {
    // `as`: settings are far below 2^53.
    num.to_u128_lossy().map(|n| n as f64).or_else(|| num.to_i128().map(|n| n as f64)).or_else(|| num.to_f64())
}

fn found(value: &Value) -> &'static str {
    match value {
        Value::String(..) | Value::Char(..) => "text",
        Value::Bool(..) => "a boolean",
        Value::Num(..) => "a number",
        Value::Empty(..) => "nothing",
        Value::Dict(..) => "a table",
        Value::Array(..) => "a list",
    }
}
