//! What stands in place of a session that was ended while it was being created.

use std::time::{Duration, SystemTime};

use crate::formats::codec::{Format, Record};
use crate::session::manager::Server;
use crate::store::client::Budget;
use crate::store::{Loaded, New, StoreError, Swap};

impl Server {
    /// Loads a session, whose life that does not extend. Where there is a mark, there is none.
    pub(in crate::session) async fn load(
        &self,
        budget: &Budget,
        now: SystemTime,
        key: &str,
    ) -> Result<Option<Loaded>, StoreError> {
        let loaded = self.store.load(budget, now, key, None).await?;
        Ok(loaded.filter(|loaded| !self.is_ended_mark(loaded)))
    }

    /// Lets a mark end again soon that a load has touched as it touches sessions. If that fails, it stays a while.
    pub(in crate::session) async fn give_life_back(
        &self,
        budget: &Budget,
        now: SystemTime,
        key: &str,
        mark: &Loaded,
    ) {
        let new = New { bytes: &mark.bytes, lifetime: Some(TOUCHED_MARK_LASTS) };
        drop(self.store.swap(budget, now, key, Some(mark), Some(new)).await);
    }

    /// Swaps a session. Where there is a mark, there is none, and none can be created.
    pub(in crate::session) async fn swap(
        &self,
        budget: &Budget,
        now: SystemTime,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        Ok(match self.store.swap(budget, now, key, expected, new).await? {
            Swap::Conflict(Some(mark)) if self.is_ended_mark(&mark) => Swap::Conflict(None),
            swapped => swapped,
        })
    }

    /// The mark, which is nothing to Flask either.
    pub(super) fn ended_mark(&self) -> Record {
        mark(self.format)
    }

    pub(in crate::session) fn is_ended_mark(&self, loaded: &Loaded) -> bool {
        loaded.bytes.len() <= LONGEST_MARK && self.session_in(loaded).is_some_and(|record| record.is_empty())
    }
}

/// The life of a mark whose id somebody has, so that nothing is about to be created under it.
const TOUCHED_MARK_LASTS: Duration = Duration::from_secs(60);

/// A map without keys, as it is stored: no bytes at all are not a record.
fn mark(format: Format) -> Record {
    Record::join(format, &[]).unwrap_or_else(|_| Record::empty(format))
}

/// A mark is not longer in any format.
const LONGEST_MARK: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_short_and_read_again_in_every_format() {
        let formats = [
            Format::Msgpack,
            Format::Json,
            #[cfg(feature = "pickle")]
            Format::Pickle,
        ];
        for format in formats {
            let mark = mark(format);
            assert!(mark.bytes().len() <= LONGEST_MARK, "{format}");
            let read = Loaded::new(mark.bytes().clone()).record(format).unwrap();
            assert!(read.is_some_and(|record| record.is_empty()), "{format}");
        }
    }
}
