//! The same races with Flask-Session in the place of the companion, as a table.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use session_tests::budget;
use session_tests::storage::{
    Storage, on_files, on_memcached, on_mongodb, on_postgresql, on_redis, on_redis_cluster, on_sqlite,
};

use super::race::{INCREMENTS, LOG_INS, LOG_OUTS, Race, TWO_FIELDS};
use super::sides::{Python, Sides};

const RACES: [&Race; 4] = [&INCREMENTS, &TWO_FIELDS, &LOG_OUTS, &LOG_INS];

const STORES: [fn() -> Storage; 7] =
    [on_redis, on_redis_cluster, on_postgresql, on_sqlite, on_memcached, on_mongodb, on_files];

/// A short run has one store with a server and one without.
const FEW: [fn() -> Storage; 2] = [on_redis, on_files];

#[test]
fn what_flask_session_loses_in_these_races_is_not_lost_with_the_companion() {
    let mut table = format!("\n{:<44}", "Lost beside Rocket, of so many");
    for race in RACES {
        let _ = write!(table, "  {}", race.loses);
    }
    let stores: &[fn() -> Storage] = if budget::long() { &STORES } else { &FEW };
    let mut lost = [0, 0];
    for store in stores {
        for (python, lost) in [Python::Companion, Python::FlaskSession].into_iter().zip(&mut lost) {
            let storage = store();
            let sides = Sides::start(&*storage, python);
            let _ = write!(table, "\n{:<44}", sides.name());
            for race in RACES {
                // Flask-Session may fail where the store makes requests wait for each other: that is a loss, too.
                let found = (race.run)(&sides, race.short);
                *lost += found.lost;
                let _ = write!(
                    table,
                    "  {:>width$}",
                    format!("{}/{}", found.lost, race.short),
                    width = race.loses.len()
                );
            }
        }
    }
    // Shown in any case: what a test prints is only shown where it fails.
    io::stderr().write_all(format!("{table}\n\n").as_bytes()).expect("the standard error");
    assert_eq!(lost[0], 0, "{table}");
    assert!(lost[1] > 0, "nobody met anybody, the test shows nothing: {table}");
}
