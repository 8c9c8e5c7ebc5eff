//! Random operations at the probe and at the real Flask in turns: both have to see the same session.
//!
//! `scripts/test.sh interop --steps 10000` makes so many steps over all configurations, and `--seed` repeats
//! a run. A sequence that fails is shrunk and told as a list of steps.

mod random;
mod shrink;
mod steps;
mod values;
mod visit;

use std::thread;

use session_tests::budget;
use session_tests::flask::Engine;
use session_tests::memcached::Memcached;
use session_tests::mongodb::MongoDb;
use session_tests::redis::Redis;

use crate::pair::{Pair, Settings};
use random::Random;
use shrink::shrink;
use steps::{Side, Step};
use values::Format;
use visit::disagreement;

/// Steps that one visitor makes.
const LENGTH: usize = 50;

#[test]
fn the_probe_and_flask_see_the_same_session_after_every_step() {
    let servers: Vec<Redis> = (0..6).map(|_| Redis::start()).collect();
    let [a, b, c, d, e, f] = servers.as_slice() else { unreachable!() };
    let (memcached, mongodb) = (Memcached::start(), MongoDb::start());
    let configurations = [
        Settings::cookie(),
        Settings { refresh_each_request: false, ..Settings::cookie() },
        Settings::records(a, "msgpack", false),
        Settings::records(b, "msgpack", true),
        Settings::records(c, "json", false),
        Settings::records(d, "json", true),
        Settings { refresh_each_request: false, ..Settings::records(e, "msgpack", true) },
        Settings { permanent: false, ..Settings::records(f, "json", false) },
        Settings::records_in(Engine::Memcached(&memcached), "msgpack", false),
        Settings {
            refresh_each_request: false,
            ..Settings::records_in(Engine::MongoDb(&mongodb), "json", true)
        },
    ];
    let steps = budget::amount("STEPS", 2000, 10_000) as usize;
    let seed = budget::amount("SEED", 1, 1);
    let visitors = steps.div_ceil(LENGTH * configurations.len());
    let failures: Vec<String> = thread::scope(|scope| {
        let running: Vec<_> = configurations
            .iter()
            .zip(0_u64..)
            .map(|(settings, number)| {
                scope.spawn(move || first_failure(settings, number, (seed..).take(visitors)))
            })
            .collect();
        running.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// Lets visitors come one after the other, until the two sides disagree about one.
fn first_failure(
    settings: &Settings<'_>,
    number: u64,
    mut seeds: impl Iterator<Item = u64>,
) -> Option<String> {
    let pair = settings.start();
    seeds.find_map(|seed| {
        let steps = random_steps(seed ^ (number << 56), settings);
        let (_, story) = least_disagreement(&pair, settings.engine, steps)?;
        Some(format!("{settings}; repeat with --seed {seed}:\n{story}"))
    })
}

fn random_steps(seed: u64, settings: &Settings<'_>) -> Vec<Step> {
    let format = match (settings.engine, settings.format) {
        (Engine::Cookie, _) => Format::Cookie,
        (_, "json") => Format::Json,
        _ => Format::Msgpack,
    };
    let mut random = Random::new(seed);
    (0..LENGTH).map(|_| Step::random(&mut random, format)).collect()
}

/// If the sides disagree in the course of `steps`: the steps that it takes, and their story.
fn least_disagreement(pair: &Pair, engine: Engine<'_>, mut steps: Vec<Step>) -> Option<(Vec<Step>, String)> {
    let found = disagreement(pair, engine, &steps)?;
    steps.truncate(found.step + 1);
    let least = shrink(steps, |steps| disagreement(pair, engine, steps).is_some());
    let story = disagreement(pair, engine, &least).map_or(found.story, |found| found.story);
    Some((least, story))
}

#[test]
fn a_disagreement_is_found_and_told_in_one_step() {
    let redis = Redis::start();
    let settings = Settings::records(&redis, "msgpack", false);
    let ours = Settings { permanent: false, ..settings }.start_ours();
    let pair = Pair { ours, flask: settings.start_flask() };
    let steps = random_steps(1, &settings);
    let (least, story) = least_disagreement(&pair, settings.engine, steps).expect("a disagreement");
    assert_eq!(least.len(), 1, "{story}");
    assert_eq!((least[0].side == Side::Ours, least[0].after, least[0].ops.len()), (true, 0, 1), "{story}");
}
