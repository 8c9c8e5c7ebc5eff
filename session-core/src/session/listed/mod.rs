//! The sessions of one user: which there are, and ending them from elsewhere.
//!
//! The list is one more record of the same store, changed by compare-and-swap: no store needs a method for it. It lies
//! under a hash of the login value, where no cookie and no other program looks.

mod change;
mod end;
mod enter;
mod find;
mod label;
mod list;
mod mark;
mod saving;
mod seal;
mod user_session;
mod user_sessions;

pub use user_session::UserSession;
pub use user_sessions::UserSessions;

pub(super) use list::Before;
pub(super) use seal::LISTED;

use std::sync::Arc;

use super::login;
use super::manager::{Manager, Server};
use crate::formats::codec::Record;
use crate::formats::value::Value;
use crate::store::Loaded;

impl Manager {
    /// Says that the sessions of each user are kept in a list, from here on. Not those in cookies, which nobody can end.
    pub fn declare_listed(&self) {
        if !self.is_cookie_store() {
            self.note_listed();
        }
    }

    /// The key of the list of a user, who is named by the fingerprint of the login value.
    fn list_key(&self, user: &str) -> String {
        format!("{}~user:{user}", self.config().session_key_prefix)
    }

    /// The user to whose list a session belongs that holds this record, by fingerprint. `None` where there is no list.
    pub(super) fn listed_user(&self, record: &Record, login_key: Option<&str>) -> Option<String> {
        if !self.is_listed() {
            return None;
        }
        let user = record.format().decode(record.get(login_key?)?).ok()?;
        (user != Value::None).then(|| login::fingerprint(record.format(), &user))
    }
}

impl Server {
    /// The session in a record; `None` for one that can't be read.
    fn session_in(&self, loaded: &Loaded) -> Option<Arc<Record>> {
        loaded.record(self.format).ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::check::LIST_CHARACTERS;
    use crate::formats::codec::Format;

    #[test]
    fn the_key_of_a_list_is_as_long_as_the_check_of_the_prefix_takes_it_to_be() {
        let list = format!("~user:{}", login::fingerprint(Format::Msgpack, &Value::Int(7)));
        assert_eq!(list.len(), LIST_CHARACTERS);
    }
}
