//! Replacing an answer by that of the application's catcher, after the catchers have run.

use std::panic::AssertUnwindSafe;

use rocket::futures::FutureExt as _;
use rocket::http::Status;
use rocket::{Catcher, Request, Response};

use crate::pattern::is_below;

/// Headers that describe the answer that is replaced.
const OF_THE_OLD_ANSWER: [&str; 13] = [
    "WWW-Authenticate",
    "Location",
    "Content-Type",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Range",
    "Accept-Ranges",
    "ETag",
    "Last-Modified",
    "Expires",
    "Cache-Control",
];

/// Makes `response` what the application's own catcher answers for `status`, or Rocket's.
///
/// In place: a new `Response` would lose the headers of the server and of other fairings.
pub(crate) async fn replace<'r>(request: &'r Request<'_>, response: &mut Response<'r>, status: Status) {
    clear(response);
    response.remove_header("Set-Cookie");
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

/// Takes away what describes the answer that is replaced.
pub(crate) fn clear(response: &mut Response<'_>) {
    for header in OF_THE_OLD_ANSWER {
        response.remove_header(header);
    }
}

/// The catcher that Rocket would choose: the longest base, and at equal length the one that names
/// the status.
fn catcher<'r>(request: &'r Request<'_>, status: Status) -> Option<&'r Catcher> {
    let path = request.uri().path();
    request
        .rocket()
        .catchers()
        .filter(|catcher| catcher.code.is_none_or(|code| code == status.code))
        .filter(|catcher| is_below(path.as_str(), catcher.base.path().as_str()))
        .max_by_key(|catcher| (segments(catcher.base.path().as_str()), catcher.code.is_some()))
}

fn segments(base: &str) -> usize {
    base.split('/').filter(|segment| !segment.is_empty()).count()
}
