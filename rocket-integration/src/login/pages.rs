//! The pages to which the guards of an application send visitors to log in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError, RwLock};

use crate::path;

/// The login pages of one application and the redirects between them, in Rocket's managed state.
#[derive(Default)]
pub(crate) struct LoginPages {
    known: RwLock<BTreeSet<String>>,
    /// The redirects from login pages that are guarded themselves to others.
    redirects: Mutex<BTreeMap<String, String>>,
}

/// There are a few pages. A target made of its `next` could make any number.
const MOST: usize = 256;

impl LoginPages {
    /// Notes that there is a login page at this path.
    pub(crate) fn note(&self, path: &str) {
        if self.is_known(path) {
            return;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST {
            known.insert(path::canonical(path));
        }
    }

    /// Returns `true` if there is a login page at this path, however it is spelt.
    pub(crate) fn is_known(&self, path: &str) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).contains(&path::canonical(path))
    }

    /// Returns `true` if a visitor of the page `from` can be sent to the login page `to` without ever coming
    /// back to `from` from there. Notes the redirect then.
    pub(crate) fn allow_redirect(&self, from: &str, to: &str) -> bool {
        let from_login_page = self.is_known(from);
        self.note(to);
        let (from, to) = (path::canonical(from), path::canonical(to));
        if from == to || !from_login_page {
            return from != to;
        }
        let mut redirects = self.redirects.lock().unwrap_or_else(PoisonError::into_inner);
        let mut at = &to;
        // A path through all of them that does not meet itself is no longer than there are.
        for _ in 0..=redirects.len() {
            match redirects.get(at) {
                Some(further) if *further == from => return false,
                Some(further) => at = further,
                None => break,
            }
        }
        let room = redirects.len() < MOST || redirects.contains_key(&from);
        if room {
            redirects.insert(from, to);
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guarded_login_pages_never_send_a_visitor_in_a_circle() {
        let pages = LoginPages::default();
        assert!(!pages.allow_redirect("/own/login", "/own/login/"), "to itself");
        assert!(pages.allow_redirect("/own/page", "/circle/a"));
        assert!(pages.allow_redirect("/circle/a", "/circle/b"));
        assert!(pages.allow_redirect("/circle/b", "/circle/c"));
        for back in ["/circle/a", "/circle/%61", "//circle/b"] {
            assert!(!pages.allow_redirect("/circle/c", back), "{back}");
        }
        assert!(pages.allow_redirect("/circle/c", "/way/out"));
        assert!(pages.allow_redirect("/own/page", "/circle/c"), "who comes from elsewhere may log in");
    }

    #[test]
    fn a_page_is_known_however_it_is_spelt_and_to_one_application_alone() {
        let (one, other) = (LoginPages::default(), LoginPages::default());
        one.note("/login");
        for spelling in ["/login", "/login/", "//login", "/%6cogin"] {
            assert!(one.is_known(spelling), "{spelling}");
            assert!(!other.is_known(spelling), "{spelling}");
        }
    }
}
