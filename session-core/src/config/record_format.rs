//! `session_serialization_format`.

use crate::choice::{UnknownChoice, choice};
use crate::formats::codec::Format;
use crate::settings::reader::{FromSetting, Setting, text_between_blanks};

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
        text_between_blanks(setting)?.parse().map_err(|unknown: UnknownChoice| unknown.to_string())
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
