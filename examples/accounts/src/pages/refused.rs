//! A form that was not accepted.

use crate::credentials::Denied;
use rocket::Responder;
use rocket::http::{Header, Status};
use rocket_dyn_templates::Template;
use rocket_session_state::SaveError;
use std::time::Duration;

/// What is answered instead of doing what the form says.
#[derive(Responder)]
pub(crate) enum Refused {
    /// The page with the form again, and what is wrong with it.
    #[response(status = 422)]
    Wrong(Template),
    /// The same, and when to try again.
    #[response(status = 429)]
    TooOften(Template, Header<'static>),
    /// The page for this status.
    Failed(Status),
}

impl From<Status> for Refused {
    fn from(status: Status) -> Self {
        Refused::Failed(status)
    }
}

impl From<SaveError> for Refused {
    fn from(error: SaveError) -> Self {
        Refused::Failed(error.status())
    }
}

impl Refused {
    /// The form's page, made by `page` from a sentence for the visitor.
    pub(crate) fn since(denied: Denied, wrong: &str, page: impl FnOnce(&str) -> Template) -> Self {
        match denied {
            Denied::Wrong => Refused::Wrong(page(wrong)),
            Denied::Locked => Refused::Wrong(page("This account is locked. Ask the administrator.")),
            Denied::TooOften(wait) => Refused::TooOften(page(&too_often(wait)), retry_after(wait)),
            Denied::Failed(status) => Refused::Failed(status),
        }
    }
}

fn too_often(wait: Duration) -> String {
    match wait.as_secs() {
        0..90 => "That was tried too often. Please try again in a minute.".to_owned(),
        seconds => format!("That was tried too often. Please try again in {} minutes.", seconds.div_ceil(60)),
    }
}

fn retry_after(wait: Duration) -> Header<'static> {
    Header::new("Retry-After", wait.as_secs().to_string())
}
