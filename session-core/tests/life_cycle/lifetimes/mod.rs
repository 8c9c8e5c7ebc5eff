//! How long a session lives: since its last use, for a life of its own, and since its log-in at most.

mod absolute;
mod in_cookies;
mod of_users;
mod outside;
mod own;
mod random_uses;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rocket_session_state_core::manager::Closed;
use rocket_session_state_core::session::Session;

use crate::site::{Site, log_in};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Ten days since the last use, and thirty since the log-in.
fn thirty_days() -> Site {
    Site::with(|config| {
        config.permanent_session_lifetime = 10 * DAY;
        config.session_absolute_lifetime = Some(30 * DAY);
    })
}

fn ten_days() -> Site {
    Site::with(|config| config.permanent_session_lifetime = 10 * DAY)
}

/// A session whose absolute lifetime, a day, has just passed, and that another program has kept alive.
async fn over() -> Site {
    let mut site = ten_days();
    site.request(|session| log_in(session, "momo")).await;
    site.reconfigure(|config| config.session_absolute_lifetime = Some(DAY));
    site.request(|_| {}).await;
    site.touch(10 * DAY).await;
    site.now += DAY;
    site
}

fn live_for(session: &Session, lifetime: Duration) {
    session.set_lifetime(lifetime).unwrap();
}

/// When the cookie ends that an answer carries; `None` with the browser.
fn cookie_end(closed: &Closed) -> Option<SystemTime> {
    let (_, rest) = closed.set_cookie.as_deref()?.split_once("Expires=")?;
    let date = chrono::NaiveDateTime::parse_from_str(rest.split(';').next()?, "%a, %d %b %Y %H:%M:%S GMT");
    let seconds = date.unwrap().and_utc().timestamp();
    Some(UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap()))
}

async fn created(site: &Site) -> Option<u64> {
    created_in(&site.open().await)
}

/// A visitor's is a number, a user's a list of it and whose it is.
fn created_in(session: &Session) -> Option<u64> {
    let value: serde_json::Value = session.get("_created_at").unwrap()?;
    value.get(0).unwrap_or(&value).as_u64()
}

fn unix(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap().as_secs()
}
