//! A cookie jar that does what a browser does with name, value and end of life.

use std::sync::{Arc, Mutex};

use cookie::Cookie;

/// The cookies of one visitor. A clone is the same jar, so that several servers can be visited with it, as a
/// browser does with two ports of one host. Path and domain are not looked at.
#[derive(Clone, Default)]
pub struct Jar {
    cookies: Arc<Mutex<Vec<Held>>>,
}

struct Held {
    name: String,
    value: String,
    /// Unix seconds; `None` until the browser is closed.
    ends: Option<i64>,
}

impl Jar {
    /// Takes what one Set-Cookie header says, at `now` in unix seconds. A cookie that ends in the past is gone.
    pub fn take(&self, set_cookie: &str, now: i64) {
        let cookie = Cookie::parse(set_cookie).unwrap_or_else(|error| panic!("{error}: {set_cookie}"));
        // Max-Age goes before Expires (RFC 6265, section 5.3).
        let ends = match (cookie.max_age(), cookie.expires_datetime()) {
            (Some(age), _) => Some(now + age.whole_seconds()),
            (None, expires) => expires.map(|time| time.unix_timestamp()),
        };
        let held = Held { name: cookie.name().to_owned(), value: cookie.value().to_owned(), ends };
        let mut cookies = self.cookies.lock().unwrap();
        match cookies.iter_mut().find(|other| other.name == held.name) {
            Some(old) => *old = held,
            None => cookies.push(held),
        }
        cookies.retain(|cookie| cookie.lives_at(now));
    }

    /// The Cookie header that the browser would send at `now`.
    pub fn header(&self, now: i64) -> Option<String> {
        let cookies = self.cookies.lock().unwrap();
        let pairs: Vec<String> = cookies
            .iter()
            .filter(|cookie| cookie.lives_at(now))
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The value of the cookie `name`, as it was sent.
    pub fn get(&self, name: &str) -> Option<String> {
        let cookies = self.cookies.lock().unwrap();
        cookies.iter().find(|cookie| cookie.name == name).map(|cookie| cookie.value.clone())
    }

    /// Puts a cookie into the jar, as a visitor does who has tampered with it or copied it.
    pub fn put(&self, name: &str, value: &str) {
        self.take(&format!("{name}={value}"), 0);
    }

    /// Forgets everything, as a new visitor.
    pub fn clear(&self) {
        self.cookies.lock().unwrap().clear();
    }
}

impl Held {
    fn lives_at(&self, now: i64) -> bool {
        self.ends.is_none_or(|end| end > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_704_164_645;

    fn jar_with(set_cookies: &[&str]) -> Jar {
        let jar = Jar::default();
        set_cookies.iter().for_each(|line| jar.take(line, NOW));
        jar
    }

    #[test]
    fn a_new_value_replaces_the_old_one_in_its_place() {
        let jar = jar_with(&["a=1; Path=/", "b=2", "a=3; HttpOnly"]);
        assert_eq!(jar.header(NOW).as_deref(), Some("a=3; b=2"));
    }

    #[test]
    fn each_way_of_deleting_deletes() {
        for deletion in [
            "a=; Max-Age=0",
            "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "a=; Expires=Tue, 02 Jan 2024 03:04:05 GMT; Path=/",
            "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/",
        ] {
            assert_eq!(jar_with(&["a=1", deletion]).header(NOW), None, "{deletion}");
        }
    }

    #[test]
    fn a_cookie_is_sent_until_it_ends() {
        let jar = jar_with(&["a=1; Max-Age=20", "b=2; Expires=Tue, 02 Jan 2024 03:04:35 GMT"]);
        assert_eq!(jar.header(NOW + 19).as_deref(), Some("a=1; b=2"));
        assert_eq!(jar.header(NOW + 20).as_deref(), Some("b=2"));
        assert_eq!(jar.header(NOW + 30), None);
    }
}
