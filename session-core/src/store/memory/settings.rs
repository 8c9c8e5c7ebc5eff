//! The settings of the memory store.

use super::MemoryStore;
use crate::settings::range::within;
use crate::settings::report::Report;
use crate::settings::table::settings;
use crate::store::backend::{Against, Backend};
use crate::store::{DynStore, StoreError};

settings! {
    /// The settings of the memory store.
    #[derive(PartialEq)]
    pub struct MemorySettings: OneStore {
        /// Greatest number of sessions, at least 1. Default: 100,000.
        max: u64 = 100_000, key session_memory_max, range within(1..=u64::MAX, "");
        /// Greatest number of bytes of all sessions, at least 1; each counts as its record, twice its key and 256 bytes.
        /// Default: 256 MiB.
        max_bytes: u64 = 256 * 1024 * 1024, key session_memory_max_bytes, range within(1..=u64::MAX, " bytes");
    }
}

impl Backend for MemorySettings {
    fn check(&self, against: &Against<'_>, report: &mut Report) {
        if !against.debug_profile {
            report.warn(
                &["session_type"],
                "\"memory\": every session ends with this process, and no other process knows it",
            );
        }
    }

    fn open(&self) -> Result<DynStore, StoreError> {
        Ok(DynStore::new(MemoryStore::new(self.max).max_bytes(self.max_bytes)))
    }

    fn location(&self) -> String {
        "the memory of this process".into()
    }

    fn is_purged(&self) -> bool {
        true
    }
}
