//! The extent of an endless test: `scripts/test.sh --long` and options such as `--steps 10000`.

use std::env;

/// Whether the run may take its time (`SESSION_TESTS_LONG`).
pub fn long() -> bool {
    env::var_os("SESSION_TESTS_LONG").is_some()
}

/// The amount that an option asks for: `SESSION_TESTS_<NAME>` if it is set, otherwise `short` or, in a long
/// run, `long`.
pub fn amount(name: &str, short: u64, long: u64) -> u64 {
    let variable = format!("SESSION_TESTS_{name}");
    match env::var(&variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable}={text}: not a number")),
        Err(_) if self::long() => long,
        Err(_) => short,
    }
}
