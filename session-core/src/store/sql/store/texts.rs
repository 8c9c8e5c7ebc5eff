//! The texts of a store's statements, as one kind of database wants them.

use std::sync::Arc;

use super::SqlTable;
use super::dialect::Rules;

/// The words in which the kinds of databases differ. Each `?` stands for a value.
pub(super) struct Words {
    /// The table's name, quoted.
    pub(super) table: String,
    /// The condition of a row that has a key.
    pub(super) this: &'static str,
    /// The record in a row, its end as it compares, and a moment that it is compared with.
    pub(super) data: &'static str,
    pub(super) expiry: &'static str,
    /// The end of a row as text: `YYYY-MM-DD HH:MM:SS` and perhaps a fraction.
    pub(super) end: &'static str,
    pub(super) time: &'static str,
    /// The end of an insertion that does nothing where a row is; empty if the database answers an error.
    pub(super) on_conflict: &'static str,
    /// Statements that make the table, one after another.
    pub(super) create_table: Vec<String>,
    pub(super) find_expired: Option<String>,
    pub(super) purge: String,
}

/// Statements and, in this order, their values. What a query finds is in the columns `data` and `text`.
pub(super) struct Texts {
    /// No row, whatever the table holds: whether it is there and has the columns.
    pub(super) probe: Arc<str>,
    /// Make the table, one after another. No values.
    pub(super) create_table: Vec<Arc<str>>,
    /// Data, and the row's end as text. Values: key, now.
    pub(super) load: Arc<str>,
    /// Values: expiry, key, now.
    pub(super) extend: Arc<str>,
    /// Inserts unless there is a row, expired or not. Values: key, data, expiry.
    pub(super) insert: Arc<str>,
    /// Makes an expired row a new one. Values: data, expiry, key, now.
    pub(super) take_over: Arc<str>,
    /// Values: data, expiry, key, the data that is expected, now.
    pub(super) replace: Arc<str>,
    /// As `replace`, without a new expiry. Values: data, key, the data that is expected, now.
    pub(super) replace_only: Arc<str>,
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

impl Texts {
    pub(super) fn new(rules: &Rules, table: &SqlTable) -> Self {
        let Words { table, this, data, expiry, end, time, on_conflict, create_table, find_expired, purge } =
            (rules.words)(table);
        let alive = format!("{expiry} > {time}");
        let marked = |statement| -> Arc<str> { Arc::from((rules.mark)(statement)) };
        Texts {
            probe: marked(format!("SELECT data, session_id AS text, id, expiry FROM {table} LIMIT 0")),
            create_table: create_table.into_iter().map(marked).collect(),
            load: marked(format!(
                "SELECT {data} AS data, {end} AS text FROM {table} WHERE {this} AND {alive}"
            )),
            extend: marked(format!("UPDATE {table} SET expiry = {time} WHERE {this} AND {alive}")),
            insert: marked(format!(
                "INSERT INTO {table} (session_id, data, expiry) VALUES (?, ?, {time}){on_conflict}"
            )),
            take_over: marked(format!(
                "UPDATE {table} SET data = ?, expiry = {time} WHERE {this} AND ({alive}) IS NOT TRUE"
            )),
            replace: marked(format!(
                "UPDATE {table} SET data = ?, expiry = {time} WHERE {this} AND {data} = ? AND {alive}"
            )),
            replace_only: marked(format!(
                "UPDATE {table} SET data = ? WHERE {this} AND {data} = ? AND {alive}"
            )),
            remove: marked(format!("DELETE FROM {table} WHERE {this} AND {data} = ? AND {alive}")),
            delete_living: marked(format!("DELETE FROM {table} WHERE {this} AND {alive}")),
            delete_any: marked(format!("DELETE FROM {table} WHERE {this}")),
            find_expired: find_expired.map(marked),
            purge: marked(purge),
        }
    }
}

/// Rows that are deleted at a time: few enough for no request to wait long, enough for few round trips.
pub(super) const BATCH: usize = 500;
