//! A place that callgrind recognises.

use std::sync::atomic::{AtomicU64, Ordering};

static MARKS: AtomicU64 = AtomicU64::new(0);

/// The page between two measurements: callgrind writes down what it has counted whenever
/// [`bench_mark`] is entered.
#[rocket::get("/mark")]
pub fn mark() -> &'static str {
    bench_mark();
    "marked"
}

#[inline(never)]
fn bench_mark() {
    MARKS.fetch_add(1, Ordering::Relaxed);
}
