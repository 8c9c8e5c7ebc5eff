//! Signed cookies and session ids, beyond the vectors.

use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use rocket_session_state_core::cookie::{CookieAttributes, SetCookie};
use rocket_session_state_core::id::SessionId;
use rocket_session_state_core::signing::{
    CookieSigner, CsrfSigner, IdSigner, Invalid, RememberSigner, Unreadable,
};

const SIGNED_AT: Duration = Duration::from_secs(1_704_164_645);

fn cookies() -> CookieSigner {
    CookieSigner::new(b"dev-secret-key", [])
}

fn ids() -> IdSigner {
    IdSigner::new(b"dev-secret-key", [])
}

#[test]
fn age_is_counted_in_whole_seconds_on_both_sides() {
    let cookie = cookies().sign(b"{}", UNIX_EPOCH + SIGNED_AT + Duration::from_millis(900)).unwrap();
    let verify = |after_millis: u64, lifetime_millis: u64| {
        let now = UNIX_EPOCH + SIGNED_AT + Duration::from_millis(after_millis);
        cookies().verify(&cookie, now, Duration::from_millis(lifetime_millis)).err()
    };
    assert_eq!(verify(0, 0), None, "900 ms before it was signed, but within the same second");
    assert_eq!(verify(1_999, 1_900), None, "1.9 s of lifetime are one second");
    assert_eq!(verify(2_000, 1_900), Some(Invalid::Expired));
    let second_before = UNIX_EPOCH + SIGNED_AT - Duration::from_millis(1);
    assert_eq!(cookies().verify(&cookie, second_before, Duration::MAX), Err(Invalid::Future));
}

#[test]
fn clocks_outside_the_calendar_sign_and_verify_without_panic() {
    let cookie = cookies().sign(b"{}", UNIX_EPOCH - Duration::from_secs(1)).unwrap();
    assert_eq!(cookies().verify(&cookie, UNIX_EPOCH, Duration::ZERO).as_deref(), Ok(b"{}".as_slice()));
    let year_10000 = UNIX_EPOCH + Duration::from_secs(253_402_300_800);
    let cookie = cookies().sign(b"{}", year_10000).unwrap();
    assert_eq!(cookies().verify(&cookie, year_10000, Duration::MAX), Err(Invalid::TimestampOutOfRange));
}

/// The longest JSON that does not shrink and still fits, and one byte more.
#[test]
fn whatever_is_signed_is_read_again_and_nothing_else_is_signed() {
    let mut incompressible = vec![0; 9000];
    getrandom::fill(&mut incompressible).unwrap();
    let now = UNIX_EPOCH + SIGNED_AT;
    let cookie = |length: usize| cookies().sign(&incompressible[..length], now);
    let signed: Vec<_> = (6000..6200).filter_map(|length| Some((length, cookie(length).ok()?))).collect();
    let (longest, longest_cookie) = signed.last().unwrap();
    assert!((8188..=8192).contains(&longest_cookie.len()), "{}", longest_cookie.len());
    for (length, cookie) in &signed {
        assert_eq!(cookies().verify(cookie, now, Duration::MAX).as_deref(), Ok(&incompressible[..*length]));
    }
    let refused = cookie(longest + 1).unwrap_err();
    assert!(matches!(refused, Unreadable::Value { bytes: 8193.., limit: 8192 }), "{refused:?}");

    let shrinks = vec![b'a'; 1024 * 1024];
    let cookie = cookies().sign(&shrinks, now).unwrap();
    assert_eq!(cookies().verify(&cookie, now, Duration::MAX), Ok(shrinks.clone()));
    let refused = cookies().sign(&[shrinks, vec![b'a']].concat(), now).unwrap_err();
    assert_eq!(refused, Unreadable::Json { bytes: 1024 * 1024 + 1, limit: 1024 * 1024 });
}

