//! Random histories of calls, compared with a model that is simple enough to be right.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::subject::{HOUR, Subject, conflict, done, holds};
use super::violation::{Broken, ensure};
use rocket_session_state_core::store::{Loaded, New, Swap};

/// A step of a history. Lives and pauses are whole hours, so that the real time that a test
/// takes decides nothing.
#[derive(Debug, Clone)]
enum Step {
    Load {
        key: u8,
        touch: Option<u32>,
    },
    Swap {
        key: u8,
        expected: Expected,
        new: Option<NewRecord>,
    },
    /// Replaces what is stored with this value, for the life that it has left.
    Keep {
        key: u8,
        value: u8,
    },
    Delete {
        key: u8,
    },
    Purge,
    Pass {
        hours: u32,
    },
}

/// Few values, so that "the same bytes again" happens.
#[derive(Debug, Clone, Copy)]
struct NewRecord {
    value: u8,
    hours: u32,
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
    let expected = prop_oneof![
        1 => Just(Expected::Nothing),
        3 => Just(Expected::LastSeen),
        1 => (1..4_u8).prop_map(Expected::SeenEarlier),
    ];
    let step = prop_oneof![
        3 => (key.clone(), proptest::option::of(hours)).prop_map(|(key, touch)| Step::Load { key, touch }),
        2 => (key.clone(), 0..3_u8).prop_map(|(key, value)| Step::Keep { key, value }),
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
    /// The hour at which it ends.
    ends: u32,
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
            Step::Keep { key, value } => self.keep(key, value).await,
            Step::Swap { key, expected, new } => self.swap(key, expected, new).await,
            Step::Delete { key } => {
                let there = self.current(key).is_some();
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

    async fn load(&mut self, key: u8, touch: Option<u32>) -> Result<(), Broken> {
        let current = self.current(key);
        let loaded = self.store.load(&self.name(key), touch.map(hours)).await?;
        same(loaded.as_ref(), current.as_ref())?;
        if let (Some(life), Some(touch)) = (self.lives.get_mut(&key), touch) {
            life.ends = self.now.saturating_add(touch);
        }
        self.see(key, loaded);
        Ok(())
    }

    async fn keep(&mut self, key: u8, value: u8) -> Result<(), Broken> {
        self.load(key, None).await?;
        let Some(expected) = self.expected(key, Expected::LastSeen) else { return Ok(()) };
        let new = New { bytes: &[value], lifetime: None };
        let swap = self.store.swap_for(&self.name(key), Some(&expected), Some(new)).await?;
        let version = done(&swap, "a swap that keeps the life of what is stored")?;
        if let Some(life) = self.lives.get_mut(&key) {
            life.record = Loaded::versioned(vec![value], version);
            let record = life.record.clone();
            self.see(key, Some(record));
        }
        Ok(())
    }

    async fn swap(&mut self, key: u8, expected: Expected, new: Option<NewRecord>) -> Result<(), Broken> {
        let current = self.current(key);
        let expected = self.expected(key, expected);
        let bytes = new.map(|new| [new.value]);
        let record =
            bytes.as_ref().zip(new).map(|(bytes, new)| New { bytes, lifetime: Some(hours(new.hours)) });
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
                    Life { record, ends }
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

    /// Returns the record that the store has to hold now.
    fn current(&mut self, key: u8) -> Option<Loaded> {
        if self.lives.get(&key).is_some_and(|life| life.ends <= self.now) {
            self.lives.remove(&key);
        }
        self.lives.get(&key).map(|life| life.record.clone())
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
