//! Random histories of calls, compared with a model that is simple enough to be right.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::subject::{HOUR, Subject, conflict, done, holds};
use super::violation::{Broken, ensure};
use rocket_session_state_core::store::{Loaded, New, Swap, Touch};

/// A step of a history. Lives and pauses are whole hours, so that the real time that a test
/// takes decides nothing.
#[derive(Debug, Clone)]
enum Step {
    Load { key: u8, touch: Option<Renewal> },
    Swap { key: u8, expected: Expected, new: Option<NewRecord> },
    Delete { key: u8 },
    Purge,
    Pass { hours: u32 },
}

/// Few values, so that "the same bytes again" happens.
#[derive(Debug, Clone, Copy)]
struct NewRecord {
    value: u8,
    hours: u32,
}

#[derive(Debug, Clone, Copy)]
struct Renewal {
    hours: u32,
    renew_below: u32,
}

#[derive(Debug, Clone, Copy)]
enum Expected {
    Nothing,
    LastSeen,
    /// The record that was seen under the key so many observations before the last.
    SeenEarlier(u8),
}

fn histories() -> impl Strategy<Value = Vec<Step>> {
    let key = 0..3_u8;
    let hours = 1..=10_u32;
    let record = (0..3_u8, hours.clone()).prop_map(|(value, hours)| NewRecord { value, hours });
    let renewal = (hours, 0..=12_u32).prop_map(|(hours, renew_below)| Renewal { hours, renew_below });
    let expected = prop_oneof![
        1 => Just(Expected::Nothing),
        3 => Just(Expected::LastSeen),
        1 => (1..4_u8).prop_map(Expected::SeenEarlier),
    ];
    let step = prop_oneof![
        3 => (key.clone(), proptest::option::of(renewal)).prop_map(|(key, touch)| Step::Load { key, touch }),
        6 => (key.clone(), expected, proptest::option::weighted(0.8, record))
            .prop_map(|(key, expected, new)| Step::Swap { key, expected, new }),
        1 => key.prop_map(|key| Step::Delete { key }),
        1 => Just(Step::Purge),
        2 => (0..8_u32).prop_map(|hours| Step::Pass { hours }),
    ];
    proptest::collection::vec(step, 1..40)
}

/// Runs so many random histories; the shortest that still fails is what is reported.
pub(super) async fn agree(seed: u64, number: u32, subject: impl Fn(u32) -> Subject) -> Result<(), Broken> {
    let bytes: Vec<u8> = seed.to_le_bytes().repeat(4);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, rng);
    for n in 0..number {
        let tree = histories().new_tree(&mut runner);
        let mut tree = tree.map_err(|reason| Broken(format!("no history could be made up: {reason}")))?;
        let Err(mut broken) = follow(&subject(n), tree.current()).await else { continue };
        let mut shortest = tree.current();
        let mut simpler = tree.simplify();
        while simpler {
            simpler = match follow(&subject(n), tree.current()).await {
                Err(still) => {
                    (broken, shortest) = (still, tree.current());
                    tree.simplify()
                }
                Ok(()) => tree.complicate(),
            };
        }
        let steps: String = shortest.iter().enumerate().map(|(n, step)| format!("\n{n}. {step:?}")).collect();
        return Err(Broken(format!("{}\nThis happens in the history{steps}\nof the seed {seed}", broken.0)));
    }
    Ok(())
}

/// A record as the model knows it.
struct Life {
    record: Loaded,
    /// The hours at which it may end: a touch that is not due yet may renew a life or not. Never empty.
    ends: BTreeSet<u32>,
}

impl Life {
    /// Until when it lives for certain, and from when on it has ended.
    fn bounds(&self) -> (u32, u32) {
        let [first, last] = [self.ends.first(), self.ends.last()].map(|end| end.copied().unwrap_or_default());
        (first, last)
    }
}

/// The model, beside the store.
struct Model<'s> {
    store: &'s Subject,
    now: u32,
    lives: HashMap<u8, Life>,
    seen: HashMap<u8, Vec<Option<Loaded>>>,
}

async fn follow(store: &Subject, steps: Vec<Step>) -> Result<(), Broken> {
    let mut model = Model { store, now: 0, lives: HashMap::new(), seen: HashMap::new() };
    let mut outcome = Ok(());
    for (n, step) in steps.into_iter().enumerate() {
        outcome = model.take(step).await.map_err(|broken| Broken(format!("step {n}: {}", broken.0)));
        if outcome.is_err() {
            break;
        }
    }
    store.clean_up().await;
    outcome
}

