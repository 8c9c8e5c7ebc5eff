//! Settings that are one of a few words.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use crate::settings::spelling::nearest;

macro_rules! choice {
    ($(#[$attr:meta])* $name:ident { $($(#[$variant_attr:meta])* $variant:ident = $word:literal $(| $alias:literal)?,)+ }) => {
        $(#[$attr])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_attr])* $variant,)+
        }

        impl $name {
            const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word for it, as it is written.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        /// In any letter case.
        impl FromStr for $name {
            type Err = UnknownChoice;

            fn from_str(text: &str) -> Result<Self, UnknownChoice> {
                $(if text.eq_ignore_ascii_case($word) $(|| text.eq_ignore_ascii_case($alias))? {
                    return Ok(Self::$variant);
                })+
                Err(UnknownChoice { found: text.into(), words: Self::WORDS })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

choice! {
    /// Where sessions live: `session_type`.
    #[derive(Default)]
    #[non_exhaustive]
    SessionType {
        /// In a signed cookie, byte-compatible with Flask's own. It can't be revoked or merged.
        #[default]
        Cookie = "cookie",
        /// In this process; they end with it.
        Memory = "memory",
        /// In Redis, in the records of Flask-Session. Needs the feature `redis`.
        Redis = "redis",
        /// In a database, in Flask-Session's table; also written `sql`. Needs the feature `sqlite`,
        /// `postgres` or `mysql`.
        Sql = "sqlalchemy" | "sql",
        /// In memcached, in the records of Flask-Session. Needs the feature `memcached`.
        Memcached = "memcached",
        /// In MongoDB, in the records of Flask-Session. Needs the feature `mongodb`.
        MongoDb = "mongodb",
        /// In files, as Flask-Session's `FileSystemCache` keeps them. Needs the feature `filesystem`.
        FileSystem = "filesystem",
        /// The same files, by the name that Flask-Session 0.7 and later prefers.
        CacheLib = "cachelib",
    }
}

impl SessionType {
    /// Whether sessions are files.
    pub(crate) const fn is_files(self) -> bool {
        matches!(self, SessionType::FileSystem | SessionType::CacheLib)
    }
}

choice! {
    /// How records are written: `session_serialization_format`.
    #[derive(Default)]
    RecordFormat {
        /// MessagePack, the default of Flask-Session.
        #[default]
        Msgpack = "msgpack",
        /// JSON.
        Json = "json",
    }
}

/// A word that is none of those that a setting knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownChoice {
    found: String,
    words: &'static [&'static str],
}

impl UnknownChoice {
    /// The words there are, for the end of a sentence.
    pub(crate) fn known(&self) -> String {
        let quoted: Vec<String> = self.words.iter().map(|word| format!("\"{word}\"")).collect();
        match quoted.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        }
    }
}

impl fmt::Display for UnknownChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not known; write {}", self.found, self.known())?;
        match nearest(&self.found, self.words.iter().copied()) {
            Some((word, 1..=2)) => write!(f, "; did you mean \"{word}\"?"),
            _ => Ok(()),
        }
    }
}

impl Error for UnknownChoice {}
