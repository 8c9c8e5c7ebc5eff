//! A cookie with every attribute, to be looked at in the browser's developer tools.

use crate::field::Field;
use crate::pages::refused::Refused;
use askama::Template;
use askama_web::WebTemplate;
use rocket::form::{self, Context, Contextual, Error, Form};
use rocket::http::{Cookie, CookieJar, SameSite};
use rocket::response::Redirect;
use rocket::{FromForm, FromFormField, Route, get, post, routes, uri};

pub(crate) fn routes() -> Vec<Route> {
    routes![page, set, delete]
}

/// The cookie of this page.
pub(crate) const SAMPLE: &str = "sample";

#[derive(FromForm)]
struct Sample<'r> {
    #[field(validate = len(1..=100).or_else(msg!("Enter 1 to 100 characters.")))]
    value: &'r str,
    place: Place,
    secure: bool,
    http_only: bool,
    #[field(validate = kept_by_browsers(self.secure))]
    same_site: SameSiteChoice,
}

/// Which requests carry the cookie. Path and domain are choices here, since text from a form must never get into them: a
/// `;` would begin another attribute.
#[derive(FromForm)]
struct Place {
    path: PathChoice,
    domain: DomainChoice,
}

impl Place {
    /// An empty cookie there. A browser takes cookies of one name at two places for two cookies, so deleting has to name
    /// the place as setting did.
    fn cookie(&self) -> Cookie<'static> {
        let mut cookie = Cookie::new(SAMPLE, "");
        cookie.set_path(match self.path {
            PathChoice::Everywhere => "/",
            PathChoice::Cookies => "/cookies",
        });
        if let DomainChoice::Localhost = self.domain {
            cookie.set_domain("localhost");
        }
        cookie
    }
}

#[derive(FromFormField)]
enum PathChoice {
    Everywhere,
    Cookies,
}

#[derive(FromFormField)]
enum DomainChoice {
    ThisHost,
    Localhost,
}

#[derive(Clone, Copy, PartialEq, FromFormField)]
enum SameSiteChoice {
    Strict,
    Lax,
    None,
}

impl From<SameSiteChoice> for SameSite {
    fn from(choice: SameSiteChoice) -> Self {
        match choice {
            SameSiteChoice::Strict => Self::Strict,
            SameSiteChoice::Lax => Self::Lax,
            SameSiteChoice::None => Self::None,
        }
    }
}

fn kept_by_browsers<'v>(choice: &SameSiteChoice, secure: bool) -> form::Result<'v, ()> {
    if *choice == SameSiteChoice::None && !secure {
        return Err(
            Error::validation("Browsers keep a cookie with SameSite=None only if it is Secure too.").into()
        );
    }
    Ok(())
}

#[derive(Template, WebTemplate)]
#[template(path = "cookies/attributes.html")]
struct AttributesPage {
    found: Option<String>,
    value: Field,
    path: Field,
    domain: Field,
    same_site: Field,
    secure: bool,
    http_only: bool,
}

impl AttributesPage {
    /// The page with what the form held, or with nothing chosen yet.
    fn of(jar: &CookieJar<'_>, context: &Context<'_>) -> Self {
        Self {
            found: jar.get(SAMPLE).map(|cookie| cookie.value().to_owned()),
            value: Field::of(context, "value"),
            path: Field::of(context, "place.path"),
            domain: Field::of(context, "place.domain"),
            same_site: Field::of(context, "same_site"),
            secure: context.field_value("secure").is_some(),
            http_only: context.field_value("http_only").is_some(),
        }
    }
}

#[get("/attributes")]
fn page(jar: &CookieJar<'_>) -> AttributesPage {
    AttributesPage::of(jar, &Context::default())
}

#[post("/attributes/set", data = "<form>")]
fn set(
    form: Form<Contextual<'_, Sample<'_>>>,
    jar: &CookieJar<'_>,
) -> Result<Redirect, Refused<AttributesPage>> {
    let Some(sample) = &form.value else {
        return Err(Refused::on(AttributesPage::of(jar, &form.context)));
    };
    let mut cookie = sample.place.cookie();
    cookie.set_value(sample.value.to_owned());
    cookie.set_secure(sample.secure);
    cookie.set_http_only(sample.http_only);
    cookie.set_same_site(SameSite::from(sample.same_site));
    jar.add(cookie);
    Ok(Redirect::to(uri!("/cookies", page)))
}

#[derive(FromForm)]
struct Deletion {
    place: Place,
}

/// Rocket sends a deletion only for a cookie that came with the request.
#[post("/attributes/delete", data = "<form>")]
fn delete(form: Form<Deletion>, jar: &CookieJar<'_>) -> Redirect {
    jar.remove(form.place.cookie());
    Redirect::to(uri!("/cookies", page))
}
