//! Replacing an answer by that of the application's catcher, after the catchers have run.

use std::panic::AssertUnwindSafe;

use rocket::futures::FutureExt as _;
use rocket::http::Status;
use rocket::{Catcher, Request, Response};

use crate::{headers, path};

/// Makes `response` what the application's own catcher answers for `status`, or Rocket's.
///
/// The status and the body are changed in place, and so are the headers: a new `Response` would lose those of the server
/// and of other fairings.
pub(crate) async fn replace<'r>(request: &'r Request<'_>, response: &mut Response<'r>, status: Status) {
    headers::clear(response);
    let built_in = Catcher::default();
    let catcher = catcher(request, status).unwrap_or(&built_in);
    // Rocket catches the panic of a catcher, but not that of a fairing: the connection would be closed.
    let caught = AssertUnwindSafe(catcher.handler.handle(status, request)).catch_unwind().await;
    let answer = match caught {
        Ok(Ok(answer)) => Some(answer),
        _ => built_in.handler.handle(status, request).await.ok(),
    };
    response.set_status(status);
    match answer {
        Some(mut answer) => {
            *response.body_mut() = std::mem::take(answer.body_mut());
            for header in answer.headers().iter() {
                response.remove_header(header.name.as_str());
            }
            for header in answer.headers().iter() {
                let (name, value) = (header.name.as_str().to_owned(), header.value.into_owned());
                response.adjoin_raw_header(name, value);
            }
        }
        None => *response.body_mut() = rocket::response::Body::default(),
    }
}

/// The catcher that Rocket would choose: the longest base, and at equal length the one that names
/// the status.
fn catcher<'r>(request: &'r Request<'_>, status: Status) -> Option<&'r Catcher> {
    let requested = request.uri().path();
    request
        .rocket()
        .catchers()
        .filter(|catcher| catcher.code.is_none_or(|code| code == status.code))
        .filter(|catcher| path::is_below(requested.as_str(), catcher.base.path().as_str()))
        .max_by_key(|catcher| (path::depth(catcher.base.path().as_str()), catcher.code.is_some()))
}
