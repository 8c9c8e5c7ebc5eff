//! The sessions of an application, as a handle.

use std::error::Error;
use std::fmt;
use std::time::SystemTime;

use rocket::request::{FromRequest, Outcome, Request};
use rocket::tokio::time::Instant;
use rocket::{Build, Ignite, Rocket, Sentinel, async_trait};
use rocket_session_state_core::config::SessionConfig;
use rocket_session_state_core::events::Stats;
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::store::Store;

use crate::context::SessionContext;
use crate::error::{PurgeError, SessionError};
use crate::fairing::SessionFairing;
use crate::guard::{Listed, NamesUser};
use crate::session::Session;
use crate::testing::TestSetup;
use crate::user_sessions::{NoList, UserSessions};

/// All sessions of an application. [`Sessions::fairing`] gives an application its sessions.
///
/// ```
/// use rocket_session_state::Sessions;
///
/// let rocket = rocket::build().attach(Sessions::fairing());
/// ```
///
/// A value of this type is a handle to them, whoever asks: a request guard for a handler, and in Rocket's managed state for
/// a job that runs beside the requests. A clone costs nothing. A route that takes it refuses to launch without the fairing.
///
/// ```
/// use rocket::fairing::AdHoc;
/// use rocket_session_state::Sessions;
///
/// let rocket = rocket::build()
///     .attach(Sessions::fairing())
///     .attach(AdHoc::on_liftoff("jobs", |rocket| Box::pin(async move {
///         let sessions = rocket.state::<Sessions>().expect("the fairing is attached").clone();
///         rocket::tokio::spawn(async move {
///             // sessions.of::<Visit>(&user_id).end_all().await
///             # drop(sessions);
///         });
///     })));
/// ```
///
/// The time is that of the request, as its sessions see it. In managed state there is no request, and it is the machine's:
/// a [clock](SessionFairing::clock) of the application's own is not asked. In a test of [`testing`](crate::testing) both are
/// the clock of the test.
#[derive(Clone)]
pub struct Sessions {
    manager: Manager,
    clock: Clock,
}

/// Where the handle has its time from.
#[derive(Clone)]
enum Clock {
    /// The time that came with the request, and the moment at which it did.
    Request(SystemTime, Instant),
    Machine,
    Test(TestSetup),
}

impl Sessions {
    /// Makes sessions as `Rocket.toml` and the environment say.
    ///
    /// ```
    /// use rocket_session_state::Sessions;
    ///
    /// let rocket = rocket::build().attach(Sessions::fairing());
    /// ```
    pub fn fairing() -> SessionFairing {
        SessionFairing::new(None)
    }

    /// Makes sessions as a configuration made in code says. `Rocket.toml` is not read.
    ///
    /// ```
    /// use rocket_session_state::{Sessions, config::{SessionConfig, SessionType}};
    /// use std::time::Duration;
    ///
    /// let mut config = SessionConfig::default();
    /// config.session_type = SessionType::Memory;
    /// config.permanent_session_lifetime = Duration::from_secs(7200);
    /// let rocket = rocket::build().attach(Sessions::with_config(config));
    /// ```
    pub fn with_config(config: SessionConfig) -> SessionFairing {
        SessionFairing::new(Some(config))
    }

    /// Makes sessions as `Rocket.toml` and the environment say, in a store that is made while the application ignites: of a
    /// pool that another fairing makes, such as those of `rocket_db_pools`. `session_type` must not be set then.
    ///
    /// The function is called after all fairings that were attached before the launch, in whatever order. If it fails, it is
    /// called again after those that they have attached themselves, and if nothing is left to wait for, the application does
    /// not launch: return an error where the pool is not there, do not panic. What it is given is Rocket as the fairings leave
    /// it. The guide's page "Your own pool" has the store over `rocket_db_pools`.
    ///
    /// ```
    /// use rocket::fairing::AdHoc;
    /// use rocket_session_state::Sessions;
    /// use rocket_session_state::store::MemoryStore;
    ///
    /// // Stands for a pool.
    /// struct Limit(u64);
    ///
    /// let sessions = Sessions::from_rocket(|rocket| {
    ///     let limit = rocket.state::<Limit>().ok_or("no limit is there: attach its fairing")?;
    ///     Ok::<_, &str>(MemoryStore::new(limit.0))
    /// });
    /// let limit = AdHoc::on_ignite("limit", |rocket| async { rocket.manage(Limit(10_000)) });
    /// let rocket = rocket::build().attach(sessions).attach(limit);
    /// ```
    pub fn from_rocket<S: Store, E: Into<Box<dyn Error + Send + Sync>>>(
        open: impl Fn(&Rocket<Build>) -> Result<S, E> + Send + Sync + 'static,
    ) -> SessionFairing {
        SessionFairing::new(None).store_from(open)
    }

