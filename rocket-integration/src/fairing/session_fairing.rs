//! The fairing that gives an application its sessions, and what it can be told.

use std::error::Error;
use std::sync::Arc;
use std::time::SystemTime;

use rocket::fairing::{Fairing, Info, Kind, Result as Ignited};
use rocket::{Build, Orbit, Request, Rocket, async_trait};
use rocket_session_state_core::config::SessionConfig;
use rocket_session_state_core::events::Event;
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::store::{DynStore, Store};

use super::launch::{Setup, Source};
use crate::context::SessionContext;
use crate::error::PurgeError;
use crate::flask_login::FlaskLogin;
use crate::guard::{self, LaunchChecks, SessionState};
use crate::testing::TestSetup;
use crate::user::{HasUser, SessionUser};

/// The fairing that gives an application sessions, as [`Sessions::fairing`](crate::Sessions::fairing) and [`Sessions::with_config`](crate::Sessions::with_config) make it.
///
/// ```
/// use rocket_session_state::Sessions;
///
/// let rocket = rocket::build().attach(Sessions::fairing());
/// ```
///
/// Everything else comes from `Rocket.toml` and the environment. Sessions are saved in a response
/// fairing that runs after all others that are attached before the launch, so that those may still use
/// the session.
///
/// The launch fails, with every mistake in the log, if the configuration is wrong or the store can't
/// be reached.
pub struct SessionFairing {
    setup: Setup,
}

impl SessionFairing {
    /// `None` for the configuration of Rocket.toml and the environment.
    pub(crate) fn new(config: Option<SessionConfig>) -> Self {
        SessionFairing {
            setup: Setup {
                config: config.map(Box::new),
                store: Source::Config,
                clock: Arc::new(|_| SystemTime::now()),
                listeners: Vec::new(),
                events_name_users: false,
                flask_login: None,
                declared: Vec::new(),
            },
        }
    }

    /// Keeps the sessions in a store made in code; `session_type` must not be set then.
    ///
    /// ```
    /// use rocket_session_state::Sessions;
    /// use rocket_session_state::store::MemoryStore;
    ///
    /// let rocket = rocket::build().attach(Sessions::fairing().store(MemoryStore::new(10_000)));
    /// ```
    #[must_use]
    pub fn store(mut self, store: impl Store) -> Self {
        self.setup.store = Source::Code(DynStore::new(store));
        self
    }

    /// Keeps the sessions in a store that is made while the application ignites, of what other fairings have left in
    /// Rocket's state by then: a pool of `rocket_db_pools`, say, which is made by its fairing. `session_type` must not be
    /// set then. [`Sessions::from_rocket`](crate::Sessions::from_rocket) is the same with the configuration of Rocket.toml.
    ///
    /// The function is called after all fairings that were attached before the launch, in whatever order. If it fails, it is
    /// called again after those that they have attached themselves, and if nothing is left to wait for, the application does
    /// not launch.
    ///
    /// ```
    /// use rocket_session_state::{Sessions, config::SessionConfig, store::MemoryStore};
    ///
    /// let sessions = Sessions::with_config(SessionConfig::default()).store_from(|rocket| {
    ///     let limit = rocket.figment().extract_inner("most_sessions")?;
    ///     Ok::<_, rocket::figment::Error>(MemoryStore::new(limit))
    /// });
    /// let rocket = rocket::build().attach(sessions);
    /// ```
    #[must_use]
    pub fn store_from<S: Store, E: Into<Box<dyn Error + Send + Sync>>>(
        mut self,
        open: impl Fn(&Rocket<Build>) -> Result<S, E> + Send + Sync + 'static,
    ) -> Self {
        self.setup.store = Source::rocket(open);
        self
    }

