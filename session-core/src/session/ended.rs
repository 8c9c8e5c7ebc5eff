//! Waiting for the end of a session: for streams and sockets that close at log-out.

use super::manager::{Backend, Manager, Server};
use crate::session::Session;
use crate::store::client::Spent;

impl Manager {
    /// Returns when the session has ended: destroyed, logged out or expired, here or elsewhere.
    pub(crate) async fn ended(&self, session: &Session) {
        let Backend::Server(server) = &self.inner.backend else {
            // Nobody can end a cookie.
            return std::future::pending().await;
        };
        let mut endings = server.endings.watch();
        loop {
            if self.has_ended(server, session).await {
                return;
            }
            let poll = tokio::time::sleep(self.inner.config.session_ended_poll);
            tokio::pin!(poll);
            loop {
                tokio::select! {
                    () = &mut poll => break,
                    changed = endings.changed() => {
                        if changed.is_err() || known_to_have_ended(server, session) {
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Asks the store, without extending the session's life: whoever only waits does not use it.
    async fn has_ended(&self, server: &Server, session: &Session) -> bool {
        if known_to_have_ended(server, session) {
            return true;
        }
        let Some(id) = session.state().id.clone() else { return false };
        let key = self.store_key(&id);
        // A store that fails says nothing of the session.
        let loaded = server.gate.load(&mut Spent::default(), session.now(), &key, None).await;
        // The session may have got a new id meanwhile.
        matches!(loaded, Ok(None)) && session.state().id.as_ref() == Some(&id)
    }
}

fn known_to_have_ended(server: &Server, session: &Session) -> bool {
    let state = session.state();
    state.flags.ended || state.id.as_ref().is_some_and(|id| server.endings.has(id, session.opened_at()))
}
