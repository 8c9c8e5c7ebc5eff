//! The checks of guards and states before the application launches.

use std::any::type_name;
use std::collections::BTreeMap;
use std::mem;
use std::sync::{Mutex, PoisonError};

use rocket::http::Method;
use rocket::{Ignite, Orbit, Rocket, Sentinel as _};
use rocket_session_state_core::manager::Manager;

use super::gate;
use super::traits::{SessionGuard, SessionState};
use crate::context::SessionContext;
use crate::login::{LoginPages, LoginTarget, Next, is_untrusted};
use crate::path;
use crate::session::Session;

/// Returns `true` if Rocket should refuse to launch because of this state or guard. The log says why.
///
/// * The session fairing is missing.
/// * Two states keep values of different types under one key, or have different login fields.
/// * Nothing serves the login page that `uri!` names, or the guard's own gate closes it.
/// * The login page is of another origin that `session_trusted_origins` does not list.
/// * Users are found by a request guard that refuses to launch, such as a `&State` that is not managed.
/// * The login field is `listed`, and sessions live in cookies; a warning.
/// * `fresh` is longer than any session lives, because use does not extend it; a warning where use does.
pub fn abort<G: SessionGuard>(rocket: &Rocket<Ignite>) -> bool {
    if Session::abort(rocket) {
        return true;
    }
    let Some(checks) = rocket.state::<Mutex<LaunchChecks>>() else { return true };
    let mut checks = checks.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = checks.verdicts.get(type_name::<G>()) {
        return *known;
    }
    let Some(context) = rocket.state::<SessionContext>() else { return true };
    let problems = [
        checks.declare::<G::State>(&context.manager),
        G::LOGIN.is_some_and(|login| misses_login_page::<G>(rocket, login)),
        outlives_sessions::<G>(rocket),
        G::State::misses_source(rocket),
    ];
    let verdict = problems.contains(&true);
    checks.verdicts.insert(type_name::<G>(), verdict);
    verdict
}

/// The checks that were made already: Rocket asks once per route.
#[derive(Default)]
pub(crate) struct LaunchChecks {
    verdicts: BTreeMap<&'static str, bool>,
    /// By session key: the type of its values, and the state that says so.
    keys: BTreeMap<&'static str, (&'static str, &'static str)>,
    /// The key of the login field, and the state that declares it.
    login: Option<(&'static str, &'static str)>,
    /// A warning says that sessions in cookies are not listed.
    told_of_cookies: bool,
}

impl LaunchChecks {
    /// Takes note of a state: what it says holds for every request from here on, also for those that never load it. Returns
    /// `true` if another state says something else.
    pub(crate) fn declare<S: SessionState>(&mut self, manager: &Manager) -> bool {
        let clashes = [self.keys_of::<S>(), self.login_of::<S>()];
        if let Some(key) = S::LOGIN {
            manager.declare_login(key);
            if S::LISTED {
                self.declare_listed::<S>(manager);
            }
        }
        clashes.contains(&true)
    }

    /// Returns `true` if another state keeps values of another type under a key of this one.
    fn keys_of<S: SessionState>(&mut self) -> bool {
        let mut clash = false;
        for (key, value) in S::KEYS {
            let (value, state) = (value(), type_name::<S>());
            let (other_value, other) = *self.keys.entry(key).or_insert((value, state));
            if value != other_value {
                clash = true;
                log::error!(
                    "the session key `{key}` holds `{other_value}` in {other} and `{value}` in {state}: \
                     declare one type in both, or give one field another `#[session(key = \"..\")]`"
                );
            }
        }
        clash
    }

