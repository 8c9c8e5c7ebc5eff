//! Every vector of the four kinds that this part of the crate is about.

use std::collections::BTreeMap;
use std::time::Duration;

use rocket_session_state_core::cookie::{CookieAttributes, SameSite, SetCookie, ascii_domain, pairs};
use rocket_session_state_core::signing::{CookieSigner, IdSigner, Invalid};
use serde_json::Value;

use crate::vectors::{key, moment, reason_name, text, vectors};

/// Cookies that Python's tolerant base64 lets through and strict reading refuses.
const REFUSED_ALTHOUGH_FLASK_READS_IT: [(&str, Invalid, &str); 6] = [
    ("dev-flask_cookie-086", Invalid::BadSignature, "a signature has one spelling: unused bits are zero"),
    ("dev-flask_cookie-088", Invalid::BadSignature, "a signature has one spelling: - and _, not + and /"),
    ("dev-flask_cookie-089", Invalid::BadSignature, "a signature has one spelling: no padding"),
    ("dev-flask_cookie-090", Invalid::BadSignature, "a signature has one spelling: no other characters"),
    ("dev-flask_cookie-147", Invalid::PayloadBase64, "Flask never writes + and / into a payload"),
    ("dev-flask_session_id-016", Invalid::BadSignature, "a signature has one spelling: unused bits are zero"),
];

/// Reasons found after the signature, by what reads the JSON.
const FOUND_IN_THE_JSON: [&str; 3] = ["payload_json", "payload_tag", "not_a_mapping"];

#[test]
fn cookies_are_accepted_and_refused_as_by_flask() {
    let mut refused = BTreeMap::new();
    for vector in vectors("flask_cookie") {
        let id = text(&vector, "id");
        let reason = vector["reason"].as_str();
        if reason == Some("no_secret_key") {
            continue; // without a key there is no signer
        }
        let fallbacks: Vec<_> = vector["secret_key_fallbacks"].as_array().unwrap().iter().map(key).collect();
        let signer = CookieSigner::new(&key(&vector["secret_key"]), fallbacks.iter().map(Vec::as_slice));
        let lifetime = Duration::from_secs(vector["permanent_session_lifetime"].as_u64().unwrap());
        match (reason, signer.verify(text(&vector, "cookie"), moment(&vector["now"]), lifetime)) {
            (None, Ok(json)) if vector["encode"] == true => {
                assert_eq!(String::from_utf8(json).unwrap(), text(&vector, "json"), "{id}");
            }
            (None, Ok(_)) => {}
            (None, Err(reason)) => drop(refused.insert(id.to_owned(), reason)),
            (Some("no_cookie"), outcome) => assert_eq!(outcome, Err(Invalid::NoSeparator), "{id}"),
            (Some(reason), outcome) if FOUND_IN_THE_JSON.contains(&reason) => {
                assert!(outcome.is_ok(), "{id}: {outcome:?}");
            }
            (reason, outcome) => assert_eq!(outcome.err().map(reason_name).as_deref(), reason, "{id}"),
        }
    }
    assert_eq!(refused, known_refusals("dev-flask_cookie"));
}

#[test]
fn cookies_are_signed_as_by_flask() {
    for vector in vectors("flask_cookie").into_iter().filter(|vector| vector["encode"] == true) {
        let id = text(&vector, "id");
        let signer = CookieSigner::new(&key(vector.get("signed_with").unwrap_or(&vector["secret_key"])), []);
        let json = text(&vector, "json").as_bytes();
        let now = moment(&vector["timestamp"]);
        let cookie = signer.sign(json, now).unwrap();
        if vector["compressed"] == true {
            // Another deflate, another length, and at the limit none at all.
            assert!(cookie.len() <= text(&vector, "cookie").len() * 5 / 4, "{id}");
            assert_eq!(signer.verify(&cookie, now, Duration::ZERO).as_deref(), Ok(json), "{id}");
        } else {
            assert_eq!(cookie, text(&vector, "cookie"), "{id}");
        }
    }
}

