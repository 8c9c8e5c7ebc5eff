//! What was read from bytes that several requests are given.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::{Format, Record};

/// A place beside some bytes for the record that was read from them. Clones share it.
///
/// A store that hands out the same bytes again hands this out with them: a record in memory is indexed
/// once and not at every request. It is no part of what a store keeps, and may be empty.
#[derive(Clone, Default)]
pub(crate) struct Reading(Arc<OnceLock<(Bytes, Arc<Record>)>>);

impl Reading {
    /// What was read from exactly these bytes in this format.
    pub(crate) fn of(&self, bytes: &Bytes, format: Format) -> Option<Arc<Record>> {
        let (from, record) = self.0.get()?;
        // The same memory, which is held here: nobody can have changed it.
        let same = from.as_ptr() == bytes.as_ptr() && from.len() == bytes.len();
        (same && record.format() == format).then(|| Arc::clone(record))
    }

    /// Keeps what was read, unless something is kept already.
    pub(crate) fn keep(&self, bytes: &Bytes, record: &Arc<Record>) {
        self.0.get_or_init(|| (bytes.clone(), Arc::clone(record)));
    }
}
