//! Two or three requests at once, in every order that chance finds: what is stored in the end is what
//! the fields' policies say, worked out here a second time and in the simplest way.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use rocket_session_state_core::fields;
use rocket_session_state_core::merge;
use rocket_session_state_core::session::{SaveError, Session};

use super::site::{Site, field};

field!(Last, "last", i8, Option<i8>, None);
field!(Sum, "sum", i8, i8, 0, merge::add);
field!(High, "high", i8, i8, 0, merge::max);
field!(Low, "low", i8, Option<i8>, None, merge::min);
field!(Strict, "strict", i8, Option<i8>, None, merge::refuse);
field!(Items, "items", Vec<u8>, Vec<u8>, Vec::new(), merge::union);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Number {
    Last,
    Sum,
    High,
    Low,
    Strict,
}

const NUMBERS: [Number; 5] = [Number::Last, Number::Sum, Number::High, Number::Low, Number::Strict];

#[derive(Debug, Clone)]
enum Step {
    Set(Number, i8),
    Take(Number),
    Increment(i8),
    Push(u8),
    Drop(u8),
    TakeItems,
    Flash,
    TakeFlashes,
    Save,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let number = prop::sample::select(NUMBERS.to_vec());
    let step = prop_oneof![
        3 => (number.clone(), any::<i8>()).prop_map(|(number, value)| Step::Set(number, value)),
        1 => number.prop_map(Step::Take),
        3 => any::<i8>().prop_map(Step::Increment),
        3 => (0..4_u8).prop_map(Step::Push),
        2 => (0..4_u8).prop_map(Step::Drop),
        1 => Just(Step::TakeItems),
        2 => Just(Step::Flash),
        1 => Just(Step::TakeFlashes),
        1 => Just(Step::Save),
    ];
    prop::collection::vec(step, 0..6)
}

/// The contents of a session.
#[derive(Debug, Clone, Default, PartialEq)]
struct Held {
    numbers: [Option<i8>; 5],
    items: Option<Vec<u8>>,
    flashes: Vec<String>,
}

impl Held {
    fn of(session: &Session) -> Held {
        let number = |key| session.get::<i8>(key).unwrap();
        Held {
            numbers: ["last", "sum", "high", "low", "strict"].map(number),
            items: session.get("items").unwrap(),
            flashes: session.take_flashes().into_iter().map(|flash| flash.message).collect(),
        }
    }
}

/// A request in the model: what it found, what it made of it, and what of that it wrote.
struct Model {
    base: Held,
    mine: Held,
    written: BTreeSet<Number>,
    items_written: bool,
    flashes_taken: bool,
    /// A key was taken and set again: Python puts it last, so the record differs in any case.
    moved: bool,
}

impl Model {
    fn of(base: Held, flashes_taken: bool) -> Model {
        let written = BTreeSet::new();
        Model { mine: base.clone(), base, written, items_written: false, flashes_taken, moved: false }
    }

    /// Whether the record is as it was found: then nothing is written, whatever was set to what it was.
    fn is_as_found(&self) -> bool {
        self.mine == self.base && !self.moved
    }

    fn take(&mut self, step: &Step, message: &str) {
        match *step {
            Step::Set(number, value) => self.set(number, Some(value)),
            Step::Take(number) => self.set(number, None),
            Step::Increment(by) => {
                let before = self.mine.numbers[Number::Sum as usize].unwrap_or(0);
                let after = before.saturating_add(by);
                if before != after {
                    self.set(Number::Sum, Some(after));
                }
            }
            Step::Push(item) => self.items(|items| items.push(item)),
            Step::Drop(item) => self.items(|items| {
                if let Some(place) = items.iter().position(|other| *other == item) {
                    items.remove(place);
                }
            }),
            Step::TakeItems => {
                // Taking what is not there is nothing; taking what only this request has put there undoes that.
                self.items_written =
                    self.base.items.is_some() && (self.items_written || self.mine.items.is_some());
                self.mine.items = None;
            }
            Step::Flash => self.mine.flashes.push(message.to_owned()),
            Step::TakeFlashes if !self.flashes_taken => {
                self.flashes_taken = true;
                self.mine.flashes.clear();
            }
            Step::TakeFlashes | Step::Save => {}
        }
    }

    fn set(&mut self, number: Number, value: Option<i8>) {
        let place = number as usize;
        if value.is_some() || self.mine.numbers[place].is_some() {
            self.written.insert(number);
        }
        if value.is_none() && self.base.numbers[place].is_none() {
            self.written.remove(&number);
        }
        let (base, mine) = (self.base.numbers[place], self.mine.numbers[place]);
        self.moved |= value.is_some() && mine.is_none() && base.is_some();
        self.mine.numbers[place] = value;
    }