    /// Replaces the clock, which decides about ages, expiry and timestamps, so that a test need not wait for a
    /// session to expire.
    ///
    /// [`Sessions`](crate::Sessions) in managed state and the purge of every `session_purge_interval` have no request to ask for the time,
    /// and go by real time. Under a clock in the past the purge would remove living sessions: set
    /// `session_purge_interval = 0` there.
    ///
    /// ```
    /// # use rocket_session_state::Sessions;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use std::time::{Duration, UNIX_EPOCH};
    ///
    /// static NOW: AtomicU64 = AtomicU64::new(1_800_000_000);
    ///
    /// let clock = |_: &rocket::Request<'_>| UNIX_EPOCH + Duration::from_secs(NOW.load(Ordering::Relaxed));
    /// let rocket = rocket::build().attach(Sessions::fairing().clock(clock));
    /// NOW.fetch_add(3600, Ordering::Relaxed); // an hour later
    /// ```
    #[must_use]
    pub fn clock(mut self, clock: impl Fn(&Request<'_>) -> SystemTime + Send + Sync + 'static) -> Self {
        self.setup.clock = Arc::new(clock);
        self
    }

    /// Declares a state that no mounted route takes, by itself or behind a guard: in a program that works beside the
    /// application and serves nothing, or where handlers and catchers open it by hand. What the launch finds in routes need
    /// not be declared.
    ///
    /// ```
    /// use rocket_session_state::{Sessions, session_state};
    ///
    /// #[session_state]
    /// struct Visit {
    ///     #[session(login, listed)]
    ///     user_id: Option<i64>,
    /// }
    ///
    /// /// A job, beside the Rocket.toml of the application.
    /// async fn end_all_of(user_id: i64) -> Result<usize, Box<dyn std::error::Error>> {
    ///     let rocket = rocket::build().attach(Sessions::fairing().state::<Visit>()).ignite().await?;
    ///     let sessions = rocket.state::<Sessions>().expect("the fairing is attached");
    ///     Ok(sessions.of::<Visit>(&user_id).end_all().await?)
    /// }
    /// ```
    #[must_use]
    pub fn state<S: SessionState>(mut self) -> Self {
        self.setup.declared.push(LaunchChecks::declare::<S>);
        self
    }

    /// Shares logins with Flask-Login. A visitor whom its remember-me cookie names is logged in here, as Flask would do it,
    /// before any guard decides; a log-out deletes the cookie; and a log-in made here is fresh in Flask.
    ///
    /// The users are those of the state, whose login field has Flask-Login's key. The guide's page on Flask-Login has the rest,
    /// and the keys of the configuration.
    ///
    /// ```
    /// use rocket::http::Status;
    /// use rocket_session_state::{SessionUser, Sessions, session_state};
    ///
    /// # struct User;
    /// impl SessionUser for User {
    ///     type Id = String;
    ///     // …
    /// #    type Source<'r> = ();
    /// #    async fn find(_: &String, (): ()) -> Result<Option<User>, Status> { Ok(None) }
    /// #    fn id(&self) -> String { String::new() }
    /// }
    ///
    /// #[session_state(user = User)]
    /// struct Visit {
    ///     #[session(login, key = "_user_id")]
    ///     user_id: Option<String>,
    /// }
    ///
    /// let rocket = rocket::build().attach(Sessions::fairing().flask_login::<Visit>());
    /// ```
    #[must_use]
    pub fn flask_login<S: HasUser<User: SessionUser<Id = String>>>(mut self) -> Self {
        self.setup.flask_login = Some(FlaskLogin::of::<S>());
        self.state::<S>()
    }

    /// Tells a function of everything that happens to sessions, each time after it was saved.
    ///
    /// It runs on a thread of its own, behind a queue of 1,024 events, so that no request waits for it or fails if it
    /// panics. Events that come while the queue is full are dropped, and [counted](crate::events::Stats::dropped). More than
    /// one function may be given: each is told of each event, in their order.
    ///
    /// ```
    /// use rocket_session_state::Sessions;
    /// use rocket_session_state::events::EventKind;
    ///
    /// let sessions = Sessions::fairing().on_event(|event| {
    ///     if event.kind() == EventKind::CookieRefused {
    ///         println!("somebody has made up a cookie: {event}");
    ///     }
    /// });
    /// let rocket = rocket::build().attach(sessions);
    /// ```
    #[must_use]
    pub fn on_event(mut self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.setup.listeners.push(Arc::new(listener));
        self
    }

    /// Lets events say whose session it was: [`Event::user`](crate::events::Event::user). Otherwise they name no user.
    ///
    /// ```
    /// use rocket_session_state::Sessions;
    /// use rocket_session_state::events::EventKind;
    ///
    /// let sessions = Sessions::fairing().events_name_users().on_event(|event| {
    ///     // The type of the login field.
    ///     if let (EventKind::LoggedIn, Some(user)) = (event.kind(), event.user::<i64>()) {
    ///         println!("user {user} has logged in");
    ///     }
    /// });
    /// let rocket = rocket::build().attach(sessions);
    /// ```
    #[must_use]
    pub fn events_name_users(mut self) -> Self {
        self.setup.events_name_users = true;
        self
    }

    /// Removes what expired sessions still occupy in the store, and says how many there were: what
    /// `flask session_cleanup` does, for a cron job of your own.
    ///
    /// A running application does the same every `session_purge_interval`. Redis, memcached and MongoDB
    /// remove expired sessions by themselves, so that there is nothing to do.
    ///
    /// ```
    /// use rocket_session_state::{PurgeError, Sessions};
    ///
    /// // In a program that cron starts, beside the application's Rocket.toml.
    /// async fn purge() -> Result<(), PurgeError> {
    ///     let removed = Sessions::fairing().purge(&rocket::build()).await?;
    ///     println!("{removed} expired sessions were removed");
    ///     Ok(())
    /// }
    /// ```
    ///
    /// A store that is [made of Rocket's state](Self::store_from) is made of what is there already: nothing ignites. What a
    /// fairing makes, such as a pool of `rocket_db_pools`, is there after the ignition alone: call
    /// [`Sessions::purge`](crate::Sessions::purge) then.
    ///
    /// # Errors
    ///
    /// The configuration is wrong, or the store failed.
    pub async fn purge(&self, rocket: &Rocket<Build>) -> Result<u64, PurgeError> {
        let config = self.setup.checked_config(rocket).map_err(PurgeError::Config)?;
        let (manager, _) = self.setup.open(config, rocket).map_err(PurgeError::Store)?;
        manager.purge(SystemTime::now()).await.map_err(PurgeError::Store)
    }
}

#[async_trait]
impl Fairing for SessionFairing {
    fn info(&self) -> Info {
        Info { name: "Sessions", kind: Kind::Ignite | Kind::Liftoff | Kind::Shutdown | Kind::Singleton }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> Ignited {
        self.setup.ignite(rocket).await
    }

    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        // The clock of a test does not go by itself, and this one does.
        if let Some(context) =
            rocket.state::<SessionContext>().filter(|_| rocket.state::<TestSetup>().is_none())
        {
            context.purge_regularly(rocket.shutdown());
        }
        if let Some(context) = rocket.state::<SessionContext>() {
            warn_of_idle_limit(&context.manager);
            warn_of_silent_audit_log(&context.manager);
        }
        if let Some(table) = guard::table(rocket) {
            log::info!("{table}");
        }
    }

    async fn on_shutdown(&self, rocket: &Rocket<Orbit>) {
        // What happened last is not to end with the process.
        if let Some(context) = rocket.state::<SessionContext>() {
            context.manager.listeners_have_heard().await;
        }
    }
}

/// Says that a limit of sessions per user counts nothing.
fn warn_of_idle_limit(manager: &Manager) {
    if manager.config().session_max_per_user.is_some() && !manager.is_listed() {
        log::warn!(
            "session_max_per_user: has no effect, since no mounted route takes a state whose login field is `listed`; write \
             `#[session(login, listed)]` there, or remove it"
        );
    }
}

/// Says that the audit log shows nothing. As an error: Rocket's release profile shows nothing below warnings.
fn warn_of_silent_audit_log(manager: &Manager) {
    if manager.audit_log_is_silent() {
        log::error!(
            "session_audit_log: is on, and the log shows nothing at level `info`, so that no line of it is written; write \
             log_level = \"normal\", since Rocket's release profile has \"critical\""
        );
    }
}
