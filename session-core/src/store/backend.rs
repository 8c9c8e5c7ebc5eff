//! The stores that `session_type` can name: what each says of itself, and how they are listed.

use std::fmt;

use super::{DynStore, SessionType, StoreError};
use crate::choice::UnknownChoice;
use crate::formats::codec::Format;
use crate::settings::reader::{FromSetting, Setting, text_between_blanks};
use crate::settings::report::Report;

/// A store that can be named in the configuration: what has to be known of it beside its [`Store`](super::Store).
///
/// The settings of a store implement it, whether or not the store's cargo feature is on.
pub(crate) trait Backend: fmt::Debug {
    /// Reports what the store or its driver would not take.
    fn check(&self, against: &Against<'_>, report: &mut Report);

    /// Makes the store. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// The address can't be understood, or the store's cargo feature is off.
    fn open(&self) -> Result<DynStore, StoreError> {
        Err(StoreError::misconfigured("this build does not have the store"))
    }

    /// Returns the address or the file, without user and password.
    fn location(&self) -> String;

    /// Tells whether both are the same place. Settings that only say how it is used may differ.
    fn is_same_place(&self, other: &Self) -> bool
    where
        Self: Sized + PartialEq,
    {
        self == other
    }

    /// Returns the format of the records if it can't be chosen, and what the key that would choose it is told.
    fn fixed_format(&self) -> Option<(Format, &'static str)> {
        None
    }

    /// Says who may read what travels to the store, and what to write against it, as the end of a sentence; `None` where
    /// it stays on this machine, or the server has to prove who it is.
    fn exposure(&self) -> Option<&'static str> {
        None
    }

    /// Tells whether keys of others may stand beside those of sessions.
    fn has_foreign_keys(&self) -> bool {
        false
    }

    /// Tells whether expired records stay until they are purged.
    fn is_purged(&self) -> bool {
        false
    }
}

/// The rest of the configuration, as far as a store's settings are checked against it.
pub(crate) struct Against<'a> {
    /// The word that chose the store, of which it may have several.
    pub(crate) session_type: SessionType,
    pub(crate) debug_profile: bool,
    pub(crate) key_prefix: &'a str,
    /// Every load extends the life of its record.
    pub(crate) extends_at_load: bool,
    /// Characters behind the prefix of the longest key that is written: a new id, or the list of a user's sessions.
    pub(crate) written: usize,
    /// The same of the longest key that is looked up, which may have an older id.
    pub(crate) looked_up: usize,
}

/// Declares the stores: their settings, in the module of that name, the key that says where the store is, and the
/// words of `session_type`, each with the cargo feature that it needs.
macro_rules! stores {
    ($(
        $(#[$doc:meta])*
        $module:ident: $settings:ident at $key:literal {
            $(
                $(#[$word_doc:meta])*
                $variant:ident = $word:literal $(| $alias:literal)* $(needs $name:literal if $feature:meta)?,
            )+
        }
    )+) => {
        use $crate::choice::choice;
        use $crate::settings::table::settings;
        use $crate::store::backend::Backend;

        choice! {
            /// The place where sessions live: `session_type`.
            #[derive(Default)]
            #[non_exhaustive]
            SessionType {
                /// In a signed cookie, byte-compatible with Flask's own. It can't be revoked or merged.
                #[default]
                Cookie = "cookie",
                $($($(#[$word_doc])* $variant = $word $(| $alias)*,)+)+
            }
        }

        impl SessionType {
            /// Names the cargo feature that this build lacks for such sessions, or those of which one is needed.
            pub(crate) fn missing_feature(self) -> Option<&'static str> {
                match self {
                    $($($(SessionType::$variant if !cfg!($feature) => Some($name),)?)+)+
                    _ => None,
                }
            }

            /// Returns the key that says where the sessions are.
            pub(crate) fn location_key(self) -> &'static str {
                match self {
                    SessionType::Cookie => "session_type",
                    $($(SessionType::$variant)|+ => $key,)+
                }
            }
        }

        settings! {
            /// The settings of every store, of which those of the store in use count.
            pub struct StoreSettings: OneStore {}
            $($(#[$doc])* with $module: $settings;)+
        }

        impl StoreSettings {
            /// Returns the store of this type; `None` for the cookie.
            pub(crate) fn backend(&self, session_type: SessionType) -> Option<&dyn Backend> {
                match session_type {
                    SessionType::Cookie => None,
                    $($(SessionType::$variant)|+ => Some(&self.$module),)+
                }
            }

            /// Tells whether two types of session are in one place, each by its settings.
            pub(crate) fn is_same_place(
                &self,
                session_type: SessionType,
                (other, other_type): (&StoreSettings, SessionType),
            ) -> bool {
                match (session_type, other_type) {
                    $((
                        $(SessionType::$variant)|+,
                        $(SessionType::$variant)|+,
                    ) => self.$module.is_same_place(&other.$module),)+
                    _ => false,
                }
            }
        }

        use store_settings::*;

        /// The settings of each store.
        pub mod store_settings {
            $(pub use crate::store::$module::$settings;)+
        }
    };
}

pub(crate) use stores;

impl FromSetting for SessionType {
    fn from_setting(setting: &Setting) -> Result<Self, String> {
        let text = text_between_blanks(setting)?;
        text.parse().map_err(|unknown: UnknownChoice| match text.to_ascii_lowercase().as_str() {
            "null" => format!("\"null\" would be sessions that nobody can write; write {}", unknown.known()),
            // Flask-Session's own has another table than its `sqlalchemy`, whose records `postgres` reads.
            later @ ("dynamodb" | "postgresql") => {
                format!("this release has no {later} store yet; write {}", unknown.known())
            }
            _ => unknown.to_string(),
        })
    }
}
