//! Whatever goes into a cookie, the header stays one line, and its attributes are those that were asked for.
#![no_main]

use std::time::{Duration, UNIX_EPOCH};

use libfuzzer_sys::fuzz_target;
use rocket_session_state_core::cookie::{SameSite, SetCookie};

type Input<'a> =
    (&'a str, &'a str, Option<&'a str>, Option<&'a str>, Option<&'a str>, Option<(u64, u32)>, [bool; 3]);

fuzz_target!(|input: Input<'_>| {
    let (name, value, domain, path, expires, times, [secure, http_only, partitioned]) = input;
    let mut cookie = SetCookie::new(name, value).domain(domain).path(path);
    if let Some(date) = expires {
        cookie = cookie.expires(date);
    }
    if let Some((age, now)) = times {
        cookie = cookie.max_age(Duration::from_secs(age), UNIX_EPOCH + Duration::from_secs(now.into()));
    }
    let line = cookie
        .secure(secure)
        .http_only(http_only)
        .partitioned(partitioned)
        .same_site(SameSite::Lax)
        .to_string();

    assert!(!line.contains(char::is_control), "{line:?}");
    let mut attributes: Vec<_> =
        line.split(';').skip(1).map(|part| part.trim_start().split('=').next()).collect();
    // A domain may have no form that a header can hold; then it is left out.
    attributes.retain(|attribute| *attribute != Some("Domain") || domain.is_none());
    let expected = [
        ("Expires", expires.is_some() || times.is_some()),
        ("Max-Age", times.is_some()),
        ("Secure", secure || partitioned),
        ("HttpOnly", http_only),
        ("Path", path.is_some()),
        ("SameSite", true),
        ("Partitioned", partitioned),
    ];
    let expected: Vec<_> =
        expected.into_iter().filter(|(_, there)| *there).map(|(name, _)| Some(name)).collect();
    assert_eq!(attributes, expected, "{line:?}");
});