    /// Says that the sessions of each user are listed. One state is enough: it is the sessions that are, and all states
    /// of the application see the same ones.
    fn declare_listed<S: SessionState>(&mut self, manager: &Manager) {
        manager.declare_listed();
        if manager.is_cookie_store() && !mem::replace(&mut self.told_of_cookies, true) {
            log::warn!(
                "the login field of {} is `listed`, which does nothing while session_type is \"cookie\": nobody knows which \
                 sessions browsers hold; choose a store on the server, such as session_type = \"redis\", or leave `listed` \
                 out",
                type_name::<S>()
            );
        }
    }

    /// Returns `true` if another state says by another key who is logged in: a session has one user.
    fn login_of<S: SessionState>(&mut self) -> bool {
        let Some(key) = S::LOGIN else { return false };
        let state = type_name::<S>();
        let (other_key, other) = *self.login.get_or_insert((key, state));
        if key != other_key {
            log::error!(
                "{other} says by the session key `{other_key}` who is logged in, and {state} by `{key}`: \
                 a session has one user, so declare one login field, the same in both"
            );
        }
        key != other_key
    }
}

/// Returns the name of the type that the states of mounted routes keep under this key.
pub(crate) fn stored_type(rocket: &Rocket<Orbit>, key: &str) -> Option<&'static str> {
    let checks = rocket.state::<Mutex<LaunchChecks>>()?.lock().unwrap_or_else(PoisonError::into_inner);
    checks.keys.get(key).map(|(value, _)| *value)
}

fn misses_login_page<G: SessionGuard>(rocket: &Rocket<Ignite>, login: LoginTarget) -> bool {
    let guard = type_name::<G>();
    if let LoginTarget::Url(url) = login {
        return is_untrusted(rocket, guard, url);
    }
    let uri = login.uri(Next::default());
    let path = uri.path().as_str();
    if let Some(pages) = rocket.state::<LoginPages>() {
        pages.note(path);
    }
    if let Some(prefix) = gate::gates_of(rocket.routes(), guard).find(|gate| path::is_below(path, gate)) {
        log::error!(
            "the gate of {guard} at {prefix} closes its own login page {path}, so that nobody could log in: \
             serve the login page outside that prefix"
        );
        return true;
    }
    let pages = || rocket.routes().filter(|route| !gate::never_answers(route));
    if pages().any(|route| route.method == Method::Get && path::matches(route, path)) {
        return false;
    }
    match login {
        LoginTarget::Route(_) => {
            log::error!(
                "{guard} sends visitors to {path} to log in, and no GET route serves that: mount the login \
                 page there, or say where it is mounted: `login = |next| uri!(\"/prefix\", login_page(Some(next)))`"
            );
            true
        }
        LoginTarget::Path(_) | LoginTarget::Url(_) => {
            log::warn!(
                "{guard} sends visitors to {path} to log in, and no GET route of this application serves that; \
                 mount one if no other server does"
            );
            false
        }
    }
}

fn outlives_sessions<G: SessionGuard>(rocket: &Rocket<Ignite>) -> bool {
    let Some(context) = rocket.state::<SessionContext>() else { return false };
    let config = context.manager.config();
    let (Some(fresh), lifetime) = (G::FRESH, config.permanent_session_lifetime) else { return false };
    let guard = type_name::<G>();
    if let Some(absolute) = config.session_absolute_lifetime.filter(|absolute| fresh > *absolute) {
        log::error!(
            "`fresh` of {guard} is {fresh:?}, and no session lives longer than {absolute:?} after its log-in: make \
             `fresh` shorter or `session_absolute_lifetime` longer"
        );
        return true;
    }
    if fresh <= lifetime {
        return false;
    }
    let refused = !config.session_refresh_each_request;
    let remedy = "make `fresh` shorter or `permanent_session_lifetime` longer";
    if refused {
        log::error!(
            "`fresh` of {guard} is {fresh:?}, and no session lives longer than {lifetime:?}: {remedy}"
        );
    } else {
        log::warn!(
            "`fresh` of {guard} is {fresh:?}, and a session that is not used ends after {lifetime:?}; \
             unless that is meant, {remedy}"
        );
    }
    refused
}
