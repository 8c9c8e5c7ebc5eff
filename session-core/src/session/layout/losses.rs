//! What stored sessions lose by a change of the layout.

use super::{Entry, Layout};
use crate::formats::shape::{Shape, losses};

impl Layout {
    /// Says what of the sessions that were stored under an older layout is not read under this one, or means something
    /// else: one line for each reason, which names the field and what it was and is.
    ///
    /// New fields and types that read all that was stored are not among them.
    #[must_use]
    pub fn losses_since(&self, old: &Layout) -> Vec<String> {
        let mut lines = Vec::new();
        for (key, was) in &old.fields {
            match self.fields.get(key) {
                Some(is) if matches!(&was.shape, Shape::Rust(name) if name == is.rust && was.shape != is.shape) =>
                {
                    lines.push(format!(
                        "`{key}` is {} and did not say until now what it reads: nobody knows whether that is the same",
                        is.shape
                    ));
                }
                Some(is) => {
                    let place = format!("`{key}`");
                    lines.extend(losses(&place, (&was.shape, &old.types), (&is.shape, &self.types)));
                }
                None => lines.push(self.gone(key, was, old)),
            }
        }
        lines.extend(self.login_change(old));
        lines
    }

    /// A field that is read under another key has its name still.
    fn gone(&self, key: &str, was: &Entry, old: &Layout) -> String {
        let name = was.name.as_deref().unwrap_or(key);
        let moved = self.fields.iter().find(|(new_key, is)| {
            is.name.as_ref().unwrap_or(new_key) == name && !old.fields.contains_key(*new_key)
        });
        match moved {
            Some((new_key, _)) => format!(
                "`{name}` was stored under the key `{key}` and is read from `{new_key}`: \
                 keep its key, `#[session(key = \"{key}\")]`"
            ),
            None => format!("`{key}` was {} and is gone: no state has a field with this key", was.shape),
        }
    }

    /// Another login field, none any more, or one that held something else until now.
    fn login_change(&self, old: &Layout) -> Option<String> {
        let login =
            |layout: &Layout| layout.fields.iter().find(|(_, entry)| entry.login).map(|(key, _)| key.clone());
        match (login(old), login(self)) {
            (Some(was), Some(is)) if was != is => Some(format!(
                "the login field was `{was}` and is `{is}`: who is logged in would not be any more"
            )),
            (Some(was), None) if self.fields.contains_key(&was) => {
                Some(format!("`{was}` was the login field, and there is none any more"))
            }
            (None, Some(is)) if old.fields.contains_key(&is) => Some(format!(
                "`{is}` was not the login field and is it now: whoever has a value there would be logged in"
            )),
            _ => None,
        }
    }
}
