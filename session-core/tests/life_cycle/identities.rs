//! Requests that log in and out at the same time, in every order of store calls that chance finds.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::session::{SaveError, Session};
use rocket_session_state_core::store::{Call, Loaded, New, Store, StoreError, Swap};

use super::site::{self, Counting, Site, log_out};

/// One request's use of the session of Ann.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Action {
    Read,
    Write,
    LogInAgain,
    LogInAsBob,
    LogOut,
    Destroy,
    Regenerate,
}

use Action::*;

const ACTIONS: [Action; 7] = [Read, Write, LogInAgain, LogInAsBob, LogOut, Destroy, Regenerate];

/// Lets other requests go first before each call and before its answer, as often as a list says.
struct Shuffled {
    inner: Counting,
    waits: Vec<u8>,
    next: AtomicUsize,
}

impl Shuffled {
    async fn wait(&self) {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.waits.len();
        for _ in 0..self.waits[turn] {
            tokio::task::yield_now().await;
        }
    }

    async fn between<T>(
        &self,
        call: impl Future<Output = Result<T, rocket_session_state_core::store::StoreError>>,
    ) -> Result<T, rocket_session_state_core::store::StoreError> {
        self.wait().await;
        let answer = call.await;
        self.wait().await;
        answer
    }
}

impl Store for Shuffled {
    async fn load(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        self.between(self.inner.load(call, key, touch)).await
    }

    async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        self.between(self.inner.swap(call, key, expected, new)).await
    }

    async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        self.between(self.inner.delete(call, key)).await
    }

    async fn purge(&self, call: Call) -> Result<u64, StoreError> {
        self.inner.purge(call).await
    }

    async fn ping(&self, call: Call) -> Result<(), StoreError> {
        self.inner.ping(call).await
    }
}

fn log_in(session: &Session, user: &str) {
    site::log_in(session, user);
    session.set(&format!("of-{user}"), "private");
}

fn act(session: &Session, action: Action, number: usize) {
    session.declare_login("username");
    match action {
        Read => assert!(session.contains("username") || session.is_new()),
        // A request that finds nobody logged in has nothing of Ann's to write.
        Write if session.contains("username") => session.set(&format!("of-ann-{number}"), "written"),
        Write => {}
        LogInAgain => log_in(session, "ann"),
        LogInAsBob => log_in(session, "bob"),
        LogOut => log_out(session),
        Destroy => session.destroy(),
        Regenerate => session.regenerate(),
    }
}

/// A request that is done.
struct Done {
    action: Action,
    /// The session was Ann's when the request came.
    knew_ann: bool,
    outcome: Result<Option<String>, SaveError>,
    /// The moments between which it was saved, and the one at which it had been loaded.
    loaded: usize,
    saving: usize,
    saved: usize,
}

impl Done {
    fn succeeded(&self, actions: &[Action]) -> bool {
        self.outcome.is_ok() && actions.contains(&self.action)
    }
}

/// All requests of a run, and the sessions that are alive after it.
struct Run {
    done: Vec<Done>,
    live: Vec<Live>,
    first_cookie: String,
}

async fn run(actions: Vec<Action>, waits: Vec<u8>) -> Run {
    let mut site = Site::new();
    site.request(|session| {
        session.declare_login("username");
        log_in(session, "ann");
    })
    .await;
    let cookie = site.cookie.clone().unwrap();
    let store = Arc::new(Shuffled { inner: Arc::clone(&site.store), waits, next: AtomicUsize::new(0) });
    let process = || Manager::with_store(site.manager.config().clone(), Arc::clone(&store)).unwrap();
    let (processes, clock, now) = ([process(), process()], Arc::new(AtomicUsize::new(0)), site.now);
    let cookies = Arc::new(Mutex::new(vec![cookie.clone()]));
    let requests: Vec<_> = (0..actions.len())
        .map(|number| {
            let (action, manager) = (actions[number], processes[number % 2].clone());
            let (cookie, cookies, clock) = (cookie.clone(), Arc::clone(&cookies), Arc::clone(&clock));
            tokio::spawn(async move {
                let tick = || clock.fetch_add(1, Ordering::Relaxed);
                let session = manager.open(Some(&cookie), now).await.unwrap();
                let (loaded, knew_ann) = (tick(), session.contains("username"));
                act(&session, action, number);
                let saving = tick();
                let closed = manager.close(&session, now).await;
                let outcome = closed.map(|closed| {
                    let line = closed.set_cookie.filter(|line| !line.contains("Max-Age=0"))?;
                    let value = line.split(';').next()?.split_once('=')?.1.to_owned();
                    cookies.lock().unwrap().push(value.clone());
                    Some(value)
                });
                Done { action, knew_ann, outcome, loaded, saving, saved: tick() }
            })
        })
        .collect();
    let mut done = Vec::new();
    for request in requests {
        done.push(request.await.unwrap());
    }
    let mut cookies = Arc::into_inner(cookies).unwrap().into_inner().unwrap();
    cookies.sort();
    cookies.dedup();
    let mut live = Vec::new();
    for value in cookies {
        site.cookie = Some(value.clone());
        let session = site.open().await;
        if !session.is_new() {
            live.push((value, session.get::<String>("username").unwrap(), session.keys()));
        }
    }
    Run { done, live, first_cookie: cookie }
}

