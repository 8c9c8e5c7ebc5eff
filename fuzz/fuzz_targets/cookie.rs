//! Everything that reads what a client sends.
#![no_main]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use libfuzzer_sys::fuzz_target;
use rocket_session_state_core::codec::Format;
use rocket_session_state_core::cookie::{find, pairs};
use rocket_session_state_core::id::SessionId;
use rocket_session_state_core::signing::{CookieSigner, IdSigner, Invalid};
use session_fuzz::{check_record, signed_by_flask};

/// The key of the vectors, so that cookies which Flask signed are good here.
const SECRET: &[u8] = b"dev-secret-key";
const LIFETIME: Duration = Duration::from_secs(31 * 24 * 60 * 60);

fuzz_target!(|bytes: &[u8]| {
    a_payload_gets_through(bytes);
    let Ok(text) = str::from_utf8(bytes) else { return };
    a_header_is_read_as_it_says(text);
    a_value_is_read_as_it_was_sent(text);
    an_id_gets_through_or_is_refused(text);
    a_cookie_is_verified(text);
    a_cookie_is_verified(&signed_by_flask(SECRET, text));
    a_cookie_is_verified(&signed_by_flask(SECRET, &format!("{text}.ZZN9JQ")));
});

fn a_payload_gets_through(json: &[u8]) {
    let signer = CookieSigner::new(SECRET, []);
    if let Ok(cookie) = signer.sign(json, signed_at()) {
        assert_eq!(signer.verify(&cookie, signed_at(), LIFETIME).as_deref(), Ok(json));
    }
    check_record(Format::TaggedJson, json);
}

fn a_header_is_read_as_it_says(header: &str) {
    let mut first = None;
    for (name, value) in pairs(header) {
        assert!(!name.is_empty() && !name.contains([' ', '\t', '=', '"', ';']), "{name:?}");
        assert!(header.contains(name));
        let (name, value) = first.get_or_insert((name, value));
        assert_eq!(find([header], name).as_ref(), Some(&*value), "not the first one");
        assert_eq!(find(["", header, "a=b"], name).as_ref(), Some(&*value), "not in any header");
    }
}

/// With quotes, as Werkzeug writes a value that can't stand bare.
fn a_value_is_read_as_it_was_sent(value: &str) {
    let escaped = value.bytes().map(|byte| match byte {
        b'"' | b'\\' => format!("\\{}", char::from(byte)),
        b',' | b';' | 0x00..=0x1F | 0x7F.. => format!("\\{byte:03o}"),
        _ => char::from(byte).to_string(),
    });
    let header = format!("b=2; session=\"{}\"; c", escaped.collect::<String>());
    assert_eq!(find(["a=1", &header], "session").as_deref(), Some(value));
}

fn an_id_gets_through_or_is_refused(text: &str) {
    let signer = IdSigner::new(SECRET, [b"old".as_slice()]);
    if let Ok(id) = signer.verify(text) {
        assert_eq!(signer.sign(id), text, "a signature has one spelling");
    }
    match signer.verify(&signer.sign(text)) {
        Ok(id) => assert_eq!(id, text),
        Err(reason) => assert_eq!(reason, Invalid::TooLong),
    }
    if let Some(id) = SessionId::parse(text, &[36, 43]) {
        assert!(id.as_str() == text && text.bytes().all(|byte| byte.is_ascii_graphic()), "{text:?}");
    }
}

fn a_cookie_is_verified(cookie: &str) {
    let signer = CookieSigner::new(SECRET, [b"old".as_slice()]);
    if let Ok(json) = signer.verify(cookie, signed_at(), LIFETIME) {
        assert!(cookie.len() <= 8192 && json.len() <= 1 << 20, "{} from {}", json.len(), cookie.len());
        check_record(Format::TaggedJson, &json);
    }
}

/// The present of the vectors, a little later.
fn signed_at() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_704_164_650)
}
