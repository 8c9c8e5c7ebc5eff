//! Flask-Session's document: its fields, and the filters that find it.

use std::time::Duration;

use bytes::Bytes;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, DateTime, Document, doc};

use crate::store::{Call, Loaded, New, StoreError};

/// Finds the record if its life has not ended.
pub(super) fn alive(call: Call, key: &str) -> Document {
    doc! { "id": key, "expiration": { "$gt": now(call) } }
}

/// Finds the record if its life has ended and MongoDB has not removed it yet.
pub(super) fn expired(call: Call, key: &str) -> Document {
    doc! { "id": key, "expiration": { "$lte": now(call) } }
}

/// Tells whether a document with its `expiration` is one that [`alive`] finds.
pub(super) fn is_alive(call: Call, document: &Document) -> bool {
    document.get_datetime("expiration").is_ok_and(|end| *end > now(call))
}

/// Makes the fields that are written beside the key; without a life of its own a record keeps the end it has.
pub(super) fn record(call: Call, new: New<'_>) -> Document {
    match new.lifetime {
        Some(lifetime) => doc! { "val": val(new.bytes), "expiration": end(call, lifetime) },
        None => doc! { "val": val(new.bytes) },
    }
}

pub(super) fn val(record: &[u8]) -> Bson {
    Bson::Binary(Binary { subtype: BinarySubtype::Generic, bytes: record.to_vec() })
}

/// A `val` and the moment at which it ends.
pub(super) struct Found {
    pub(super) val: Bson,
    pub(super) expiration: Option<DateTime>,
}

impl Found {
    /// Takes the record out of the `val`; Flask-Session reads texts, too.
    pub(super) fn loaded(self) -> Result<Loaded, StoreError> {
        let loaded = match self.val {
            Bson::Binary(binary) => Loaded::new(binary.bytes),
            Bson::String(text) => Loaded::new(Bytes::from(text)),
            _ => return Err(StoreError::invalid_response("a `val` of binary data")),
        };
        Ok(match self.expiration {
            Some(end) => loaded.expiring(end.to_system_time()),
            None => loaded,
        })
    }
}

/// The moment at which a life that begins now ends.
pub(super) fn end(call: Call, lifetime: Duration) -> DateTime {
    call.now.checked_add(lifetime).map_or(DateTime::MAX, DateTime::from_system_time)
}

fn now(call: Call) -> DateTime {
    DateTime::from_system_time(call.now)
}
