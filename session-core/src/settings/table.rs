//! Declares settings. One entry makes the field, its documentation and default, its part of `Debug`, its key and the
//! check of its range.

use super::reader::Setting;
use super::report::Report;

/// Settings that were declared together, with those that they contain.
pub(crate) trait Settings {
    /// Returns every key, in the order in which they are read: of two that set one field the later counts.
    fn keys() -> Vec<Key>;

    /// Reads a setting into the field of the key with this name; `None` if there is no such key.
    fn set(&mut self, name: &str, setting: &Setting) -> Option<Result<(), String>>;

    /// Reports every value that is out of its range.
    fn check_ranges(&self, report: &mut Report);
}

/// A key of the configuration.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    /// The name, in lower case.
    pub(crate) name: &'static str,
    pub(crate) applies_to: AppliesTo,
    /// The `Debug` form of the default, against which the guide is checked.
    #[cfg(test)]
    pub(crate) default: fn() -> String,
}

/// The sessions that a key does something for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AppliesTo {
    /// Any session.
    AnySession,
    /// Sessions in one certain store. The key may stay in place while another store is used.
    OneStore,
    /// Sessions in Redis. Flask has no such key, which would stay in place, and who set it expects what it does.
    RedisAlone,
    /// Sessions that are in a store.
    AnyStore,
    /// Sessions in a store whose records have a format that can be chosen.
    ChosenFormats,
    /// Sessions in a store that does not remove them by itself when they have expired.
    PurgedStores,
}

/// Declares a struct of settings.
///
/// ```text
/// settings! {
///     /// Documentation of the struct, whose name is followed by what its keys apply to.
///     pub struct Example: AnyStore {
///         /// Documentation of the field, which is its key as well.
///         session_attempts: u32 = 200, range within(1..=9, "");
///         /// A field whose key has another name, and every option that there is, in their order.
///         url: String = "http://localhost".into(), key session_url,
///             also session_address address, read text, range not_empty, shown redacted, for AnySession;
///     }
///     /// Settings of another struct that are contained in this one.
///     with others: Others;
/// }
/// ```
///
/// `also` names another key of the same field and the function that reads it; `read` the function that reads the
/// setting, instead of the type's [`FromSetting`](super::reader::FromSetting); `range` a function that takes the
/// value and returns what is wrong with it; `shown` a function that makes of the value what `Debug` may show.
macro_rules! settings {
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:ident) => { stringify!($key) };
    (@applies $all:ident) => { $crate::settings::table::AppliesTo::$all };
    (@applies $all:ident $this:ident) => { $crate::settings::table::AppliesTo::$this };
    (@read $setting:ident $type:ty) => {
        <$type as $crate::settings::reader::FromSetting>::from_setting($setting)
    };
    (@read $setting:ident $type:ty, $read:expr) => { ($read)($setting) };
    (@shown $value:expr) => { $value };
    (@shown $value:expr, $shown:expr) => { &($shown)($value) };
    (@check $report:ident, $value:expr, $name:expr) => {};
    (@check $report:ident, $value:expr, $name:expr, $range:expr) => {
        for message in ($range)($value).into_iter() {
            $report.refuse(&[$name], message);
        }
    };
    (
        $(#[$attr:meta])*
        pub struct $name:ident: $all:ident {
            $(
                $(#[$doc:meta])*
                $field:ident: $type:ty = $default:expr
                    $(, key $key:ident)?
                    $(, also $alias:ident $alias_read:path)*
                    $(, read $read:expr)?
                    $(, range $range:expr)?
                    $(, shown $shown:expr)?
                    $(, for $applies:ident)?;
            )*
        }
        $(
            $(#[$group_doc:meta])*
            with $group:ident: $group_type:ty;
        )*
    ) => {
        $(#[$attr])*
        #[derive(Clone)]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$doc])*
                $(#[doc = concat!("\n\nKey: `", stringify!($key), "`.")])?
                pub $field: $type,
            )*
            $($(#[$group_doc])* pub $group: $group_type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                $name { $($field: $default,)* $($group: <$group_type>::default(),)* }
            }
        }

        /// Never shows a secret key, nor user and password of an address.
        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(stringify!($name))
                    $(.field(stringify!($field), settings!(@shown &self.$field $(, $shown)?)))*
                    $(.field(stringify!($group), &self.$group))*
                    .finish()
            }
        }

        impl $crate::settings::table::Settings for $name {
            fn keys() -> Vec<$crate::settings::table::Key> {
                let mut keys = Vec::new();
                $(
                    for name in [settings!(@key $field $($key)?), $(stringify!($alias),)*] {
                        keys.push($crate::settings::table::Key {
                            name,
                            applies_to: settings!(@applies $all $($applies)?),
                            #[cfg(test)]
                            default: || format!("{:?}", settings!(@shown &$name::default().$field $(, $shown)?)),
                        });
                    }
                )*
                $(keys.extend(<$group_type as $crate::settings::table::Settings>::keys());)*
                keys
            }

            fn set(
                &mut self,
                name: &str,
                setting: &$crate::settings::reader::Setting,
            ) -> Option<Result<(), String>> {
                $(
                    if name == settings!(@key $field $($key)?) {
                        let read = settings!(@read setting $type $(, $read)?);
                        return Some(read.map(|value| self.$field = value));
                    }
                    $(
                        if name == stringify!($alias) {
                            return Some($alias_read(setting).map(|value| self.$field = value));
                        }
                    )*
                )*
                None$(.or_else(|| self.$group.set(name, setting)))*
            }

            fn check_ranges(&self, report: &mut $crate::settings::report::Report) {
                let _ = &report;
                $(settings!(@check report, &self.$field, settings!(@key $field $($key)?) $(, $range)?);)*
                $(self.$group.check_ranges(report);)*
            }
        }
    };
}

pub(crate) use settings;
