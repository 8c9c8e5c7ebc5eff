//! A record that was parsed from bytes that several requests are given.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::Record;
use crate::formats::error::DecodeError;
use crate::formats::format::Format;

/// A place beside some bytes for the record that was parsed from them. Clones share it.
///
/// A store that hands out the same bytes again hands this out with them: a record in memory is indexed
/// once and not at every request. It is not part of what a store keeps, and may be empty.
#[derive(Clone, Default)]
pub(crate) struct ParsedCache(Arc<OnceLock<(Bytes, Arc<Record>)>>);

impl ParsedCache {
    /// The record in these bytes, as [`Record::read_as`] reads it.
    pub(crate) fn get_or_read(
        &self,
        format: Format,
        bytes: &Bytes,
    ) -> Result<Option<Arc<Record>>, DecodeError> {
        if let Some((parsed, record)) = self.0.get()
            // The same memory, which is held here: nobody can have changed it.
            && parsed.as_ptr() == bytes.as_ptr()
            && parsed.len() == bytes.len()
            && record.format() == format
        {
            return Ok(Some(Arc::clone(record)));
        }
        let Some(record) = Record::read_as(format, bytes.clone())? else { return Ok(None) };
        let record = Arc::new(record);
        self.0.get_or_init(|| (bytes.clone(), Arc::clone(&record)));
        Ok(Some(record))
    }
}
