//! The pages with sessions in Rocket's private cookies: encrypted, decoded as a whole.

use bench_app::{Shop, Texts, UNTOUCHED, Visit, answer, mark};
use rocket::http::{CookieJar, Status};
use rocket::{get, launch, routes};

const COOKIE: &str = "session";

fn load<V: Visit>(cookies: &CookieJar<'_>) -> Result<V, Status> {
    let cookie = cookies.get_private(COOKIE).ok_or(Status::Unauthorized)?;
    serde_json::from_str(cookie.value()).map_err(|_| Status::Unauthorized)
}

fn save<V: Visit>(cookies: &CookieJar<'_>, visit: &V) -> Result<(), Status> {
    let json = serde_json::to_string(visit).map_err(|_| Status::InternalServerError)?;
    cookies.add_private((COOKIE, json));
    Ok(())
}

#[get("/untouched")]
fn untouched() -> &'static str {
    UNTOUCHED
}

macro_rules! pages {
    ($kind:ident, $visit:ty) => {
        mod $kind {
            use super::*;

            #[get("/start/<bytes>")]
            pub(super) fn start(bytes: usize, cookies: &CookieJar<'_>) -> Result<&'static str, Status> {
                save(cookies, &<$visit>::sized(bytes))?;
                Ok("started")
            }

            #[get("/read")]
            pub(super) fn read(cookies: &CookieJar<'_>) -> Result<String, Status> {
                Ok(answer(*load::<$visit>(cookies)?.views()))
            }

            #[get("/write")]
            pub(super) fn write(cookies: &CookieJar<'_>) -> Result<String, Status> {
                let mut visit = load::<$visit>(cookies)?;
                *visit.views() += 1;
                save(cookies, &visit)?;
                Ok(answer(*visit.views()))
            }
        }
    };
}

pages!(shop, Shop);
pages!(texts, Texts);

#[launch]
fn rocket() -> _ {
    rocket::build()
        .mount("/shop", routes![shop::start, untouched, shop::read, shop::write])
        .mount("/texts", routes![texts::start, untouched, texts::read, texts::write])
        .mount("/", routes![mark::mark])
}
