//! What a save has to do with the list of the user: entering a session before it is created, removing it afterwards.

use super::change::UserList;
use super::enter::Entrant;
use super::list::Label;
use super::user_sessions::shortened;
use crate::error_chain::Chain;
use crate::formats::codec::Record;
use crate::formats::id::SessionId;
use crate::session::SaveError;
use crate::session::draft::Draft;
use crate::session::save::{Writer, level};
use crate::session::state::State;
use crate::store::Loaded;

impl Writer<'_> {
    /// Enters a session that is about to be created under `id`, and seals it. `None` if it is in no list.
    pub(in crate::session) async fn enter_new(
        &self,
        new: &Draft,
        id: &SessionId,
        renews: Option<&SessionId>,
    ) -> Result<Option<Draft>, SaveError> {
        let Some(user) = self.user_of(&new.record) else { return Ok(None) };
        self.enter(&user, id, renews, true).await?;
        Ok(self.sealed(new, id))
    }

    /// Seals a session that is written under an id which was entered before. `None` if it is in no list.
    pub(in crate::session) fn sealed(&self, new: &Draft, id: &SessionId) -> Option<Draft> {
        let user = self.user_of(&new.record)?;
        let record = self.manager.with_listed_seal(&new.record, &user, id, self.now)?;
        Some(Draft { record, empty: new.empty })
    }

    /// Enters a session that exists, as best can be: a request that only reads does not fail by it. The seal goes with
    /// what is written next.
    pub(in crate::session) async fn enter_late(&self, user: &str) {
        let id = {
            let mut state = self.session.state();
            state.listing_tried = true;
            state.identity.id().cloned()
        };
        let Some(id) = id else { return };
        match self.enter(user, &id, None, false).await {
            Ok(()) => {
                let seal = self.manager.listed_seal(user, &id, self.now);
                self.session.state().seal(super::LISTED, &seal);
            }
            Err(error) => {
                let level = match &error {
                    SaveError::Unavailable(error) => level(error),
                    _ => log::Level::Warn,
                };
                log::log!(level, "a session could not be entered in the list of its user: {}", Chain(&error));
            }
        }
    }

    async fn enter(
        &self,
        user: &str,
        id: &SessionId,
        renews: Option<&SessionId>,
        is_new: bool,
    ) -> Result<(), SaveError> {
        let (text, replaces) = self.session.state().label();
        let label = Label { text: &text, replaces };
        // In a box, since it is rare, and would make the future of every save larger.
        Box::pin(self.list_of(user).enter(&Entrant { id, renews, label, is_new })).await?;
        self.session.state().label_entered(&text);
        Ok(())
    }

    /// Removes ended sessions from the list of a user, as best can be.
    pub(in crate::session) async fn leave(&self, user: Option<String>, ids: &[SessionId]) {
        if let Some(user) = user {
            Box::pin(self.list_of(&user).leave(ids)).await;
        }
    }

    /// The user to whose list a session belongs.
    pub(in crate::session) fn user_of(&self, record: &Record) -> Option<String> {
        self.manager.listed_user(record, self.login_key())
    }

    /// As [`user_of`](Writer::user_of), of a record as the store holds it.
    pub(in crate::session) fn user_in(&self, loaded: &Loaded) -> Option<String> {
        self.manager
            .is_listed()
            .then(|| self.server.session_in(loaded))?
            .and_then(|record| self.user_of(&record))
    }

    fn list_of<'a>(&'a self, user: &'a str) -> UserList<'a> {
        let Writer { manager, server, now, .. } = *self;
        UserList { manager, server, user, login_key: self.login_key(), now, budget: self.budget() }
    }
}

impl State {
    /// The label for the list, and whether it takes the place of an earlier one.
    fn label(&self) -> (String, bool) {
        match (&self.chosen_label, &self.suggested_label) {
            (Some(chosen), _) => (chosen.clone(), true),
            (None, suggested) => (suggested.as_deref().map(shortened).unwrap_or_default(), false),
        }
    }

    /// Notes that a label is in the list. It is that of another session, too, which this request may begin.
    fn label_entered(&mut self, text: &str) {
        if self.chosen_label.as_deref() == Some(text) {
            self.suggested_label = self.chosen_label.take();
        }
    }
}
