//! The launch: what the fairing reads, opens and tries while the application ignites.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use rocket::config::LogLevel;
use rocket::fairing::{Fairing, Info, Kind, Result as Ignited};
use rocket::{Build, Rocket, async_trait};
use rocket_session_state_core::Chain;
use rocket_session_state_core::config::{CheckedConfig, ConfigError, Environment, SessionConfig};
use rocket_session_state_core::events::Listener;
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::store::{DynStore, Store, StoreError};

use super::save::SaveSessions;
use crate::context::{Clock, SessionContext};
use crate::flask_login::{FlaskLogin, USER_ID};
use crate::guard::LaunchChecks;
use crate::login::LoginPages;
use crate::sessions::Sessions;
use crate::testing::{KeepCookies, TestSetup};

/// What an application wants of its sessions.
#[derive(Clone)]
pub(super) struct Setup {
    /// The configuration made in code; `None` for that of Rocket.toml and the environment.
    pub(super) config: Option<Box<SessionConfig>>,
    pub(super) store: Source,
    pub(super) clock: Arc<Clock>,
    pub(super) listeners: Vec<Listener>,
    pub(super) events_name_users: bool,
    /// Share logins with Flask-Login.
    pub(super) flask_login: Option<FlaskLogin>,
    /// Take note of states that no mounted route takes.
    pub(super) declared: Vec<Declare>,
}

/// Where the store is from.
#[derive(Clone)]
pub(super) enum Source {
    /// The configuration names it.
    Config,
    Code(DynStore),
    Rocket(Arc<Open>),
}

/// Makes a store of what other fairings have left in Rocket's state.
type Open = dyn Fn(&Rocket<Build>) -> Result<DynStore, StoreError> + Send + Sync;

/// Takes note of a state at launch; `true` if it contradicts another one.
pub(super) type Declare = fn(&mut LaunchChecks, &Manager) -> bool;

impl Source {
    pub(super) fn rocket<S: Store, E: Into<Box<dyn Error + Send + Sync>>>(
        open: impl Fn(&Rocket<Build>) -> Result<S, E> + Send + Sync + 'static,
    ) -> Self {
        Source::Rocket(Arc::new(move |rocket| {
            let failed = |error: E| {
                error
                    .into()
                    .downcast()
                    .map_or_else(StoreError::misconfigured, |error: Box<StoreError>| *error)
            };
            open(rocket).map(DynStore::new).map_err(failed)
        }))
    }
}

impl Setup {
    /// Checks the configuration, and gives the application its sessions: at once, or when other fairings have made what the
    /// store needs.
    pub(super) async fn ignite(&self, rocket: Rocket<Build>) -> Ignited {
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
        match self.store {
            Source::Rocket(_) if test.is_none() => {
                Ok(rocket.attach(Later { setup: self.clone(), checked, rounds: ROUNDS }))
            }
            _ => self.launch(rocket, checked).await,
        }
    }

    /// Opens the store, tries it, and leaves in Rocket's state what requests need.
    async fn launch(&self, rocket: Rocket<Build>, checked: CheckedConfig) -> Ignited {
        let test = TestSetup::of(&rocket);
        let stores = stores(&checked);
        let (manager, address) = match self.open(checked, &rocket) {
            Ok(opened) => opened,
            Err(error) => {
                log::error!("sessions can't be set up in {stores}: {}", Chain(&error));
                return Err(rocket);
            }
        };
        manager.listen(self.listeners.clone(), self.events_name_users);
        if let Err(mut error) = manager.ping(SystemTime::now()).await {
            // `stores` names the place of a store of the settings; one that is passed in code names its own.
            if let Some(address) = &address {
                error = error.at(address.as_str());
            }
            log::error!("sessions can't be served from {stores}: {}", Chain(&error));
            return Err(rocket);
        }
        let stores = match address {
            _ if test.is_some() && !manager.is_cookie_store() => TestSetup::STORE.to_owned(),
            Some(address) => format!("{stores}, {address}"),
            None => stores,
        };
        log::info!("Sessions: {stores}, {}", cookie(manager.config(), manager.config().secure_was_chosen));
        let clock = test.as_ref().map_or_else(|| Arc::clone(&self.clock), TestSetup::clock);
        let mut checks = LaunchChecks::default();
        // All of them, so that every mistake is in the log.
        if self.declared.iter().filter(|declare| declare(&mut checks, &manager)).count() > 0 {
            return Err(rocket);
        }
        if self.flask_login.is_some_and(misses_user_id) {
            return Err(rocket);
        }
        let handle = Sessions::managed(manager.clone(), test.clone());
        let context = SessionContext::new(manager, clock, self.flask_login.map(|login| login.recall));
        let rocket =
            rocket.manage(handle).manage(context).manage(LoginPages::default()).manage(Mutex::new(checks));
        // Attached while igniting, so that it runs after every fairing that is attached before launch.
        let rocket = rocket.attach(SaveSessions::default());
        Ok(if test.is_some() { rocket.attach(KeepCookies) } else { rocket })
    }