impl Model<'_> {
    async fn take(&mut self, step: Step) -> Result<(), Broken> {
        match step {
            Step::Load { key, touch } => self.load(key, touch).await,
            Step::Swap { key, expected, new } => self.swap(key, expected, new).await,
            Step::Delete { key } => {
                let there = self.current(key).await?.is_some();
                let deleted = self.store.delete(&self.name(key)).await?;
                self.lives.remove(&key);
                ensure(deleted == there, || format!("a deletion said {deleted}, expected {there}"))
            }
            Step::Purge => self.store.purge().await.map(drop),
            Step::Pass { hours } => {
                self.now = self.now.saturating_add(hours);
                self.store.pass(HOUR.saturating_mul(hours)).await
            }
        }
    }

    async fn load(&mut self, key: u8, renewal: Option<Renewal>) -> Result<(), Broken> {
        let current = self.current(key).await?;
        let touch = renewal
            .map(|renewal| Touch { lifetime: hours(renewal.hours), renew_below: hours(renewal.renew_below) });
        let loaded = self.store.load(&self.name(key), touch).await?;
        same(loaded.as_ref(), current.as_ref())?;
        if let (Some(life), Some(renewal)) = (self.lives.get_mut(&key), renewal) {
            let renewed = self.now.saturating_add(renewal.hours);
            // Of the ends it may have had, those for which the touch was due are none any more.
            life.ends.retain(|end| end.saturating_sub(self.now) > renewal.renew_below);
            life.ends.insert(renewed);
        }
        self.see(key, loaded);
        Ok(())
    }

    async fn swap(&mut self, key: u8, expected: Expected, new: Option<NewRecord>) -> Result<(), Broken> {
        let current = self.current(key).await?;
        let expected = self.expected(key, expected);
        let bytes = new.map(|new| [new.value]);
        let record = bytes.as_ref().zip(new).map(|(bytes, new)| New { bytes, lifetime: hours(new.hours) });
        let swap = self.store.swap_for(&self.name(key), expected.as_ref(), record).await?;
        let bytes_of = |record: &Option<Loaded>| record.as_ref().map(|record| record.bytes.clone());
        let same_bytes = bytes_of(&expected) == bytes_of(&current);
        // A store with versions of its own may tell apart what has the same bytes.
        let may_differ = expected.as_ref().map(|e| e.version) != current.as_ref().map(|c| c.version);
        match swap {
            Swap::Conflict(found) if !same_bytes || may_differ => {
                same(found.as_ref(), current.as_ref())?;
                self.see(key, found);
            }
            swap if !same_bytes => {
                let current = current.as_ref().map(|current| &*current.bytes);
                conflict(swap, "a swap of something else than what is stored", current)?;
            }
            swap => {
                let version = done(&swap, "a swap of what is stored")?;
                let life = new.map(|new| {
                    let ends = self.now.saturating_add(new.hours);
                    let record = Loaded::versioned(vec![new.value], version);
                    Life { record, ends: [ends].into() }
                });
                self.see(key, life.as_ref().map(|life| life.record.clone()));
                match life {
                    Some(life) => self.lives.insert(key, life),
                    None => self.lives.remove(&key),
                };
            }
        }
        Ok(())
    }

    /// Returns the record that the store has to hold now. Where the model leaves that open, the store is asked.
    async fn current(&mut self, key: u8) -> Result<Option<Loaded>, Broken> {
        let Some(life) = self.lives.get_mut(&key) else { return Ok(None) };
        let (earliest, latest) = life.bounds();
        let lives = self.now < earliest
            || self.now < latest && self.store.stored(&self.store.key(&key.to_string())).await?.is_some();
        if lives {
            life.ends.retain(|end| *end > self.now);
        } else {
            self.lives.remove(&key);
        }
        Ok(self.lives.get(&key).map(|life| life.record.clone()))
    }

    fn expected(&self, key: u8, expected: Expected) -> Option<Loaded> {
        let seen = self.seen.get(&key).map_or(&[][..], Vec::as_slice);
        match expected {
            Expected::Nothing => None,
            Expected::LastSeen => seen.last().cloned().flatten(),
            Expected::SeenEarlier(back) => seen.iter().rev().nth(back.into()).cloned().flatten(),
        }
    }

    fn see(&mut self, key: u8, record: Option<Loaded>) {
        self.seen.entry(key).or_default().push(record);
    }

    fn name(&self, key: u8) -> String {
        self.store.key(&key.to_string())
    }
}

fn hours(number: u32) -> Duration {
    HOUR.saturating_mul(number)
}

fn same(found: Option<&Loaded>, expected: Option<&Loaded>) -> Result<(), Broken> {
    holds(found, expected.map(|expected| &*expected.bytes), "the store")?;
    ensure(found == expected, || {
        format!("the version became {found:?}, the swap that wrote it gave {expected:?}")
    })
}

#[cfg(test)]
mod tests {
    use rocket_session_state_core::store::{DynStore, MemoryStore};

    use super::*;

    #[tokio::test]
    async fn a_touch_that_was_not_due_may_have_shortened_a_life_that_another_one_had_prolonged() {
        let touch = |hours| Step::Load { key: 0, touch: Some(Renewal { hours, renew_below: 0 }) };
        let load = Step::Load { key: 0, touch: None };
        let swap =
            Step::Swap { key: 0, expected: Expected::Nothing, new: Some(NewRecord { value: 0, hours: 3 }) };
        let pass = |hours| Step::Pass { hours };
        let history = vec![swap, touch(6), touch(4), pass(3), load.clone(), pass(1), load];
        // It renews a life at every touch.
        let store = Subject::new(DynStore::new(MemoryStore::new(1)), None, String::new());
        assert!(follow(&store, history).await.is_ok());
    }
}
