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
#[derive(Clone)]
pub(crate) struct ParsedCache {
    place: Arc<OnceLock<(Bytes, Arc<Record>)>>,
    most_keys: usize,
}

impl ParsedCache {
    /// A place for a record of up to so many keys. One of more is not kept.
    pub(crate) fn up_to(most_keys: usize) -> Self {
        ParsedCache { place: Arc::default(), most_keys }
    }

    /// The record in these bytes, as [`Record::read_as`] reads it.
    pub(crate) fn get_or_read(
        &self,
        format: Format,
        bytes: &Bytes,
    ) -> Result<Option<Arc<Record>>, DecodeError> {
        if let Some((parsed, record)) = self.place.get()
            // The same memory, which is held here: nobody can have changed it.
            && parsed.as_ptr() == bytes.as_ptr()
            && parsed.len() == bytes.len()
            && record.format() == format
        {
            return Ok(Some(Arc::clone(record)));
        }
        let Some(record) = Record::read_as(format, bytes.clone())? else { return Ok(None) };
        let record = Arc::new(record);
        if record.len() <= self.most_keys {
            self.place.get_or_init(|| (bytes.clone(), Arc::clone(&record)));
        }
        Ok(Some(record))
    }
}
