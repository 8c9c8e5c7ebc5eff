//! A user is logged in without a route, as the application's own log-in does it.

use std::sync::Mutex;

use rocket::http::Status;
use rocket::{Build, Rocket, State, get, routes};
use rocket_session_state::config::{SessionConfig, SessionType};
use rocket_session_state::testing::{self, blocking};
use rocket_session_state::{SessionUser, Sessions, require_session, session_state};

use super::{status, text};
use crate::site::quiet;

/// The password of the one user, who has the number 7.
struct Password(Mutex<&'static str>);

#[derive(Clone)]
struct User {
    id: i64,
    password: &'static str,
}

impl SessionUser for User {
    type Id = i64;
    type Source<'r> = &'r State<Password>;

    async fn find(id: &i64, password: &State<Password>) -> Result<Option<User>, Status> {
        Ok((*id == 7).then(|| User { id: 7, password: *password.0.lock().unwrap() }))
    }

    fn id(&self) -> i64 {
        self.id
    }

    fn stamp(&self) -> impl AsRef<[u8]> {
        self.password
    }
}

/// A user whose ids no state of the application holds.
struct Customer;

impl SessionUser for Customer {
    type Id = String;
    type Source<'r> = ();

    async fn find(_: &String, (): ()) -> Result<Option<Customer>, Status> {
        Ok(None)
    }

    fn id(&self) -> String {
        "momo".to_owned()
    }
}

#[session_state(user = User)]
struct Visit {
    #[session(login)]
    user_id: Option<i64>,
}

#[require_session(Visit)]
struct Member {
    #[session(user)]
    user: User,
}

#[get("/account")]
fn account(member: Member) -> String {
    member.user.password.to_owned()
}

fn application(session_type: SessionType) -> Rocket<Build> {
    let mut config = SessionConfig::default();
    config.session_type = session_type;
    config.session_stamp_required = true;
    let password = Password(Mutex::new("rice"));
    quiet().attach(Sessions::with_config(config)).manage(password).mount("/", routes![account])
}

#[rocket::async_test]
async fn the_login_is_bound_to_the_stamp_of_the_user_that_was_passed() {
    for session_type in [SessionType::Memory, SessionType::Cookie] {
        let client = testing::client(application(session_type)).await;
        client.log_in_user(&User { id: 7, password: "rice" }).await;
        assert_eq!(text(&client, "/account").await, "rice");
        let visit = client.session::<Visit>().await;
        assert_eq!(visit.user_id(), Some(7));
        assert!(visit.session().login_age().is_some());

        let old = client.visitor();
        old.log_in_user(&User { id: 7, password: "an older one" }).await;
        assert_eq!(status(&old, "/account").await, Status::Unauthorized);

        *client.rocket().state::<Password>().unwrap().0.lock().unwrap() = "new";
        assert_eq!(status(&client, "/account").await, Status::Unauthorized);
    }
}

#[rocket::async_test]
async fn a_user_who_is_gone_is_logged_in_and_turned_away() {
    let client = testing::client(application(SessionType::Memory)).await;
    client.log_in_user(&User { id: 8, password: "rice" }).await;
    assert_eq!(status(&client, "/account").await, Status::Unauthorized);
}

#[test]
fn a_plain_test_logs_users_in_as_well() {
    let client = blocking::client(application(SessionType::Memory));
    client.log_in_user(&User { id: 7, password: "rice" });
    assert_eq!(client.get("/account").dispatch().into_string().as_deref(), Some("rice"));
}

#[test]
#[should_panic = "the login field `user_id` holds `i64`, and the id of `rocket::testing::users::Customer` is"]
fn a_user_with_ids_of_another_type() {
    blocking::client(application(SessionType::Memory)).log_in_user(&Customer);
}

#[test]
#[should_panic = "no route uses a state with a login field"]
fn a_user_of_an_application_without_logins() {
    let client = blocking::client(quiet().attach(Sessions::fairing()));
    client.log_in_user(&Customer);
}
