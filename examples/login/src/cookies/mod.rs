//! The same flow without a session: Rocket's own cookies.
//!
//! A plain cookie is a note that the visitor's browser keeps and that the visitor can rewrite. It may hold a preference or a
//! name to greet with; it proves nothing, so nothing here is called logging in.

mod attributes;

use crate::field::Field;
use crate::name::Name;
use crate::pages::refused::Refused;
use askama::Template;
use askama_web::WebTemplate;
use rocket::form::{Contextual, Form};
use rocket::http::{Cookie, CookieJar};
use rocket::response::Redirect;
use rocket::time::{Duration, OffsetDateTime};
use rocket::{FromForm, FromFormField, Route, get, post, routes, uri};

pub(crate) fn routes() -> Vec<Route> {
    [routes![page, get_name, set_name, delete_name], attributes::routes()].concat()
}

/// The cookie of this page.
const NAME: &str = "name";

#[derive(Template, WebTemplate)]
#[template(path = "cookies/page.html")]
struct CookiesPage {
    greeted: String,
    cookies: Vec<Shown>,
    name: Field,
    outcome: Option<String>,
}

impl CookiesPage {
    fn of(jar: &CookieJar<'_>) -> Self {
        Self {
            greeted: name_or(jar, "visitor"),
            cookies: jar.iter().map(Shown::from).collect(),
            name: Field::default(),
            outcome: None,
        }
    }
}

/// A cookie in the list of all.
struct Shown {
    name: String,
    value: Option<String>,
}

impl From<&Cookie<'_>> for Shown {
    /// Only the cookies of these pages are shown with their values. The session's is as good as a password, and it is
    /// `HttpOnly` so that no script can read it: a page that prints it would undo that.
    fn from(cookie: &Cookie<'_>) -> Self {
        let harmless = [NAME, attributes::SAMPLE].contains(&cookie.name());
        Self { name: cookie.name().to_owned(), value: harmless.then(|| cookie.value().to_owned()) }
    }
}

fn name_or(jar: &CookieJar<'_>, default: &str) -> String {
    jar.get(NAME).map_or(default, Cookie::value).to_owned()
}

#[get("/")]
fn page(jar: &CookieJar<'_>) -> CookiesPage {
    CookiesPage::of(jar)
}

#[get("/get?<default>")]
fn get_name(jar: &CookieJar<'_>, default: &str) -> CookiesPage {
    let outcome = format!("The cookie says: {}", name_or(jar, default));
    CookiesPage { outcome: Some(outcome), ..CookiesPage::of(jar) }
}

#[derive(FromForm)]
struct Setting {
    name: Name,
    keep: Keep,
}

/// The time for which the browser keeps a cookie.
#[derive(FromFormField)]
enum Keep {
    UntilTheBrowserCloses,
    TwentySeconds,
    ThirtyDays,
}

#[post("/set", data = "<form>")]
fn set_name(
    form: Form<Contextual<'_, Setting>>,
    jar: &CookieJar<'_>,
) -> Result<Redirect, Refused<CookiesPage>> {
    let Some(setting) = &form.value else {
        let name = Field::of(&form.context, "name");
        return Err(Refused::on(CookiesPage { name, ..CookiesPage::of(jar) }));
    };
    let cookie = Cookie::build((NAME, setting.name.as_str().to_owned()));
    jar.add(match setting.keep {
        Keep::UntilTheBrowserCloses => cookie,
        Keep::TwentySeconds => cookie.max_age(Duration::seconds(20)),
        Keep::ThirtyDays => cookie.expires(OffsetDateTime::now_utc() + Duration::days(30)),
    });
    Ok(Redirect::to(uri!("/cookies", page)))
}

#[derive(FromForm)]
struct Deletion {
    how: How,
}

/// Three ways to have a browser forget a cookie; the first sends what the other two do, together.
#[derive(FromFormField)]
enum How {
    Name,
    Expiry,
    MaxAge,
}

#[post("/delete", data = "<form>")]
fn delete_name(form: Form<Deletion>, jar: &CookieJar<'_>) -> Redirect {
    let empty = Cookie::build((NAME, ""));
    match form.how {
        How::Name => jar.remove(NAME),
        How::Expiry => jar.add(empty.expires(OffsetDateTime::UNIX_EPOCH)),
        How::MaxAge => jar.add(empty.max_age(Duration::ZERO)),
    }
    Redirect::to(uri!("/cookies", page))
}
