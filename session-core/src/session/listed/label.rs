//! The label of a session in the list of its user.

use crate::session::Session;
use crate::session::state::State;

/// A label that is to be entered.
#[derive(Clone, Copy)]
pub(super) struct Label<'a> {
    pub(super) text: &'a str,
    /// It takes the place of the one that the session has. Otherwise it is for one that has none.
    pub(super) replaces: bool,
}

/// The bytes of a label that are kept.
const LABEL_BYTES: usize = 200;

impl Session {
    /// Labels this session in the list of its user's sessions, instead of with the browser's `User-Agent`. At most 200
    /// bytes are kept, without control characters.
    ///
    /// The label is written to the list, so it is set when it changes and not with each request: that takes three round
    /// trips to the store, where nobody logs in.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// session.set_label("Momo's telephone");
    /// # });
    /// ```
    pub fn set_label(&self, label: &str) {
        let mut state = self.used();
        state.chosen_label = Some(shortened(label));
        state.listing_tried = false;
    }

    /// The label of a session whose application sets none. It is given with every request, and needed by few.
    #[doc(hidden)]
    pub fn suggest_label(&self, label: &str) {
        let end = (0..=label.len().min(LABEL_BYTES)).rev().find(|end| label.is_char_boundary(*end));
        self.state().suggested_label = end.and_then(|end| label.get(..end)).map(str::to_owned);
    }
}

impl State {
    /// The label for the list, and whether it takes the place of an earlier one.
    pub(super) fn label(&self) -> (String, bool) {
        match (&self.chosen_label, &self.suggested_label) {
            (Some(chosen), _) => (chosen.clone(), true),
            (None, suggested) => (suggested.as_deref().map(shortened).unwrap_or_default(), false),
        }
    }

    /// Notes that a label is in the list. It is that of another session, too, which this request may begin.
    pub(super) fn label_entered(&mut self, text: &str) {
        if self.chosen_label.as_deref() == Some(text) {
            self.suggested_label = self.chosen_label.take();
        }
    }
}

/// Cuts a text to the bytes of a label, without what nobody sees.
fn shortened(label: &str) -> String {
    let mut short = String::new();
    for character in label.trim().chars().filter(|character| !is_unseen(*character)) {
        if short.len() + character.len_utf8() > LABEL_BYTES {
            break;
        }
        short.push(character);
    }
    short
}

/// Tells whether a character is a control, or turns the direction of a text, so that a device might look like another.
fn is_unseen(character: char) -> bool {
    let turns =
        ['\u{200b}'..='\u{200f}', '\u{202a}'..='\u{202e}', '\u{2060}'..='\u{206f}', '\u{feff}'..='\u{feff}'];
    character.is_control() || turns.iter().any(|range| range.contains(&character))
}
