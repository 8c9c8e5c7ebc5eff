//! Values of Rocket.toml.

/// The value of a key of Rocket.toml.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// A text.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
}

impl Setting {
    /// The value as Rocket.toml has it.
    pub fn in_toml(&self) -> String {
        match self {
            Setting::Text(text) => format!("{text:?}"),
            Setting::List(texts) => format!("{texts:?}"),
        }
    }

    /// The value as an environment variable has it.
    pub fn in_environment(&self) -> String {
        match self {
            Setting::Text(text) => text.clone(),
            Setting::List(texts) => format!("{texts:?}"),
        }
    }
}

impl From<String> for Setting {
    fn from(text: String) -> Setting {
        Setting::Text(text)
    }
}

impl From<&str> for Setting {
    fn from(text: &str) -> Setting {
        Setting::Text(text.to_owned())
    }
}

impl From<Vec<String>> for Setting {
    fn from(texts: Vec<String>) -> Setting {
        Setting::List(texts)
    }
}
