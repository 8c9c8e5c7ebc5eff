//! What an application is told of its sessions.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use rocket::http::{ContentType, Header, Status};
use rocket::local::asynchronous::Client;
use rocket::{State, get, post, routes};
use rocket_session_state::config::SessionConfig;
use rocket_session_state::events::{EndedBy, Event, EventKind};
use rocket_session_state::store::conformance::Fault;
use rocket_session_state::{Session, SessionUser, Sessions, require_session, session_state};

use crate::log::lines_with;
use crate::member::{Visit, login_page};
use crate::site::{Site, config, quiet};

#[get("/events/set/<value>")]
fn set(value: u32, session: Session) {
    session.set("value", &value);
}

#[get("/events/login/<name>")]
fn login(name: String, visit: Visit) {
    visit.set_username(name);
}

#[get("/events/read")]
fn read(session: Session) -> String {
    session.len().to_string()
}

#[get("/events/numbers/<kind>")]
fn numbers(kind: &str, sessions: Sessions) -> Option<String> {
    Some(sessions.stats().count(kind.parse().ok()?).to_string())
}

#[post("/events/set")]
fn post(session: Session) {
    session.set("value", &1);
}

/// A client of an application that tells its events.
async fn told(change: impl FnOnce(&mut SessionConfig)) -> (Client, Arc<Mutex<Vec<Event>>>) {
    let events = Arc::<Mutex<Vec<Event>>>::default();
    let told = Arc::clone(&events);
    let mut config = config();
    change(&mut config);
    let sessions = Sessions::with_config(config)
        .on_event(move |event| told.lock().unwrap().push(event.clone()))
        .events_name_users();
    let rocket = quiet().attach(sessions).mount("/", routes![set, login, read, numbers, post, login_page]);
    (Client::tracked(rocket).await.expect("the application launches"), events)
}

async fn take(client: &Client, events: &Mutex<Vec<Event>>) -> Vec<Event> {
    client.rocket().state::<Sessions>().expect("the handle").listeners_have_heard().await;
    std::mem::take(&mut *events.lock().unwrap())
}

#[rocket::async_test]
async fn a_listener_is_told_of_log_ins_and_their_users_and_the_numbers_say_the_same() {
    let (client, events) = told(|_| {}).await;
    for path in ["/events/set/7", "/events/read", "/events/login/momo", "/events/read"] {
        assert_eq!(client.get(path).dispatch().await.status(), Status::Ok);
    }
    let told = take(&client, &events).await;
    let [created, logged_in] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!([created.kind(), logged_in.kind()], [EventKind::Created, EventKind::LoggedIn]);
    assert_eq!((logged_in.before(), logged_in.user()), (created.handle(), Some("momo".to_owned())));
    for (kind, count) in [("created", "1"), ("logged_in", "1"), ("logged_out", "0")] {
        let answer = client.get(format!("/events/numbers/{kind}")).dispatch().await;
        assert_eq!(answer.into_string().await.as_deref(), Some(count), "{kind}");
    }
}

#[rocket::async_test]
async fn a_request_from_another_site_is_told() {
    let (client, events) = told(|_| {}).await;
    let request = client.post("/events/set").header(Header::new("Sec-Fetch-Site", "cross-site"));
    assert_eq!(request.header(ContentType::Form).dispatch().await.status(), Status::Forbidden);
    let told = take(&client, &events).await;
    assert_eq!(told.iter().map(Event::kind).collect::<Vec<_>>(), [EventKind::CrossOrigin]);
}

#[rocket::async_test]
async fn a_cookie_that_was_made_up_or_has_ended_is_told() {
    let (client, events) = told(|_| {}).await;
    let unknown = "A".repeat(43);
    for cookie in ["made-up", &unknown] {
        let request = client.get("/events/read").header(Header::new("Cookie", format!("session={cookie}")));
        assert_eq!(request.dispatch().await.status(), Status::Ok);
    }
    let told = take(&client, &events).await;
    let kinds: Vec<EventKind> = told.iter().map(Event::kind).collect();
    assert_eq!(kinds, [EventKind::CookieRefused, EventKind::IdUnknown]);
}

#[rocket::async_test]
async fn no_request_waits_for_a_listener_or_fails_by_one_that_panics() {
    let ((go, wait), (begin, begun)) = (channel::<()>(), channel());
    let wait = Mutex::new(wait);
    let sessions =
        Sessions::with_config(config()).on_event(|_| panic!("a mistake in a listener")).on_event(move |_| {
            begin.send(()).unwrap_or(());
            wait.lock().unwrap().recv().unwrap_or(());
        });
    let rocket = quiet().attach(sessions).mount("/", routes![set, read]);
    let client = Client::untracked(rocket).await.expect("the application launches");
    for value in 0..1500 {
        assert_eq!(client.get(format!("/events/set/{value}")).dispatch().await.status(), Status::Ok);
    }
    let stats = client.rocket().state::<Sessions>().expect("the handle").stats();
    assert_eq!(stats.count(EventKind::Created), 1500);
    // One is with the listeners, unless they have not begun yet.
    assert!((1500 - 1025..=1500 - 1024).contains(&stats.dropped()), "{stats:?}");
    begun.recv().expect("the second listener is told");
    assert_eq!(lines_with("a listener of session events has panicked at `created").len(), 1);
    drop(go);
}

