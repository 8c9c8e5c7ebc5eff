//! The log lines of the stores, told apart by texts that only one test's lines can contain.

use std::sync::{Mutex, PoisonError};

/// The lines that are logged, of those that contain a text.
pub(crate) struct Captured(String);

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl Captured {
    pub(crate) fn text(&self) -> String {
        let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().filter(|line| line.contains(&self.0)).cloned().collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn lines(&self) -> usize {
        self.text().lines().count()
    }
}

pub(crate) fn captured(marker: impl Into<String>) -> Captured {
    struct Capture;
    impl log::Log for Capture {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }
        fn log(&self, record: &log::Record<'_>) {
            LINES.lock().unwrap_or_else(PoisonError::into_inner).push(record.args().to_string());
        }
        fn flush(&self) {}
    }
    // All tests of this binary share one logger; whoever comes second may come before its level is set.
    let _ = log::set_logger(&Capture);
    log::set_max_level(log::LevelFilter::Warn);
    Captured(marker.into())
}
