//! Sessions in MongoDB, as Flask-Session keeps them.

mod address;
mod document;
mod mongodb_error;
mod target;

use std::time::Duration;

use mongodb::bson::{Bson, Document, doc};
use mongodb::options::{IndexOptions, ReadPreference, ReturnDocument, SelectionCriteria};
use mongodb::{Collection, IndexModel};

use self::document::Found;
use self::mongodb_error::is_duplicate;
use self::target::Target;
use crate::store::{Call, Loaded, New, Store, StoreError, Swap};

/// Sessions in MongoDB, one document each, in Flask-Session's form: `id` the key, `val` the
/// record as binary data, `expiration` the moment at which it ends.
///
/// * A load is one command, also when it extends the record's life (`findAndModify`). So is a swap, whose filter
///   names the expected record; where others were faster it loads what they wrote.
/// * [`Call::now`] decides what has expired; MongoDB's own task, which runs about once a minute, only frees the
///   room. Lives are exact to the millisecond, cut off.
/// * [`ping`](Store::ping) makes the index that removes expired documents, which is Flask-Session's own, and one
///   that lets no `id` exist twice: without it, two that create one record at once would both succeed.
/// * A record has at most 8,372,224 bytes: a command has at most 16 MiB and names the old record and the new one.
/// * Every command goes to the primary. After a failover, writes that were not yet replicated are lost unless
///   the write concern is `majority`, which is the default of MongoDB 5 and newer.
///
/// Tested against SecantusDB, a server that speaks MongoDB's protocol, and not yet against MongoDB's own.
pub struct MongoStore {
    target: Target,
}

/// Half of what a command may hold, less what it holds around the records.
const LARGEST_RECORD: usize = 8 * 1024 * 1024 - 16 * 1024;

impl MongoStore {
    /// A store in a collection of the server or servers at a URL; nothing is connected yet, so this works while
    /// they are down.
    ///
    /// `mongodb://[user:password@]host[:port][,host…][/database][?options]`, and with the feature `mongodb-srv` also
    /// `mongodb+srv://…`. Unless the options say something else, a call fails after 800 ms if no server can be reached
    /// (`serverSelectionTimeoutMS`), and a connection that nobody has used for a minute is closed (`maxIdleTimeMS`). `retryReads` and `retryWrites` may stand there and allow nothing: what is safe to
    /// repeat is repeated by what calls the store. Options that the driver does not know, or that would take a guarantee
    /// away, are refused by name.
    ///
    /// # Errors
    ///
    /// The URL does not parse, has an option that is not honoured, or needs a feature that is off.
    ///
    /// ```
    /// # extern crate rocket_session_state_core as rocket_session_state;
    /// use rocket_session_state::store::MongoStore;
    ///
    /// assert!(MongoStore::from_url("mongodb://127.0.0.1:27017", "flask_session", "sessions").is_ok());
    /// assert!(MongoStore::from_url("localhost", "flask_session", "sessions").is_err());
    /// ```
    pub fn from_url(url: &str, database: &str, collection: &str) -> Result<Self, StoreError> {
        Ok(MongoStore { target: Target::at_url(url, database, collection)? })
    }

    /// A store in a collection of the application's own client, with the settings of that client. By the driver's
    /// defaults a call waits for 30 seconds while no server can be reached, and then is repeated; and connections that
    /// nobody uses are kept for ever, so that one that a router has forgotten can cost a request its answer. Set
    /// `max_idle_time`, such as to a minute.
    pub fn from_collection(collection: Collection<Document>) -> Self {
        MongoStore { target: Target::given(collection) }
    }

    /// Returns the live document.
    async fn get(&self, call: Call, key: &str, touch: Option<Duration>) -> Result<Option<Found>, StoreError> {
        let collection = self.target.collection().await?;
        let (filter, fields) = (document::alive(call, key), doc! { "_id": 0, "val": 1, "expiration": 1 });
        let found = match touch {
            Some(touch) => {
                let extend = doc! { "$set": { "expiration": document::end(call, touch) } };
                collection
                    .find_one_and_update(filter, extend)
                    .projection(fields)
                    .return_document(ReturnDocument::After)
                    .await
            }
            None => {
                let primary = SelectionCriteria::ReadPreference(ReadPreference::Primary);
                collection.find_one(filter).projection(fields).selection_criteria(primary).await
            }
        };
        match found.map_err(StoreError::of_driver)? {
            None => Ok(None),
            Some(mut document) => match document.remove("val") {
                Some(val) => {
                    let expiration = document.get_datetime("expiration").ok().copied();
                    Ok(Some(Found { val, expiration }))
                }
                None => Err(StoreError::invalid_response("a document with `val`")),
            },
        }
    }

