//! A login page of another origin: whether it is one that the configuration names, and what it has to know of this site.

use rocket::{Ignite, Request, Rocket};
use rocket_session_state_core::config::{Host, Origin};
use rocket_session_state_core::session::is_trusted;

use crate::context::SessionContext;

/// Returns `true` if the launch has to be refused because the guard sends visitors to an origin that nobody trusts. The log
/// says what to write.
pub(crate) fn is_untrusted(rocket: &Rocket<Ignite>, guard: &str, url: &str) -> bool {
    let Some(context) = rocket.state::<SessionContext>() else { return true };
    let config = context.manager.config();
    let origin = match Origin::of_url(url) {
        Ok((origin, _)) => origin,
        Err(reason) => {
            log::error!("{guard} sends visitors to {url:?} to log in, and that {reason}");
            return true;
        }
    };
    if is_trusted(config, origin) {
        return false;
    }
    let mut all = config.session_trusted_origins.clone();
    all.push(origin.to_string());
    log::error!(
        "{guard} sends visitors to {origin} to log in, and `session_trusted_origins` does not list that: write \
         session_trusted_origins = {all:?}"
    );
    true
}

/// The host that the request asks for.
pub(super) fn host<'r>(request: &'r Request<'_>) -> Option<Host<'r>> {
    request.host().map(|host| Host { name: host.domain().as_str(), port: host.port() })
}

/// The origin of this site, as the request names it: `https://shop.example`. `None` where the request names no host, or one
/// that can't be.
pub(super) fn here(request: &Request<'_>) -> Option<String> {
    let context = request.rocket().state::<SessionContext>()?;
    let is_secure = context.manager.config().cookie_secure() || request.rocket().config().tls_enabled();
    let scheme = if is_secure { "https" } else { "http" };
    let origin = format!("{scheme}://{}", host(request)?);
    Origin::parse(&origin).ok().map(|origin| origin.to_string())
}
