//! Values that are one of a few words.

use std::error::Error;
use std::fmt;

use crate::spelling::nearest;

/// Declares an enum of words: `Variant = "word"`, or `Variant = "word" | "another spelling"`.
macro_rules! choice {
    ($(#[$attr:meta])* $name:ident {
        $($(#[$variant_attr:meta])* $variant:ident = $word:literal $(| $alias:literal)*,)+
    }) => {
        $(#[$attr])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_attr])* $variant,)+
        }

        impl $name {
            const WORDS: &'static [&'static str] = &[$($word),+];

            /// Every one of them, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the word for it, as it is written.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        /// Reads a word in any letter case.
        impl ::std::str::FromStr for $name {
            type Err = $crate::choice::UnknownChoice;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $(if [$word $(, $alias)*].iter().any(|word| text.eq_ignore_ascii_case(word)) {
                    return Ok(Self::$variant);
                })+
                Err($crate::choice::UnknownChoice::new(text, Self::WORDS))
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use choice;

/// A word that is not one of those that are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownChoice {
    found: String,
    words: &'static [&'static str],
}

impl UnknownChoice {
    pub(crate) fn new(found: &str, words: &'static [&'static str]) -> Self {
        UnknownChoice { found: found.into(), words }
    }

    /// Lists the known words, for the end of a sentence.
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
