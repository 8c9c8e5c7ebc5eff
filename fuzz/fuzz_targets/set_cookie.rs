//! With any attributes of a cookie, the header stays one line, and its attributes are those that were asked for.
#![no_main]

use std::time::{Duration, UNIX_EPOCH};

use libfuzzer_sys::fuzz_target;
use rocket_session_state_core::cookie::{CookieAttributes, SameSite, SetCookie};

type Input<'a> = (&'a str, Option<&'a str>, Option<&'a str>, Option<u64>, [bool; 3]);

fuzz_target!(|input: Input<'_>| {
    let (name, domain, path, expires, [secure, http_only, partitioned]) = input;
    let cookie = SetCookie::new(&CookieAttributes {
        name: name.to_owned(),
        domain: domain.map(str::to_owned),
        path: path.map(str::to_owned),
        secure,
        http_only,
        same_site: Some(SameSite::Lax),
        partitioned,
    });
    let time = expires.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
    let set = cookie.set("an-id.signed_1", time);
    for (line, is_deletion, has_end) in [(set, false, time.is_some()), (cookie.delete(), true, true)] {
        assert!(!line.contains(char::is_control), "{line:?}");
        let attributes: Vec<_> =
            line.split(';').skip(1).map(|part| part.trim_start().split('=').next()).collect();
        let expected = [
            ("Domain", domain.is_some()),
            ("Expires", has_end),
            ("Max-Age", is_deletion),
            ("Secure", secure || partitioned),
            ("HttpOnly", http_only),
            ("Path", path.is_some()),
            ("SameSite", true),
            ("Partitioned", partitioned),
        ];
        let expected: Vec<_> =
            expected.into_iter().filter(|(_, there)| *there).map(|(name, _)| Some(name)).collect();
        assert_eq!(attributes, expected, "{line:?}");
    }
});
