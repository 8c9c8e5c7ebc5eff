//! Users with several sessions, and what a process that knows no lists finds of them.

use std::sync::atomic::AtomicUsize;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rocket_session_state_core::config::{CheckedConfig, Environment, SessionConfig, SessionType};
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::session::{SaveError, Session, UserSession, UserSessions};
use rocket_session_state_core::store::{Call, Store as _};
use rocket_session_state_core::value::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::super::site::log_in;
use super::processes::{Failure, Fate, Link, Shared, Turn};

pub(super) const USERS: [&str; 2] = ["ann", "bob"];

/// All that several processes share.
pub(super) struct World {
    pub(super) shared: Shared,
    config: CheckedConfig,
    flask: Manager,
    pub(super) now: SystemTime,
}

/// The cookie of one browser.
pub(super) type Cookie = Option<String>;

/// A session that lives in the store.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Living {
    pub(super) id: String,
    pub(super) user: String,
}

impl World {
    pub(super) fn new(change: impl FnOnce(&mut SessionConfig)) -> World {
        let mut config = SessionConfig::default();
        config.session_type = SessionType::Memory;
        // A call that waits for its turn is not an outage.
        config.session_store_timeout = Duration::from_secs(600);
        config.session_request_timeout = Duration::from_secs(3600);
        change(&mut config);
        let config = config.check(Environment { debug_profile: true, ..Environment::default() }).unwrap();
        let shared = Shared::new();
        let mut of_flask = SessionConfig::clone(&config);
        of_flask.session_successor_seconds = None;
        let of_flask = of_flask.check(Environment { debug_profile: true, ..Environment::default() }).unwrap();
        let flask = Manager::with_store(of_flask, Link::new(&shared, Fate::Immortal)).unwrap();
        World { shared, config, flask, now: UNIX_EPOCH + Duration::from_secs(1_704_164_645) }
    }

    /// A world whose [`USERS`] have a session each on another device.
    pub(super) async fn of_users(change: impl FnOnce(&mut SessionConfig)) -> World {
        let world = World::new(change);
        let process = world.process();
        for user in USERS {
            world.request(&process, &mut Cookie::None, |session| log_in(session, user)).await;
        }
        world
    }

    fn with_fate(&self, fate: Fate) -> Manager {
        Manager::with_store(self.config.clone(), Link::new(&self.shared, fate)).unwrap()
    }

    /// A process of the application.
    pub(super) fn process(&self) -> Manager {
        declared(self.with_fate(Fate::Immortal))
    }

    /// A process that is killed after so many calls, and what tells when.
    pub(super) fn mortal(&self, calls: usize) -> (Manager, mpsc::UnboundedReceiver<()>) {
        let (killed, is_killed) = mpsc::unbounded_channel();
        (declared(self.with_fate(Fate::Mortal(AtomicUsize::new(calls), killed))), is_killed)
    }

    /// A process that meets a call which fails, after so many, and what tells when.
    pub(super) fn unlucky(&self, calls: usize, failure: Failure) -> (Manager, mpsc::UnboundedReceiver<()>) {
        let (failed, has_failed) = mpsc::unbounded_channel();
        (declared(self.with_fate(Fate::Unlucky(AtomicUsize::new(calls), failure, failed))), has_failed)
    }

    /// A process whose calls take their time, in milliseconds.
    pub(super) fn slow(&self, pauses: Vec<u64>) -> Manager {
        declared(self.with_fate(Fate::Slow(pauses, AtomicUsize::new(0))))
    }

    /// A process whose calls wait for their turn.
    pub(super) fn in_turn(&self) -> (Manager, mpsc::UnboundedReceiver<Turn>) {
        let (turns, waiting) = mpsc::unbounded_channel();
        (declared(self.with_fate(Fate::InTurn(turns))), waiting)
    }

    /// A process that knows nothing of users and lists, as Flask.
    pub(super) fn flask(&self) -> Manager {
        self.flask.clone()
    }

    /// Makes a request that must succeed.
    pub(super) async fn request(&self, manager: &Manager, cookie: &mut Cookie, act: impl FnOnce(&Session)) {
        self.try_request(manager, cookie, act).await.unwrap();
    }

    pub(super) async fn try_request(
        &self,
        manager: &Manager,
        cookie: &mut Cookie,
        act: impl FnOnce(&Session),
    ) -> Result<(), SaveError> {
        let session = manager.open(cookie.as_deref(), self.now).await.map_err(SaveError::Unavailable)?;
        act(&session);
        let closed = manager.close(&session, self.now).await?;
        if let Some(line) = closed.set_cookie {
            let value = line.split([';', '=']).nth(1).unwrap_or_default().to_owned();
            *cookie = (!value.is_empty()).then_some(value);
        }
        Ok(())
    }

