//! Everything that is logged in this process, for tests that look for a line, or for what must not be there.

use std::sync::{Mutex, Once, PoisonError};

use log::{LevelFilter, Log, Metadata, Record};
use session_tests::told;

struct Capture(Mutex<Vec<String>>);

static CAPTURE: Capture = Capture(Mutex::new(Vec::new()));
static INSTALL: Once = Once::new();

/// Begins to capture, before Rocket can choose a logger.
pub(crate) fn capture() {
    INSTALL.call_once(|| {
        log::set_logger(&CAPTURE).expect("no other logger");
        log::set_max_level(LevelFilter::Trace);
    });
}

/// The lines that hold `part`. Tests run side by side: look for what only one of them logs.
pub(crate) fn lines_with(part: &str) -> Vec<String> {
    let lines = CAPTURE.0.lock().unwrap_or_else(PoisonError::into_inner);
    lines.iter().filter(|line| line.contains(part)).cloned().collect()
}

impl Log for Capture {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        if record.target() == "session::audit" && !told::is_line(&record.args().to_string()) {
            // The line is written on a thread of the application, where a panic fails no test.
            std::process::abort();
        }
        let line = format!("{} {} {}", record.level(), record.target(), record.args());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn flush(&self) {}
}
