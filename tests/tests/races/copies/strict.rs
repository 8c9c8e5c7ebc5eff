//! With `session_redis_cache_strict`, no process reads an ended session after its end was answered.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use rocket_session_state_core::config::{Environment, SessionConfig};
use rocket_session_state_core::fields::{self, Field};
use rocket_session_state_core::manager::{Closed, Manager};
use rocket_session_state_core::session::Session;
use rocket_session_state_core::store::RedisStore;
use rocket_session_state_core::value::Value;
use session_tests::budget;
use session_tests::redis::Redis;

use super::{LASTS, PATIENCE, copying};

/// The field that says who is logged in.
struct Username;

impl Field for Username {
    type Stored = String;
    type Declared = Option<String>;
    const KEY: &'static str = "username";

    fn default() -> Option<String> {
        None
    }
}

fn process(store: RedisStore) -> Manager {
    let environment = Environment { debug_profile: true, own_store: true, ..Environment::default() };
    let mut config = SessionConfig::default();
    // A busy machine is not a reason to give up.
    config.session_store_timeout = PATIENCE;
    config.session_request_timeout = PATIENCE;
    let manager = Manager::with_store(config.check(environment).unwrap(), store).unwrap();
    manager.declare_login(Username::KEY);
    manager.declare_listed();
    manager
}

/// Reads the session as a request does that only reads: from a copy, if there is one.
async fn open(manager: &Manager, cookie: &str) -> Session {
    manager.open_to_read(Some(cookie), SystemTime::now()).await.unwrap()
}

async fn request(manager: &Manager, cookie: &str, handler: impl FnOnce(&Session)) -> Closed {
    let session = manager.open(Some(cookie), SystemTime::now()).await.unwrap();
    handler(&session);
    manager.close(&session, SystemTime::now()).await.unwrap()
}

fn log_in(session: &Session, user: &str) {
    fields::set::<Username>(session, Some(user.to_owned()));
}

/// The ways in which a session, or its id, ends.
const ENDS: usize = 5;

/// Logs a user in, lets both processes read the session, ends it in one of them, and reads it in the other.
async fn end(here: &Manager, elsewhere: &Manager, number: usize) {
    let user = format!("user{number}");
    let set_cookie = request(here, "", |session| log_in(session, &user)).await.set_cookie.unwrap();
    let cookie = set_cookie.split_once(';').unwrap().0.split_once('=').unwrap().1;
    // Once to have the copy, and once more from it.
    for _ in 0..2 {
        assert_eq!(open(elsewhere, cookie).await.get::<String>("username").unwrap().as_deref(), Some(&*user));
    }
    let began = Instant::now();
    match number % ENDS {
        0 => drop(request(here, cookie, |session| fields::set::<Username>(session, None)).await),
        1 => drop(request(here, cookie, Session::destroy).await),
        2 => drop(request(here, cookie, Session::regenerate).await),
        3 => drop(request(here, cookie, |session| log_in(session, &format!("other {user}"))).await),
        _ => {
            let sessions = here.sessions_of(&Value::Str(user), SystemTime::now()).unwrap();
            assert_eq!(sessions.end_all().await.unwrap(), 1);
        }
    }
    assert!(began.elapsed() >= LASTS, "the answer to end {} came too soon", number % ENDS);
    let seen = open(elsewhere, cookie).await.get::<String>("username").unwrap();
    assert_eq!(seen, None, "end {} of a session was not seen", number % ENDS);
}

#[rocket::async_test]
async fn a_session_whose_end_was_answered_is_read_by_no_process() {
    const VISITORS: usize = 50;
    let server = Redis::start();
    let here = Arc::new(process(copying(&server.url()).cache_strict()));
    let elsewhere = Arc::new(process(copying(&server.url())));
    let rounds = budget::amount("ROUNDS", 500, 10_000) as usize / VISITORS;
    let visitors: Vec<_> = (0..VISITORS)
        .map(|visitor| {
            let (here, elsewhere) = (Arc::clone(&here), Arc::clone(&elsewhere));
            rocket::tokio::spawn(async move {
                for round in 0..rounds {
                    end(&here, &elsewhere, visitor * rounds + round).await;
                }
            })
        })
        .collect();
    for visitor in visitors {
        visitor.await.unwrap();
    }
}

#[rocket::async_test]
async fn an_end_that_finds_another_one_done_just_now_waits_as_long() {
    let server = Redis::start();
    let here = process(copying(&server.url()).cache_strict());
    for number in 0..5 {
        let user = format!("user{number}");
        request(&here, "", |session| log_in(session, &user)).await;
        let sessions = here.sessions_of(&Value::Str(user), SystemTime::now()).unwrap();
        // Another one is asked for when the session is gone, and the first is not answered.
        let again = async {
            let began = Instant::now();
            while !sessions.list().await.unwrap().is_empty() {
                assert!(began.elapsed() < PATIENCE, "it does not end");
            }
            let began = Instant::now();
            (sessions.end_all().await.unwrap(), began.elapsed())
        };
        let (first, (second, took)) = rocket::tokio::join!(sessions.end_all(), again);
        assert_eq!((first.unwrap(), second), (1, 0));
        assert!(took >= LASTS, "answered after {took:?}, while others may read the session");
    }
}
