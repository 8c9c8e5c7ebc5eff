//! One setting as figment found it, read as the type of its field.
//!
//! Every reader fails with what is wrong and what to write instead. No message shows the value of a setting that may
//! be secret.

use std::path::{Path, PathBuf};
use std::time::Duration;

use figment::value::{Num, Value};

use super::{Place, duration, environment};

/// A key that was set: its spelling, its value and where that was.
pub(crate) struct Setting {
    pub(crate) spelling: String,
    pub(crate) value: Value,
    pub(crate) place: Option<Place>,
    /// The difference between the value and what was written, where it is text from a variable.
    altered: Option<String>,
    /// The file that has the key, where one has it.
    file: Option<PathBuf>,
}

/// A type that settings are read as.
pub(crate) trait FromSetting: Sized {
    /// Reads the setting. The error continues a sentence that begins with the key.
    fn from_setting(setting: &Setting) -> Result<Self, String>;
}

/// Reads a value where the absence of the key means none.
pub(crate) fn some<T: FromSetting>(setting: &Setting) -> Result<Option<T>, String> {
    T::from_setting(setting).map(Some)
}

/// Reads a value, or `false` for none, since TOML has no null (and Flask accepts it for the domain).
pub(crate) fn some_or_false<T: FromSetting>(setting: &Setting) -> Result<Option<T>, String> {
    match setting.value {
        Value::Bool(_, false) => Ok(None),
        _ => T::from_setting(setting).map(Some),
    }
}

/// Reads a value, or 0 or `false` for none.
pub(crate) fn some_or_zero<T>(setting: &Setting) -> Result<Option<T>, String>
where
    T: FromSetting + Default + PartialEq,
{
    some_or_false(setting).map(|value| value.filter(|value| *value != T::default()))
}

/// Reads one text or a list of such; `example` is a list, for the message.
pub(crate) fn texts(setting: &Setting, example: &str) -> Result<Vec<String>, String> {
    let Some(list) = setting.value.as_array() else { return Ok(vec![String::from_setting(setting)?]) };
    list.iter()
        .map(text_of)
        .collect::<Option<_>>()
        .ok_or_else(|| format!("must be a list of texts; write {}", setting.written(example)))
}

/// Reads one text; a list is refused with `message`.
pub(crate) fn one_text(setting: &Setting, message: &str) -> Result<String, String> {
    match setting.value {
        Value::Array(..) => Err(message.into()),
        _ => String::from_setting(setting),
    }
}

/// Reads text in which blanks at either end mean nothing.
pub(crate) fn text_between_blanks(setting: &Setting) -> Result<String, String> {
    text_of(&setting.value).ok_or_else(|| format!("must be text, not {}", setting.misread()))
}

/// Reads the path of a file. In a file of the configuration a relative one begins at that file, as Rocket's own do.
pub(crate) fn file(setting: &Setting) -> Result<Option<PathBuf>, String> {
    let path = PathBuf::from_setting(setting)?;
    let folder = setting.file.as_deref().and_then(Path::parent).filter(|_| !path.as_os_str().is_empty());
    Ok(Some(folder.map_or_else(|| path.clone(), |folder| folder.join(&path))))
}

impl Setting {
    pub(crate) fn new(spelling: String, value: Value, place: Option<Place>) -> Self {
        let altered = match (&place, text_of(&value)) {
            (Some(Place::Variable(name)), Some(text)) => environment::alteration(name, &text),
            _ => None,
        };
        Setting { spelling, value, place, altered, file: None }
    }

    /// Notes the file that has the key.
    pub(crate) fn of_file(self, file: Option<&Path>) -> Self {
        Setting { file: file.map(Into::into), ..self }
    }

    /// Makes the setting of a key in the table that is this one's value.
    pub(crate) fn inner(&self, name: &str, value: Value) -> Self {
        Setting::new(name.into(), value, None).of_file(self.file.as_deref())
    }

