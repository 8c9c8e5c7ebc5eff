//! The account of the user who is logged in.

use super::{refused::Refused, render, welcome};
use crate::credentials::Credentials;
use crate::form::{Fields, NewPassword};
use crate::passwords::Passwords;
use crate::session::{Member, Visit};
use crate::users::Users;
use log::error;
use rocket::form::{Contextual, Form};
use rocket::response::Redirect;
use rocket::{FromForm, Route, State, get, post, routes, uri};
use rocket_dyn_templates::{Template, context};
use rocket_session_state::{ClearSiteData, UserSessions};

pub(crate) fn routes() -> Vec<Route> {
    routes![page, change_password, delete]
}

#[get("/")]
pub(crate) fn page(member: Member, visit: Visit) -> Template {
    render("account", &visit, context! { user: member.user })
}

fn page_again(member: &Member, visit: &Visit, problem: &str, fields: &Fields) -> Template {
    render("account", visit, context! { user: &member.user, problem, fields })
}

#[derive(FromForm)]
struct Change<'r> {
    password: &'r str,
    new_password: NewPassword<'r>,
}

/// Ends the user's logins on other devices: their stamp is that of the old password, so they would end with their next request,
/// and here they end at once. This device logs in again.
#[post("/password", data = "<form>")]
async fn change_password(
    form: Form<Contextual<'_, Change<'_>>>,
    credentials: Credentials<'_>,
    passwords: &State<Passwords>,
    users: &State<Users>,
    member: Member,
    mine: UserSessions<Visit>,
    visit: Visit,
) -> Result<Redirect, Refused> {
    let Contextual { value, context } = form.into_inner();
    let fields = Fields::of(&context, &["password", "new_password"]);
    let again = |problem: &str| page_again(&member, &visit, problem, &fields);
    let Some(change) = value else {
        return Err(Refused::Wrong(again("Please have a look at the fields below.")));
    };
    let checked = credentials.check(&member.user.name, change.password, visit.session().now()).await;
    let user = checked.map_err(|denied| Refused::since(denied, "That is not your password.", again))?;
    let hash = passwords.hash(change.new_password.0).await?;
    let changed = users.set_password(&user, &hash).await?;
    let user =
        changed.ok_or_else(|| Refused::Wrong(again("Somebody has changed your password meanwhile.")))?;
    visit.log_in(&user);
    // The password is changed in any case, and the stamp ends the others with their next request.
    if let Err(error) = mine.end_others().await {
        error!("The other devices of a user are not logged out yet: {error}");
    }
    visit.flash("Your password is changed, and your other devices are logged out.", "success");
    Ok(Redirect::to(uri!("/account", page)))
}

#[derive(FromForm)]
struct Farewell<'r> {
    last_password: &'r str,
}

#[post("/delete", data = "<form>")]
async fn delete(
    form: Form<Contextual<'_, Farewell<'_>>>,
    credentials: Credentials<'_>,
    users: &State<Users>,
    member: Member,
    mine: UserSessions<Visit>,
    visit: Visit,
) -> Result<ClearSiteData<Redirect>, Refused> {
    let Contextual { value, context } = form.into_inner();
    let fields = Fields::of(&context, &["last_password"]);
    let again = |problem: &str| page_again(&member, &visit, problem, &fields);
    let Some(farewell) = value else {
        return Err(Refused::Wrong(again("Please give your password, too.")));
    };
    let checked = credentials.check(&member.user.name, farewell.last_password, visit.session().now()).await;
    let user = checked.map_err(|denied| Refused::since(denied, "That is not your password.", again))?;
    if !users.delete(user.id).await? {
        return Err(Refused::Wrong(again("The administrator's account stays, to look after the others.")));
    }
    mine.end_others().await?;
    visit.log_out();
    visit.flash("Your account is deleted.", "success");
    Ok(ClearSiteData(Redirect::to(uri!(welcome::page))))
}