#[test]
fn an_overlong_cookie_is_refused_unread() {
    // The length is looked at before the signature.
    let long = "a".repeat(9000);
    assert_eq!(cookies().verify(&long, UNIX_EPOCH + SIGNED_AT, Duration::MAX), Err(Invalid::TooLong));

    assert_eq!(ids().verify(&ids().sign(&"a".repeat(1000))), Err(Invalid::TooLong));
    let longest_in_sql = "a".repeat(255);
    assert_eq!(ids().verify(&ids().sign(&longest_in_sql)), Ok(longest_in_sql.as_str()));
}

#[test]
fn an_id_signed_with_a_fallback_is_accepted_and_new_ones_are_signed_with_the_key() {
    let old = IdSigner::new(b"old", []);
    let rotated = IdSigner::new(b"new", [b"older".as_slice(), b"old"]);
    assert_eq!(rotated.verify(&old.sign("id")), Ok("id"));
    assert_eq!(rotated.sign("id"), IdSigner::new(b"new", []).sign("id"));
    assert_eq!(old.verify(&rotated.sign("id")), Err(Invalid::BadSignature));
}

#[test]
fn a_token_is_good_for_its_secret_alone_also_where_that_is_long_enough_to_be_compressed() {
    let (now, signer) = (UNIX_EPOCH + SIGNED_AT, CsrfSigner::new(b"dev-secret-key"));
    let long = "a".repeat(80);
    let token = signer.sign(&long, now);
    // itsdangerous 2.2: `URLSafeTimedSerializer("dev-secret-key", salt="wtf-csrf-token").dumps("a" * 80)`.
    assert_eq!(token, ".eJxTSqQyUAIA9YwelQ.ZZN9JQ.rYbGpoT5bg4IJP2jRhlKl5MWqZM");
    assert_eq!(signer.verify(&token, &long, now, None), Ok(()));
    assert_eq!(signer.verify(&token, &long[1..], now, None), Err(Invalid::OtherSecret));
    assert_eq!(CsrfSigner::new(b"other").verify(&token, &long, now, None), Err(Invalid::BadSignature));
    let other_salt = CookieSigner::new(b"dev-secret-key", []).sign(b"\"secret\"", now).unwrap();
    assert_eq!(signer.verify(&other_salt, "secret", now, None), Err(Invalid::BadSignature));
    assert_eq!(signer.verify(&"x".repeat(513), &long, now, None), Err(Invalid::TooLong));
    let secrets: HashSet<_> = (0..20).map(|_| CsrfSigner::new_secret().unwrap()).collect();
    assert!(secrets.len() == 20 && secrets.iter().all(|secret| secret.len() == 40));
}

#[test]
fn generated_ids_differ_and_parse_at_their_length_only() {
    for bytes in 16..=64 {
        let characters = SessionId::characters(bytes);
        let generated: HashSet<_> = (0..20).map(|_| SessionId::generate(bytes).unwrap()).collect();
        assert_eq!(generated.len(), 20);
        for id in generated {
            assert_eq!(id.as_str().len(), characters);
            assert_eq!(SessionId::parse(id.as_str(), &[36, characters]).as_ref(), Some(&id));
            assert_eq!(SessionId::parse(id.as_str(), &[characters - 1, characters + 1]), None);
        }
    }
}

#[test]
fn what_an_id_never_holds_is_refused() {
    assert!(SessionId::parse("AZaz09-_", &[43, 8]).is_some());
    for text in ["", "AZaz09-", "AZaz09-_A", "AZaz09-+", "AZaz09./", "AZaz09 _", "AZaz0\r\n_", "AZaz09é"] {
        assert_eq!(SessionId::parse(text, &[43, 8]), None, "{text:?}");
    }
}

#[test]
fn debug_shows_neither_ids_nor_keys() {
    let id = SessionId::generate(32).unwrap();
    assert!(!format!("{id:?}").contains(id.as_str()));
    let signers = format!("{:?}", (cookies(), ids()));
    assert_eq!(signers.replace("Keys { fallbacks: 0, .. }", "_"), "(CookieSigner(_), IdSigner(_))");
}

