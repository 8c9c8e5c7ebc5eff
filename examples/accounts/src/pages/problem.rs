//! The pages for what went wrong. They take no session: it may be what does not work.

use rocket::http::Status;
use rocket::{Either, Request, catch};
use rocket_dyn_templates::{Template, context};

/// For a request that needs a login and can't be sent to log in and back: a program's, or a form that was sent after the
/// login has ended.
#[catch(401)]
pub(crate) fn please_log_in(request: &Request<'_>) -> Either<Template, &'static str> {
    match request.accept().is_some_and(|accept| accept.preferred().is_html()) {
        true => Either::Left(problem("Please log in", "You are logged out by now, and nothing was changed.")),
        false => Either::Right("Log in first.\n"),
    }
}

/// For everything else, among it the 503 while sessions or users can't be read.
#[catch(default)]
pub(crate) fn other(status: Status, _request: &Request<'_>) -> Template {
    match status.code {
        403 => problem("This page is not for you", "Only the administrator may enter."),
        404 => problem("This page does not exist", "Perhaps the address has a typing error."),
        409 => problem("Something else happened meanwhile", "Please go back, look again, and try once more."),
        503 => problem(
            "Your account can't be reached now",
            "You are still logged in. Please try again in a moment.",
        ),
        400..500 => problem("This can't be answered", "Please go back and try again."),
        _ => problem("Something went wrong here", "It is not your fault. Please try again later."),
    }
}

fn problem(title: &str, advice: &str) -> Template {
    Template::render("problem", context! { page: context! { title, advice } })
}
