//! One record on its way from the source to the target, so that a process that ends at any point neither brings an
//! ended session back nor leaves two records of one.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::time::{Instant, sleep};

use super::Migration;
use crate::error_chain::Chain;
use crate::formats::time::later;
use crate::store::client::wait::{halfway, with_deadline};
use crate::store::{Call, Loaded, New, StoreError, Swap};

/// The number of changes in the source that a move follows before it gives up.
const ATTEMPTS: u32 = 20;

/// The time that a move has after its request's deadline, and the time that undoing it has after that.
const GRACE: Duration = Duration::from_secs(2);

const SECOND: Duration = Duration::from_secs(1);

/// The beginning of a copy in the target that may not be used yet. No format of a record begins so.
const MARK: &[u8] = b"\0moving\0";

/// The first pause while somebody else moves a record, and the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(50)];

/// Tells whether a record of the target is a copy that may not be used yet.
pub(super) fn is_unsettled(loaded: &Loaded) -> bool {
    loaded.bytes.starts_with(MARK)
}

/// A copy in the target that may not be used yet, and the record that it will be.
struct Copy {
    unsettled: Loaded,
    record: Bytes,
    /// The end that the record will have; `None` if the source does not know the one that it has there.
    ends: Option<SystemTime>,
}

impl Copy {
    fn of(record: Bytes, ends: Option<SystemTime>) -> Self {
        Copy { unsettled: Loaded::new([MARK, &record].concat()), record, ends }
    }

    /// The copy that somebody else has left in the target.
    fn left(unsettled: Loaded, ends: Option<SystemTime>) -> Self {
        let record = unsettled.bytes.slice(MARK.len().min(unsettled.bytes.len())..);
        Copy { unsettled, record, ends }
    }

    fn stored_as(mut self, version: Option<u64>) -> Self {
        self.unsettled.version = version;
        self
    }
}

impl Migration {
    /// Moves a record that the source has: a copy is made in the target, the record is deleted in the source, and then
    /// the copy is settled, which means that it may be used. Until then it has a life of seconds.
    pub(super) async fn move_record(
        &self,
        call: Call,
        key: &str,
        old: Loaded,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        let call = Call { deadline: call.deadline + GRACE, ..call };
        let touched = touch.map(|lifetime| later(call.now, lifetime));
        let mut copy = Copy::of(self.converted(&old), touched.or(old.expires));
        match with_deadline(call.deadline, self.put(call, key, None, &copy)).await {
            Ok(Swap::Done { version }) => {
                copy = copy.stored_as(version);
                self.finish(call, key, old, copy, touched).await
            }
            Ok(Swap::Conflict(Some(theirs))) if is_unsettled(&theirs) => {
                self.moved_by_others(call, key).await
            }
            // Another request has moved it, and has deleted it in the source.
            Ok(Swap::Conflict(theirs)) => Ok(theirs),
            Err(error) if error.is_too_large() => {
                if !self.warned.swap(true, Ordering::Relaxed) {
                    log::warn!("a session stays in the old store: {}", Chain(&error));
                }
                match touch {
                    Some(_) => self.source.load(call, key, touch).await,
                    None => Ok(Some(old)),
                }
            }
            Err(error) => {
                self.take_back(call, key, &copy).await;
                Err(error)
            }
        }
    }

    /// Waits until somebody else has moved the record under `key`, and returns what the target has then. Whoever takes
    /// too long has ended in the middle of it: then this goes on with it.
    pub(super) async fn moved_by_others(&self, call: Call, key: &str) -> Result<Option<Loaded>, StoreError> {
        let patience = halfway(call.deadline);
        let [mut pause, longest] = PAUSES;
        loop {
            let unsettled = match self.target.boxed().load(call, key, None).await? {
                Some(loaded) if is_unsettled(&loaded) => loaded,
                settled => return Ok(settled),
            };
            if Instant::now() + pause >= patience {
                return self.take_over(call, key, unsettled).await;
            }
            sleep(pause).await;
            pause = longest.min(pause * 2);
        }
    }

    async fn take_over(
        &self,
        call: Call,
        key: &str,
        unsettled: Loaded,
    ) -> Result<Option<Loaded>, StoreError> {
        match self.source.load(call, key, None).await? {
            Some(old) => {
                let copy = Copy::left(unsettled, old.expires);
                self.finish(call, key, old, copy, None).await
            }
            // The session has ended, or a move has stopped just before its end, which nobody can tell apart.
            None => self.discard(call, key, &Copy::left(unsettled, None)).await,
        }
    }