    /// All sessions in which somebody is logged in, found without any list.
    pub(super) async fn living(&self) -> Vec<Living> {
        let mut living = Vec::new();
        for key in self.shared.keys("session:") {
            let Some(id) = key.strip_prefix("session:") else { continue };
            let session = self.flask.open(Some(id), self.now).await.unwrap();
            if let Ok(Some(user)) = session.get::<String>("username") {
                living.push(Living { id: id.to_owned(), user });
            }
        }
        living
    }

    /// Lets each session that lives make a request that only reads, as the next one of a session that Flask has made.
    pub(super) async fn see_all(&self) {
        for living in self.living().await {
            let sight = |session: &Session| assert!(session.contains("username"));
            self.request(&self.process(), &mut Some(living.id), sight).await;
        }
    }

    /// The ids of this user's sessions.
    pub(super) async fn living_of(&self, user: &str) -> Vec<String> {
        ids_of(user, &self.living().await)
    }

    pub(super) fn sessions_of(&self, manager: &Manager, user: &str) -> UserSessions {
        manager.sessions_of(&Value::Str(user.to_owned()), self.now).unwrap()
    }

    /// The line of the list that is this session's.
    pub(super) async fn line_of(&self, cookie: &Cookie) -> Option<UserSession> {
        let session = self.process().open(cookie.as_deref(), self.now).await.unwrap();
        let list = session.sessions_of_user()?.list().await.unwrap();
        list.into_iter().find(UserSession::is_current)
    }

    /// Each session that lives is in the list of its user, once, and nothing else is.
    pub(super) async fn check_lists(&self, users: &[&str], explain: &str) {
        let living = self.living().await;
        for user in users {
            let (lines, handles) = self.check_list(user, &living, explain).await;
            assert_eq!(lines, handles, "{explain}: two sessions of {user} have one line");
        }
    }

    /// As [`check_lists`](World::check_lists) where a process was killed, or so slow that others took it for dead: a
    /// session that it was giving another id may live under both, in one line.
    pub(super) async fn check_that_lists_know_all(&self, users: &[&str], explain: &str) {
        let living = self.living().await;
        for user in users {
            let (mut lines, handles) = self.check_list(user, &living, explain).await;
            lines.dedup();
            assert_eq!(lines, handles, "{explain}: of {user}");
        }
    }

    /// Returns the lines of the sessions that live, and all lines of the list.
    async fn check_list(&self, user: &str, living: &[Living], explain: &str) -> (Vec<String>, Vec<String>) {
        let list = self.sessions_of(&self.process(), user).list().await.unwrap();
        let mut all: Vec<String> = list.iter().map(|line| line.handle().to_owned()).collect();
        all.sort();
        let mut lines = Vec::new();
        for id in ids_of(user, living) {
            let line = self.line_of(&Some(id)).await.map(|line| line.handle().to_owned());
            // Who asks is entered, so the list of before counts.
            let known = line.filter(|line| all.contains(line));
            lines.push(known.unwrap_or_else(|| panic!("{explain}: a session of {user} is in no list")));
        }
        lines.sort();
        (lines, all)
    }

    /// Who ends all sessions of a user has ended all.
    pub(super) async fn check_that_none_is_left(&self, users: &[&str], explain: &str) {
        for user in users {
            self.sessions_of(&self.process(), user).end_all().await.unwrap();
        }
        let living = self.living().await;
        for user in users {
            assert_eq!(ids_of(user, &living), [""; 0], "{explain}: {user} is still logged in");
            let list = self.sessions_of(&self.process(), user).list().await.unwrap();
            assert!(list.is_empty(), "{explain}: of {user}: {list:?}");
        }
    }

    /// The bytes of all lists, by the keys of the store.
    pub(super) async fn list_sizes(&self) -> Vec<usize> {
        let mut sizes = Vec::new();
        let link = Link::new(&self.shared, Fate::Immortal);
        for key in self.shared.keys("session:~user:") {
            let call = Call { now: self.now, deadline: Instant::now() + Duration::from_secs(5) };
            sizes.extend(link.load(call, &key, None).await.unwrap().map(|record| record.bytes.len()));
        }
        sizes
    }
}

fn ids_of(user: &str, living: &[Living]) -> Vec<String> {
    living.iter().filter(|living| living.user == user).map(|living| living.id.clone()).collect()
}

fn declared(manager: Manager) -> Manager {
    manager.declare_login("username");
    manager.declare_listed();
    manager
}

/// Runs a test whose time is not real.
pub(super) fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(test)
}
