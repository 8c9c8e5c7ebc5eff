//! The statements of a store, as one kind of database wants them.

use std::sync::Arc;

/// Statements and, in this order, their values.
pub(super) struct Statements {
    /// No row, whatever the table holds: whether it is there and has the columns.
    pub(super) probe: Arc<str>,
    /// Makes the table. Several statements, no values.
    pub(super) create_table: Arc<str>,
    /// Data, and whether the row ends at the first moment or before. Values: that moment, key, now.
    pub(super) load: Arc<str>,
    /// Values: expiry, key, now.
    pub(super) extend: Arc<str>,
    /// Inserts unless there is a row, expired or not. Values: key, data, expiry.
    pub(super) insert: Arc<str>,
    /// Makes an expired row a new one. Values: data, expiry, key, now.
    pub(super) take_over: Arc<str>,
    /// Values: data, expiry, key, the data that is expected, now.
    pub(super) replace: Arc<str>,
    /// Values: key, the data that is expected, now.
    pub(super) remove: Arc<str>,
    /// Values: key, now.
    pub(super) delete_living: Arc<str>,
    /// Values: key.
    pub(super) delete_any: Arc<str>,
    /// The ids of at most [`BATCH`] expired rows, where a deletion that looks for its rows itself would lock those
    /// of others. Values: now.
    pub(super) find_expired: Option<Arc<str>>,
    /// Deletes at most [`BATCH`] expired rows. Values: [`BATCH`] ids, if those have been found before, and now.
    pub(super) purge: Arc<str>,
}

/// Rows that are deleted at a time: few enough for no request to wait long, enough for few round trips.
pub(super) const BATCH: usize = 500;

/// A value of a statement.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    /// The key of a row, where rows are looked for.
    Key(&'a str),
    /// The id of a row.
    Id(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}
