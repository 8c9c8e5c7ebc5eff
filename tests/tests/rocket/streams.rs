//! Sessions that are used while the body is being sent.

use rocket::response::stream::TextStream;
use rocket::tokio::sync::oneshot;
use rocket::{State, get, routes};
use rocket_session_state::Session;
use std::sync::Mutex;

use crate::log;
use crate::site::Site;

#[get("/set/<value>")]
fn set(value: &str, session: Session) -> &'static str {
    session.set("key", value);
    "set"
}

#[get("/get")]
fn get(session: Session) -> String {
    session.get::<String>("key").ok().flatten().unwrap_or_else(|| "nothing".into())
}

#[get("/destroy")]
fn destroy(session: Session) -> &'static str {
    session.destroy();
    "destroyed"
}

#[get("/stream-that-saves")]
fn saves(session: Session) -> TextStream![String] {
    TextStream! {
        session.set("key", "from a stream");
        yield format!("{:?}", session.save().await.is_ok());
    }
}

#[get("/stream-that-forgets")]
fn forgets(session: Session) -> TextStream![&'static str] {
    TextStream! {
        session.set("key", "forgotten");
        yield "done";
    }
}

/// Tells the test when the stream has begun to wait.
struct Began(Mutex<Option<oneshot::Sender<()>>>);

#[get("/stream-until-the-end")]
fn until_the_end(session: Session, began: &State<Began>) -> TextStream![&'static str] {
    let began = began.0.lock().unwrap().take();
    TextStream! {
        yield "open ";
        if let Some(began) = began {
            let _ = began.send(());
        }
        session.ended().await;
        yield "closed";
    }
}

async fn site() -> (Site, oneshot::Receiver<()>) {
    let (began, waits) = oneshot::channel();
    let site = Site::launch(|rocket| {
        rocket
            .manage(Began(Mutex::new(Some(began))))
            .mount("/", routes![set, get, destroy, saves, forgets, until_the_end])
    })
    .await;
    (site, waits)
}

#[rocket::async_test]
async fn a_stream_that_saves_its_change_has_saved_it() {
    let (site, _) = site().await;
    site.get("/set/before").await;
    assert_eq!(site.text("/stream-that-saves").await, "true");
    assert_eq!(site.text("/get").await, "from a stream");
}

#[rocket::async_test]
async fn a_stream_that_forgets_to_save_is_logged_with_its_route() {
    let (site, _) = site().await;
    site.get("/set/before").await;
    assert_eq!(site.text("/stream-that-forgets").await, "done");
    assert_eq!(site.text("/get").await, "before");
    let lines = log::lines_with("GET /stream-that-forgets");
    assert!(lines.iter().any(|line| line.starts_with("ERROR") && line.contains("save().await")), "{lines:?}");
    assert!(log::lines_with("GET /stream-that-saves").iter().all(|line| !line.starts_with("ERROR")));
}

#[rocket::async_test]
async fn a_stream_can_close_when_its_user_logs_out() {
    let (site, waits) = site().await;
    site.get("/set/before").await;
    let stream = site.get("/stream-until-the-end").await;
    let (text, ()) = rocket::tokio::join!(stream.into_string(), async {
        waits.await.unwrap();
        site.get("/destroy").await;
    });
    assert_eq!(text.unwrap(), "open closed");
}
