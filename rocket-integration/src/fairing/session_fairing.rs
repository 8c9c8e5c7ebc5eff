//! The fairing that reads the configuration, connects the store and refuses to launch what can't work.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use rocket::config::LogLevel;
use rocket::fairing::{Fairing, Info, Kind, Result as Ignited};
use rocket::{Build, Orbit, Request, Rocket, async_trait};
use rocket_session_state_core::Chain;
use rocket_session_state_core::config::{CheckedConfig, ConfigError, Environment, SessionConfig};
use rocket_session_state_core::events::{Event, Listener};
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::store::{DynStore, Store, StoreError};

use super::save::SaveSessions;
use crate::context::{Clock, SessionContext};
use crate::error::PurgeError;
use crate::guard::{self, LaunchChecks, SessionState};
use crate::login::LoginPages;
use crate::sessions::Sessions;
use crate::testing::{KeepCookies, TestSetup};

/// The fairing that gives an application sessions, as [`Sessions::fairing`] and [`Sessions::with_config`] make it.
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
    /// The configuration made in code; `None` for that of Rocket.toml and the environment.
    config: Option<Box<SessionConfig>>,
    store: Option<DynStore>,
    clock: Arc<Clock>,
    listeners: Vec<Listener>,
    events_name_users: bool,
    /// Take note of states that no mounted route takes.
    declared: Vec<Declare>,
}

/// Takes note of a state at launch; `true` if it contradicts another one.
type Declare = fn(&mut LaunchChecks, &Manager) -> bool;

