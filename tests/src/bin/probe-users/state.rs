//! The state with a user, and the users, who live in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::{Request, async_trait};
use rocket_session_state::{SessionUser, session_state};
use serde::Deserialize;

use crate::fields::probe_state;

probe_state! {
    /// Everything the probe remembers about a visitor.
    #[session_state(user = ProbeUser)]
    login: #[session(login, listed)]
}

/// A user as `POST /users` sets one.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProbeUser {
    pub(crate) name: String,
    #[serde(default = "first_stamp")]
    stamp: String,
    #[serde(default = "free")]
    pub(crate) plan: String,
    /// `find` does not find the user any more.
    #[serde(default)]
    gone: bool,
    /// `find` fails.
    #[serde(default)]
    fails: bool,
}

fn first_stamp() -> String {
    "0".to_owned()
}

fn free() -> String {
    "free".to_owned()
}

impl SessionUser for ProbeUser {
    type Id = String;
    type Source<'r> = Finder<'r>;

    async fn find(id: &String, finder: Finder<'_>) -> Result<Option<ProbeUser>, Status> {
        finder.users.finds.fetch_add(1, Ordering::Relaxed);
        finder.loads.0.fetch_add(1, Ordering::Relaxed);
        let user = finder.users.named(id);
        if user.fails { Err(Status::ServiceUnavailable) } else { Ok((!user.gone).then_some(user)) }
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn stamp(&self) -> impl AsRef<[u8]> {
        &self.stamp
    }
}

/// All users. One who was never set is there all the same.
#[derive(Default)]
pub(crate) struct Users {
    by_name: Mutex<HashMap<String, ProbeUser>>,
    finds: AtomicU64,
}

impl Users {
    pub(crate) fn set(&self, user: ProbeUser) {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner).insert(user.name.clone(), user);
    }

    fn named(&self, name: &str) -> ProbeUser {
        let users = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        users.get(name).cloned().unwrap_or_else(|| ProbeUser {
            name: name.to_owned(),
            stamp: first_stamp(),
            plan: free(),
            gone: false,
            fails: false,
        })
    }

    /// How often a user was looked for since the start.
    pub(crate) fn finds(&self) -> u64 {
        self.finds.load(Ordering::Relaxed)
    }
}

/// Counts how often users were looked for in one request.
pub(crate) struct Loads(AtomicU64);

impl Loads {
    pub(crate) fn of<'r>(request: &'r Request<'_>) -> &'r Loads {
        request.local_cache(|| Loads(AtomicU64::new(0)))
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Finds users and counts that.
pub(crate) struct Finder<'r> {
    users: &'r Users,
    loads: &'r Loads,
}

#[async_trait]
impl<'r> FromRequest<'r> for Finder<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match request.rocket().state() {
            Some(users) => Outcome::Success(Finder { users, loads: Loads::of(request) }),
            None => Outcome::Error((Status::InternalServerError, ())),
        }
    }
}

/// Logs a user in, who is not looked for as in `find`.
pub(crate) fn log_in(probe: &Probe, name: &str, users: &Users) -> Result<(), Status> {
    probe.log_in(&users.named(name));
    Ok(())
}