    fn items(&mut self, change: impl FnOnce(&mut Vec<u8>)) {
        let before = self.mine.items.clone().unwrap_or_default();
        let mut after = before.clone();
        change(&mut after);
        if before != after {
            self.items_written = true;
            self.moved |= self.mine.items.is_none() && self.base.items.is_some();
            self.mine.items = Some(after);
        }
    }

    /// Returns the contents of the store after this request was saved over `theirs`; `None` if that is refused.
    fn saved_over(&self, theirs: &Held) -> Option<Held> {
        if self.is_as_found() {
            return Some(theirs.clone());
        }
        let mut saved = theirs.clone();
        for number in &self.written {
            let place = *number as usize;
            let [base, mine, their] = [&self.base, &self.mine, theirs].map(|held| held.numbers[place]);
            saved.numbers[place] = match (number, mine, their) {
                _ if base == their => mine,
                (Number::Last, ..) => mine,
                (Number::Strict, ..) => return None,
                // Whoever took it, it stays taken.
                (_, None, _) => None,
                (_, _, None) if base.is_some() => None,
                (_, Some(mine), None) => Some(mine),
                (Number::High, Some(mine), Some(their)) => Some(mine.max(their)),
                (Number::Low, Some(mine), Some(their)) => Some(mine.min(their)),
                (Number::Sum, Some(mine), Some(their)) => {
                    let sum = i32::from(their) + i32::from(mine) - i32::from(base.unwrap_or(0));
                    Some(i8::try_from(sum.clamp(-128, 127)).unwrap())
                }
            };
        }
        if self.items_written {
            let [base, mine, their] = [&self.base, &self.mine, theirs].map(|held| &held.items);
            saved.items = match (mine, their) {
                _ if base == their => mine.clone(),
                (None, _) => None,
                (_, None) if base.is_some() => None,
                (Some(mine), None) => Some(mine.clone()),
                (Some(mine), Some(their)) => Some(union(base.as_deref().unwrap_or(&[]), mine, their)),
            };
        }
        let [base, mine] = [&self.base.flashes, &self.mine.flashes];
        saved.flashes.retain(|message| !base.contains(message) || mine.contains(message));
        saved.flashes.extend(mine.iter().filter(|message| !base.contains(message)).cloned());
        Some(saved)
    }
}

/// Item by item: theirs less what I removed, and what I added beyond what they added too.
fn union(base: &[u8], mine: &[u8], theirs: &[u8]) -> Vec<u8> {
    let count = |list: &[u8], item| list.iter().filter(|other| **other == item).count();
    let mut united = theirs.to_vec();
    for item in 0..4 {
        let [b, m, t] = [base, mine, theirs].map(|list| count(list, item));
        for _ in 0..b.saturating_sub(m) {
            if let Some(place) = united.iter().position(|other| *other == item) {
                united.remove(place);
            }
        }
        united.extend(std::iter::repeat_n(item, m.saturating_sub(b).saturating_sub(t.saturating_sub(b))));
    }
    united
}

fn act(session: &Session, step: &Step, message: &str) {
    match *step {
        Step::Set(Number::Last, value) => fields::set::<Last>(session, Some(value)),
        Step::Set(Number::Sum, value) => fields::set::<Sum>(session, value),
        Step::Set(Number::High, value) => fields::set::<High>(session, value),
        Step::Set(Number::Low, value) => fields::set::<Low>(session, Some(value)),
        Step::Set(Number::Strict, value) => fields::set::<Strict>(session, Some(value)),
        Step::Take(Number::Last) => drop(fields::take::<Last>(session)),
        Step::Take(Number::Sum) => drop(fields::take::<Sum>(session)),
        Step::Take(Number::High) => drop(fields::take::<High>(session)),
        Step::Take(Number::Low) => drop(fields::take::<Low>(session)),
        Step::Take(Number::Strict) => drop(fields::take::<Strict>(session)),
        Step::Increment(by) => fields::update::<Sum, _>(session, |sum| *sum = sum.saturating_add(by)),
        Step::Push(item) => fields::update::<Items, _>(session, |items| items.push(item)),
        Step::Drop(item) => fields::update::<Items, _>(session, |items| {
            if let Some(place) = items.iter().position(|other| *other == item) {
                items.remove(place);
            }
        }),
        Step::TakeItems => drop(fields::take::<Items>(session)),
        Step::Flash => session.flash(message, "info"),
        Step::TakeFlashes => drop(session.take_flashes()),
        Step::Save => {}
    }
}

