//! Does the parts of a request to many sessions, each part at once, so that callgrind can count it.
//!
//! `bench-operations CASES TIMES` does each part to TIMES sessions and then to twice as many. Callgrind
//! writes down what it counted at every [`bench_mark`]; this prints what that was, one line each.
//! `bench-operations users TIMES` asks for pages of a whole application. `bench-operations memory SESSIONS` measures memory
//! instead.

mod batch;
mod case;
mod crowded;
mod every;
mod users;

use std::sync::atomic::{AtomicU64, Ordering};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let cases = arguments.next().unwrap_or_default();
    let times: usize = arguments.next().ok_or("how often?")?.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    if cases == "sessions" {
        let sessions = arguments.next().ok_or("how many sessions?")?.parse()?;
        return runtime.block_on(crowded::run(sessions, times));
    }
    if cases == "memory" {
        return runtime.block_on(crowded::memory(times));
    }
    if cases == "users" {
        return runtime.block_on(users::run(times));
    }
    if cases == "every" {
        for case in every::cases() {
            let times = times.min(case.most_times());
            for times in [times, 2 * times] {
                runtime.block_on(every::run(&case, times))?;
            }
        }
        return Ok(());
    }
    for case in case::all(&cases)? {
        let times = times.min(case.most_times());
        for times in [times, 2 * times] {
            runtime.block_on(batch::run(&case, times))?;
        }
    }
    Ok(())
}

/// Ends what callgrind counts of a thing that was done so many times.
fn mark(times: usize, counted: &str) {
    bench_mark();
    println!("{times} {counted}");
}

/// Ends what is not to be counted.
fn skip() {
    bench_mark();
    println!();
}

#[inline(never)]
fn bench_mark() {
    MARKS.fetch_add(1, Ordering::Relaxed);
}

static MARKS: AtomicU64 = AtomicU64::new(0);
