//! The cookies of one visitor, as a browser keeps them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Cookie;
use rocket::{Request, Response, async_trait};

use super::clock::TestClock;

/// A cookie jar that goes by the clock of the test. Domain and `Secure` are not looked at: a test has one host, and its
/// requests count as encrypted.
pub(super) struct Jar {
    clock: TestClock,
    cookies: Mutex<Vec<Kept>>,
}

struct Kept {
    cookie: Cookie<'static>,
    path: String,
    /// `None` until the browser is closed.
    ends: Option<SystemTime>,
}

impl Jar {
    pub(super) fn new(clock: TestClock) -> Self {
        Jar { clock, cookies: Mutex::default() }
    }

    /// Keeps the cookie of an answer to a request for `asked`, a path. One that has ended is forgotten.
    pub(super) fn take(&self, cookie: &Cookie<'_>, asked: &str) {
        let now = self.clock.now();
        let own = cookie.path().filter(|path| path.starts_with('/'));
        let path = own.unwrap_or_else(|| folder_of(asked)).to_owned();
        // Max-Age goes before Expires (RFC 6265, section 5.3).
        let ends = match (cookie.max_age(), cookie.expires_datetime()) {
            (Some(age), _) => Some(now.checked_add(age.try_into().unwrap_or_default()).unwrap_or(now)),
            (None, expires) => expires.map(|time| {
                UNIX_EPOCH + Duration::from_secs(u64::try_from(time.unix_timestamp()).unwrap_or_default())
            }),
        };
        let mut cookies = self.lock();
        cookies.retain(|kept| kept.cookie.name() != cookie.name() || kept.path != path);
        cookies.push(Kept { cookie: cookie.clone().into_owned(), path, ends });
        cookies.retain(|kept| kept.lives_at(now));
    }

    /// Returns the cookies that a browser sends to this path. Of two with one name, the one that is meant for it alone comes
    /// last.
    pub(super) fn sent_to(&self, path: &str) -> Vec<Cookie<'static>> {
        let now = self.clock.now();
        let cookies = self.lock();
        let mut sent: Vec<_> =
            cookies.iter().filter(|kept| kept.lives_at(now) && covers(&kept.path, path)).collect();
        sent.sort_by_key(|kept| kept.path.len());
        sent.into_iter().map(|kept| plain(&kept.cookie)).collect()
    }

    /// Returns the cookie of this name with the attributes that it came with, whatever its path.
    pub(super) fn get(&self, name: &str) -> Option<Cookie<'static>> {
        let now = self.clock.now();
        let cookies = self.lock();
        cookies
            .iter()
            .find(|kept| kept.cookie.name() == name && kept.lives_at(now))
            .map(|kept| kept.cookie.clone())
    }

    /// Forgets the cookies without an end.
    pub(super) fn close_browser(&self) {
        self.lock().retain(|kept| kept.ends.is_some());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn lives_at(&self, now: SystemTime) -> bool {
        self.ends.is_none_or(|end| end > now)
    }
}

/// A request holds names and values only.
fn plain(cookie: &Cookie<'_>) -> Cookie<'static> {
    Cookie::new(cookie.name().to_owned(), cookie.value().to_owned())
}

/// The path of a cookie that has none of its own (RFC 6265, section 5.1.4).
fn folder_of(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((folder, _)) if !folder.is_empty() => folder,
        _ => "/",
    }
}

/// Tells whether a cookie for `folder` is sent to `path` (RFC 6265, section 5.1.4).
fn covers(folder: &str, path: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || folder.ends_with('/') || rest.starts_with('/'))
}

/// The jar of the client that has made a request, in the request's cache.
struct SentBy(Option<Arc<Jar>>);

/// Lets the cookies of the answer go into the jar.
pub(super) fn await_cookies(request: &Request<'_>, jar: &Arc<Jar>) {
    request.local_cache(|| SentBy(Some(Arc::clone(jar))));
}

/// Takes the cookies of answers. Attached for a test only, behind the fairing that sends the session's cookie.
pub(crate) struct KeepCookies;

#[async_trait]
impl Fairing for KeepCookies {
    fn info(&self) -> Info {
        Info { name: "Sessions: cookies of the test", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let SentBy(Some(jar)) = request.local_cache(|| SentBy(None)) else { return };
        for cookie in response.cookies() {
            jar.take(&cookie, request.uri().path().as_str());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is sent to a path after these answers to a request for `/shop/cart`.
    fn sent(answers: &[&str], path: &str, later: u64) -> String {
        let clock = TestClock::new();
        let jar = Jar::new(clock.clone());
        for line in answers {
            jar.take(&Cookie::parse_encoded(*line).unwrap(), "/shop/cart");
        }
        clock.advance(Duration::from_secs(later)).unwrap();
        jar.sent_to(path).iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_cookie_is_sent_below_its_path_and_nowhere_else() {
        for (path, expected) in [("/shop", "a=1"), ("/shop/cart", "a=1"), ("/shopping", ""), ("/", "")] {
            assert_eq!(sent(&["a=1; Path=/shop"], path, 0), expected, "{path}");
            assert_eq!(
                sent(&["a=1"], path, 0),
                expected,
                "{path}, by the folder of the page that has set it"
            );
        }
        assert_eq!(sent(&["a=1; Path=/"], "/anything", 0), "a=1");
    }

    #[test]
    fn of_two_cookies_with_one_name_the_one_for_this_path_counts() {
        let answers = ["a=shop; Path=/shop", "a=all; Path=/"];
        assert_eq!(sent(&answers, "/shop/cart", 0), "a=all; a=shop");
        assert_eq!(sent(&answers, "/", 0), "a=all");
    }

    #[test]
    fn a_cookie_ends_by_the_clock_of_the_test() {
        assert_eq!(sent(&["a=1; Path=/; Max-Age=20"], "/", 19), "a=1");
        assert_eq!(sent(&["a=1; Path=/; Max-Age=20"], "/", 20), "");
        let year_2000 = "Expires=Sat, 01 Jan 2000 00:00:00 GMT";
        assert_eq!(sent(&[&format!("a=1; Path=/; {year_2000}")], "/", 0), "");
        assert_eq!(sent(&[&format!("a=1; Path=/; {year_2000}; Max-Age=20")], "/", 0), "a=1");
    }

    #[test]
    fn each_way_of_deleting_deletes_the_cookie_of_that_path() {
        for deletion in ["a=; Path=/; Max-Age=0", "a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"] {
            assert_eq!(sent(&["a=1; Path=/", deletion], "/", 0), "", "{deletion}");
            assert_eq!(sent(&["a=1; Path=/shop", deletion], "/shop", 0), "a=1", "{deletion}");
        }
    }

    #[test]
    fn a_closed_browser_forgets_what_has_no_end() {
        let jar = Jar::new(TestClock::new());
        for line in ["a=1; Path=/", "b=2; Path=/; Max-Age=20"] {
            jar.take(&Cookie::parse_encoded(line).unwrap(), "/");
        }
        jar.close_browser();
        assert!(jar.get("a").is_none() && jar.get("b").is_some());
    }
}
