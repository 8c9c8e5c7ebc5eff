//! The pages to which guards of this process send visitors to log in.
//!
//! They are known to the whole process, not to one application, because a form field is read without
//! the request that it came with. What is lost where two applications share a process is a `next`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError, RwLock};

use rocket::http::RawStr;

static KNOWN: RwLock<BTreeSet<String>> = RwLock::new(BTreeSet::new());

/// There are a few. A target made of its `next` could make any number.
const MOST: usize = 256;

/// Notes that there is a login page at this path.
pub(crate) fn note(path: &str) {
    if is_known(path) {
        return;
    }
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() < MOST {
        known.insert(page(path));
    }
}

/// Whether there is a login page at this path, however it is spelt.
pub(crate) fn is_known(path: &str) -> bool {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).contains(&page(path))
}

/// Which login page sent visitors on to which other one, because it is guarded itself.
#[derive(Default)]
pub(crate) struct Detours(Mutex<BTreeMap<String, String>>);

impl Detours {
    /// Whether a visitor of the page `from` can be sent to the login page `to` without ever coming
    /// back to `from` from there.
    pub(crate) fn allow(&self, from: &str, to: &str) -> bool {
        let from_login_page = is_known(from);
        note(to);
        let (from, to) = (page(from), page(to));
        if from == to {
            return false;
        }
        if !from_login_page {
            return true;
        }
        let mut detours = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut at = &to;
        // A path through all of them that does not meet itself is no longer than there are.
        for _ in 0..=detours.len() {
            match detours.get(at) {
                Some(further) if *further == from => return false,
                Some(further) => at = further,
                None => break,
            }
        }
        let room = detours.len() < MOST || detours.contains_key(&from);
        if room {
            detours.insert(from, to);
        }
        room
    }
}

/// One spelling of a path: Rocket's routes see no empty segments and decode the others.
fn page(path: &str) -> String {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    segments.map(|segment| RawStr::new(segment).percent_decode_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guarded_login_pages_never_send_a_visitor_in_a_circle() {
        let detours = Detours::default();
        assert!(!detours.allow("/own/login", "/own/login/"), "to itself");
        assert!(detours.allow("/own/page", "/circle/a"));
        assert!(detours.allow("/circle/a", "/circle/b"));
        assert!(detours.allow("/circle/b", "/circle/c"));
        for back in ["/circle/a", "/circle/%61", "//circle/b"] {
            assert!(!detours.allow("/circle/c", back), "{back}");
        }
        assert!(detours.allow("/circle/c", "/way/out"));
        assert!(detours.allow("/own/page", "/circle/c"), "who comes from elsewhere may log in");
    }
}