impl SessionFairing {
    /// `None` for the configuration of Rocket.toml and the environment.
    pub(crate) fn new(config: Option<SessionConfig>) -> Self {
        SessionFairing {
            config: config.map(Box::new),
            store: None,
            clock: Arc::new(|_| SystemTime::now()),
            listeners: Vec::new(),
            events_name_users: false,
            declared: Vec::new(),
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
        self.store = Some(DynStore::new(store));
        self
    }

    /// Replaces the clock, which decides about ages, expiry and timestamps, so that a test need not wait for a
    /// session to expire.
    ///
    /// [`Sessions`] in managed state and the purge of every `session_purge_interval` have no request to ask for the time,
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
        self.clock = Arc::new(clock);
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
        self.declared.push(LaunchChecks::declare::<S>);
        self
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
        self.listeners.push(Arc::new(listener));
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
        self.events_name_users = true;
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
    /// # Errors
    ///
    /// The configuration is wrong, or the store failed.
    pub async fn purge(&self, rocket: &Rocket<Build>) -> Result<u64, PurgeError> {
        let config = self.checked_config(rocket).map_err(PurgeError::Config)?;
        let manager = self.manager(config, None).map_err(PurgeError::Store)?;
        manager.purge(SystemTime::now()).await.map_err(PurgeError::Store)
    }

    fn manager(&self, config: CheckedConfig, test: Option<&TestSetup>) -> Result<Manager, StoreError> {
        match (test, &self.store) {
            (Some(test), _) => Manager::for_test(config, test.store()),
            (None, Some(store)) => Manager::with_store(config, store.clone()),
            (None, None) => Manager::new(config),
        }
    }

    fn checked_config(&self, rocket: &Rocket<Build>) -> Result<CheckedConfig, ConfigError> {
        let figment = rocket.figment();
        let environment = Environment {
            debug_profile: *figment.profile() == rocket::Config::DEBUG_PROFILE,
            serves_tls: rocket::Config::try_from(figment).is_ok_and(|config| config.tls_enabled()),
            own_store: self.store.is_some(),
            in_test: rocket.state::<TestSetup>().is_some(),
        };
        match &self.config {
            Some(config) => config.as_ref().clone().check(environment),
            None => SessionConfig::from_figment(figment, environment),
        }
    }
}

#[async_trait]
impl Fairing for SessionFairing {
    fn info(&self) -> Info {
        Info { name: "Sessions", kind: Kind::Ignite | Kind::Liftoff | Kind::Shutdown | Kind::Singleton }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> Ignited {
        let test = TestSetup::of(&rocket);
        let checked = match self.checked_config(&rocket) {
            Ok(checked) => checked,
            Err(error) => {
                log::error!("{error}");
                if let Some(test) = test {
                    test.refused(&error);
                }
                return Err(rocket);
            }
        };
        for warning in &checked.warnings {
            log::warn!("{warning}");
        }
        if logs_cookies(&rocket) {
            log::warn!(
                "log_level: is \"debug\", at which Rocket writes the headers of every request to the log, the cookies of \
                 sessions among them; write log_level = \"normal\" where visitors come"
            );
        }
        let stores = stores(&checked);
        let manager = match self.manager(checked, test.as_ref()) {
            Ok(manager) => manager,
            Err(error) => {
                log::error!("sessions can't be set up in {stores}: {}", Chain(&error));
                return Err(rocket);
            }
        };
        manager.listen(self.listeners.clone(), self.events_name_users);
        if let Err(mut error) = manager.ping(SystemTime::now()).await {
            // `stores` names the place of a store of the settings; one that is passed in code names its own.
            if let Some(address) = self.store.as_ref().and_then(Store::address) {
                error = error.at(address);
            }
            log::error!("sessions can't be served from {stores}: {}", Chain(&error));
            return Err(rocket);
        }
        let stores = if test.is_some() && !manager.is_cookie_store() { TestSetup::STORE } else { &stores };
        log::info!("Sessions: {stores}, {}", cookie(manager.config(), manager.config().secure_was_chosen));
        let clock = test.as_ref().map_or_else(|| Arc::clone(&self.clock), TestSetup::clock);
        let mut checks = LaunchChecks::default();
        // All of them, so that every mistake is in the log.
        if self.declared.iter().filter(|declare| declare(&mut checks, &manager)).count() > 0 {
            return Err(rocket);
        }
        let handle = Sessions::managed(manager.clone(), test.clone());
        let context = SessionContext::new(manager, clock);
        let rocket =
            rocket.manage(handle).manage(context).manage(LoginPages::default()).manage(Mutex::new(checks));
        // Attached while igniting, so that it runs after every fairing that is attached before launch.
        let rocket = rocket.attach(SaveSessions::default());
        Ok(if test.is_some() { rocket.attach(KeepCookies) } else { rocket })
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

/// Tells whether Rocket's own log shows what lets people in, where visitors may come.
fn logs_cookies(rocket: &Rocket<Build>) -> bool {
    let figment = rocket.figment();
    *figment.profile() != rocket::Config::DEBUG_PROFILE
        && rocket::Config::try_from(figment).is_ok_and(|config| config.log_level == LogLevel::Debug)
}

/// Names the places of the sessions, for a message about their stores.
fn stores(checked: &CheckedConfig) -> String {
    let store = &checked.store_location;
    match &checked.old_store_location {
        Some(old) => format!("{store}, moved out of {old}"),
        None => store.clone(),
    }
}

/// Describes the cookie and how long it lives, for the launch log.
fn cookie(config: &SessionConfig, secure_was_chosen: bool) -> String {
    let secure = match (config.cookie_secure(), secure_was_chosen) {
        (true, true) => "Secure",
        (true, false) => "Secure by default",
        (false, true) => "not Secure",
        (false, false) => "not Secure by default in the debug profile",
    };
    let same_site = match config.session_cookie_samesite {
        Some(same_site) => format!("SameSite={}", same_site.as_str()),
        None => "no SameSite".to_owned(),
    };
    let mut lifetime = in_words(config.permanent_session_lifetime);
    if let Some(absolute) = config.session_absolute_lifetime {
        lifetime += &format!(", {} since the log-in at most", in_words(absolute));
    }
    format!("cookie `{}` ({secure}, {same_site}), lifetime {lifetime}", config.session_cookie_name)
}

/// Writes a duration in the largest unit in which it is a whole number: "31 days", "90 minutes".
fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [("day", 86_400), ("hour", 3_600), ("minute", 60)];
    let whole = units.into_iter().find(|(_, length)| seconds > 0 && seconds.is_multiple_of(*length));
    let (unit, length) = whole.unwrap_or(("second", 1));
    let count = seconds / length;
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_told_in_the_largest_unit_that_fits() {
        let told =
            [31 * 86_400, 86_400, 5_400, 3_600, 90, 1].map(|seconds| in_words(Duration::from_secs(seconds)));
        assert_eq!(told, ["31 days", "1 day", "90 minutes", "1 hour", "90 seconds", "1 second"]);
    }

    #[test]
    fn the_launch_line_says_what_the_cookie_is() {
        let mut config = SessionConfig::default();
        config.session_cookie_secure = Some(true);
        let line = "cookie `session` (Secure by default, SameSite=Lax), lifetime 31 days";
        assert_eq!(cookie(&config, false), line);
        config.session_cookie_samesite = None;
        config.session_absolute_lifetime = Some(Duration::from_secs(12 * 3600));
        let line =
            "cookie `session` (Secure, no SameSite), lifetime 31 days, 12 hours since the log-in at most";
        assert_eq!(cookie(&config, true), line);
    }
}
