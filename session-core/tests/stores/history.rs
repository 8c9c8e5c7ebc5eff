//! Random histories of calls, compared with a model that is simple enough to be right.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use session_core::store::{Call, Loaded, MemoryStore, New, Store, Swap, Touch};

use crate::memory::at;

const KEYS: [&str; 3] = ["history:a", "history:b", "history:c"];

/// What a step expects a record to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expected {
    Nothing,
    LastSeen,
    Value(u8),
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Load { key: usize, touch: Option<u64> },
    Swap { key: usize, expected: Expected, new: Option<(u8, u64)> },
    Delete { key: usize },
    Purge,
    Pass { seconds: u64 },
}

/// Histories in which lives last up to `longest` seconds from `shortest` on.
pub(crate) fn histories(shortest: u64, longest: u64) -> impl Strategy<Value = Vec<Step>> {
    let key = 0..KEYS.len();
    // Few values, so that "the same bytes again" happens.
    let new = prop::option::weighted(0.8, (0..3_u8, shortest..=longest));
    let expected = prop_oneof![
        Just(Expected::Nothing),
        Just(Expected::LastSeen),
        Just(Expected::LastSeen),
        (0..3_u8).prop_map(Expected::Value)
    ];
    let step = prop_oneof![
        3 => (key.clone(), prop::option::of(shortest..=longest)).prop_map(|(key, touch)| Step::Load { key, touch }),
        6 => (key.clone(), expected, new).prop_map(|(key, expected, new)| Step::Swap { key, expected, new }),
        1 => key.prop_map(|key| Step::Delete { key }),
        1 => Just(Step::Purge),
        2 => (0..8_u64).prop_map(|seconds| Step::Pass { seconds }),
    ];
    prop::collection::vec(step, 1..40)
}

/// Runs a history against a store and the model. `clock` gives the call at a second of the history.
pub(crate) async fn follow(store: &dyn Store, clock: impl Fn(u64) -> Call, steps: Vec<Step>) {
    let mut model: HashMap<usize, (Vec<u8>, u64)> = HashMap::new();
    let mut seen: [Option<Loaded>; KEYS.len()] = Default::default();
    let mut now = 0;
    for step in steps {
        model.retain(|_, (_, ends)| *ends > now);
        match step {
            Step::Load { key, touch } => {
                let touch =
                    touch.map(Duration::from_secs).map(|lifetime| Touch { lifetime, when_left: lifetime });
                let loaded = store.load(clock(now), KEYS[key], touch).await.unwrap();
                assert_eq!(bytes(&loaded), model.get(&key).map(|(bytes, _)| bytes.clone()));
                if let (Some(record), Some(touch)) = (model.get_mut(&key), touch) {
                    record.1 = now + touch.lifetime.as_secs();
                }
                seen[key] = loaded;
            }
            Step::Swap { key, expected, new } => {
                let expected = match expected {
                    Expected::Nothing => None,
                    Expected::LastSeen => seen[key].clone(),
                    Expected::Value(value) => Some(Loaded::new(vec![value])),
                };
                let value = new.map(|(value, _)| [value]);
                let record = value
                    .as_ref()
                    .zip(new)
                    .map(|(bytes, (_, seconds))| New { bytes, lifetime: Duration::from_secs(seconds) });
                let swap = store.swap(clock(now), KEYS[key], expected.as_ref(), record).await.unwrap();
                let current = model.get(&key).map(|(bytes, _)| bytes.clone());
                if current == bytes(&expected) {
                    assert!(matches!(swap, Swap::Done { .. }), "{swap:?} though the record matched");
                    match new {
                        Some((value, seconds)) => model.insert(key, (vec![value], now + seconds)),
                        None => model.remove(&key),
                    };
                } else {
                    let Swap::Conflict(found) = swap else { panic!("{current:?} was overwritten") };
                    assert_eq!(bytes(&found), current);
                    seen[key] = found;
                }
            }
            Step::Delete { key } => {
                let existed = store.delete(clock(now), KEYS[key]).await.unwrap();
                assert_eq!(existed, model.remove(&key).is_some());
            }
            Step::Purge => {
                store.purge(clock(now)).await.unwrap();
            }
            Step::Pass { seconds } => now += seconds,
        }
    }
    for key in KEYS {
        store.delete(clock(now), key).await.unwrap();
    }
}

fn bytes(record: &Option<Loaded>) -> Option<Vec<u8>> {
    record.as_ref().map(|record| record.bytes.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn the_memory_store_agrees_with_the_model_on_every_history(steps in histories(1, 10)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(follow(&MemoryStore::new(100), at, steps));
    }
}
