//! The token in a header.

use rocket::request::{FromRequest, Outcome, Request};
use rocket::{Ignite, Rocket, Sentinel, async_trait};

use super::{CsrfError, FlaskWtf};

/// Proof that a header has brought the token of this session: `X-CSRFToken` or `X-CSRF-Token`, unless
/// `wtf_csrf_headers` says otherwise.
///
/// ```
/// use rocket::post;
/// use rocket_session_state::csrf::FlaskWtfHeader;
///
/// // fetch("/like", { method: "POST", headers: { "X-CSRFToken": token } })
/// #[post("/like")]
/// fn like(_csrf: FlaskWtfHeader) -> &'static str {
///     "liked"
/// }
/// ```
///
/// Without the right token the request fails with a 400; a handler that takes `Result<FlaskWtfHeader, CsrfError>` is
/// told why.
#[derive(Debug, Clone)]
pub struct FlaskWtfHeader(());

#[async_trait]
impl<'r> FromRequest<'r> for FlaskWtfHeader {
    type Error = CsrfError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, CsrfError> {
        let verified = match FlaskWtf::of(request).await {
            Ok(csrf) => csrf.verify_form_or_header(None, request),
            Err(error) => Err(CsrfError::Session(error)),
        };
        match verified {
            Ok(()) => Outcome::Success(FlaskWtfHeader(())),
            Err(error) => {
                error.log(request);
                Outcome::Error((error.status(), error))
            }
        }
    }
}

impl Sentinel for FlaskWtfHeader {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        FlaskWtf::abort(rocket)
    }
}
