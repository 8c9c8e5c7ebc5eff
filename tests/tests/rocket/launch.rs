//! Applications that do not launch.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use rocket::fairing::AdHoc;
use rocket::local::asynchronous::Client;
use rocket::{Build, Rocket, get, routes};
use rocket_session_state::config::SessionType;
use rocket_session_state::store::{FileStore, MemoryStore};
use rocket_session_state::{PurgeError, Session, SessionError, SessionFairing, Sessions, session_state};

use crate::log::lines_with;
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

/// What a fairing makes while the application ignites.
struct Pool(Arc<MemoryStore>);

/// Sessions in the pool, and the number of stores that were made of it.
fn in_pool() -> (SessionFairing, Arc<AtomicUsize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let sessions = Sessions::from_rocket(move |rocket| {
        let pool = rocket.state::<Pool>().ok_or("the pool of the test is not there")?;
        counted.fetch_add(1, Relaxed);
        Ok::<_, &str>(Arc::clone(&pool.0))
    });
    (sessions, made)
}

fn pool() -> AdHoc {
    AdHoc::on_ignite("pool", |rocket| async { rocket.manage(Pool(Arc::new(MemoryStore::new(10)))) })
}

type Attach = fn(Rocket<Build>, SessionFairing) -> Rocket<Build>;

#[rocket::async_test]
async fn a_store_is_made_once_of_what_fairings_have_left_in_whatever_order() {
    let orders: [Attach; 3] = [
        |rocket, sessions| rocket.attach(pool()).attach(sessions),
        |rocket, sessions| rocket.attach(sessions).attach(pool()),
        |rocket, sessions| {
            let inner = AdHoc::on_ignite("inner", |rocket| async { rocket.attach(pool()) });
            let outer = AdHoc::on_ignite("outer", |rocket| async { rocket.attach(inner) });
            rocket.attach(sessions).attach(outer)
        },
    ];
    for attach in orders {
        let (sessions, made) = in_pool();
        let client = Client::tracked(attach(quiet().mount("/", routes![session]), sessions)).await.unwrap();
        assert_eq!(client.get("/session").dispatch().await.status(), rocket::http::Status::Ok);
        assert_eq!(made.load(Relaxed), 1);
    }
}

#[rocket::async_test]
async fn a_store_that_rocket_has_nothing_for_does_not_launch_and_the_log_says_why() {
    let (sessions, _) = in_pool();
    assert!(!launches(quiet().attach(sessions).mount("/", routes![session])).await);
    let lines = lines_with("the pool of the test is not there");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("ERROR"), "{lines:?}");
}

#[rocket::async_test]
async fn the_launch_line_says_where_a_store_of_the_applications_own_is() {
    let folder = tempfile::tempdir().unwrap();
    let sessions = Sessions::fairing().store(FileStore::new(folder.path()));
    assert!(launches(quiet().attach(sessions).mount("/", routes![session])).await);
    let place = folder.path().display();
    let lines = lines_with(&format!("Sessions: the application's own store, folder {place}, cookie"));
    assert_eq!(lines.len(), 1, "{lines:?}");
}

#[rocket::async_test]
async fn purging_by_hand_takes_a_store_of_what_rocket_has_already() {
    let (sessions, _) = in_pool();
    assert!(matches!(sessions.purge(&quiet()).await, Err(PurgeError::Store(_))));
    assert_eq!(sessions.purge(&quiet().manage(Pool(Arc::new(MemoryStore::new(10))))).await.unwrap(), 0);
}
