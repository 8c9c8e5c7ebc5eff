//! Copies in two processes of an application, over HTTP.

use session_tests::storage::on_redis_with_copies;

use crate::fields;

#[test]
fn four_hundred_increments_at_once_are_four_hundred() {
    fields::increments(&on_redis_with_copies(), "/count");
}

#[test]
fn of_parallel_writes_of_two_fields_none_is_lost() {
    fields::write_two(&on_redis_with_copies());
}
