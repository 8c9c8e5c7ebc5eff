//! What is wrong with a test is said by a panic.

use rocket::routes;
use rocket_session_state::config::{SessionConfig, SessionType};
use rocket_session_state::testing::{self, blocking};
use rocket_session_state::{Sessions, session_state};

use super::{Visit, application};
use crate::site::quiet;

#[session_state]
struct OtherVisit {
    #[session(login, key = "user_id")]
    user_id: Option<i64>,
}

#[session_state]
struct Plain {
    colour: Option<String>,
}

fn client() -> blocking::Client {
    blocking::client(application(|_| {}))
}

#[test]
#[should_panic = "the application has no sessions: attach `Sessions::fairing()`"]
fn an_application_without_the_fairing() {
    blocking::client(quiet().mount("/", routes![super::open]));
}

#[test]
#[should_panic = "the application has no sessions"]
fn an_application_whose_guards_miss_the_fairing() {
    blocking::client(super::served(quiet()));
}

#[test]
#[should_panic = "session_cookie_name"]
fn a_configuration_that_is_refused() {
    blocking::client(application(|config| config.session_cookie_name = "two words".to_owned()));
}

#[rocket::async_test]
#[should_panic = "session_cookie_name"]
async fn a_configuration_that_is_refused_in_an_asynchronous_test() {
    testing::client(application(|config| config.session_cookie_name = "two words".to_owned())).await;
}

#[test]
#[should_panic = "nobody is logged in: the closure has not set the login field of"]
fn a_log_in_that_logs_nobody_in() {
    client().log_in::<Visit>(|visit| visit.set_views(1_u32));
}

#[test]
#[should_panic = "has no login field"]
fn a_log_in_with_a_state_that_knows_no_login() {
    client().log_in::<Plain>(|visit| visit.set_colour("red".to_owned()));
}

#[test]
#[should_panic = "by the session key `user_id` who is logged in, and the application by `username`"]
fn a_log_in_with_another_login_key() {
    client().log_in::<OtherVisit>(|visit| visit.set_user_id(7));
}

#[test]
#[should_panic = "by the session key `user_id`"]
fn a_look_with_another_login_key() {
    client().session::<OtherVisit>();
}

#[test]
#[should_panic = "the application keeps its sessions in signed cookies"]
fn a_store_that_is_not_there() {
    blocking::client(application(|config| config.session_type = SessionType::Cookie)).store().fail();
}

#[test]
#[should_panic = "the test has called `store().fail()`"]
fn a_log_in_while_the_store_fails() {
    let client = client();
    client.log_in::<Visit>(|visit| visit.set_username("momo"));
    client.store().fail();
    client.log_in::<Visit>(|visit| visit.set_username("bebe"));
}

#[test]
#[should_panic = "the session is not saved"]
fn a_change_that_the_application_could_not_save() {
    let client = blocking::client(application(|config| config.session_max_size = 100));
    client.log_in::<Visit>(|visit| visit.set_username("x".repeat(200)));
}

#[test]
#[should_panic = "no clock can show that time"]
fn more_time_than_there_is() {
    client().advance(std::time::Duration::MAX);
}

#[test]
fn states_that_no_route_uses_are_as_good_as_others() {
    let mut config = SessionConfig::default();
    config.session_type = SessionType::Memory;
    let client = blocking::client(quiet().attach(Sessions::with_config(config)));
    client.log_in::<Visit>(|visit| visit.set_username("momo"));
    assert_eq!(client.session::<Visit>().username().as_deref(), Some("momo"));
}
