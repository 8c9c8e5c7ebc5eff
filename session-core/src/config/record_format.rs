//! `session_serialization_format`.

use crate::choice::{UnknownChoice, choice};
use crate::formats::codec::Format;
use crate::settings::reader::{FromSetting, Setting};

choice! {
    /// The format in which records are written: `session_serialization_format`.
    #[derive(Default)]
    RecordFormat {
        /// MessagePack, the default of Flask-Session.
        #[default]
        Msgpack = "msgpack",
        /// JSON.
        Json = "json",
    }
}

impl FromSetting for RecordFormat {
    fn from_setting(setting: &Setting) -> Result<Self, String> {
        String::from_setting(setting)?.parse().map_err(|unknown: UnknownChoice| unknown.to_string())
    }
}

impl From<RecordFormat> for Format {
    fn from(format: RecordFormat) -> Self {
        match format {
            RecordFormat::Msgpack => Format::Msgpack,
            RecordFormat::Json => Format::Json,
        }
    }
}