proptest! {
    #[test]
    fn what_is_signed_is_verified_by_the_key_also_as_a_fallback_and_by_no_other(
        json in prop_oneof!["[ -~]{0,400}", "(abc){0,400}"],
        key: Vec<u8>,
        other in prop::collection::vec(any::<u8>(), 70..80),
        second in 0..253_402_300_799_u64,
    ) {
        let now = UNIX_EPOCH + Duration::from_secs(second);
        let cookie = CookieSigner::new(&key, []).sign(json.as_bytes(), now).unwrap();
        for signer in [
            CookieSigner::new(&key, []),
            CookieSigner::new(&other, [key.as_slice()]),
            CookieSigner::new(&other, [b"1".as_slice(), &key, b"2"]),
        ] {
            prop_assert_eq!(signer.verify(&cookie, now, Duration::ZERO), Ok(json.clone().into_bytes()));
        }
        let stranger = CookieSigner::new(&other, [b"older".as_slice()]);
        prop_assert_eq!(stranger.verify(&cookie, now, Duration::MAX), Err(Invalid::BadSignature));
        let bare = format!("session={cookie}; Path=/");
        prop_assert_eq!(SetCookie::new(&CookieAttributes::named("session")).set(&cookie, None), bare);
    }

    #[test]
    fn no_character_of_a_cookie_can_be_changed_added_or_removed(
        json in "[ -~]{0,80}",
        place: prop::sample::Index,
        new in "[A-Za-z0-9_.=+/ -]",
    ) {
        let now = UNIX_EPOCH + SIGNED_AT;
        let cookie = cookies().sign(json.as_bytes(), now).unwrap();
        let place = place.index(cookie.len());
        let (before, after) = (&cookie[..place], &cookie[place + 1..]);
        for forged in [
            format!("{before}{new}{after}"),
            format!("{before}{after}"),
            format!("{new}{cookie}"),
            format!("{cookie}{new}"),
        ] {
            let accepted = cookies().verify(&forged, now, Duration::MAX).is_ok();
            prop_assert_eq!(accepted, forged == cookie, "{} for {}", forged, cookie);
        }
    }

    #[test]
    fn every_last_character_but_the_signers_own_is_refused(id in "[a-z]{43}") {
        let cookie = ids().sign(&id);
        let (whole, last) = cookie.split_at(cookie.len() - 1);
        for other in ('0'..='9').chain('A'..='Z').chain('a'..='z').chain(['-', '_']) {
            let accepted = ids().verify(&format!("{whole}{other}")).is_ok();
            prop_assert_eq!(accepted, last.starts_with(other));
        }
    }

    #[test]
    fn no_text_makes_a_verifier_panic(text in prop_oneof![any::<String>(), "[A-Za-z0-9_.=-]{0,60}"]) {
        prop_assert!(cookies().verify(&text, SystemTime::now(), Duration::MAX).is_err());
        prop_assert!(ids().verify(&text).is_err());
    }
}

/// What Flask-Login 0.6.3's `encode_cookie` gives: user, key, and the first and last characters of the code.
const REMEMBERED: [(&str, &[u8], &str, &str); 7] = [
    ("momo", b"dev-secret-key", "7d5df08b63d29960", "205dd7d2db036ac4"),
    ("", b"dev-secret-key", "1d8d11df85384165", "f2a00e6064e18fcd"),
    ("a|b", b"dev-secret-key", "7adca14b7eea3bb1", "31b4e8e71424a099"),
    ("Jürgen 🙂", b"dev-secret-key", "0d0c3f2c37f717e7", "b63d9b0283308056"),
    ("7", b"dev-secret-key", "24e2840790505124", "75e6413b0e50bd5a"),
    // Text with letters of Latin-1, of which that is the key, and the same bytes where they were no text.
    ("momo", "schlüssel für alle".as_bytes(), "feaf5c1806125e16", "a9654f4d7294451f"),
    ("momo", b"schl\xfcssel f\xfcr alle", "feaf5c1806125e16", "a9654f4d7294451f"),
];

