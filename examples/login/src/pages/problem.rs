//! The pages for what went wrong.

use askama::Template;
use askama_web::WebTemplate;
use rocket::http::Status;
use rocket::{Either, Request, catch};

#[derive(Template, WebTemplate)]
#[template(path = "please_log_in.html")]
pub(crate) struct PleaseLogIn {}

/// Answers an anonymous request that a guard refused and that did not ask for a page: a program's, or a form sent after the session
/// has ended. Visitors who ask for a page are sent to log in and never get here.
#[catch(401)]
pub(crate) fn please_log_in(request: &Request<'_>) -> (Status, Either<PleaseLogIn, &'static str>) {
    let browser = request.accept().is_some_and(|accept| accept.preferred().is_html());
    let answer = if browser { Either::Left(PleaseLogIn {}) } else { Either::Right("Log in first.\n") };
    (Status::Unauthorized, answer)
}

#[derive(Template, WebTemplate)]
#[template(path = "problem.html")]
pub(crate) struct Problem {
    title: &'static str,
    advice: &'static str,
}

/// Everything else, among it the 503 of a session store that does not answer.
#[catch(default)]
pub(crate) fn other(status: Status, _request: &Request<'_>) -> (Status, Problem) {
    let (title, advice) = match status.code {
        404 => ("This page does not exist", "Perhaps the address has a typing error."),
        503 => ("Your session can't be reached right now", "Nothing is lost. Please try again in a moment."),
        400..500 => ("This request can't be answered", "Please go back and try again."),
        _ => ("Something went wrong here", "It is not your fault. Please try again later."),
    };
    (status, Problem { title, advice })
}
