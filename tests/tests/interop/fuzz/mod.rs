//! Random operations at the probe, at the real Flask and at one with the companion in turns: all have to see the same
//! session.
//!
//! `scripts/test.sh interop --steps 10000` makes so many steps over all stores, and `--seed` repeats
//! a run. A sequence that fails is shrunk and told as a list of steps.

mod engines;
mod random;
mod shrink;
mod steps;
mod values;
mod visit;

use session_tests::budget;
use session_tests::on_stores;
use session_tests::redis::Redis;
use session_tests::storage::{Fixture, Storage};

use crate::pair::{Pair, Settings};
use engines::{Engines, Side};
pub(crate) use random::Random;
use shrink::shrink;
use steps::Step;
use values::Format;
use visit::disagreement;

/// Steps that one visitor makes.
const LENGTH: usize = 50;

/// Stores that share the steps among them.
const STORES: u64 = 8;

on_stores!(flask, the_probe_flask_and_the_companion_see_the_same_session_after_every_step);

fn the_probe_flask_and_the_companion_see_the_same_session_after_every_step(storage: Storage) {
    agree_in_all_steps(configurations(&*storage), 4_000);
}

on_stores!(lasting, they_do_where_a_user_logs_in_whose_sessions_are_in_a_list);

fn they_do_where_a_user_logs_in_whose_sessions_are_in_a_list(storage: Storage) {
    let with_lists = |settings| Settings { lists: true, ..settings };
    // The formats were compared above.
    agree_in_all_steps(configurations(&*storage).into_iter().map(with_lists).collect(), 1_000);
}

/// `steps` are made over all stores, in a short run.
fn agree_in_all_steps(configurations: Vec<Settings<'_>>, steps: u64) {
    let steps = budget::amount("STEPS", steps, 20_000).div_ceil(STORES) as usize;
    let seed = budget::amount("SEED", 1, 1);
    let visitors = steps.div_ceil(LENGTH * configurations.len());
    let failures: Vec<String> = configurations
        .iter()
        .zip(0_u64..)
        .filter_map(|(settings, number)| first_failure(settings, number, (seed..).take(visitors)))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// Records in both formats; what else there is to configure has little to do with the store.
fn configurations(engine: &dyn Fixture) -> Vec<Settings<'_>> {
    if !engine.has_records() {
        return vec![Settings::cookie(), Settings { refresh_each_request: false, ..Settings::cookie() }];
    }
    let records = |format, use_signer| Settings::records_in(engine, format, use_signer);
    let mut configurations = vec![
        Settings { refresh_each_request: false, ..records("msgpack", true) },
        Settings { permanent: false, ..records("json", false) },
    ];
    if engine.name() == "Redis" {
        let signed = [false, true].map(|signer| ["msgpack", "json"].map(|format| records(format, signer)));
        configurations.extend(signed.into_iter().flatten());
    } else {
        configurations.push(records("msgpack", false));
    }
    configurations
}

/// Lets visitors come one after the other, until the engines disagree about one.
fn first_failure(
    settings: &Settings<'_>,
    number: u64,
    mut seeds: impl Iterator<Item = u64>,
) -> Option<String> {
    let engines = Engines::start(settings);
    seeds.find_map(|seed| {
        let steps = random_steps(seed ^ (number << 56), settings, engines.sides());
        let (_, story) = least_disagreement(&engines, settings, steps)?;
        Some(format!("{settings}; repeat with --seed {seed}:\n{story}"))
    })
}

/// A random value that files can hold.
pub(crate) fn any_pickled(random: &mut Random) -> serde_json::Value {
    values::value(random, Format::Pickle).0
}

fn random_steps(seed: u64, settings: &Settings<'_>, sides: &[Side]) -> Vec<Step> {
    let format = match settings.format {
        _ if !settings.engine.has_records() => Format::Cookie,
        _ if settings.engine.pickles() => Format::Pickle,
        "json" => Format::Json,
        _ => Format::Msgpack,
    };
    let mut random = Random::new(seed);
    let mut steps: Vec<Step> = (0..LENGTH).map(|_| Step::random(&mut random, format, sides)).collect();
    if settings.lists {
        steps.iter_mut().for_each(|step| step.belong_to_a_user(&mut random));
    }
    steps
}

/// The steps it takes until the engines disagree, and their story; `None` if they agree in all `steps`.
fn least_disagreement(
    engines: &Engines,
    settings: &Settings<'_>,
    mut steps: Vec<Step>,
) -> Option<(Vec<Step>, String)> {
    let found = disagreement(engines, settings, &steps)?;
    steps.truncate(found.step + 1);
    let least = shrink(steps, |steps| disagreement(engines, settings, steps).is_some());
    let story = disagreement(engines, settings, &least).map_or(found.story, |found| found.story);
    Some((least, story))
}

#[test]
fn a_disagreement_is_found_and_told_in_one_step() {
    let redis = Redis::start();
    let settings = Settings::records(&redis, "msgpack", false);
    let ours = Settings { permanent: false, ..settings }.start_ours();
    let engines = Engines { pair: Pair { ours, flask: settings.start_flask() }, companion: None };
    let steps = random_steps(1, &settings, engines.sides());
    let (least, story) = least_disagreement(&engines, &settings, steps).expect("a disagreement");
    assert_eq!(least.len(), 1, "{story}");
    assert_eq!((least[0].side == Side::Ours, least[0].after, least[0].ops.len()), (true, 0, 1), "{story}");
}
