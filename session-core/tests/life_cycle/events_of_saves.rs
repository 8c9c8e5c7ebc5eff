//! What is told of a session from its beginning to its end.

use std::time::Duration;

use rocket_session_state_core::config::{SessionConfig, WhenFull};
use rocket_session_state_core::events::{EndedBy, Event, EventKind};
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::session::{SaveError, Session};
use rocket_session_state_core::value::Value;
use rocket_session_state_core::{fields, merge};

use super::events::Told;
use super::site::{Site, field, log_in, log_out};

field!(Seat, "seat", u32, u32, 0, merge::refuse);

/// A site with a login field, a visitor with a cart, and what is told from there on.
async fn visitor(change: impl FnOnce(&mut SessionConfig)) -> (Site, Told) {
    let mut site = Site::with(change);
    site.manager.declare_login("username");
    site.request(|session| session.set("cart", "tea")).await;
    let told = Told::by(&site);
    (site, told)
}

/// Another browser at the same site, of the same process.
fn browser(site: &Site) -> Site {
    Site { manager: site.manager.clone(), store: site.store.clone(), cookie: None, now: site.now }
}

async fn close(site: &Site, session: &Session) -> Result<(), SaveError> {
    site.manager.close(session, site.now).await.map(drop)
}

#[tokio::test]
async fn each_action_is_one_event_and_handles_lead_from_one_to_the_next() {
    type Action = fn(&Session);
    let actions: [(Action, &str); 14] = [
        (|session| session.set("cart", "tea"), "created"),
        (|session| drop(session.get::<String>("cart")), ""),
        (|session| session.set("cart", "milk"), ""),
        (|session| log_in(session, "alice"), "logged_in"),
        (Session::regenerate, "renewed"),
        (|session| log_in(session, "alice"), "logged_in"),
        (|session| log_in(session, "bob"), "logged_in"),
        (log_out, "logged_out"),
        (|session| log_in(session, "alice"), "logged_in"),
        (
            |session| {
                log_out(session);
                session.set("cart", "tea");
            },
            "logged_out",
        ),
        (Session::destroy, "ended by=log_out"),
        (|session| session.set("cart", "tea"), "created"),
        (|session| assert!(session.remove("cart")), "ended by=log_out"),
        (|session| drop(session.get::<String>("cart")), ""),
    ];
    let mut site = Site::new();
    site.manager.declare_login("username");
    let told = Told::by(&site);
    let mut before = None;
    for (action, line) in actions {
        site.request(action).await;
        let events = told.events(&site).await;
        let lines: Vec<String> = events.iter().map(Event::to_string).collect();
        let expected: Vec<&str> = Some(line).filter(|line| !line.is_empty()).into_iter().collect();
        assert_eq!(lines.len(), expected.len(), "{line}: {lines:?}");
        let Some(event) = events.first() else { continue };
        assert!(lines[0].starts_with(line.split(' ').next().unwrap()), "{line}: {lines:?}");
        assert_eq!(event.by().map(EndedBy::as_str), line.split_once("by=").map(|(_, by)| by));
        // It is about the session that was there, or says which one that was.
        let is_new = event.kind() == EventKind::Created || before.is_none();
        assert!(is_new || before.as_deref() == event.before().or(event.handle()), "{line}: {lines:?}");
        before = site.cookie.is_some().then(|| event.handle().unwrap().to_owned());
    }
}

#[tokio::test]
async fn the_user_is_the_one_who_has_logged_in_or_out() {
    let mut site = Site::new();
    site.manager.declare_login("username");
    let told = Told::by(&site);
    site.request(|session| log_in(session, "alice")).await;
    site.request(|session| log_in(session, "bob")).await;
    site.request(log_out).await;
    let users: Vec<Option<String>> = told.events(&site).await.iter().map(Event::user).collect();
    assert_eq!(users, ["alice", "bob", "bob"].map(|user| Some(user.to_owned())));
}