#[rocket::async_test]
async fn the_audit_log_has_a_line_for_each_event_where_it_is_on() {
    for (is_on, lines) in [(false, 0), (true, 1)] {
        // Nobody else's session is refused for what it holds.
        let (client, events) = told(|config| {
            config.session_audit_log = is_on;
            config.session_max_size = 100;
        })
        .await;
        client.get("/events/login/".to_owned() + &"x".repeat(200)).dispatch().await;
        assert_eq!(take(&client, &events).await.len(), 1);
        let told = lines_with("session::audit too_large");
        assert_eq!(told.len(), lines, "{told:?}");
        assert!(told.iter().all(|line| line.starts_with("INFO session::audit too_large at=")), "{told:?}");
    }
}

#[rocket::async_test]
async fn an_outage_is_told_by_the_store_and_not_by_each_request() {
    let site = Site::launch(|rocket| rocket.mount("/", routes![set, read])).await;
    site.get("/events/set/1").await;
    site.store.from_now_on(Fault::Fail);
    for _ in 0..4 {
        assert_eq!(site.get("/events/read").await.status(), Status::ServiceUnavailable);
    }
    site.store.from_now_on(Fault::None);
    assert_eq!(site.get("/events/read").await.status(), Status::Ok);
    let stats = site.client.rocket().state::<Sessions>().expect("the handle").stats();
    assert_eq!((stats.count(EventKind::StoreFailed), stats.count(EventKind::StoreBack)), (1, 1));
    // Each of the four was tried twice.
    assert_eq!((stats.loads().count(), stats.loads().failed()), (9, 8));
}

#[rocket::async_test]
async fn what_is_queued_at_the_shutdown_is_told_before_the_application_ends() {
    let (go, wait) = channel::<()>();
    let (wait, told) = (Mutex::new(wait), Arc::<AtomicUsize>::default());
    let counted = Arc::clone(&told);
    let sessions = Sessions::with_config(config()).on_event(move |_| {
        // Returns at once when nobody can send any more.
        wait.lock().unwrap().recv().unwrap_or(());
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let client = Client::untracked(quiet().attach(sessions).mount("/", routes![set])).await.unwrap();
    for value in 0..500 {
        client.get(format!("/events/set/{value}")).dispatch().await;
    }
    assert_eq!(told.load(Ordering::Relaxed), 0);
    let ending = rocket::tokio::spawn(client.terminate());
    drop(go);
    ending.await.expect("the application ends");
    assert_eq!(told.load(Ordering::Relaxed), 500);
}

/// The stamp of the only user; `None` if the user is gone.
type Stamp = Mutex<Option<&'static str>>;

struct User(&'static str);

impl SessionUser for User {
    type Id = i64;
    type Source<'r> = &'r State<Stamp>;

    async fn find(_: &i64, stamp: &State<Stamp>) -> Result<Option<User>, Status> {
        Ok(stamp.lock().unwrap().map(User))
    }

    fn id(&self) -> i64 {
        1
    }

    fn stamp(&self) -> impl AsRef<[u8]> {
        self.0
    }
}

#[session_state(user = User)]
struct Account {
    #[session(login)]
    user_id: Option<i64>,
}

#[require_session(Account)]
struct Owner {
    #[session(user)]
    _user: Arc<User>,
}

#[get("/events/log-in")]
fn log_in(account: Account) {
    account.log_in(&User("first"));
}

#[get("/events/account")]
fn account(_owner: Owner) {}

#[rocket::async_test]
async fn a_login_that_does_not_count_any_more_is_told_with_the_reason() {
    for (stamp, by) in [(Some("second"), EndedBy::Stamp), (None, EndedBy::UserGone)] {
        let (told, events) = channel();
        let sessions =
            Sessions::with_config(config()).on_event(move |event| told.send(event.clone()).unwrap_or(()));
        let rocket =
            quiet().attach(sessions).manage(Stamp::new(Some("first"))).mount("/", routes![log_in, account]);
        let client = Client::tracked(rocket).await.expect("the application launches");
        client.get("/events/log-in").dispatch().await;
        assert_eq!(client.get("/events/account").dispatch().await.status(), Status::Ok);
        *client.rocket().state::<Stamp>().unwrap().lock().unwrap() = stamp;
        assert_eq!(client.get("/events/account").dispatch().await.status(), Status::Unauthorized);
        let [logged_in, ended] = [(); 2].map(|()| events.recv().unwrap());
        assert_eq!((logged_in.kind(), ended.by()), (EventKind::LoggedIn, Some(by)));
        assert_eq!(logged_in.handle(), ended.handle());
    }
}
