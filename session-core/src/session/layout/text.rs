//! A layout as text: JSON with a line for each field, so that a change of one is a change of its line.

use std::fmt::Write as _;

use super::{Layout, LayoutError, VERSION};
use crate::formats::codec::Format;
use crate::formats::value::{Value, from_value, to_value};

/// The members of the text, with the number of levels below each that have lines of their own.
const LEVELS: [(&str, usize); 4] = [("version", 0), ("fields", 1), ("types", 3), ("states", 1)];

impl Layout {
    /// Reads a text that [`to_text`](Layout::to_text) has written.
    ///
    /// # Errors
    ///
    /// It is something else, or of another version.
    pub fn from_text(text: &str) -> Result<Self, LayoutError> {
        let value = Format::Json.decode(text.as_bytes());
        let layout = value.and_then(from_value::<Layout>);
        let layout = layout.map_err(|error| LayoutError(format!("it is not a layout: {error}")))?;
        if layout.version != VERSION {
            return Err(LayoutError(format!("its version is {}, and not {VERSION}", layout.version)));
        }
        Ok(layout)
    }

    /// Writes the layout: the same text for the same states, in whatever order they were added.
    ///
    /// # Errors
    ///
    /// A value is nested too deep to be written.
    pub fn to_text(&self) -> Result<String, LayoutError> {
        let failed = |error| LayoutError(format!("the layout can't be written: {error}"));
        let Value::Map(members) = to_value(self).map_err(failed)? else { return Ok(String::new()) };
        let mut text = String::from("{");
        for (number, (name, value)) in members.iter().enumerate() {
            let levels =
                LEVELS.iter().find(|(known, _)| is_text(name, known)).map_or(0, |(_, levels)| *levels);
            text += if number == 0 { "\n" } else { ",\n" };
            line(&mut text, 1, name, value, levels).map_err(failed)?;
        }
        text += "\n}\n";
        Ok(text)
    }
}

fn is_text(value: &Value, text: &str) -> bool {
    matches!(value, Value::Str(other) if other == text)
}

type Written = Result<(), crate::formats::codec::EncodeError>;

fn line(text: &mut String, depth: usize, name: &Value, value: &Value, levels: usize) -> Written {
    *text += &"  ".repeat(depth);
    compact(text, name)?;
    *text += ": ";
    match value {
        Value::Map(members) if levels > 0 && !members.is_empty() => {
            *text += "{";
            for (number, (name, value)) in members.iter().enumerate() {
                *text += if number == 0 { "\n" } else { ",\n" };
                line(text, depth + 1, name, value, levels - 1)?;
            }
            let _ = write!(text, "\n{}}}", "  ".repeat(depth));
            Ok(())
        }
        value => compact(text, value),
    }
}

/// On one line, with blanks between the parts.
fn compact(text: &mut String, value: &Value) -> Written {
    match value {
        Value::Map(members) => {
            *text += "{";
            for (number, (name, value)) in members.iter().enumerate() {
                *text += if number == 0 { "" } else { ", " };
                compact(text, name)?;
                *text += ": ";
                compact(text, value)?;
            }
            *text += "}";
        }
        Value::List(items) | Value::Tuple(items) => {
            *text += "[";
            for (number, item) in items.iter().enumerate() {
                *text += if number == 0 { "" } else { ", " };
                compact(text, item)?;
            }
            *text += "]";
        }
        value => *text += &String::from_utf8_lossy(&Format::Json.encode(value)?),
    }
    Ok(())
}
