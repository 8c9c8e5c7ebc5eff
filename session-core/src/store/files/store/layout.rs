//! The layout of a session file, and its end of life.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::formats::time::unix_seconds;
use crate::store::Loaded;

/// A record that is alive.
pub(super) struct Found {
    /// Unix seconds; 0 is never.
    pub(super) ends: u32,
    pub(super) bytes: Bytes,
}

/// The length of the end of life at the beginning of a file.
pub(super) const HEADER: usize = size_of::<u32>();

/// Makes a file's content: the end of life, then the record.
pub(super) fn file(ends: u32, record: &[u8]) -> Vec<u8> {
    let mut file = Vec::with_capacity(HEADER + record.len());
    file.extend(ends.to_le_bytes());
    file.extend_from_slice(record);
    file
}

/// The same content with another end of life.
pub(super) fn ending(file: &[u8], ends: u32) -> Vec<u8> {
    self::file(ends, file.get(HEADER..).unwrap_or_default())
}

/// Splits a file into end of life and record; `None` if it is too short for that.
pub(super) fn parts(file: Vec<u8>) -> Option<Found> {
    let (header, _) = file.split_first_chunk::<HEADER>()?;
    let ends = u32::from_le_bytes(*header);
    Some(Found { ends, bytes: Bytes::from(file).slice(HEADER..) })
}

/// Returns the unix second at which a life ends that begins now, cut to whole seconds as by cachelib and
/// Flask-Session. Never 0, which would be for ever; the format ends in 2106.
pub(super) fn end_of_life(now: SystemTime, lifetime: Duration) -> u32 {
    let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX).max(1);
    let ends = unix_seconds(now).saturating_add(lifetime).max(1);
    u32::try_from(ends).unwrap_or(u32::MAX)
}

/// Tells whether the life is over: the second in which it ends has begun and gone on, since cachelib compares
/// it with a clock that knows fractions.
pub(super) fn is_over(ends: u32, now: SystemTime) -> bool {
    moment(ends).is_some_and(|end| end < now)
}

/// The record in a file, with its end.
impl From<Found> for Loaded {
    fn from(found: Found) -> Self {
        let loaded = Loaded::new(found.bytes);
        match moment(found.ends) {
            Some(end) => loaded.expiring(end),
            None => loaded,
        }
    }
}

fn moment(ends: u32) -> Option<SystemTime> {
    (ends != 0).then(|| UNIX_EPOCH + Duration::from_secs(ends.into()))
}
