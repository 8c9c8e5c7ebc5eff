//! Cookie headers, beyond the vectors.

use std::borrow::Cow;
use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use rocket_session_state_core::cookie::{CookieAttributes, SameSite, SetCookie, find, pairs};

#[test]
fn the_first_cookie_of_a_name_counts_even_if_it_is_empty() {
    assert_eq!(find(["session=; session=2"], "session").as_deref(), Some(""));
    assert_eq!(find(["session; session=2"], "session").as_deref(), Some(""));
    assert_eq!(find(["a=1", "b=2; session=3", "session=4"], "session").as_deref(), Some("3"));
}

#[test]
fn the_error_of_an_unknown_samesite_names_the_known_ones_and_the_nearest() {
    let unknown = "laxx".parse::<SameSite>().unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "\"laxx\" is not known; write \"Lax\", \"Strict\" or \"None\"; did you mean \"Lax\"?"
    );
}

#[test]
fn a_cookie_is_found_by_its_whole_name_only() {
    assert_eq!(find(["xsession=1; session2=2; Session=3; a=session=4"], "session"), None);
    assert_eq!(find(["a=\"; session=5\""], "session"), None, "within another cookie's quotes");
}

#[test]
fn names_and_values_of_any_length_end_where_they_end() {
    for length in 1..70 {
        let (name, value) = ("n".repeat(length), "v".repeat(length));
        for end in ["", "; last=1", " ;last=1", "\t; last=1"] {
            let header = format!("first=1; {name}={value}{end}");
            assert_eq!(find([header.as_str()], &name), Some(value.as_str().into()), "{header}");
        }
        for broken in [format!("{name}\"={value}; last=1"), format!("{name}={value}\"; last=1")] {
            assert_eq!(pairs(&broken).collect::<Vec<_>>(), [("last", "1".into())], "{broken}");
        }
    }
}

#[test]
fn finding_an_ordinary_value_copies_nothing() {
    let header = r#"note="a \"b\""; session="abc.def"; other=1"#;
    assert!(matches!(find([header], "session"), Some(Cow::Borrowed("abc.def"))));
    assert!(matches!(find([header], "other"), Some(Cow::Borrowed("1"))));
}

#[test]
fn setting_and_deleting_carry_every_configured_attribute() {
    let cookie = SetCookie::new(&CookieAttributes {
        name: "sid".to_owned(),
        domain: Some("example.com".to_owned()),
        path: Some("/shop".to_owned()),
        secure: false,
        http_only: true,
        same_site: Some(SameSite::Strict),
        partitioned: true,
    });
    assert_eq!(
        cookie.set("abc", Some(UNIX_EPOCH + Duration::from_millis(1_704_164_645_999))),
        "sid=abc; Domain=example.com; Expires=Tue, 02 Jan 2024 03:04:05 GMT; Secure; HttpOnly; Path=/shop; \
         SameSite=Strict; Partitioned"
    );
    assert_eq!(
        cookie.delete(),
        "sid=; Domain=example.com; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure; HttpOnly; \
         Path=/shop; SameSite=Strict; Partitioned"
    );
}

proptest! {
    #[test]
    fn every_header_is_read_without_panic_and_copied_only_for_escapes(
        header in prop_oneof![any::<String>(), "[ab\\\\\"=; \t0-7é]{0,40}"],
    ) {
        for (name, value) in pairs(&header) {
            prop_assert!(!name.is_empty() && !name.contains([' ', '\t', '=', '"', ';']));
            prop_assert!(matches!(value, Cow::Borrowed(_)) || header.contains('\\'));
        }
        let first = pairs(&header).find(|(name, _)| *name == "a").map(|(_, value)| value);
        prop_assert_eq!(find([header.as_str()], "a"), first);
    }

    #[test]
    fn every_value_that_werkzeug_quotes_comes_back(value in prop_oneof![any::<String>(), "[ -~]*"]) {
        let line = format!("name={}", quoted(&value));
        prop_assert_eq!(pairs(&line).collect::<Vec<_>>(), [("name", Cow::from(value))]);
    }

    #[test]
    fn no_argument_breaks_out_of_its_attribute(
        name in text(), value in "[A-Za-z0-9._-]*", seconds: u32, domain in text(), path in text(),
    ) {
        let cookie = CookieAttributes {
            domain: Some(domain),
            path: Some(path),
            same_site: Some(SameSite::Lax),
            ..CookieAttributes::named(name)
        };
        let expires = UNIX_EPOCH + Duration::from_secs(seconds.into());
        let line = SetCookie::new(&cookie).set(&value, Some(expires));
        prop_assert!(!line.contains(char::is_control), "{:?}", line);
        let mut attributes = line.split(';').skip(1).map(str::trim_start).peekable();
        attributes.next_if(|attribute| attribute.starts_with("Domain="));
        for expected in ["Expires=", "Path=", "SameSite=Lax"] {
            let found = attributes.next();
            prop_assert!(found.is_some_and(|found| found.starts_with(expected)), "{:?}", line);
        }
        prop_assert_eq!(attributes.next(), None);
    }
}

/// The value as Werkzeug writes one that can't stand bare.
fn quoted(value: &str) -> String {
    let escaped = value.bytes().map(|byte| match byte {
        b'"' | b'\\' => format!("\\{}", char::from(byte)),
        b',' | b';' | 0x00..=0x1F | 0x7F.. => format!("\\{byte:03o}"),
        _ => char::from(byte).to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// Any text, with a liking for characters that mean something in a header.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a;\r\n\u{0}\u{1a}\u{7f}\u{85}=\", ü]{0,12}"]
}