#[test]
fn remember_me_cookies_are_those_of_flask_login() {
    for (user, key, first, last) in REMEMBERED {
        let signer = RememberSigner::new(key);
        let cookie = signer.sign(user);
        let code = cookie.strip_prefix(user).unwrap().strip_prefix('|').unwrap();
        assert!(code.len() == 128 && code.starts_with(first) && code.ends_with(last), "{cookie}");
        assert_eq!(signer.verify(&cookie), Ok(user));
    }
    let of_bytes = "momo|7637aa43193baae5a99ab7fb64334d3bf34afa2155ed890826da3a56e24fcd1e9e11b052a893065dac3a033d6c9128a3237\
                    051fa96c594479b093375dc017daa";
    assert_eq!(RememberSigner::new("schlüssel für alle".as_bytes()).verify(of_bytes), Ok("momo"));
}

#[test]
fn a_remember_me_cookie_has_one_spelling_and_is_good_for_its_user_and_its_key_alone() {
    let signer = RememberSigner::new(b"dev-secret-key");
    let cookie = signer.sign("momo");
    let (user, code) = cookie.split_once('|').unwrap();
    for (wrong, reason) in [
        (String::new(), Invalid::NoSeparator),
        ("momo".to_owned(), Invalid::NoSeparator),
        ("momo|".to_owned(), Invalid::BadSignature),
        (format!("{user}|{}", code.to_uppercase()), Invalid::BadSignature),
        (format!("{user}|{}", &code[1..]), Invalid::BadSignature),
        (format!("{user}|{code}0"), Invalid::BadSignature),
        (format!("{user}|{code} "), Invalid::BadSignature),
        (format!("{user}||{code}"), Invalid::BadSignature),
        (format!("lili|{code}"), Invalid::BadSignature),
        (format!("{user}|{}", "é".repeat(64)), Invalid::BadSignature),
        (RememberSigner::new(b"another-secret-key").sign("momo"), Invalid::BadSignature),
        (signer.sign(&"x".repeat(4096)), Invalid::TooLong),
    ] {
        assert_eq!(signer.verify(&wrong), Err(reason), "{wrong}");
    }
}

proptest! {
    #[test]
    fn whoever_is_remembered_is_read_again(user in any::<String>(), key in any::<Vec<u8>>()) {
        let signer = RememberSigner::new(&key);
        let cookie = signer.sign(&user);
        prop_assert_eq!(signer.verify(&cookie), Ok(user.as_str()));
        let line = SetCookie::new(&CookieAttributes::named("remember_token")).set_text(&cookie, None);
        prop_assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{}", line);
        let value = line.strip_suffix("; Path=/").unwrap();
        let read = rocket_session_state_core::cookie::find([value], "remember_token");
        prop_assert_eq!(read.as_deref(), Some(cookie.as_str()));
    }

    #[test]
    fn nothing_that_was_not_signed_is_remembered(
        text in prop_oneof![any::<String>(), "[a-z]{0,8}\\|[0-9a-f]{120,130}", "[|0-9a-fé]{0,200}"],
    ) {
        prop_assert!(RememberSigner::new(b"dev-secret-key").verify(&text).is_err());
    }

    #[test]
    fn no_letter_of_a_remember_me_cookie_can_be_changed(at in 0_usize..133, letter in any::<char>()) {
        let signer = RememberSigner::new(b"dev-secret-key");
        let cookie = signer.sign("momo");
        let changed: String = cookie.char_indices().map(|(n, old)| if n == at { letter } else { old }).collect();
        prop_assume!(changed != cookie);
        prop_assert!(signer.verify(&changed).is_err());
    }

    #[test]
    fn any_headers_name_a_browser(forwarded: Option<String>, peer: Option<String>, agent: Option<String>) {
        let identifier = |agent| {
            rocket_session_state_core::browser::identifier(forwarded.as_deref(), peer.as_deref(), agent)
        };
        prop_assert!(identifier(agent.as_deref()).bytes().all(|byte| byte.is_ascii_hexdigit()));
        prop_assert_ne!(identifier(agent.as_deref()), identifier(Some("another one, of some length")));
    }
}