#[test]
fn ids_are_signed_and_verified_as_by_flask_session() {
    let mut refused = BTreeMap::new();
    for vector in vectors("flask_session_id") {
        let id = text(&vector, "id");
        // Flask-Session consults no fallbacks, so none are given, whatever the vector configures.
        let signer = IdSigner::new(&key(&vector["secret_key"]), []);
        assert_eq!(signer.sign(text(&vector, "sid")), text(&vector, "signed"), "{id}");
        match (vector["reason"].as_str(), signer.verify(text(&vector, "cookie"))) {
            (None, Ok(sid)) => assert_eq!(sid, text(&vector, "unsigned"), "{id}"),
            (None, Err(reason)) => drop(refused.insert(id.to_owned(), reason)),
            (reason, outcome) => assert_eq!(outcome.err().map(reason_name).as_deref(), reason, "{id}"),
        }
    }
    assert_eq!(refused, known_refusals("dev-flask_session_id"));
}

/// The lines of Werkzeug's that no session cookie has.
const NEVER_SENT: [(&str, &str); 11] = [
    ("dev-set_cookie-002", QUOTED),
    ("dev-set_cookie-003", QUOTED),
    ("dev-set_cookie-004", QUOTED),
    ("dev-set_cookie-005", QUOTED),
    ("dev-set_cookie-008", MAX_AGE),
    ("dev-set_cookie-009", MAX_AGE),
    ("dev-set_cookie-010", MAX_AGE),
    ("dev-set_cookie-015", "a date is a time, not a text"),
    ("dev-set_cookie-016", MAX_AGE),
    ("dev-set_cookie-019", MAX_AGE),
    ("dev-set_cookie-022", "a port is refused at launch, not cut off"),
];
const QUOTED: &str = "the value is an id or a signed text, which need no quotes";
const MAX_AGE: &str = "like Flask's, the cookie has an end but no age, but where it is deleted";

#[test]
fn set_cookie_lines_are_werkzeugs() {
    let mut never_sent = Vec::new();
    for vector in vectors("set_cookie") {
        let id = text(&vector, "id");
        let args = &vector["args"];
        let same_site = args.get("samesite").map(|name| name.as_str().unwrap().parse::<SameSite>());
        if vector["error"] == "ValueError" {
            assert!(matches!(same_site, Some(Err(_))), "{id}");
            continue;
        }
        if !cfg!(feature = "idn")
            && args.get("domain").is_some_and(|domain| !domain.as_str().unwrap().is_ascii())
        {
            continue;
        }
        match line(args, same_site.map(Result::unwrap)) {
            Some(line) => assert_eq!(line, text(&vector, "header"), "{id}"),
            None => never_sent.push(id.to_owned()),
        }
    }
    assert_eq!(never_sent, NEVER_SENT.map(|(id, _)| id));
}

#[test]
fn cookie_headers_are_read_as_by_werkzeug() {
    for vector in vectors("parse_cookie") {
        let expected: Vec<(String, String)> = serde_json::from_value(vector["pairs"].clone()).unwrap();
        let read = pairs(text(&vector, "header")).map(|(name, value)| (name.to_owned(), value.into_owned()));
        assert_eq!(read.collect::<Vec<_>>(), expected, "{}", vector["id"]);
    }
}

/// The line for a vector's arguments, if a session cookie may have such a line.
fn line(args: &Value, same_site: Option<SameSite>) -> Option<String> {
    let flag = |name: &str| args.get(name).is_some_and(|value| value == true);
    let cookie = SetCookie::new(&CookieAttributes {
        name: text(args, "key").to_owned(),
        domain: match args.get("domain") {
            Some(domain) => Some(ascii_domain(domain.as_str()?).ok()?),
            None => None,
        },
        path: args.get("path").map_or(Some("/"), Value::as_str).map(str::to_owned),
        secure: flag("secure"),
        http_only: flag("httponly"),
        same_site,
        partitioned: flag("partitioned"),
    });
    let value = text(args, "value");
    let bare = value.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte));
    match (value, args.get("expires"), args.get("max_age")) {
        ("", Some(end), Some(age)) if *end == 0 && *age == 0 => Some(cookie.delete()),
        (_, _, Some(_)) | (_, Some(Value::String(_)), _) => None,
        (_, expires, None) => bare.then(|| cookie.set(value, expires.map(moment))),
    }
}

fn known_refusals(prefix: &str) -> BTreeMap<String, Invalid> {
    let known = REFUSED_ALTHOUGH_FLASK_READS_IT.iter().filter(|(id, ..)| id.starts_with(prefix));
    known.map(|(id, reason, _)| ((*id).to_owned(), *reason)).collect()
}
