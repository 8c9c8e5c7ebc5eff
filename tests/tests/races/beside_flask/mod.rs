//! A Rocket process and a Flask process on one session. With the companion in Flask, neither loses what the other
//! does; Flask-Session is raced for comparison.

mod comparison;
mod race;
mod sides;

use session_tests::budget;
use session_tests::on_stores;
use session_tests::storage::Storage;

use race::Race;
use sides::{Python, Sides};

/// Runs a race in its length, in which nothing may be lost and nothing fail.
fn nothing_is_lost(storage: &Storage, race: &Race) {
    let sides = Sides::start(&**storage, Python::Companion);
    let rounds = if budget::long() { race.long } else { race.short };
    let found = (race.run)(&sides, rounds);
    assert_eq!(found.faults, [""; 0], "{}: {} in {rounds}\n{}", sides.name(), found.lost, sides.output());
    assert_eq!(found.lost, 0, "{}: {}", sides.name(), race.loses);
    assert!(found.met, "{}: no two requests met, the test shows nothing", sides.name());
}

on_stores!(lasting, increments_by_both_sides_are_all_counted);

fn increments_by_both_sides_are_all_counted(storage: Storage) {
    nothing_is_lost(&storage, &race::INCREMENTS);
}

on_stores!(lasting, of_two_fields_that_the_sides_write_at_once_none_is_lost);

fn of_two_fields_that_the_sides_write_at_once_none_is_lost(storage: Storage) {
    nothing_is_lost(&storage, &race::TWO_FIELDS);
}

on_stores!(lasting, a_log_out_on_either_side_is_not_undone_by_a_write_on_the_other);

fn a_log_out_on_either_side_is_not_undone_by_a_write_on_the_other(storage: Storage) {
    nothing_is_lost(&storage, &race::LOG_OUTS);
}

on_stores!(lasting, a_log_in_on_either_side_holds_beside_four_requests_on_the_other_and_so_do_their_writes);

fn a_log_in_on_either_side_holds_beside_four_requests_on_the_other_and_so_do_their_writes(storage: Storage) {
    nothing_is_lost(&storage, &race::LOG_INS);
}