#[tokio::test]
async fn requests_that_meet_are_told_as_merged_or_refused() {
    type Change = fn(&Session);
    let cases: [(Change, Change, &[&str]); 6] = [
        (|session| session.set("a", &1), |session| session.set("b", &2), &["merged"]),
        (
            |session| fields::set::<Seat>(session, 1),
            |session| fields::set::<Seat>(session, 2),
            &["refused why=field"],
        ),
        (Session::destroy, |session| session.set("b", &2), &["ended by=log_out", "refused why=ended"]),
        (Session::regenerate, |session| session.set("b", &2), &["renewed", "merged"]),
        (Session::regenerate, Session::regenerate, &["renewed", "merged"]),
        (|session| log_in(session, "alice"), |session| log_in(session, "alice"), &["logged_in", "joined"]),
    ];
    for (first, second, lines) in cases {
        let (site, told) = visitor(|_| {}).await;
        let (one, other) = (site.open().await, site.open().await);
        first(&one);
        second(&other);
        close(&site, &one).await.unwrap();
        let refused = close(&site, &other).await.is_err();
        assert_eq!(told.since(&site).await, lines);
        assert_eq!(refused, lines.iter().any(|line| line.starts_with("refused")));
    }
}

#[tokio::test]
async fn what_comes_with_a_renewed_id_is_told() {
    let (mut site, told) = visitor(|_| {}).await;
    let old = site.cookie.clone();
    site.request(|session| log_in(session, "alice")).await;
    let renewed = told.events(&site).await.remove(0);
    let late = site.manager.open(old.as_deref(), site.now).await.unwrap();
    late.set("cart", "milk");
    assert!(matches!(close(&site, &late).await, Err(SaveError::Renewed)));
    assert_eq!(told.since(&site).await, ["refused why=renewed"]);
    let late = site.manager.open(old.as_deref(), site.now).await.unwrap();
    late.log_out();
    close(&site, &late).await.unwrap();
    let events = told.events(&site).await;
    let [ended] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((ended.kind(), ended.by()), (EventKind::Ended, Some(EndedBy::LogOut)));
    assert_eq!(ended.handle(), renewed.handle(), "the session that the log-in began");
}

#[tokio::test]
async fn a_session_that_is_too_large_is_told_once_though_two_saves_of_the_request_fail() {
    let (site, told) = visitor(|config| config.session_max_size = 200).await;
    let session = site.open().await;
    session.set("cart", &"tea".repeat(100));
    assert!(matches!(session.save().await, Err(SaveError::RecordTooLarge { .. })));
    close(&site, &session).await.unwrap_err();
    assert_eq!(told.since(&site).await, ["too_large"]);
}

#[tokio::test]
async fn a_session_that_is_over_says_why() {
    let absolute = |seconds| {
        move |config: &mut SessionConfig| {
            config.session_absolute_lifetime = Some(Duration::from_secs(seconds))
        }
    };
    let (mut site, _) = visitor(absolute(3600)).await;
    site.now += Duration::from_secs(61);
    // Otherwise the record has ended with it, and the store does not know it any more.
    site.reconfigure(absolute(60));
    site.manager.declare_login("username");
    let told = Told::by(&site);
    site.request(|session| drop(session.get::<String>("cart"))).await;
    assert_eq!(told.since(&site).await, ["ended by=absolute_lifetime"]);
    for by in [EndedBy::Stamp, EndedBy::UserGone] {
        site.request(|session| log_in(session, "alice")).await;
        told.since(&site).await;
        site.request(|session| session.end_unproven_login(by)).await;
        let events = told.events(&site).await;
        let [ended] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((ended.by(), ended.user()), (Some(by), Some("alice".to_owned())));
    }
}

#[tokio::test]
async fn the_end_of_a_session_is_told_by_the_first_of_those_that_end_it() {
    type End = fn(&Session);
    let cases: [(End, &str); 2] = [(log_out, "logged_out"), (Session::destroy, "ended by=log_out")];
    for (end, line) in cases {
        let mut site = Site::new();
        declare(&site.manager);
        let told = Told::by(&site);
        for is_ended_elsewhere in [false, true] {
            site.cookie = None;
            site.request(|session| log_in(session, "alice")).await;
            let (one, other) = (site.open().await, site.open().await);
            end(&one);
            end(&other);
            if is_ended_elsewhere {
                let alice = Value::Str("alice".into());
                site.manager.sessions_of(&alice, site.now).unwrap().end_all().await.unwrap();
            }
            close(&site, &one).await.unwrap();
            close(&site, &other).await.unwrap();
            let line = if is_ended_elsewhere { "ended by=elsewhere" } else { line };
            assert_eq!(told.since(&site).await, ["logged_in", line]);
        }
    }
}

