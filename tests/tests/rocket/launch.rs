//! Applications that do not launch.

use std::net::TcpListener;

use rocket::local::asynchronous::Client;
use rocket::{get, routes};
use rocket_session_state::config::SessionType;
use rocket_session_state::{Session, SessionError, Sessions, session_state};

use crate::member::{Member, Visit, login_page};
use crate::site::{config, launches, quiet};

#[get("/session")]
fn session(session: Session) -> String {
    session.len().to_string()
}

#[get("/visit")]
fn visit(visit: Visit) -> String {
    visit.username().unwrap_or_default()
}

#[get("/member")]
fn member(member: Member) -> String {
    member.username
}

#[get("/optional")]
fn optional(visit: Option<Visit>) -> String {
    visit.is_some().to_string()
}

type Tried = Result<Visit, SessionError>;

#[get("/tried")]
fn tried(visit: Tried) -> String {
    visit.is_ok().to_string()
}

#[rocket::async_test]
async fn a_missing_fairing_does_not_launch() {
    let guards =
        [routes![session], routes![visit], routes![member, login_page], routes![optional], routes![tried]];
    for routes in guards {
        let name = routes[0].uri.to_string();
        assert!(!launches(quiet().mount("/", routes.clone())).await, "{name} without the fairing");
        let with = quiet().attach(Sessions::with_config(config())).mount("/", routes);
        assert!(launches(with).await, "{name} with the fairing");
    }
}

#[rocket::async_test]
async fn a_wrong_configuration_does_not_launch() {
    let mut config = config();
    config.session_cookie_name = "two words".into();
    assert!(!launches(quiet().attach(Sessions::with_config(config))).await);
}

#[rocket::async_test]
async fn a_store_that_can_not_be_reached_does_not_launch() {
    // A port that was free a moment ago and that nobody listens on.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut config = config();
    config.session_type = SessionType::Redis;
    config.store.redis.url = format!("redis://127.0.0.1:{port}").into();
    assert!(!launches(quiet().attach(Sessions::with_config(config))).await);
}

#[rocket::async_test]
async fn attaching_the_fairing_twice_is_attaching_the_last_one() {
    let rocket = quiet()
        .attach(Sessions::with_config(config()))
        .attach(Sessions::with_config(config()))
        .mount("/", routes![session]);
    assert!(launches(rocket).await);
}

#[rocket::async_test]
async fn a_guard_of_ones_own_that_hides_ours_answers_500_without_the_fairing() {
    struct Hiding;

    #[rocket::async_trait]
    impl<'r> rocket::request::FromRequest<'r> for Hiding {
        type Error = SessionError;

        async fn from_request(
            request: &'r rocket::Request<'_>,
        ) -> rocket::request::Outcome<Self, SessionError> {
            Session::from_request(request).await.map(|_| Hiding)
        }
    }

    #[get("/hiding")]
    fn hiding(_guard: Hiding) {}

    let client = Client::untracked(quiet().mount("/", routes![hiding])).await.unwrap();
    assert_eq!(client.get("/hiding").dispatch().await.status(), rocket::http::Status::InternalServerError);
}

#[rocket::async_test]
async fn two_states_that_name_two_users_do_not_launch() {
    #[session_state]
    struct Staff {
        #[session(login)]
        staff_id: Option<u32>,
    }

    #[get("/staff")]
    fn staff(staff: Staff) -> String {
        format!("{:?}", staff.staff_id())
    }

    let with = |routes| quiet().attach(Sessions::with_config(config())).mount("/", routes);
    assert!(launches(with(routes![staff])).await);
    assert!(!launches(with(routes![visit, staff])).await, "one session, two users");
}
