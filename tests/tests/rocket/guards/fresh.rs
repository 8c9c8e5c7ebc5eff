//! A login that must not be too long ago.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use rocket::http::{Accept, ContentType, Status};
use rocket::local::asynchronous::Client;
use rocket::{get, post, routes};
use rocket_session_state::store::MemoryStore;
use rocket_session_state::{Session, Sessions, require_session};

use super::{Member, account, index, login, login_page};
use crate::site::{config, quiet};

#[require_session(Member, fresh = "10 minutes")]
struct Fresh;

#[get("/fresh")]
fn fresh(_fresh: Fresh) -> &'static str {
    "fresh"
}

#[rocket::async_test]
async fn a_fresh_login_is_one_of_this_user_in_the_last_minutes() {
    // Ahead of the real time, after which Rocket's client judges whether a cookie has expired.
    static NOW: AtomicU64 = AtomicU64::new(4_000_000_000);

    #[post("/as-flask-does/<name>")]
    fn as_flask_does(name: &str, session: Session) {
        session.set("username", name);
    }

    let store = Arc::new(MemoryStore::new(10));
    let sessions = || {
        Sessions::with_config(config())
            .store(Arc::clone(&store))
            .clock(|_| UNIX_EPOCH + Duration::from_secs(NOW.load(Ordering::Relaxed)))
    };
    let routes = routes![login_page, login, fresh, account, index];
    let client = Client::tracked(quiet().attach(sessions()).mount("/", routes)).await.unwrap();
    // An application without a login field changes the user and nothing else.
    let flask = quiet().attach(sessions()).mount("/", routes![as_flask_does]);
    let flask = Client::untracked(flask).await.unwrap();
    let ask = async |path: &'static str| client.get(path).header(Accept::HTML).dispatch().await.status();
    let log_in = async || {
        client.post("/login").header(ContentType::Form).body("username=momo").dispatch().await;
    };
    log_in().await;
    assert_eq!(ask("/fresh").await, Status::Ok);
    NOW.fetch_add(600, Ordering::Relaxed);
    assert_eq!(ask("/fresh").await, Status::Ok, "ten minutes are ten minutes");
    NOW.fetch_add(1, Ordering::Relaxed);
    assert_eq!(ask("/fresh").await, Status::SeeOther);
    assert_eq!(client.get("/fresh").dispatch().await.status(), Status::Unauthorized);
    assert_eq!(ask("/account").await, Status::Ok, "the login itself is as good as ever");
    log_in().await;
    assert_eq!(ask("/fresh").await, Status::Ok);
    let cookie = client.cookies().get("session").unwrap().clone();
    flask.post("/as-flask-does/lulu").cookie(cookie).dispatch().await;
    assert_eq!(ask("/account").await, Status::Ok);
    assert_eq!(ask("/fresh").await, Status::SeeOther, "the login was another user's");
}
