//! What sessions hold, as a text to keep beside the code: the layout.
//!
//! A [`Layout`] has what each typed field stores, by key. It is made of the fields of states, written as JSON, and
//! compared with the one that was written before: [`Layout::losses_since`] says what stored sessions would lose.

mod losses;
#[cfg(test)]
mod tests;
mod text;

use std::any::type_name;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::formats::codec::Format;
use crate::formats::shape::{Shape, Traced, Types, is_false};
use crate::formats::value::Value;
use crate::session::fields::{Field, FieldShape as _, SessionValue as _};

/// The version of the text.
const VERSION: u32 = 1;

/// The policy of a field that is merged by a function of the application's own.
const CUSTOM: &str = "custom";

/// How often a default has to be the same. Two items of a hash set have the same order every other time.
const LOOKS: usize = 40;

/// One field as its state declares it.
#[derive(Debug, Clone)]
pub struct FieldLayout {
    key: &'static str,
    name: &'static str,
    merge: &'static str,
    default: Option<Value>,
    stored: Traced,
    rust: &'static str,
}

/// The fields of a state, which has this name.
#[derive(Debug, Clone)]
pub struct StateLayout {
    /// The path of its type.
    pub name: &'static str,
    /// All fields.
    pub fields: Vec<FieldLayout>,
    /// The key of the login field.
    pub login: Option<&'static str>,
    /// The sessions of each user are listed.
    pub listed: bool,
}

/// Describes a field.
pub fn layout_of<F: Field>() -> FieldLayout {
    let stored = F::Stored::shape();
    // A default that is another one each time says nothing; nor does one that is the time of the test.
    let is_lasting = |default: &Value| (0..LOOKS).all(|_| default_of::<F>().as_ref() == Some(default));
    let default = default_of::<F>().filter(|default| stored.shape != Shape::DateTime && is_lasting(default));
    FieldLayout {
        key: F::KEY,
        name: F::NAME,
        merge: if F::MERGE.is_some() && F::POLICY == "last" { CUSTOM } else { F::POLICY },
        default,
        stored,
        rust: type_name::<F::Stored>(),
    }
}

/// The default as JSON shows it, if it can.
fn default_of<F: Field>() -> Option<Value> {
    let value = F::default().as_stored()?.to_value(Format::Json).ok()?;
    Format::Json.decode(&Format::Json.encode(&value).ok()?).ok()
}

/// What is known of a key.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    shape: Shape,
    merge: String,
    /// The name of the field in Rust, if it is not the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<Value>,
    #[serde(default, skip_serializing_if = "is_false")]
    login: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    listed: bool,
    /// The Rust type, which the text does not have.
    #[serde(skip)]
    rust: &'static str,
}

/// What the sessions of an application hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Layout {
    version: u32,
    fields: BTreeMap<String, Entry>,
    #[serde(default)]
    types: Types,
    /// The keys of each state.
    #[serde(default)]
    states: BTreeMap<String, Vec<String>>,
    /// By what each type is known to the compiler, while the layout is made.
    #[serde(skip)]
    names: BTreeMap<String, String>,
}

/// A text is not a layout, or the states of an application contradict each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutError(String);

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LayoutError {}

impl Layout {
    /// Makes the layout of an application with these states.
    ///
    /// # Errors
    ///
    /// Two states say different things of one key.
    pub fn of(states: impl IntoIterator<Item = StateLayout>) -> Result<Self, LayoutError> {
        let mut layout = Layout { version: VERSION, ..Layout::default() };
        for state in states {
            layout.add(state)?;
        }
        Ok(layout.named())
    }

    fn add(&mut self, state: StateLayout) -> Result<(), LayoutError> {
        let StateLayout { name, fields, login, listed } = state;
        let mut keys: Vec<_> = fields.iter().map(|field| field.key.to_owned()).collect();
        keys.sort();
        for field in fields {
            let is_login = login == Some(field.key);
            self.add_field(name, field, is_login, is_login && listed)?;
        }
        // Two states of one name are told apart by their paths.
        let short = name.rsplit("::").next().unwrap_or(name);
        let short = if self.states.contains_key(short) { name } else { short };
        self.states.insert(short.to_owned(), keys);
        Ok(())
    }

    fn add_field(
        &mut self,
        state: &str,
        field: FieldLayout,
        login: bool,
        listed: bool,
    ) -> Result<(), LayoutError> {
        let FieldLayout { key, name, merge, default, stored, rust } = field;
        let shape = stored.shape;
        for (id, body) in stored.types {
            self.types.entry(id).or_insert(body);
        }
        self.names.extend(stored.names);
        let entry = Entry {
            shape,
            merge: merge.to_owned(),
            name: (name != key).then(|| name.to_owned()),
            default,
            login,
            listed,
            rust,
        };
        let Some(known) = self.fields.get_mut(key) else {
            self.fields.insert(key.to_owned(), entry);
            return Ok(());
        };
        if known.shape != entry.shape {
            return Err(LayoutError(format!(
                "the session key `{key}` holds {} in {state} and {} in another state: declare one type in both",
                entry.shape, known.shape
            )));
        }
        // A state that only reads a field need not say how it is merged.
        match (known.merge.as_str(), entry.merge.as_str()) {
            ("last", _) => known.merge = entry.merge,
            (_, "last") => {}
            (one, other) if one == other => {}
            (one, other) => {
                return Err(LayoutError(format!(
                    "the session key `{key}` has the merge policy `{other}` in {state} and `{one}` in another state: \
                     write one in both"
                )));
            }
        }
        if known.default != entry.default {
            known.default = None;
        }
        known.login |= entry.login;
        known.listed |= entry.listed;
        Ok(())
    }

    /// Gives the types the names that stand in the text: those that serde knows, with a number where there are several.
    fn named(mut self) -> Self {
        let mut used = BTreeSet::new();
        let mut names = BTreeMap::new();
        for (id, name) in &self.names {
            let mut numbered = name.clone();
            let mut numbers = 2_usize..;
            while let (false, Some(number)) = (used.insert(numbered.clone()), numbers.next()) {
                numbered = format!("{name}{number}");
            }
            names.insert(id.clone(), numbered);
        }
        let name_of = |id: &str| names.get(id).cloned().unwrap_or_else(|| id.to_owned());
        for entry in self.fields.values_mut() {
            entry.shape.rename(&name_of);
        }
        let types = std::mem::take(&mut self.types);
        self.types = types
            .into_iter()
            .map(|(id, mut body)| {
                body.rename(&name_of);
                (name_of(&id), body)
            })
            .collect();
        self.names.clear();
        self
    }
}
