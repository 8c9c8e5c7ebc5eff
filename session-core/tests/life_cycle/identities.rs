//! Requests that log in and out at the same time, in every order of store calls that chance finds.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::session::{SaveError, Session};
use rocket_session_state_core::store::{Call, Loaded, New, Store, StoreError, Swap};

use super::site::{self, Counting, Site, log_out};

/// Whose session it is when the requests come.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Owner {
    Ann,
    /// A visitor with a cart.
    Visitor,
}

/// One request's use of the session.
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
        Read => assert!(session.contains("username") || session.contains("cart") || session.is_new()),
        // A request that finds nobody logged in has nothing of Ann's to write.
        Write if session.contains("username") => session.set(&format!("of-ann-{number}"), "written"),
        Write if session.contains("cart") => session.set(&format!("kept-{number}"), "written"),
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
    /// The session was that of its owner when the request came.
    knew_owner: bool,
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

async fn run(owner: Owner, actions: Vec<Action>, waits: Vec<u8>) -> Run {
    let mut site = Site::new();
    site.request(|session| {
        session.declare_login("username");
        match owner {
            Owner::Ann => log_in(session, "ann"),
            Owner::Visitor => session.set("cart", "tea"),
        }
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
                let (loaded, knew_owner) = (tick(), !session.is_new());
                act(&session, action, number);
                let saving = tick();
                let closed = manager.close(&session, now).await;
                let outcome = closed.map(|closed| {
                    let line = closed.set_cookie.filter(|line| !line.contains("Max-Age=0"))?;
                    let value = line.split(';').next()?.split_once('=')?.1.to_owned();
                    cookies.lock().unwrap().push(value.clone());
                    Some(value)
                });
                Done { action, knew_owner, outcome, loaded, saving, saved: tick() }
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
    if done.iter().any(|done| done.knew_owner && done.succeeded(&moved)) {
        assert!(live.iter().all(|(cookie, ..)| cookie != first_cookie), "the old id is alive");
    }
    for end in done.iter().filter(|done| done.knew_owner && done.succeeded(&[LogOut, Destroy])) {
        for late in
            done.iter().filter(|late| late.knew_owner && late.loaded < end.saving && late.saving > end.saved)
        {
            let told = matches!(late.outcome, Err(SaveError::Ended));
            let changed = matches!(late.action, Write | LogInAgain | Regenerate);
            assert!(told || !changed, "{:?} after the end: {:?}", late.action, late.outcome);
        }
    }
    // An end also ends what another request has moved on. Whoever logs in again may have done so afterwards.
    let logged_in = done.iter().any(|done| done.succeeded(&[LogInAgain]));
    let ended = done.iter().any(|done| done.succeeded(&[LogOut, Destroy]));
    // So does another user who takes the session's place; one who comes with the old id has a session beside it.
    let left = done.iter().any(|done| done.knew_owner && done.succeeded(&[LogInAsBob]));
    if (ended || left) && !logged_in {
        assert!(
            live.iter().all(|(_, user, _)| user.as_deref() != Some("ann")),
            "Ann is logged in again: {live:?}"
        );
    }
}

fn check_that_acknowledged_writes_are_kept(Run { done, live, .. }: &Run) {
    if done.iter().any(|done| done.succeeded(&[LogOut, Destroy, LogInAsBob])) {
        return;
    }
    let [(_, user, keys)] = &live[..] else { panic!("{} sessions of Ann", live.len()) };
    assert_eq!(user.as_deref(), Some("ann"));
    for (number, done) in done.iter().enumerate() {
        let written = keys.contains(&format!("of-ann-{number}"));
        let expected = done.knew_owner && done.succeeded(&[Write]);
        assert_eq!(written, expected, "request {number}: {:?} in {keys:?}", done.outcome);
    }
}

/// Nobody is told anything but the session that lives, in whatever order the answers arrive.
fn check_that_every_cookie_leads_to_the_session(Run { done, live, first_cookie }: &Run) {
    if done.iter().any(|done| [LogOut, Destroy, LogInAsBob].contains(&done.action)) {
        return;
    }
    let has = |action| done.iter().any(|done| done.action == action);
    if has(Regenerate) && has(LogInAgain) {
        // A log-in moves on from an id that was renewed without one.
        return;
    }
    let [(cookie, ..)] = &live[..] else { panic!("{} sessions of one visitor", live.len()) };
    let moves = |done: &&Done| matches!(done.action, LogInAgain | Regenerate);
    for done in done {
        match &done.outcome {
            Ok(None) => assert_ne!(done.action, LogInAgain, "a log-in without its cookie"),
            Ok(Some(sent)) => {
                assert_eq!(sent, cookie, "{:?}", done.action);
                assert!(moves(&done), "{:?} has sent a cookie", done.action);
            }
            Err(error) => panic!("{:?}: {error:?}", done.action),
        }
    }
    assert_eq!(cookie != first_cookie, done.iter().any(|done| moves(&done)), "{live:?}");
}

/// A visitor becomes Ann with all that the visitor had, and all that was acknowledged beside it; of two users who log in
/// one has it.
fn check_that_the_cart_goes_with_one_log_in(Run { done, live, .. }: &Run) {
    let has = |action| done.iter().any(|done: &Done| done.action == action);
    let with_cart: Vec<&Live> =
        live.iter().filter(|(_, _, keys)| keys.contains(&"cart".to_owned())).collect();
    assert!(with_cart.len() <= 1, "{live:?}");
    if done.iter().any(|done| [LogOut, Destroy].contains(&done.action)) {
        return;
    }
    let [(_, user, keys)] = &with_cart[..] else { panic!("no cart in {live:?}") };
    // Who comes with an id that was renewed while it was nobody's starts without data.
    let logs_in = |action| {
        done.iter().any(|done: &Done| done.succeeded(&[action]) && (done.knew_owner || !has(Regenerate)))
    };
    match (logs_in(LogInAgain), logs_in(LogInAsBob)) {
        (true, false) => assert_eq!(user.as_deref(), Some("ann")),
        (false, true) => assert_eq!(user.as_deref(), Some("bob")),
        (anns, _) => assert_eq!(user.is_some(), anns),
    }
    for (number, done) in done.iter().enumerate() {
        let written = keys.contains(&format!("kept-{number}"));
        let expected = done.knew_owner && done.succeeded(&[Write]);
        assert_eq!(written, expected, "request {number}: {:?} in {keys:?}", done.outcome);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn nothing_changes_hands_in_any_order_of_store_calls((actions, waits) in runs()) {
        check_that_nothing_has_changed_hands(&block_on(run(Owner::Ann, actions, waits)));
    }

    #[test]
    fn nobody_comes_back_in_any_order_of_store_calls((actions, waits) in runs()) {
        check_that_nobody_has_come_back(&block_on(run(Owner::Ann, actions, waits)));
    }

    #[test]
    fn an_acknowledged_write_is_kept_in_any_order_of_store_calls((actions, waits) in runs()) {
        check_that_acknowledged_writes_are_kept(&block_on(run(Owner::Ann, actions, waits)));
    }

    #[test]
    fn every_cookie_leads_to_the_session_in_any_order_of_store_calls(
        (actions, waits) in runs(), owner in prop::sample::select(vec![Owner::Ann, Owner::Visitor])
    ) {
        check_that_every_cookie_leads_to_the_session(&block_on(run(owner, actions, waits)));
    }

    #[test]
    fn a_cart_goes_with_one_log_in_in_any_order_of_store_calls((actions, waits) in runs()) {
        check_that_the_cart_goes_with_one_log_in(&block_on(run(Owner::Visitor, actions, waits)));
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