    /// Refuses text that is not what was written.
    pub(super) fn unaltered(&self) -> Result<(), String> {
        match &self.altered {
            None => Ok(()),
            Some(message) => Err(message.clone()),
        }
    }

    pub(crate) fn is_variable(&self) -> bool {
        self.place.as_ref().is_some_and(Place::is_variable)
    }

    pub(crate) fn is_number(&self) -> bool {
        matches!(self.value, Value::Num(..))
    }

    /// Names what was found where text is wanted, and says how to quote it. The value itself may be a secret, and
    /// `0110` is a mere 110 by now, so it is not repeated.
    pub(super) fn misread(&self) -> String {
        let why = if self.is_variable() { "unquoted, the variable does not read as text: " } else { "" };
        format!("{}; {why}write {}", found(&self.value), self.written("\"…\""))
    }

    /// Returns how the key is set to `value` at the place where it was set.
    pub(crate) fn written(&self, value: &str) -> String {
        match &self.place {
            Some(Place::Variable(name)) if value.contains('"') => format!("{name}='{value}'"),
            Some(Place::Variable(name)) => format!("{name}={value}"),
            _ => format!("{} = {value}", self.spelling),
        }
    }
}

impl FromSetting for String {
    fn from_setting(setting: &Setting) -> Result<Self, String> {
        let text = text_between_blanks(setting)?;
        setting.unaltered().map(|()| text)
    }
}

impl FromSetting for PathBuf {
    fn from_setting(setting: &Setting) -> Result<Self, String> {
        String::from_setting(setting).map(PathBuf::from)
    }
}

impl FromSetting for bool {
    fn from_setting(setting: &Setting) -> Result<Self, String> {
        setting.value.to_bool().ok_or_else(|| {
            format!(
                "must be true or false, not {}; write {} or {}",
                found(&setting.value),
                setting.written("true"),
                setting.written("false")
            )
        })
    }
}

macro_rules! whole_numbers {
    ($($type:ty)*) => {$(
        impl FromSetting for $type {
            fn from_setting(setting: &Setting) -> Result<Self, String> {
                count_of(&setting.value).ok_or_else(|| {
                    let found = match &setting.value {
                        Value::Num(..) => "a negative, fractional or too large one",
                        other => found(other),
                    };
                    format!("must be a whole number, not {found}")
                })
            }
        }
    )*};
}

whole_numbers! { u32 u64 usize }

impl FromSetting for Vec<usize> {
    fn from_setting(setting: &Setting) -> Result<Self, String> {
        setting.value.as_array().and_then(|list| list.iter().map(count_of).collect()).ok_or_else(|| {
            let example = setting.written("[36]");
            format!("must be a list of whole numbers, not {}; write {example}", found(&setting.value))
        })
    }
}

impl FromSetting for f64 {
    fn from_setting(setting: &Setting) -> Result<Self, String> {
        let number = setting.value.to_num().and_then(number_of);
        number.ok_or_else(|| format!("must be a number, not {}", found(&setting.value)))
    }
}

impl FromSetting for Duration {
    fn from_setting(setting: &Setting) -> Result<Self, String> {
        match &setting.value {
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
}

pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(text.clone()),
        Value::Char(_, letter) => Some(letter.to_string()),
        _ => None,
    }
}

pub(super) fn count_of<T: TryFrom<u128>>(value: &Value) -> Option<T> {
    value.to_num()?.to_u128_lossy()?.try_into().ok()
}

fn number_of(num: Num) -> Option<f64> {
    // `as`: settings are far below 2^53.
    num.to_u128_lossy().map(|n| n as f64).or_else(|| num.to_i128().map(|n| n as f64)).or_else(|| num.to_f64())
}

/// Names the kind of a value.
pub(super) fn found(value: &Value) -> &'static str {
    match value {
        Value::String(..) | Value::Char(..) => "text",
        Value::Bool(..) => "a boolean",
        Value::Num(..) => "a number",
        Value::Empty(..) => "nothing",
        Value::Dict(..) => "a table",
        Value::Array(..) => "a list",
    }
}
