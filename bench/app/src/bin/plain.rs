//! The pages in Rocket without sessions.

use bench_app::{UNTOUCHED, answer, mark};
use rocket::{get, launch, routes};

#[get("/untouched")]
fn untouched() -> &'static str {
    UNTOUCHED
}

#[get("/read")]
fn read() -> String {
    answer(1)
}

#[get("/write")]
fn write() -> String {
    answer(2)
}

#[launch]
fn rocket() -> _ {
    let pages = routes![untouched, read, write];
    rocket::build().mount("/shop", pages.clone()).mount("/texts", pages).mount("/", routes![mark::mark])
}
