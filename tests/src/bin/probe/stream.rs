//! `/stream`: server-sent events that say when the session ends.

use rocket::http::ContentType;
use rocket::response::stream::TextStream;
use rocket::{Route, Shutdown, get, routes};
use rocket_session_state::Session;

pub(crate) fn routes() -> Vec<Route> {
    routes![stream]
}

/// Written out: Rocket's own events have no blank after the colon, and others between them that keep the connection open.
#[get("/stream")]
fn stream(session: Session, shutdown: Shutdown) -> (ContentType, TextStream![&'static str]) {
    let events = TextStream! {
        yield "data: open\n\n";
        rocket::tokio::select! {
            () = session.ended() => yield "data: ended\n\n",
            () = shutdown => {}
        }
    };
    (ContentType::EventStream, events)
}
