//! A form that was not accepted.

use rocket::Responder;

/// The page that the form is on, again, with what was typed and what is wrong with it: 422.
#[derive(Responder)]
#[response(status = 422)]
pub(crate) struct Refused<Page>(Box<Page>);

impl<Page> Refused<Page> {
    pub(crate) fn on(page: Page) -> Self {
        Self(Box::new(page))
    }
}
