//! The handle of an application's sessions, in handlers and in jobs.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rocket::http::Status;
use rocket::local::asynchronous::Client;
use rocket::{Request, get, post, routes};
use rocket_session_state::config::{SessionConfig, SessionType};
use rocket_session_state::store::MemoryStore;
use rocket_session_state::testing::{self, blocking, hours};
use rocket_session_state::{SaveError, SessionUser, Sessions, UserSession, session_state};

use super::{Visit, application, labels, log_in_with, sent};
use crate::site::{launches, quiet};

#[rocket::async_test]
async fn an_administrator_ends_a_users_sessions_without_being_one() {
    let momo = testing::client(application(|_| {})).await;
    let (at_work, other, administrator) = (momo.visitor(), momo.visitor(), momo.visitor());
    log_in_with(&momo, 7, "home").await;
    log_in_with(&at_work, 7, "work").await;
    log_in_with(&other, 8, "other").await;
    assert_eq!(sent(&administrator, "/admin/7/end").await, "2");
    assert_eq!(sent(&administrator, "/admin/7/end").await, "0");
    assert!(administrator.cookie("session").is_none());
    let mut statuses = Vec::new();
    for client in [&momo, &at_work, &other] {
        statuses.push(client.get("/account").dispatch().await.status());
    }
    assert_eq!(statuses, [Status::Unauthorized, Status::Unauthorized, Status::Ok]);
}

#[rocket::async_test]
async fn a_job_has_the_handle_from_managed_state_and_in_a_test_its_clock() {
    let momo = testing::client(application(|_| {})).await;
    momo.advance(hours(24 * 365));
    log_in_with(&momo, 7, "telephone").await;
    let sessions = momo.rocket().state::<Sessions>().unwrap().clone();
    let shown = sessions.of::<Visit>(&7).list().await.unwrap();
    let [session] = shown.as_slice() else { panic!("{shown:?}") };
    assert_eq!(session.created(), momo.now());
    assert!(!session.is_current(), "nobody asks");
    // Expired by the clock of the test, and not by the machine's.
    momo.advance(hours(24 * 32));
    assert_eq!(sessions.of::<Visit>(&7).list().await.unwrap().len(), 0);
    log_in_with(&momo, 7, "telephone").await;
    let of_momo = sessions.of::<Visit>(&7);
    let ended = rocket::tokio::spawn(async move { of_momo.end_others().await }).await.unwrap().unwrap();
    assert_eq!(ended, 1, "none of them is the one that asks");
    assert_eq!(momo.get("/account").dispatch().await.status(), Status::Unauthorized);
}

#[rocket::async_test]
async fn a_handler_has_the_time_of_its_request() {
    #[get("/created?<id>")]
    async fn created(sessions: Sessions, id: i64) -> Result<String, SaveError> {
        let shown = sessions.of::<Visit>(&id).list().await?;
        Ok(shown.iter().map(|session| format!("{:?}", session.created())).collect())
    }
    #[post("/log-in?<id>")]
    fn log_in(visit: Visit, id: i64) {
        visit.set_user_id(id);
    }
    // A clock of the application's own, an age ahead of the machine's.
    let clock = |_: &Request<'_>| UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    let mut config = SessionConfig::default();
    config.session_type = SessionType::Memory;
    let rocket =
        quiet().attach(Sessions::with_config(config).clock(clock)).mount("/", routes![created, log_in]);
    let client = Client::tracked(rocket).await.unwrap();
    client.post("/log-in?id=7").dispatch().await;
    let seen = client.get("/created?id=7").dispatch().await.into_string().await.unwrap();
    assert_eq!(seen, format!("{:?}", UNIX_EPOCH + Duration::from_secs(4_000_000_000)));
    // In managed state there is no request to ask that clock about, so the time is the machine's.
    let sessions = client.rocket().state::<Sessions>().unwrap();
    let shown = sessions.of::<Visit>(&7).list().await.unwrap();
    assert!(shown.iter().all(|session| session.last_seen() > SystemTime::now()));
}

#[rocket::async_test]
async fn users_are_named_by_text_and_by_the_id_of_their_type() {
    #[session_state]
    struct Named {
        #[session(login, listed)]
        username: Option<String>,
    }
    #[get("/named")]
    fn named(named: Named) -> String {
        named.username().unwrap_or_default()
    }
    let client = testing::client(served(routes![named])).await;
    client.log_in::<Named>(|named| named.set_username("momo")).await;
    let sessions = client.rocket().state::<Sessions>().unwrap();
    let all = [
        sessions.of::<Named>("momo").list().await.unwrap(),
        sessions.of::<Named>(&"momo".to_owned()).list().await.unwrap(),
    ];
    assert!(all.iter().all(|shown| shown.len() == 1));
    assert!(sessions.of::<Named>("Momo").list().await.unwrap().is_empty());
}

struct User(i64);

impl SessionUser for User {
    type Id = i64;
    type Source<'r> = ();

    async fn find(id: &i64, (): ()) -> Result<Option<User>, Status> {
        Ok(Some(User(*id)))
    }