/// A request on its way.
struct Running {
    session: Session,
    model: Model,
    next: usize,
}

/// Items without their order: a union keeps the store's first, which `merge.rs` tests.
fn in_no_order(held: &Held) -> Held {
    let mut held = held.clone();
    held.items.iter_mut().for_each(|items| items.sort_unstable());
    held
}

#[derive(Debug, Clone)]
struct History {
    first: Vec<Step>,
    requests: Vec<Vec<Step>>,
    /// Which of the requests that still run goes on, one after the other.
    order: Vec<u8>,
}

fn histories() -> impl Strategy<Value = History> {
    let requests = prop::collection::vec(steps(), 2..=3);
    let order = prop::collection::vec(0..6_u8, 30);
    (steps(), requests, order).prop_map(|(first, requests, order)| History { first, requests, order })
}

async fn follow(history: &History) {
    let mut site = Site::new();
    // Something that nobody touches, so that the session does not end by becoming empty.
    site.request(|session| {
        session.set("anchor", "stays");
        history.first.iter().for_each(|step| act(session, step, "first"));
    })
    .await;
    let mut stored = in_no_order(&Held::of(&site.open().await));
    // Another process for each request: nothing but the store is shared.
    let processes: Vec<_> = history
        .requests
        .iter()
        .map(|_| {
            let store = Arc::new(Arc::clone(&site.store));
            rocket_session_state_core::manager::Manager::with_store(site.manager.config().clone(), store)
                .unwrap()
        })
        .collect();
    let mut running: Vec<Option<Running>> = history.requests.iter().map(|_| None).collect();
    let mut done: Vec<bool> = vec![false; running.len()];
    // What the order leaves over is finished one after the other.
    let order = history.order.iter().map(|pick| usize::from(*pick)).chain((0..3).flat_map(|n| [n; 9]));
    for pick in order {
        let place = pick % running.len();
        if done[place] {
            continue;
        }
        let steps = &history.requests[place];
        let Some(request) = &mut running[place] else {
            let session = processes[place].open(site.cookie.as_deref(), site.now).await.unwrap();
            running[place] = Some(Running { session, model: Model::of(stored.clone(), false), next: 0 });
            continue;
        };
        let step = steps.get(request.next);
        request.next += 1;
        let saved = match step {
            None => {
                done[place] = true;
                processes[place].close(&request.session, site.now).await.map(drop)
            }
            Some(Step::Save) => request.session.save().await,
            Some(step) => {
                let message = format!("{place}.{}", request.next);
                act(&request.session, step, &message);
                request.model.take(step, &message);
                continue;
            }
        };
        match request.model.saved_over(&stored) {
            Some(expected) => {
                saved.unwrap();
                let now = in_no_order(&Held::of(&site.open().await));
                assert_eq!(now, in_no_order(&expected));
                stored = now;
                let Model { base, flashes_taken, .. } = &request.model;
                // Who writes nothing learns nothing of what others wrote.
                let base = if request.model.is_as_found() { base.clone() } else { stored.clone() };
                request.model = Model::of(base, *flashes_taken);
            }
            None => {
                assert!(matches!(&saved, Err(SaveError::Refused { key }) if key == "strict"), "{saved:?}");
                assert_eq!(
                    in_no_order(&Held::of(&site.open().await)),
                    stored,
                    "a refused save left something"
                );
            }
        }
    }
    assert!(done.iter().all(|done| *done));
    assert_eq!(site.get("anchor").await.as_deref(), Some("stays"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn whatever_the_order_the_store_holds_what_the_policies_say(history in histories()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(follow(&history));
    }

    #[test]
    fn increments_alone_always_add_up(amounts in prop::collection::vec(-10..10_i8, 2..=8), order in any::<u64>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut site = Site::new();
            site.request(|session| session.set("anchor", "stays")).await;
            let mut open = Vec::new();
            for (n, by) in amounts.iter().enumerate() {
                let session = site.open().await;
                fields::update::<Sum, _>(&session, |sum| *sum += by);
                open.push(session);
                if order >> n & 1 == 1 {
                    site.close(&open.remove(order as usize % open.len())).await.unwrap();
                }
            }
            for session in open {
                site.close(&session).await.unwrap();
            }
            assert_eq!(fields::get::<Sum>(&site.open().await), amounts.iter().sum::<i8>());
        });
    }
}
