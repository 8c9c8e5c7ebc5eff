//! Reads the configuration from figment: which keys are set, and where.

use std::collections::BTreeMap;

use figment::error::Kind;
use figment::value::{Dict, Value};
use figment::{Figment, Source};

use super::known_keys::{Meaning, meaning};
use super::unused_keys::unused_because;
use super::{ConfigError, Place, Problem, SessionConfig};
use crate::settings::reader::Setting;
use crate::settings::report::Report;
use crate::settings::table::{Key, Settings};

/// Returns the configuration that the selected profile spells out. A value that can't be read is reported, and its
/// field keeps the default.
///
/// # Errors
///
/// figment itself failed, so that nothing could be read.
pub(super) fn read(
    figment: &Figment,
    own_store: bool,
    report: &mut Report,
) -> Result<SessionConfig, ConfigError> {
    let keys = SessionConfig::keys();
    let mut settings = known_settings(figment, all_values(figment)?, &keys, report);
    let mut config = SessionConfig::default();
    for key in &keys {
        let Some(setting) =
            settings.remove(key.name).and_then(|spellings| winner(key.name, spellings, report))
        else {
            continue;
        };
        let read = config.set(key.name, &setting);
        report.set(key.name, setting);
        if let Some(Err(message)) = read {
            report.unreadable(key.name);
            report.refuse(&[key.name], message);
        }
    }
    // A store that is passed in code may need any of them.
    if !own_store && report.readable(&["session_type"]) {
        for key in keys {
            if report.is_set(key.name)
                && let Some(reason) = unused_because(&key, &config)
            {
                report.warn(&[key.name], reason);
            }
        }
    }
    Ok(config)
}

/// Returns the merged values of the profile; unlike `extract`, this keeps where each came from.
fn all_values(figment: &Figment) -> Result<Dict, ConfigError> {
    figment
        .find_value("")
        .map(|values| values.into_dict().unwrap_or_default())
        .map_err(|error| ConfigError::new(error.into_iter().map(|error| unreadable_source(&error)).collect()))
}

/// Returns the values of known keys, under each key's name, and reports other keys that look like ours.
fn known_settings(
    figment: &Figment,
    values: Dict,
    keys: &[Key],
    report: &mut Report,
) -> BTreeMap<&'static str, Vec<Setting>> {
    let mut settings = BTreeMap::<_, Vec<_>>::new();
    for (spelling, value) in values {
        let place = place_of(figment, &spelling, &value);
        match meaning(&spelling, keys) {
            Meaning::Known(name) if hides_a_key(name, &value) => {}
            Meaning::Known(name) => {
                let source = figment.get_metadata(value.tag()).and_then(|metadata| metadata.source.as_ref());
                let file = source.and_then(Source::file_path);
                settings.entry(name).or_default().push(Setting::new(spelling, value, place).of_file(file));
            }
            Meaning::Mistaken(message) => report.refuse_spelling(&spelling, message, place),
            Meaning::Foreign => {}
        }
    }
    settings
}

/// Tells whether a value is the zeros that Rocket's `secrets` feature shows instead of a key that was given to its
/// `Config` in code, or of none. Signing with them would be signing with a key that everybody knows.
fn hides_a_key(name: &str, value: &Value) -> bool {
    let zero = |item: &Value| item.to_u128() == Some(0);
    name == "secret_key" && value.as_array().is_some_and(|bytes| bytes.iter().all(zero))
}

fn place_of(figment: &Figment, key: &str, value: &Value) -> Option<Place> {
    // Values of a profile of its own, neither `default` nor `global`, don't carry its name.
    let profile = value.tag().profile().unwrap_or_else(|| figment.profile().clone());
    figment.get_metadata(value.tag()).map(|metadata| Place::of_key(metadata, &profile, key))
}

/// Returns the one of a key's spellings that counts: the environment's. To figment, `SESSION_TYPE` in a file and
/// `ROCKET_SESSION_TYPE`, which it turns into lower case, are two keys.
fn winner(name: &'static str, mut spellings: Vec<Setting>, report: &mut Report) -> Option<Setting> {
    let one = spellings.pop()?;
    let Some(other) = spellings.pop() else { return Some(one) };
    match (one.is_variable(), other.is_variable()) {
        (true, false) => Some(one),
        (false, true) => Some(other),
        _ => {
            let message = format!("is the same key as {}; keep one of the two", other.spelling);
            report.unreadable(name);
            report.refuse_spelling(&one.spelling, message, [one.place, other.place].into_iter().flatten());
            None
        }
    }
}

/// Describes a file that is not TOML, or has keys outside a profile. figment's own text quotes the file, and the
/// quoted part may be a secret; for the same reason the error is not kept as a source.
fn unreadable_source(error: &figment::Error) -> Problem {
    let message = match &error.kind {
        Kind::Message(text) => without_quotations(text),
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => format!("expected {expected}"),
        other => other.to_string(),
    };
    let place = error.metadata.as_ref().map(Place::of_source);
    Problem::new(error.path.join("."), format!("can't be read: {message}"), place)
}

/// Returns the text of a TOML error without the lines that show the file and without quoted values.
fn without_quotations(text: &str) -> String {
    let shows_file = |line: &&str| {
        line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start().starts_with('|')
    };
    let kept = text.lines().filter(|line| !shows_file(line)).map(|line| match line.split_once('"') {
        // Up to the last quotation mark, since a value may hold some itself.
        Some((before, rest)) => format!("{before}…{}", rest.rsplit_once('"').map_or("", |(_, after)| after)),
        None => line.to_owned(),
    });
    kept.collect::<Vec<_>>().join(", ")
}