    async fn create(&self, call: Call, key: &str, new: Option<New<'_>>) -> Result<Swap, StoreError> {
        if let Some(new) = new {
            let collection = self.target.collection().await?;
            // It matches what has expired. A live document does not match, and keeps a second one from being inserted.
            let mut record = document::record(call, new);
            record.insert("id", key);
            let written = collection
                .update_one(document::expired(call, key), doc! { "$set": record })
                .upsert(true)
                .await;
            match written {
                Ok(_) => return Ok(Swap::Done { version: None }),
                Err(error) if is_duplicate(&error) => {}
                Err(error) => return Err(StoreError::of_driver(error)),
            }
        }
        match self.get(call, key, None).await? {
            None if new.is_none() => Ok(Swap::Done { version: None }),
            current => Ok(Swap::Conflict(current.map(Found::loaded).transpose()?)),
        }
    }

    async fn change(
        &self,
        call: Call,
        key: &str,
        expected: &Loaded,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        let mut val = document::val(&expected.bytes);
        loop {
            if self.replace(call, key, &val, new).await? {
                return Ok(Swap::Done { version: None });
            }
            let Some(current) = self.get(call, key, None).await? else { return Ok(Swap::Conflict(None)) };
            let current_val = current.val.clone();
            let loaded = current.loaded()?;
            if loaded.bytes != expected.bytes || current_val == val {
                return Ok(Swap::Conflict(Some(loaded)));
            }
            // The record as text, which Flask-Session reads as well, or with another subtype.
            val = current_val;
        }
    }

    /// Replaces or deletes the live document with this `val`; returns whether there was one.
    async fn replace(
        &self,
        call: Call,
        key: &str,
        val: &Bson,
        new: Option<New<'_>>,
    ) -> Result<bool, StoreError> {
        let collection = self.target.collection().await?;
        let mut filter = document::alive(call, key);
        filter.insert("val", val);
        let count = match new {
            Some(new) => {
                let update = doc! { "$set": document::record(call, new) };
                collection.update_one(filter, update).await.map(|result| result.matched_count)
            }
            None => collection.delete_one(filter).await.map(|result| result.deleted_count),
        };
        Ok(count.map_err(StoreError::of_driver)? > 0)
    }
}

/// Says why a store can't be made of `url`, without showing it.
pub(crate) fn objection(url: &str) -> Option<String> {
    address::parse(url).err()
}

/// Says who may read what is sent to `url`, and what to write against it.
pub(crate) fn exposure(url: &str) -> Option<&'static str> {
    address::exposure(&address::parse(url).ok()?)
}

impl Store for MongoStore {
    async fn load(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        self.target
            .watch(call, async move { self.get(call, key, touch).await?.map(Found::loaded).transpose() })
            .await
    }

    async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        self.target
            .watch(call, async move {
                if let Some(new) = new.filter(|new| new.bytes.len() > LARGEST_RECORD) {
                    return Err(StoreError::too_large(new.bytes.len(), LARGEST_RECORD));
                }
                match expected {
                    Some(expected) => self.change(call, key, expected, new).await,
                    None => self.create(call, key, new).await,
                }
            })
            .await
    }

    async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        self.target
            .watch(call, async move {
                let collection = self.target.collection().await?;
                let deleted = collection
                    .find_one_and_delete(doc! { "id": key })
                    .projection(doc! { "_id": 0, "expiration": 1 })
                    .await
                    .map_err(StoreError::of_driver)?;
                Ok(deleted.is_some_and(|document| document::is_alive(call, &document)))
            })
            .await
    }

    /// Makes the indexes if they are missing, so that also missing rights show at launch.
    async fn ping(&self, call: Call) -> Result<(), StoreError> {
        self.target
            .watch(call, async move {
                let once = IndexOptions::builder().unique(true).build();
                let removes_expired = IndexOptions::builder().expire_after(Duration::ZERO).build();
                let indexes = [
                    IndexModel::builder().keys(doc! { "id": 1 }).options(once).build(),
                    IndexModel::builder().keys(doc! { "expiration": 1 }).options(removes_expired).build(),
                ];
                let collection = self.target.collection().await?;
                collection.create_indexes(indexes).await.map_err(StoreError::of_driver)?;
                Ok(())
            })
            .await
    }

    fn address(&self) -> Option<String> {
        Some(self.target.address())
    }
}

debug_by_address!(MongoStore);