/// The cookie, the user and the keys of a session.
type Live = (String, Option<String>, Vec<String>);

fn check_that_nothing_has_changed_hands(Run { live, .. }: &Run) {
    for (_, user, keys) in live {
        let strangers = keys.iter().filter(|key| match user.as_deref() {
            Some(user) => key.starts_with("of-") && !key.starts_with(&format!("of-{user}")),
            None => key.starts_with("of-"),
        });
        assert_eq!(strangers.count(), 0, "{user:?} has {keys:?}");
    }
}

fn check_that_nobody_has_come_back(Run { done, live, first_cookie }: &Run) {
    let moved = [LogInAgain, LogInAsBob, LogOut, Destroy, Regenerate];
    if done.iter().any(|done| done.knew_ann && done.succeeded(&moved)) {
        assert!(live.iter().all(|(cookie, ..)| cookie != first_cookie), "the old id is alive");
    }
    for end in done.iter().filter(|done| done.knew_ann && done.succeeded(&[LogOut, Destroy])) {
        for late in
            done.iter().filter(|late| late.knew_ann && late.loaded < end.saving && late.saving > end.saved)
        {
            let told = matches!(late.outcome, Err(SaveError::Ended));
            let changed = matches!(late.action, Write | LogInAgain | Regenerate);
            assert!(told || !changed, "{:?} after the end: {:?}", late.action, late.outcome);
        }
    }
    // Whoever moved Ann's session on before it was ended, has moved it on; nobody else may have it.
    let ended = done.iter().any(|done| done.knew_ann && done.succeeded(&[LogOut, Destroy, LogInAsBob]));
    let moved_on = done.iter().any(|done| done.succeeded(&[LogInAgain, Regenerate]));
    if ended && !moved_on {
        assert!(
            live.iter().all(|(_, user, _)| user.as_deref() != Some("ann")),
            "Ann is logged in again: {live:?}"
        );
    }
}

fn check_that_acknowledged_writes_are_kept(Run { done, live, .. }: &Run) {
    let ended = done.iter().any(|done| done.succeeded(&[LogOut, Destroy, LogInAsBob]));
    // A login that found the session gone already is one of its own.
    let anew = done.iter().any(|done| done.action == LogInAgain && !done.knew_ann);
    if ended || anew {
        return;
    }
    let [(_, user, keys)] = &live[..] else { panic!("{} sessions of Ann", live.len()) };
    assert_eq!(user.as_deref(), Some("ann"));
    for (number, done) in done.iter().enumerate() {
        let written = keys.contains(&format!("of-ann-{number}"));
        let expected = done.knew_ann && done.succeeded(&[Write]);
        assert_eq!(written, expected, "request {number}: {:?} in {keys:?}", done.outcome);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn nothing_changes_hands_in_any_order_of_store_calls((actions, waits) in runs()) {
        check_that_nothing_has_changed_hands(&block_on(run(actions, waits)));
    }

    #[test]
    fn nobody_comes_back_in_any_order_of_store_calls((actions, waits) in runs()) {
        check_that_nobody_has_come_back(&block_on(run(actions, waits)));
    }

    #[test]
    fn an_acknowledged_write_is_kept_in_any_order_of_store_calls((actions, waits) in runs()) {
        check_that_acknowledged_writes_are_kept(&block_on(run(actions, waits)));
    }
}

/// The actions of some requests, and how long each store call of them waits.
fn runs() -> impl Strategy<Value = (Vec<Action>, Vec<u8>)> {
    let actions = prop::collection::vec(prop::sample::select(ACTIONS.to_vec()), 2..=4);
    (actions, prop::collection::vec(0..6_u8, 1..24))
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}
