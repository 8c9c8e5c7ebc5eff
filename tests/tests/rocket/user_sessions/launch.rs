//! Applications whose sessions can't be listed, or limited.

use rocket::{Build, Rocket, Route, get, routes};
use rocket_session_state::config::{SessionConfig, SessionType};
use rocket_session_state::{Sessions, UserSessions, session_state};

use super::Visit;
use crate::log::lines_with;
use crate::site::{launches, quiet};

#[session_state]
struct Guest {
    #[session(login, listed)]
    name: Option<String>,
}

/// Has the login field of [`Guest`], without saying that it is listed.
#[session_state]
struct Plain {
    #[session(login)]
    name: Option<String>,
}

#[get("/guest")]
fn guest(guest: Guest) -> String {
    guest.name().unwrap_or_default()
}

#[get("/guest/again")]
fn guest_again(guest: Guest) -> String {
    guest.name().unwrap_or_default()
}

#[get("/plain")]
fn plain(plain: Plain) -> String {
    plain.name().unwrap_or_default()
}

#[get("/mine")]
fn mine(_mine: UserSessions<Guest>) {}

#[get("/mine/perhaps")]
fn perhaps(mine: Option<UserSessions<Guest>>) -> String {
    mine.is_some().to_string()
}

#[get("/all")]
fn all(sessions: Sessions) -> String {
    format!("{sessions:?}")
}

fn application(session_type: SessionType, max: Option<usize>, routes: Vec<Route>) -> Rocket<Build> {
    let mut config = SessionConfig::default();
    config.session_type = session_type;
    config.session_max_per_user = max;
    quiet().attach(Sessions::with_config(config)).mount("/", routes)
}

#[rocket::async_test]
async fn the_handle_and_the_guard_do_not_launch_without_the_fairing() {
    for routes in [routes![all], routes![mine], routes![perhaps]] {
        assert!(!launches(quiet().mount("/", routes.clone())).await, "{}", routes[0].uri);
        assert!(launches(application(SessionType::Memory, None, routes.clone())).await, "{}", routes[0].uri);
    }
}

#[rocket::async_test]
async fn a_route_that_takes_a_users_sessions_does_not_launch_where_they_live_in_cookies() {
    for routes in [routes![mine], routes![perhaps]] {
        assert!(!launches(application(SessionType::Cookie, None, routes)).await);
    }
    let told = lines_with("a route takes `UserSessions`, and sessions live in cookies");
    assert!(told.iter().all(|line| line.contains("such as session_type = \"redis\"")), "{told:?}");
    assert!(!told.is_empty());
    assert!(launches(application(SessionType::Cookie, None, routes![all])).await);
}

#[rocket::async_test]
async fn a_listed_login_field_is_warned_about_once_where_sessions_live_in_cookies() {
    #[session_state]
    struct Told {
        #[session(login, listed)]
        name: Option<String>,
    }
    #[get("/one")]
    fn one(told: Told) -> String {
        told.name().unwrap_or_default()
    }
    #[get("/two")]
    fn two(told: Option<Told>) -> String {
        told.and_then(|told| told.name()).unwrap_or_default()
    }
    assert!(launches(application(SessionType::Cookie, None, routes![one, two, guest])).await);
    let told = lines_with("Told is `listed`");
    let [line] = told.as_slice() else { panic!("{told:#?}") };
    for part in ["WARN", "session_type is \"cookie\"", "such as session_type = \"redis\""] {
        assert!(line.contains(part), "{line}");
    }
}

#[rocket::async_test]
async fn a_limit_of_sessions_is_warned_about_where_no_state_is_listed() {
    let told = || lines_with("session_max_per_user: has no effect").len();
    assert!(launches(application(SessionType::Memory, Some(5), routes![guest, guest_again])).await);
    assert!(launches(application(SessionType::Memory, None, routes![plain])).await);
    assert_eq!(told(), 0);
    assert!(launches(application(SessionType::Memory, Some(5), routes![plain])).await);
    assert_eq!(told(), 1);
    // One state that says so is enough, whichever comes first.
    assert!(launches(application(SessionType::Memory, Some(5), routes![plain, guest])).await);
    assert!(launches(application(SessionType::Memory, Some(5), routes![guest, plain])).await);
    assert_eq!(told(), 1);
}

#[rocket::async_test]
async fn a_listed_state_names_the_login_field_like_any_other() {
    #[get("/visit")]
    fn visit(visit: Visit) -> String {
        visit.user_id().unwrap_or_default().to_string()
    }
    // Two login fields.
    assert!(!launches(application(SessionType::Memory, None, routes![visit, guest])).await);
    assert!(!launches(application(SessionType::Memory, None, routes![visit, mine])).await);
}