    /// Ends a move whose copy is in the target. With `touched` the record ends then, whatever end it has in the source.
    async fn finish(
        &self,
        call: Call,
        key: &str,
        old: Loaded,
        mut copy: Copy,
        touched: Option<SystemTime>,
    ) -> Result<Option<Loaded>, StoreError> {
        let deleting = self.delete_in_source(call, key, old, &mut copy, touched);
        match with_deadline(call.deadline, deleting).await {
            Ok(true) => self.settle(call, key, copy).await,
            Ok(false) => with_deadline(call.deadline, self.discard(call, key, &copy)).await,
            Err(error) => {
                self.take_back(call, key, &copy).await;
                Err(error)
            }
        }
    }

    /// Deletes the record in the source by swap, after any changes of others have been taken over into the copy. Of all
    /// who move it, one gets `true`; to the others it is as if the session had ended.
    async fn delete_in_source(
        &self,
        call: Call,
        key: &str,
        mut old: Loaded,
        copy: &mut Copy,
        touched: Option<SystemTime>,
    ) -> Result<bool, StoreError> {
        for _ in 0..ATTEMPTS {
            match self.source.swap(call, key, Some(&old), None).await? {
                Swap::Done { .. } => return Ok(true),
                Swap::Conflict(None) => return Ok(false),
                Swap::Conflict(Some(changed)) => {
                    let next = Copy::of(self.converted(&changed), touched.or(changed.expires));
                    match self.put(call, key, Some(&copy.unsettled), &next).await? {
                        Swap::Done { version } => *copy = next.stored_as(version),
                        // Another request has moved it, or has ended the session.
                        Swap::Conflict(_) => {
                            self.source.delete(call, key).await?;
                            return Ok(false);
                        }
                    }
                    old = changed;
                }
            }
        }
        Err(StoreError::refused("a record in the old store changes too fast to be moved"))
    }

    /// Makes the copy a record, which ends when it would have ended in the source: it may have a life of its own. The
    /// source does not have it any more, so it is tried twice.
    async fn settle(&self, call: Call, key: &str, copy: Copy) -> Result<Option<Loaded>, StoreError> {
        // Stores take no shorter life than a second.
        let left = |ends: SystemTime| ends.duration_since(call.now).unwrap_or_default().max(SECOND);
        let lifetime = copy.ends.map_or(self.lifetime, left);
        let settle = |call: Call| {
            let new = New { bytes: &copy.record, lifetime: Some(lifetime) };
            with_deadline(
                call.deadline,
                self.target.boxed().swap(call, key, Some(&copy.unsettled), Some(new)),
            )
        };
        let settled = match settle(call).await {
            Err(_) => settle(Call { deadline: Instant::now() + GRACE, ..call }).await?,
            Ok(settled) => settled,
        };
        match settled {
            Swap::Done { version } => {
                let mut moved = Loaded::versioned(copy.record, version);
                // Where that was not known it stays so, and its cookie gets a new life, too.
                moved.expires = copy.ends;
                Ok(Some(moved))
            }
            // Settled by the first attempt, and perhaps changed since; or ended.
            Swap::Conflict(current) => Ok(current.filter(|current| !is_unsettled(current))),
        }
    }

    /// Deletes a copy whose session has ended, unless somebody else has settled it.
    async fn discard(&self, call: Call, key: &str, copy: &Copy) -> Result<Option<Loaded>, StoreError> {
        match self.target.boxed().swap(call, key, Some(&copy.unsettled), None).await? {
            Swap::Done { .. } => Ok(None),
            Swap::Conflict(current) => Ok(current.filter(|current| !is_unsettled(current))),
        }
    }

    /// Deletes a copy after a move that failed at an unknown point, so that the next request need not wait until it has
    /// expired.
    async fn take_back(&self, call: Call, key: &str, copy: &Copy) {
        let deadline = Instant::now() + GRACE;
        let _ = with_deadline(deadline, self.discard(Call { deadline, ..call }, key, copy)).await;
    }

    /// Writes a copy that may not be used yet, with a life that ends soon after the move.
    async fn put(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        copy: &Copy,
    ) -> Result<Swap, StoreError> {
        // Stores may cut off what is less than a second.
        let left = call.deadline.saturating_duration_since(Instant::now());
        let lifetime = left + GRACE + Duration::from_secs(2);
        let new = New { bytes: &copy.unsettled.bytes, lifetime: Some(lifetime) };
        self.target.boxed().swap(call, key, expected, Some(new)).await
    }
}
