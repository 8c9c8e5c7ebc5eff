//! The page for members.

use super::refused::Refused;
use crate::field::Field;
use crate::name::Name;
use crate::visit::{Member, Visit};
use askama::Template;
use askama_web::WebTemplate;
use rocket::form::{Contextual, Form};
use rocket::response::Redirect;
use rocket::{FromForm, Route, get, post, routes, uri};
use rocket_session_state::Flash;

pub(crate) fn routes() -> Vec<Route> {
    routes![page, save]
}

#[derive(Template, WebTemplate)]
#[template(path = "account.html")]
struct AccountPage {
    messages: Vec<Flash>,
    called: String,
    nickname: Field,
}

impl AccountPage {
    fn of(member: Member, visit: &Visit) -> Self {
        let nickname = visit.nickname();
        Self {
            messages: visit.take_flashes(),
            called: nickname.clone().unwrap_or(member.username),
            nickname: Field { value: nickname.unwrap_or_default(), error: None },
        }
    }
}

/// Only a member gets here: a `Member` has a name, and there is none without a login.
#[get("/account")]
fn page(member: Member, visit: Visit) -> AccountPage {
    AccountPage::of(member, &visit)
}

#[derive(FromForm)]
struct Profile {
    nickname: Name,
}

/// Guarded by its argument, as the page is, and before the form is read. An anonymous POST is answered 401 and not sent to
/// log in: a redirect would lose what it carries.
#[post("/account", data = "<form>")]
fn save(
    form: Form<Contextual<'_, Profile>>,
    member: Member,
    visit: Visit,
) -> Result<Redirect, Refused<AccountPage>> {
    let Some(profile) = &form.value else {
        let nickname = Field::of(&form.context, "nickname");
        return Err(Refused::on(AccountPage { nickname, ..AccountPage::of(member, &visit) }));
    };
    visit.set_nickname(profile.nickname.as_str());
    visit.flash("Your nickname is saved.", "success");
    Ok(Redirect::to(uri!(page)))
}
