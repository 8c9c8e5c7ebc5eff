//! The pages with sessions of this library, in the store that the environment names.

use bench_app::{Shop, Texts, UNTOUCHED, Visit as _, answer, mark};
use rocket::http::Status;
use rocket::{get, launch, routes};
use rocket_session_state::{Session, Sessions, session_state};
use serde::Serialize;

/// The part of a session that the pages use; its other keys stay as they are.
#[session_state]
struct Visit {
    #[session(merge = "add")]
    views: u64,
}

#[get("/untouched")]
fn untouched() -> &'static str {
    UNTOUCHED
}

#[get("/read")]
fn read(visit: Visit) -> String {
    answer(visit.views())
}

#[get("/write")]
fn write(visit: Visit) -> String {
    visit.update_views(|views| *views += 1);
    answer(visit.views())
}

#[get("/start/<bytes>")]
fn start_shop(bytes: usize, session: Session) -> Result<&'static str, Status> {
    fill(&session, &Shop::sized(bytes))
}

#[get("/start/<bytes>")]
fn start_texts(bytes: usize, session: Session) -> Result<&'static str, Status> {
    fill(&session, &Texts::sized(bytes))
}

fn fill(session: &Session, fields: &impl Serialize) -> Result<&'static str, Status> {
    let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(fields) else {
        return Err(Status::InternalServerError);
    };
    for (key, value) in &fields {
        session.set(key, value);
    }
    Ok("started")
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/shop", routes![start_shop, untouched, read, write])
        .mount("/texts", routes![start_texts, untouched, read, write])
        .mount("/", routes![mark::mark])
}