fn declare(manager: &Manager) {
    manager.declare_login("username");
    manager.declare_listed();
}

#[tokio::test]
async fn sessions_that_are_ended_through_the_list_of_their_user_are_told() {
    let site = Site::with(|config| config.session_max_per_user = Some(2));
    declare(&site.manager);
    let told = Told::by(&site);
    let mut handles = Vec::new();
    for _ in 0..3 {
        browser(&site).request(|session| log_in(session, "alice")).await;
        let events = told.events(&site).await;
        handles.push(events.last().unwrap().handle().unwrap().to_owned());
        if let [ended, _] = events.as_slice() {
            assert_eq!((ended.by(), ended.handle()), (Some(EndedBy::Limit), Some(handles[0].as_str())));
        }
    }
    site.manager.sessions_of(&Value::Str("alice".into()), site.now).unwrap().end_all().await.unwrap();
    let mut ended: Vec<String> =
        told.events(&site).await.iter().map(|event| event.handle().unwrap().to_owned()).collect();
    ended.sort();
    handles.remove(0);
    handles.sort();
    assert_eq!(ended, handles);
    let stats = site.manager.stats();
    assert_eq!((stats.count(EventKind::LoggedIn), stats.count(EventKind::Ended)), (3, 3));
}

#[tokio::test]
async fn a_log_in_beyond_the_limit_is_refused_and_told() {
    let site = Site::with(|config| {
        config.session_max_per_user = Some(1);
        config.session_when_full = WhenFull::Refuse;
    });
    declare(&site.manager);
    let told = Told::by(&site);
    browser(&site).request(|session| log_in(session, "alice")).await;
    let session = site.open().await;
    log_in(&session, "alice");
    close(&site, &session).await.unwrap_err();
    assert_eq!(told.since(&site).await, ["logged_in", "refused why=too_many_sessions"]);
}

#[tokio::test]
async fn sessions_in_cookies_are_told_without_handles() {
    let mut site = Site::with_cookies(|config| {
        config.max_cookie_size = 1000;
        config.session_absolute_lifetime = Some(Duration::from_secs(3600));
    });
    site.manager.declare_login("username");
    let told = Told::by(&site);
    type Action = fn(&Session);
    let actions: [(Action, &[&str]); 9] = [
        (|session| session.set("cart", "tea"), &["created"]),
        (|session| drop(session.get::<String>("cart")), &[]),
        (|session| session.set("cart", "milk"), &[]),
        (|session| log_in(session, "alice"), &["logged_in"]),
        (log_out, &["logged_out"]),
        (|session| session.set("cart", "tea"), &["created"]),
        (Session::destroy, &["ended by=log_out"]),
        (|session| log_in(session, "alice"), &["logged_in"]),
        (|session| session.end_unproven_login(EndedBy::Stamp), &["ended by=stamp"]),
    ];
    for (action, lines) in actions {
        site.request(action).await;
        let events = told.events(&site).await;
        let shown = |event: &Event| event.to_string().split_once(" at=").unwrap().0.to_owned();
        assert_eq!(events.iter().map(shown).collect::<Vec<_>>(), lines);
    }
    site.request(|session| session.set("cart", "tea")).await;
    let session = site.open().await;
    // Deflating does not help.
    let mut number = 1_u64;
    let text: String = std::iter::repeat_with(|| {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        format!("{:x}", number >> 32)
    })
    .take(500)
    .collect();
    session.set("cart", &text);
    close(&site, &session).await.unwrap_err();
    site.now += Duration::from_secs(3601);
    site.request(|session| drop(session.get::<String>("cart"))).await;
    assert_eq!(told.since(&site).await, ["created", "too_large", "ended by=absolute_lifetime"]);
}
