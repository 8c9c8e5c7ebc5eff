//! One module per page.

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod devices;
pub(crate) mod login;
pub(crate) mod problem;
pub(crate) mod refused;
pub(crate) mod register;
pub(crate) mod style;
pub(crate) mod welcome;

use crate::session::{Member, Visit};
use rocket::http::Status;
use rocket_dyn_templates::{Template, context};
use rocket_session_state::SessionError;
use serde::Serialize;

/// The member who asks for a page that is for everybody, if it is one. Fails while nobody knows, as when the database does not
/// work: an `Option<Member>` would take that for a visitor who is not logged in.
fn known(member: Result<Member, SessionError>) -> Result<Option<Member>, Status> {
    match member {
        Ok(member) => Ok(Some(member)),
        Err(SessionError::LoggedOut) => Ok(None),
        Err(error) => Err(error.status()),
    }
}

/// Renders a page: with its own values under `page`, and what the layout of every page shows.
fn render(template: &'static str, visit: &Visit, page: impl Serialize) -> Template {
    Template::render(template, context! { visit: visit.snapshot(), messages: visit.take_flashes(), page })
}
