//! Several requests that renew, end, change and write one session, each in a process of its own and as fast or slow as
//! chance has it: a log-out always wins, and no write is lost.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use rocket_session_state_conformance::{Fault, Faulty, Operation};
use rocket_session_state_core::fields;
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::merge;
use rocket_session_state_core::session::{SaveError, Session};

use super::site::{Site, field, log_in, log_out};

field!(Counter, "n", u32, u32, 0, merge::add);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Write,
    Regenerate,
    LogInAgain,
    LogInAsOther,
    LogOut,
    LogOutWithMessage,
    Destroy,
}

impl Act {
    fn perform(self, session: &Session) {
        match self {
            Act::Write => fields::update::<Counter, _>(session, |n| *n += 1),
            Act::Regenerate => session.regenerate(),
            Act::LogInAgain => log_in(session, "momo"),
            Act::LogInAsOther => log_in(session, "eve"),
            Act::LogOut => log_out(session),
            Act::LogOutWithMessage => {
                log_out(session);
                session.flash("bye", "info");
            }
            Act::Destroy => session.destroy(),
        }
    }

    fn ends(self) -> bool {
        matches!(self, Act::LogOut | Act::LogOutWithMessage | Act::Destroy)
    }
}

/// What each request does, and how long its calls to the store take, in milliseconds.
type Meeting = Vec<(Act, Vec<u64>)>;

fn meetings(acts: Vec<Act>, pauses: Vec<u64>) -> impl Strategy<Value = Meeting> {
    let pauses = prop::collection::vec(prop::sample::select(pauses), 12);
    prop::collection::vec((prop::sample::select(acts), pauses), 2..=4)
}

/// What each request was answered: the cookie, if it has one that is not deleted.
type Answers = Vec<Result<Option<String>, SaveError>>;

/// Lets requests close the session of a user at once, in which 1 was counted and which all of them have opened before.
async fn meet(meeting: &Meeting) -> (Site, Answers) {
    let mut site = Site::with(|config| {
        config.session_store_timeout = Duration::from_secs(60);
        config.session_request_timeout = Duration::from_secs(600);
    });
    site.manager.declare_login("username");
    site.request(|session| {
        log_in(session, "momo");
        Act::Write.perform(session);
    })
    .await;
    let mut running = Vec::new();
    for (act, pauses) in meeting {
        let store = Arc::new(Faulty::new(Arc::clone(&site.store)));
        let manager = Manager::with_store(site.manager.config().clone(), Arc::clone(&store)).unwrap();
        manager.declare_login("username");
        let session = manager.open(site.cookie.as_deref(), site.now).await.unwrap();
        act.perform(&session);
        for operation in [Operation::Load, Operation::Swap, Operation::Delete] {
            pauses.iter().for_each(|pause| {
                store.next(operation, Fault::Delay(Duration::from_millis(*pause)));
            });
        }
        let now = site.now;
        running.push(tokio::spawn(async move { manager.close(&session, now).await }));
    }
    let mut answers = Vec::new();
    for request in running {
        let closed = request.await.unwrap();
        let value = |line: String| line.split([';', '=']).nth(1).unwrap().to_owned();
        answers.push(closed.map(|closed| closed.set_cookie.map(value).filter(|value| !value.is_empty())));
    }
    (site, answers)
}

/// The user, and how much was counted, in the session of this cookie.
async fn seen_with(site: &Site, cookie: Option<&str>) -> (Option<String>, u32) {
    let session = site.manager.open(cookie, site.now).await.unwrap();
    (session.get("username").unwrap(), fields::get::<Counter>(&session))
}

async fn a_log_out_wins(meeting: &Meeting) {
    let (site, answers) = meet(meeting).await;
    let has = |act| meeting.iter().any(|(other, _)| *other == act);
    for ((act, _), answer) in meeting.iter().zip(&answers) {
        let cookie = match answer {
            Ok(cookie) => cookie.as_deref(),
            Err(SaveError::Ended) if !act.ends() => continue,
            Err(error) => panic!("{act:?}: {error}: {answers:?}"),
        };
        let (user, count) = seen_with(&site, cookie).await;
        // A log-in may have come after all others, and finds nothing then.
        let may_be = match act {
            Act::LogInAsOther => Some("eve"),
            Act::LogInAgain if has(Act::LogInAsOther) => Some("momo"),
            // A third request has kept the data for a moment, and the same user finds it.
            Act::LogInAgain if has(Act::Regenerate) && user.is_some() => continue,
            _ => None,
        };
        assert!(user.is_none() || user.as_deref() == may_be, "{act:?}: {user:?}: {answers:?}");
        assert_eq!(count, 0, "{act:?}: {answers:?}");
    }
    assert_eq!(seen_with(&site, site.cookie.as_deref()).await, (None, 0), "{answers:?}");
}

async fn all_is_kept(meeting: &Meeting) {
    let (site, answers) = meet(meeting).await;
    let mut cookies: Vec<&str> = Vec::new();
    for ((act, _), answer) in meeting.iter().zip(&answers) {
        match answer {
            Ok(cookie) => cookies.extend(cookie.as_deref()),
            Err(error) => panic!("{act:?}: {error}: {answers:?}"),
        }
    }
    let writes = meeting.iter().filter(|(act, _)| *act == Act::Write).count() as u32;
    let renewed = meeting.iter().any(|(act, _)| *act != Act::Write);
    assert_eq!(cookies.is_empty(), !renewed, "{answers:?}");
    cookies.sort_unstable();
    cookies.dedup();
    let has = |act| meeting.iter().any(|(other, _)| *other == act);
    if has(Act::Regenerate) && has(Act::LogInAgain) {
        // A log-in moves on from an id that was renewed without one.
        let mut alive = Vec::new();
        for cookie in cookies {
            alive.extend(seen_with(&site, Some(cookie)).await.0.map(|_| cookie));
        }
        cookies = alive;
    }
    assert!(cookies.len() <= 1, "one session: {answers:?}");
    let cookie = cookies.first().copied().or(site.cookie.as_deref());
    assert_eq!(seen_with(&site, cookie).await, (Some("momo".to_owned()), 1 + writes), "{answers:?}");
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(test);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn a_log_out_beside_anything_leaves_nobody_logged_in(
        mut meeting in meetings(
            vec![
                Act::Write, Act::Regenerate, Act::LogInAgain, Act::LogInAsOther,
                Act::LogOut, Act::LogOutWithMessage, Act::Destroy,
            ],
            // So slow that others take it for dead.
            vec![0, 1, 2, 5, 20, 4_000],
        ),
        end in prop::sample::select(vec![Act::LogOut, Act::LogOutWithMessage, Act::Destroy]),
    ) {
        meeting[0].0 = end;
        run(a_log_out_wins(&meeting));
    }

    #[test]
    fn without_an_end_all_requests_are_answered_and_all_is_kept_in_one_session(
        meeting in meetings(vec![Act::Write, Act::Regenerate, Act::LogInAgain], vec![0, 1, 2, 5, 20, 4_000]),
    ) {
        run(all_is_kept(&meeting));
    }
}
