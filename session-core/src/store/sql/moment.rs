//! Points in time as Flask-Session writes them.

use std::time::{Duration, SystemTime};

use time::{OffsetDateTime, PrimitiveDateTime};

/// `YYYY-MM-DD HH:MM:SS.ffffff` in UTC without a zone, which SQLite keeps as it is and the others understand.
///
/// Cut to microseconds. What is later than Python can say is the last moment that it can: it comes to
/// the same, and compares well as text.
pub(super) fn text(moment: SystemTime) -> String {
    let since_1970 = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let moment = i64::try_from(since_1970.as_secs())
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .map_or(PrimitiveDateTime::MAX, |moment| PrimitiveDateTime::new(moment.date(), moment.time()));
    let micros = if moment == PrimitiveDateTime::MAX { 999_999 } else { since_1970.subsec_micros() };
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{micros:06}",
        moment.year(),
        u8::from(moment.month()),
        moment.day(),
        moment.hour(),
        moment.minute(),
        moment.second(),
    )
}

/// That much later, as text.
pub(super) fn text_after(moment: SystemTime, span: Duration) -> String {
    match moment.checked_add(span) {
        Some(later) => text(later),
        None => text(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(u32::MAX) * 64)),
    }
}
