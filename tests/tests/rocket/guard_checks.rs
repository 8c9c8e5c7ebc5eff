//! Guards that can't work do not launch.

use std::time::Duration;

use rocket::{Build, Rocket, get, routes, uri};
use rocket_session_state::{Sessions, require_session, session_state};

use crate::site::{config, launches, quiet};

#[session_state]
struct Visit {
    #[session(login)]
    username: Option<String>,
    age: Option<u8>,
}

#[require_session(Visit, login = |_| uri!("/site", login_page))]
struct Member;

#[require_session(Member)]
struct Admin;

#[require_session(Visit, login = "/flask/login")]
struct WithPath;

#[require_session(Member, fresh = "2 hours")]
struct Fresh;

#[require_session(Fresh, fresh = "1 minute")]
struct Fresher;

#[get("/login")]
fn login_page() {}

#[get("/<_any..>")]
fn anything(_any: std::path::PathBuf) {}

#[get("/member")]
fn member(_member: Member) {}

#[require_session(Admin)]
#[get("/admin")]
fn admin() {}

#[get("/with-path")]
fn with_path(_member: WithPath) {}

#[get("/fresher")]
fn fresher(_fresh: Fresher) {}

fn site() -> Rocket<Build> {
    quiet().attach(Sessions::with_config(config()))
}

#[rocket::async_test]
async fn a_login_page_that_no_route_serves_does_not_launch() {
    for guarded in [routes![member], routes![admin], Admin::gate(), Admin::required(routes![anything])] {
        let rocket = site().mount("/closed", guarded);
        assert!(!launches(rocket.mount("/", routes![login_page])).await, "it is mounted elsewhere");
    }
    for guarded in [routes![member], routes![admin], Admin::gate(), Admin::required(routes![anything])] {
        assert!(launches(site().mount("/closed", guarded).mount("/site", routes![login_page])).await);
    }
    assert!(launches(site().mount("/closed", routes![member]).mount("/site", routes![anything])).await);
}

#[rocket::async_test]
async fn a_login_page_that_is_named_by_its_path_may_be_served_by_another_server() {
    assert!(launches(site().mount("/", routes![with_path])).await);
}

#[rocket::async_test]
async fn a_gate_that_closes_its_own_login_page_does_not_launch() {
    let rocket = site().mount("/site", routes![login_page]);
    assert!(!launches(rocket.mount("/", Admin::gate())).await);
    let rocket = site().mount("/site", routes![login_page]);
    assert!(launches(rocket.mount("/sites", Admin::gate())).await);
}

#[rocket::async_test]
async fn a_freshness_longer_than_a_session_lives_does_not_launch_unless_use_extends_its_life() {
    for (lifetime, refresh, expected) in
        [(7200, false, true), (7199, false, false), (7199, true, true), (60, false, false)]
    {
        let mut config = config();
        config.permanent_session_lifetime = Duration::from_secs(lifetime);
        config.session_refresh_each_request = refresh;
        let rocket = quiet().attach(Sessions::with_config(config));
        let rocket = rocket.mount("/site", routes![login_page]).mount("/", routes![fresher]);
        assert_eq!(launches(rocket).await, expected, "{lifetime} s, {refresh}");
    }
}

#[rocket::async_test]
async fn a_freshness_longer_than_the_absolute_lifetime_does_not_launch() {
    for (absolute, expected) in [(7200, true), (7199, false)] {
        let mut config = config();
        config.session_absolute_lifetime = Some(Duration::from_secs(absolute));
        let rocket = quiet().attach(Sessions::with_config(config));
        let rocket = rocket.mount("/site", routes![login_page]).mount("/", routes![fresher]);
        assert_eq!(launches(rocket).await, expected, "{absolute} s");
    }
}

/// The same session, seen by another part of the application.
mod elsewhere {
    use super::*;

    #[session_state]
    pub(super) struct AgeAsText {
        age: Option<String>,
    }

    #[session_state]
    pub(super) struct AgeAgain {
        #[session(key = "age")]
        years: Result<u8, rocket_session_state::FieldError>,
        username: Option<String>,
    }

    #[require_session(AgeAsText)]
    pub(super) struct Aged {
        age: String,
    }

    #[get("/text")]
    pub(super) fn text(visit: AgeAsText) -> String {
        visit.age().unwrap_or_default()
    }

    #[get("/aged")]
    pub(super) fn aged(aged: Aged) -> String {
        aged.age
    }

    #[get("/again")]
    pub(super) fn again(visit: AgeAgain) -> String {
        format!("{:?} {:?}", visit.years().ok(), visit.username())
    }
}

#[rocket::async_test]
async fn two_states_with_one_key_and_different_types_do_not_launch() {
    use elsewhere::{again, aged, text};

    let first = || site().mount("/site", routes![login_page]).mount("/", routes![member]);
    assert!(!launches(first().mount("/", routes![text])).await);
    assert!(!launches(first().mount("/", routes![aged])).await);
    assert!(launches(first().mount("/", routes![again])).await, "the type is the same");
}

#[rocket::async_test]
async fn a_guard_on_a_handler_alone_does_not_launch_without_the_fairing() {
    assert!(!launches(quiet().mount("/site", routes![login_page]).mount("/", routes![admin])).await);
}
