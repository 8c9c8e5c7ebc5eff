//! What an OpenAPI document says of a guard. The types of such documents are those of the application's own dependency, and
//! named by generated code.

use std::any::type_name;

use super::traits::{SessionGuard, SessionState};

/// The name of the session cookie in documents, which are made before the configuration is read.
pub const COOKIE: &str = "session";

/// What the scheme of a guard is, in words.
pub const SCHEME: &str = "The session cookie of a visitor who has logged in";

/// Returns the name of the security scheme: that of the guard's state.
pub fn scheme<G: SessionGuard>() -> &'static str {
    let path = type_name::<G::State>();
    path.rsplit("::").next().unwrap_or(path)
}

/// Returns the status codes of a guard that says no, with what they mean. `forbids` says that it may refuse somebody who is
/// logged in.
pub fn refusals<G: SessionGuard>(forbids: bool) -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = [
        (G::State::LOGIN.is_some(), ("401", "Nobody is logged in, or the login does not count")),
        (forbids, ("403", "The visitor may not enter")),
    ];
    all.into_iter().filter(|(given, _)| *given).map(|(_, refusal)| refusal)
}
