//! Flash messages that nobody takes.

use rocket::{get, routes};
use rocket_session_state::Session;

use crate::log::lines_with;
use crate::site::Site;

#[get("/flash/<from>/<to>")]
fn flash(from: u32, to: u32, session: Session) {
    (from..to).for_each(|number| session.flash(number.to_string(), "info"));
}

#[get("/take")]
fn take(session: Session) -> String {
    let flashes = session.take_flashes();
    let numbers: Vec<&str> = flashes.iter().map(|flash| flash.message.as_str()).collect();
    format!("{} {} {}", numbers.len(), numbers.first().unwrap_or(&"-"), numbers.last().unwrap_or(&"-"))
}

#[rocket::async_test]
async fn of_messages_that_nobody_takes_the_last_hundred_stay_and_the_log_has_one_line() {
    let site = Site::launch(|rocket| rocket.mount("/", routes![flash, take])).await;
    site.get("/flash/0/100").await;
    assert_eq!(site.text("/take").await, "100 0 99");
    assert_eq!(site.text("/take").await, "0 - -");
    site.get("/flash/0/90").await;
    assert_eq!(lines_with("flash messages are waiting").len(), 0);
    site.get("/flash/90/150").await;
    site.get("/flash/150/151").await;
    assert_eq!(lines_with("flash messages are waiting").len(), 1);
    assert_eq!(site.text("/take").await, "100 51 150");
}
