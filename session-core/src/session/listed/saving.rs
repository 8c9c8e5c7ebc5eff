//! What a save has to do with the list of the user: entering a session before it is created, removing it afterwards.

use super::change::UserList;
use super::enter::Entrant;
use super::label::Label;
use super::list::Before;
use crate::error_chain::Chain;
use crate::formats::codec::Record;
use crate::formats::id::SessionId;
use crate::session::SaveError;
use crate::session::draft::Draft;
use crate::session::save::{Writer, level_of};
use crate::store::Loaded;

impl Writer<'_> {
    /// Enters a session that is about to be created under `id`, in the list of this user.
    pub(in crate::session) async fn enter_new(
        &self,
        user: &str,
        id: &SessionId,
        before: Before<'_>,
    ) -> Result<(), SaveError> {
        self.enter(user, id, false, before).await.map(drop)
    }

    /// Seals a session that is written under an id that is in a list. As it was, if it is in none, or if the seal does not
    /// fit: then it is entered again at its next use.
    pub(in crate::session) fn sealed(&self, new: Draft, id: &SessionId) -> Draft {
        let record = self
            .user_of(&new.record)
            .and_then(|user| self.manager.with_listed_seal(&new.record, &user, id, self.now));
        match record.map(|record| Draft { record, empty: new.empty }) {
            Some(sealed) if self.fits(&sealed).is_ok() => sealed,
            _ => new,
        }
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
        match self.enter(user, &id, true, Before::default()).await {
            Ok(false) => {}
            Ok(true) => {
                let seal = self.manager.listed_seal(user, &id, self.now);
                self.session.state().seal(super::LISTED, &seal);
            }
            Err(error) => log::log!(
                level_of(&error),
                "a session could not be entered in the list of its user: {}",
                Chain(&error)
            ),
        }
    }

    async fn enter(
        &self,
        user: &str,
        id: &SessionId,
        exists: bool,
        before: Before<'_>,
    ) -> Result<bool, SaveError> {
        let (text, replaces) = self.session.state().label();
        let label = Label { text: &text, replaces };
        // In a box, since it is rare, and would make the future of every save larger.
        let is_entered = Box::pin(self.list_of(user).enter(&Entrant { id, exists, before, label })).await?;
        self.session.state().label_entered(&text);
        Ok(is_entered)
    }

    /// Removes sessions from the list of a user, as best can be, that this request has ended under the ids with which it came.
    pub(in crate::session) async fn leave(&self, user: Option<String>, ids: &[SessionId]) {
        if let Some(user) = user {
            Box::pin(self.list_of(&user).leave_with_renewed(ids)).await;
        }
    }

    /// Removes a session from the list of a user, as best can be, that this request has created and taken back.
    pub(in crate::session) async fn leave_again(&self, user: Option<String>, id: &SessionId) {
        if let Some(user) = user {
            Box::pin(self.list_of(&user).leave(std::slice::from_ref(id))).await;
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