    /// Returns the sessions of a user, whoever is logged in here: for an administrator, or for a job. The user is named by
    /// what the login field of the state holds of it.
    ///
    /// ```
    /// use rocket::post;
    /// use rocket_session_state::{SaveError, Sessions, require_session, session_state};
    ///
    /// #[session_state]
    /// struct Visit {
    ///     #[session(login, listed)]
    ///     user_id: Option<i64>,
    ///     is_admin: Option<bool>,
    /// }
    ///
    /// #[require_session(Visit, check = |admin: &Admin| admin.is_admin)]
    /// struct Admin {
    ///     is_admin: bool,
    /// }
    ///
    /// #[post("/users/<id>/log-out")]
    /// async fn log_out(_admin: Admin, id: i64, sessions: Sessions) -> Result<String, SaveError> {
    ///     let ended = sessions.of::<Visit>(&id).end_all().await?;
    ///     Ok(format!("{ended} sessions were ended"))
    /// }
    /// ```
    ///
    /// Nothing is asked of the store yet. The calls of what is returned fail with [`SaveError::NotListed`] where sessions
    /// live in cookies, and where no state whose login field is `listed` is taken by a mounted route or
    /// [declared](SessionFairing::state): there, none was listed.
    ///
    /// [`SaveError::NotListed`]: crate::SaveError::NotListed
    pub fn of<S: Listed>(&self, user: &(impl NamesUser<S::Id> + ?Sized)) -> UserSessions<S> {
        UserSessions::of_user(match NoList::of(&self.manager) {
            Some(problem) => Err(problem),
            None => user
                .login_value::<S>()
                .and_then(|value| self.manager.sessions_of(&value, self.now()))
                .map_err(|error| NoList::Login(S::LOGIN.unwrap_or_default(), error)),
        })
    }

    /// Returns numbers since the launch: events of each kind, and how long calls of the store took. They are of this process
    /// alone.
    ///
    /// ```
    /// use rocket::get;
    /// use rocket_session_state::Sessions;
    /// use rocket_session_state::events::EventKind;
    ///
    /// # struct Admin;
    /// # #[rocket::async_trait]
    /// # impl<'r> rocket::request::FromRequest<'r> for Admin {
    /// #     type Error = ();
    /// #     async fn from_request(_: &'r rocket::Request<'_>) -> rocket::request::Outcome<Self, ()> {
    /// #         rocket::request::Outcome::Success(Admin)
    /// #     }
    /// # }
    /// #[get("/numbers")]
    /// fn numbers(_admin: Admin, sessions: Sessions) -> String {
    ///     let stats = sessions.stats();
    ///     let (log_ins, loads) = (stats.count(EventKind::LoggedIn), stats.loads());
    ///     format!("{log_ins} log-ins, {} loads in {:?}, {} failed", loads.count(), loads.total(), loads.failed())
    /// }
    /// ```
    pub fn stats(&self) -> Stats {
        self.manager.stats()
    }

    /// Removes what expired sessions still occupy in the store, and says how many there were: as
    /// [`SessionFairing::purge`], for a store that is [made of Rocket's state](Sessions::from_rocket) while the application
    /// ignites.
    ///
    /// ```
    /// use rocket::{Build, Rocket};
    /// use rocket_session_state::Sessions;
    ///
    /// // In a program that cron starts; `shop` is the application's own function, or attaches pool and sessions alone.
    /// async fn purge(shop: Rocket<Build>) -> Result<(), Box<dyn std::error::Error>> {
    ///     let shop = shop.ignite().await?;
    ///     let removed = shop.state::<Sessions>().ok_or("the fairing is not attached")?.purge().await?;
    ///     println!("{removed} expired sessions were removed");
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn purge(&self) -> Result<u64, PurgeError> {
        self.manager.purge(self.now()).await.map_err(PurgeError::Store)
    }

    /// Returns when the [listeners](SessionFairing::on_event) have been told of everything that has happened until now, but
    /// after a second in any case: for tests of a listener.
    pub async fn listeners_have_heard(&self) {
        self.manager.listeners_have_heard().await;
    }

    /// Makes the handle for Rocket's managed state.
    pub(crate) fn managed(manager: Manager, test: Option<TestSetup>) -> Self {
        Sessions { manager, clock: test.map_or(Clock::Machine, Clock::Test) }
    }

    fn now(&self) -> SystemTime {
        match &self.clock {
            Clock::Request(given, at) => given.checked_add(at.elapsed()).unwrap_or(*given),
            Clock::Machine => SystemTime::now(),
            Clock::Test(test) => test.now(),
        }
    }
}

/// Shows nothing of any session.
impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

#[async_trait]
impl<'r> FromRequest<'r> for Sessions {
    type Error = SessionError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, SessionError> {
        match request.rocket().state::<SessionContext>() {
            Some(context) => {
                let clock = Clock::Request(context.now(request), Instant::now());
                Outcome::Success(Sessions { manager: context.manager.clone(), clock })
            }
            None => Outcome::Error((SessionError::NoFairing.status(), SessionError::NoFairing)),
        }
    }
}

impl Sentinel for Sessions {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        Session::abort(rocket)
    }
}
