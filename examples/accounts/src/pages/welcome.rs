//! The page that greets everybody.

use super::{known, render};
use crate::session::{Member, Visit};
use rocket::http::Status;
use rocket::{Route, get, routes};
use rocket_dyn_templates::{Template, context};
use rocket_session_state::SessionError;

pub(crate) fn routes() -> Vec<Route> {
    routes![page]
}

#[get("/")]
pub(crate) fn page(visit: Visit, member: Result<Member, SessionError>) -> Result<Template, Status> {
    let user = known(member)?.map(|member| member.user);
    Ok(render("welcome", &visit, context! { user }))
}
