//! An answer that caches may keep for everybody must not hand one visitor's cookie to the next.

use std::sync::atomic::{AtomicBool, Ordering};

use rocket::{Request, Response};

use crate::headers::{Sharing, forbid_sharing, sharing};

/// Keeps session cookies out of shared caches, and warns about the first page of an application that would put one there.
#[derive(Default)]
pub(crate) struct SharedCaches(AtomicBool);

impl SharedCaches {
    /// Looks at the answer's own `Cache-Control` before a session cookie is added. Returns `false` if the cookie is left
    /// out: it would only extend the life of one that the browser has, and the application wants the answer in caches.
    pub(crate) fn keep_out(
        &self,
        request: &Request<'_>,
        response: &mut Response<'_>,
        only_extends: bool,
    ) -> bool {
        match sharing(response) {
            Sharing::Forbidden => return true,
            Sharing::Wanted if only_extends => return false,
            Sharing::Wanted if !self.0.swap(true, Ordering::Relaxed) => log::warn!(
                "{} {}: caches may keep this answer for everybody, by its `Cache-Control`, and it changes the session \
                 cookie: it is made `private`. Don't change the session there, or write `private` yourself",
                request.method(),
                request.uri().path()
            ),
            Sharing::Wanted | Sharing::NotForbidden => {}
        }
        forbid_sharing(response);
        true
    }
}