    fn id(&self) -> i64 {
        self.0
    }
}

#[session_state(user = User)]
struct WithUser {
    #[session(login, listed)]
    user_id: Option<i64>,
}

#[get("/with-user")]
fn with_user(visit: WithUser) -> String {
    visit.user_id().unwrap_or_default().to_string()
}

fn served(routes: Vec<rocket::Route>) -> rocket::Rocket<rocket::Build> {
    let mut config = SessionConfig::default();
    config.session_type = SessionType::Memory;
    quiet().attach(Sessions::with_config(config)).mount("/", routes)
}

#[test]
fn a_client_of_a_test_logs_in_as_a_real_log_in_does() {
    let client = blocking::client(served(routes![with_user]));
    let other = client.visitor();
    client.log_in_user(&User(7));
    other.log_in::<WithUser>(|visit| visit.log_in(&User(7)));
    other.change_session(|visit: &WithUser| visit.session().set_label("other"));
    let list = |sessions: &Sessions| {
        let sessions = sessions.of::<WithUser>(&7);
        rocket::execute(async move { sessions.list().await.unwrap() })
    };
    let sessions = client.rocket().state::<Sessions>().unwrap();
    let mut labels: Vec<_> = list(sessions).iter().map(|session| session.label().to_owned()).collect();
    labels.sort();
    assert_eq!(labels, ["", "other"]);
    client.change_session(|visit: &WithUser| visit.log_out());
    assert_eq!(list(sessions).len(), 1);
}

#[rocket::async_test]
async fn a_program_that_serves_nothing_declares_the_state_and_ends_sessions_of_its_users() {
    let store = Arc::new(MemoryStore::new(100));
    let attached = || Sessions::with_config(SessionConfig::default()).store(Arc::clone(&store));
    let served =
        quiet().attach(attached()).mount("/", routes![super::log_in, super::account, super::login_page]);
    let momo = Client::tracked(served).await.unwrap();
    momo.post("/login?id=7").dispatch().await;
    assert_eq!(momo.get("/account").dispatch().await.status(), Status::Ok);

    let job = quiet().attach(attached().state::<Visit>()).ignite().await.unwrap();
    let sessions = job.state::<Sessions>().unwrap().of::<Visit>(&7);
    assert_eq!(sessions.end_all().await.unwrap(), 1);
    assert_eq!(momo.get("/account").dispatch().await.status(), Status::Unauthorized);
}

#[rocket::async_test]
async fn declared_states_that_contradict_each_other_do_not_launch() {
    #[session_state]
    struct Other {
        #[session(login)]
        name: Option<String>,
    }
    let attached = || Sessions::with_config(SessionConfig::default()).store(MemoryStore::new(100));
    assert!(launches(quiet().attach(attached().state::<Other>())).await);
    assert!(!launches(quiet().attach(attached().state::<Other>().state::<Visit>())).await);
    // A declared one and one of a route.
    let served = quiet().attach(attached().state::<Other>()).mount("/", routes![super::devices]);
    assert!(!launches(served).await);
}

#[rocket::async_test]
async fn a_call_says_why_there_is_no_list() {
    #[session_state]
    struct Plain {
        #[session(login)]
        user_id: Option<i64>,
    }
    #[get("/plain")]
    fn plain(plain: Plain) -> String {
        plain.user_id().unwrap_or_default().to_string()
    }
    #[get("/all?<id>")]
    async fn all(sessions: Sessions, id: i64) -> Result<String, SaveError> {
        Ok(sessions.of::<Visit>(&id).list().await?.len().to_string())
    }
    for (session_type, part) in [
        (SessionType::Cookie, "session_type = \"redis\""),
        (
            SessionType::Memory,
            "no mounted route takes a state whose login field is `#[session(login, listed)]`",
        ),
    ] {
        let mut config = SessionConfig::default();
        config.session_type = session_type;
        let rocket = quiet().attach(Sessions::with_config(config)).mount("/", routes![plain, all]);
        let client = testing::client(rocket).await;
        assert_eq!(client.get("/all?id=7").dispatch().await.status(), Status::InternalServerError);
        let sessions = client.rocket().state::<Sessions>().unwrap().of::<Visit>(&7);
        let errors = [
            sessions.list().await.map(drop).unwrap_err(),
            sessions.end("handle").await.map(drop).unwrap_err(),
            sessions.end_others().await.map(drop).unwrap_err(),
            sessions.end_all().await.map(drop).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, SaveError::NotListed { .. }));
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}

#[rocket::async_test]
async fn a_job_during_an_outage_gets_the_error_of_the_store() {
    let momo = testing::client(application(|_| {})).await;
    log_in_with(&momo, 7, "telephone").await;
    let sessions = momo.rocket().state::<Sessions>().unwrap().of::<Visit>(&7);
    momo.store().fail();
    assert!(matches!(sessions.end_all().await, Err(SaveError::Unavailable(_))));
    momo.store().heal();
    let shown: Vec<UserSession> = sessions.list().await.unwrap();
    assert_eq!(shown.len(), 1);
    assert_eq!(labels(&momo).await, ["telephone"]);
}
