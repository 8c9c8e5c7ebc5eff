//! From figment to a configuration: which keys are set, and by whom.

use std::collections::BTreeMap;

use figment::Figment;
use figment::error::Kind;
use figment::value::{Dict, Value};

use super::keys::{KEYS, Meaning, meaning};
use super::{ConfigError, Place, Problem, SessionConfig};
use crate::settings::reader::Setting;
use crate::settings::report::Report;

/// The configuration that the selected profile spells out; what can't be read is reported and keeps its
/// default.
///
/// # Errors
///
/// Only where figment itself failed, so that nothing could be read.
pub(super) fn read(
    figment: &Figment,
    own_store: bool,
    report: &mut Report,
) -> Result<SessionConfig, ConfigError> {
    let mut settings = known_settings(figment, all_values(figment)?, report);
    let mut config = SessionConfig::default();
    let mut applied = Vec::new();
    for key in KEYS {
        let Some(setting) =
            settings.remove(key.name).and_then(|spellings| winner(key.name, spellings, report))
        else {
            continue;
        };
        report.set(key.name, &setting.spelling, setting.place.clone());
        if let Err(message) = (key.apply)(&mut config, &setting) {
            report.unreadable(key.name, message);
        }
        applied.push(key);
    }
    // Nobody knows what a store that is passed in code needs.
    if !own_store && report.readable(&["session_type"]) {
        for key in applied {
            if let Some(reason) = key.idle(&config) {
                report.warn(&[key.name], reason);
            }
        }
    }
    Ok(config)
}

/// The merged values of the profile; unlike `extract`, this keeps where each came from.
fn all_values(figment: &Figment) -> Result<Dict, ConfigError> {
    figment
        .find_value("")
        .map(|values| values.into_dict().unwrap_or_default())
        .map_err(|error| ConfigError::new(error.into_iter().map(|error| unreadable_source(&error)).collect()))
}

/// The values of known keys, under each key's name; other keys that look like ours are reported.
fn known_settings(
    figment: &Figment,
    values: Dict,
    report: &mut Report,
) -> BTreeMap<&'static str, Vec<Setting>> {
    let mut settings = BTreeMap::<_, Vec<_>>::new();
    for (spelling, value) in values {
        let place = place_of(figment, &spelling, &value);
        let message = match meaning(&spelling) {
            Meaning::Known(key) if hides_a_key(key.name, &value) => continue,
            Meaning::Known(key) => {
                settings.entry(key.name).or_default().push(Setting { spelling, value, place });
                continue;
            }
            Meaning::Foreign => continue,
            Meaning::Later => "is not supported in this release yet; remove it".into(),
            Meaning::Object(instead) => format!("is a Python object in Flask-Session; write {instead}"),
            Meaning::Misspelled(name) if spelling.eq_ignore_ascii_case(name) => {
                format!("is unknown in this spelling; write {name} or {}", name.to_ascii_uppercase())
            }
            Meaning::Misspelled(name) => format!("is unknown; did you mean {name}?"),
        };
        report.refuse_spelling(&spelling, message, place);
    }
    settings
}

/// Zeros are what Rocket's `secrets` feature puts for a key that was given to its `Config` in code, and
/// where there is none: signing with them would be signing with a key that everybody knows.
fn hides_a_key(name: &str, value: &Value) -> bool {
    let zero = |item: &Value| item.to_u128() == Some(0);
    name == "secret_key" && value.as_array().is_some_and(|bytes| bytes.iter().all(zero))
}

fn place_of(figment: &Figment, key: &str, value: &Value) -> Option<Place> {
    // Values of a profile of its own, neither `default` nor `global`, don't carry its name.
    let profile = value.tag().profile().unwrap_or_else(|| figment.profile().clone());
    figment.get_metadata(value.tag()).map(|metadata| Place::of_key(metadata, &profile, key))
}

/// The one of a key's spellings that counts: the environment's. To figment, `SESSION_TYPE` in a file and
/// `ROCKET_SESSION_TYPE`, which it turns into lower case, are two keys.
fn winner(name: &'static str, mut spellings: Vec<Setting>, report: &mut Report) -> Option<Setting> {
    let one = spellings.pop()?;
    let Some(other) = spellings.pop() else { return Some(one) };
    match (one.is_variable(), other.is_variable()) {
        (true, false) => Some(one),
        (false, true) => Some(other),
        _ => {
            let message = format!("is the same key as {}; keep one of the two", other.spelling);
            let places = [one.place, other.place].into_iter().flatten().collect();
            report.ambiguous(name, &one.spelling, message, places);
            None
        }
    }
}

/// A file that is no TOML, or has keys outside a profile. figment's own text quotes the file, and what it
/// quotes may be a secret; for the same reason the error is not kept as a source.
fn unreadable_source(error: &figment::Error) -> Problem {
    let message = match &error.kind {
        Kind::Message(text) => without_quotations(text),
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => format!("expected {expected}"),
        other => other.to_string(),
    };
    let place = error.metadata.as_ref().map(Place::of_source);
    Problem::new(error.path.join("."), format!("can't be read: {message}"), place)
}

/// The text of a TOML error without the lines that show the file and without quoted values.
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