    /// Makes the manager of the sessions over their store, which a test replaces by its own. Also returns the address of a
    /// store that is not of the configuration.
    pub(super) fn open(
        &self,
        config: CheckedConfig,
        rocket: &Rocket<Build>,
    ) -> Result<(Manager, Option<String>), StoreError> {
        let store = match (TestSetup::of(rocket), &self.store) {
            (Some(test), _) => return Ok((Manager::for_test(config, test.store())?, None)),
            (None, Source::Config) => return Ok((Manager::new(config)?, None)),
            (None, Source::Code(store)) => store.clone(),
            (None, Source::Rocket(open)) => open(rocket)?,
        };
        let address = store.address();
        Ok((Manager::with_store(config, store)?, address))
    }

    pub(super) fn checked_config(&self, rocket: &Rocket<Build>) -> Result<CheckedConfig, ConfigError> {
        let figment = rocket.figment();
        let environment = Environment {
            debug_profile: *figment.profile() == rocket::Config::DEBUG_PROFILE,
            serves_tls: rocket::Config::try_from(figment).is_ok_and(|config| config.tls_enabled()),
            own_store: !matches!(self.store, Source::Config),
            in_test: rocket.state::<TestSetup>().is_some(),
            shares_logins: self.flask_login.is_some(),
        };
        match &self.config {
            Some(config) => config.as_ref().clone().check(environment),
            None => SessionConfig::from_figment(figment, environment),
        }
    }
}

/// The rest of a launch, behind the fairings that make what the store needs.
struct Later {
    setup: Setup,
    checked: CheckedConfig,
    /// The number of times that it still goes to the end of the line, if the store can't be made yet.
    rounds: usize,
}

/// Fairings that are attached while the application ignites come behind those that are there, and so do those that they
/// attach themselves. One more than anybody nests them.
const ROUNDS: usize = 8;

#[async_trait]
impl Fairing for Later {
    fn info(&self) -> Info {
        Info { name: "Sessions: store", kind: Kind::Ignite }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> Ignited {
        let (mut setup, checked) = (self.setup.clone(), self.checked.clone());
        // In the last round, the launch makes the store and says why it can't.
        if let (Source::Rocket(open), Some(rounds)) = (&setup.store, self.rounds.checked_sub(1)) {
            match open(&rocket) {
                Ok(store) => setup.store = Source::Code(store),
                Err(_) => return Ok(rocket.attach(Later { setup, checked, rounds })),
            }
        }
        setup.launch(rocket, checked).await
    }
}

/// Tells whether Rocket's own log shows what lets people in, where visitors may come.
fn logs_cookies(rocket: &Rocket<Build>) -> bool {
    let figment = rocket.figment();
    *figment.profile() != rocket::Config::DEBUG_PROFILE
        && rocket::Config::try_from(figment).is_ok_and(|config| config.log_level == LogLevel::Debug)
}

/// Returns `true` if Flask-Login finds nobody where a state keeps who is logged in. The log says so.
fn misses_user_id(flask_login: FlaskLogin) -> bool {
    let misses = flask_login.login_key != Some(USER_ID);
    if misses {
        log::error!(
            "logins are shared with Flask-Login by {}, which says who is logged in by the session key `{}`; Flask-Login has \
             `{USER_ID}`: write `#[session(login, key = \"{USER_ID}\")]`",
            flask_login.state,
            flask_login.login_key.unwrap_or_default()
        );
    }
    misses
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
