//! Sessions of different formats, numbers of keys and sizes.

use std::fmt;

use bench_app::{Shop, Visit};
use rocket_session_state_core::codec::Format;
use serde_json::{Map, Value, json};

use crate::Result;

pub(crate) struct Case {
    pub(crate) format: Format,
    /// Keys, one of them `views`.
    pub(crate) keys: usize,
    pub(crate) bytes: usize,
    pub(crate) fields: Map<String, Value>,
}

const FORMATS: [Format; 4] = [Format::Msgpack, Format::Json, Format::TaggedJson, Format::Pickle];

/// The cases under a name.
pub(crate) fn all(name: &str) -> Result<Vec<Case>> {
    let every = |formats: &[Format], make: &dyn Fn(Format) -> Case| {
        formats.iter().map(|format| make(*format)).collect()
    };
    let cases: Vec<Vec<Case>> = match name {
        "formats" => {
            [1024, 16 * 1024].map(|bytes| every(&FORMATS, &|format| Case::shop(format, bytes))).into()
        }
        "keys" => [1, 10, 100, 1000]
            .map(|keys| every(&FORMATS[..2], &|format| Case::texts(format, keys, 20 * keys)))
            .into(),
        "bytes" => [100, 1_000, 10_000, 100_000, 1_000_000]
            .map(|bytes| every(&FORMATS[..2], &|format| Case::texts(format, 10, bytes)))
            .into(),
        _ => return Err(format!("no cases are called {name:?}").into()),
    };
    Ok(cases.into_iter().flatten().collect())
}

impl Case {
    /// The session of a shop: twenty keys, half of them lists.
    pub(crate) fn shop(format: Format, bytes: usize) -> Self {
        let Ok(Value::Object(fields)) = serde_json::to_value(Shop::sized(bytes)) else {
            return Self::texts(format, 20, bytes);
        };
        Case { format, keys: fields.len(), bytes, fields }
    }

    /// `views` behind texts of one length.
    pub(crate) fn texts(format: Format, keys: usize, bytes: usize) -> Self {
        let text = "a text that is not empty ".chars().cycle().take(bytes / keys).collect::<String>();
        let mut fields: Map<String, Value> =
            (1..keys).map(|number| (format!("field_{number:03}"), json!(text))).collect();
        fields.insert("views".to_owned(), json!(1));
        Case { format, keys, bytes, fields }
    }

    /// Few enough to be made in reasonable time.
    pub(crate) fn most_times(&self) -> usize {
        (8_000_000 / self.bytes).min(20_000 / self.keys).max(4)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = match self.format {
            Format::TaggedJson => "cookie".to_owned(),
            other => other.to_string().to_lowercase(),
        };
        write!(f, "{format}|{}|{}", self.keys, self.bytes)
    }
}
