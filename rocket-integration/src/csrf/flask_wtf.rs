//! The token of a session, made and checked.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rocket::http::RawStr;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::content::RawHtml;
use rocket::{Ignite, Rocket, Sentinel, async_trait};
use rocket_session_state_core::config::SessionConfig;
use rocket_session_state_core::signing::CsrfSigner;

use super::CsrfError;
use crate::context::SessionContext;
use crate::error::SessionError;
use crate::session::Session;

/// Makes and checks the token of this session, as Flask-WTF's `generate_csrf` and `validate_csrf` do.
///
/// It is a request guard that checks nothing by itself: [`FlaskWtfForm`](super::FlaskWtfForm) and
/// [`FlaskWtfHeader`](super::FlaskWtfHeader) do.
///
/// ```
/// # use rocket::get;
/// # use rocket::response::content::RawHtml;
/// use rocket_session_state::csrf::FlaskWtf;
///
/// #[get("/app")]
/// fn app(csrf: FlaskWtf) -> RawHtml<String> {
///     // For scripts, which send it back in the header `X-CSRFToken`.
///     RawHtml(format!(r#"<meta name="csrf-token" content="{}">"#, csrf.token()))
/// }
/// ```
#[derive(Clone)]
pub struct FlaskWtf {
    session: Session,
    tokens: Arc<Tokens>,
    now: SystemTime,
}

impl FlaskWtf {
    /// Returns a token for a form of this session. The first one stores a secret in the session; further ones are made
    /// of the same secret, so that each form that is open in a browser stays good.
    ///
    /// It is letters, digits, `-`, `_` and dots, so that it needs no escaping in HTML or JavaScript.
    pub fn token(&self) -> String {
        let secret = self.secret().or_else(|| self.new_secret());
        secret.map_or_else(String::new, |secret| self.tokens.signer.sign(&secret, self.now))
    }

    /// Returns the hidden field for a form: `<input type="hidden" name="csrf_token" value="…">`.
    ///
    /// ```
    /// # use rocket::get;
    /// # use rocket::response::content::RawHtml;
    /// use rocket_session_state::csrf::FlaskWtf;
    ///
    /// #[get("/order")]
    /// fn order_form(csrf: FlaskWtf) -> RawHtml<String> {
    ///     RawHtml(format!("<form method=post>{} <input name=item></form>", csrf.field().0))
    /// }
    /// ```
    pub fn field(&self) -> RawHtml<String> {
        let name = RawStr::new(&self.tokens.field_name).html_escape();
        RawHtml(format!(r#"<input type="hidden" name="{name}" value="{}">"#, self.token()))
    }

    /// Returns the name that the field of a form has: `wtf_csrf_field_name`.
    pub fn field_name(&self) -> &str {
        &self.tokens.field_name
    }

    /// Checks a token that the request has brought.
    ///
    /// ```
    /// # use rocket::post;
    /// use rocket_session_state::csrf::{CsrfError, FlaskWtf};
    ///
    /// #[post("/socket?<token>")]
    /// fn socket(token: &str, csrf: FlaskWtf) -> Result<&'static str, CsrfError> {
    ///     csrf.verify(token)?;
    ///     Ok("connected")
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The token is empty, expired, changed, signed with another key, or made for another session; or this session has
    /// none.
    pub fn verify(&self, token: &str) -> Result<(), CsrfError> {
        if token.is_empty() {
            return Err(CsrfError::Missing);
        }
        let secret = self.secret().ok_or(CsrfError::NotInSession)?;
        let Tokens { signer, time_limit, .. } = &*self.tokens;
        Ok(signer.verify(token, &secret, self.now, *time_limit)?)
    }

    /// Checks the token of a form, or if that has none, the one of a header.
    pub(super) fn verify_form_or_header(
        &self,
        in_form: Option<&str>,
        request: &Request<'_>,
    ) -> Result<(), CsrfError> {
        let in_header = || {
            let mut values = self.tokens.headers.iter().filter_map(|name| request.headers().get_one(name));
            values.find(|value| !value.is_empty())
        };
        self.verify(in_form.or_else(in_header).unwrap_or_default())
    }

    /// Takes the guard out of a request.
    pub(super) async fn of(request: &Request<'_>) -> Result<Self, SessionError> {
        let session = Session::of(request).await?;
        let context = request.rocket().state::<SessionContext>();
        let tokens = context.and_then(|context| Some((context.now(request), context.csrf_tokens.clone()?)));
        match tokens {
            Some((now, tokens)) => Ok(FlaskWtf { session, tokens, now }),
            None => {
                // The sentinel has refused to launch unless the guard was hidden from it.
                log::error!("{NO_KEY}");
                Err(SessionError::Other(rocket::http::Status::InternalServerError))
            }
        }
    }

    /// Gives the session a secret. Where none can be generated, the form has no token and is refused.
    fn new_secret(&self) -> Option<String> {
        let secret = CsrfSigner::new_secret();
        let secret =
            secret.inspect_err(|error| log::error!("no CSRF token could be generated: {error}")).ok()?;
        self.session.set(&self.tokens.field_name, &secret);
        Some(secret)
    }

    /// The session's secret. What Flask-WTF would not compare counts as none.
    fn secret(&self) -> Option<String> {
        let secret = self.session.get::<String>(&self.tokens.field_name).ok().flatten();
        secret.filter(|secret| !secret.is_empty() && secret.is_ascii())
    }
}

/// Shows neither the session nor its secret.
impl fmt::Debug for FlaskWtf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlaskWtf").field("field_name", &self.tokens.field_name).finish_non_exhaustive()
    }
}

#[async_trait]
impl<'r> FromRequest<'r> for FlaskWtf {
    type Error = SessionError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, SessionError> {
        match FlaskWtf::of(request).await {
            Ok(guard) => Outcome::Success(guard),
            Err(error) => Outcome::Error((error.status(), error)),
        }
    }
}

impl Sentinel for FlaskWtf {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        let Some(context) = rocket.state::<SessionContext>() else { return Session::abort(rocket) };
        let missing = context.csrf_tokens.is_none();
        if missing {
            log::error!("{NO_KEY}");
        }
        missing
    }
}

const NO_KEY: &str = "a route uses csrf::FlaskWtf, and there is no key to sign its tokens with: set \
     wtf_csrf_secret_key, or secret_key, to that of the Flask application";

/// The settings of an application's tokens.
pub(crate) struct Tokens {
    signer: CsrfSigner,
    field_name: String,
    time_limit: Option<Duration>,
    headers: Vec<String>,
}

impl Tokens {
    /// `None` if there is no key to sign with.
    pub(crate) fn new(config: &SessionConfig) -> Option<Self> {
        Some(Tokens {
            signer: CsrfSigner::new(config.csrf_key()?),
            field_name: config.wtf_csrf_field_name.clone(),
            time_limit: config.wtf_csrf_time_limit,
            headers: config.wtf_csrf_headers.clone(),
        })
    }
}
