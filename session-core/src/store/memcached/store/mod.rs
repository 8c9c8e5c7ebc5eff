//! Sessions in memcached, as Flask-Session keeps them.

mod item;
mod memcached_error;
mod pool;
mod rendezvous;
mod stats;

use std::time::Duration;

use memcache::exp::{Delete, Get, GetStatus, Meta, MutationStatus, Set};

use self::memcached_error::is_too_large;
use self::pool::Pool;
use crate::store::memcached::settings::is_address;
use crate::store::{Call, Loaded, New, Store, StoreError, Swap};

/// Sessions in memcached, version 1.6 or newer, in Flask-Session's layout: one item per session, flags 0,
/// the record's bytes as they are.
///
/// * A load is one command (`mg`), also when it extends the record's life. A swap is one command
///   (`ms` or `md` with the item's *cas* number), and a further load where others were faster. One that keeps the
///   record's end names what was left of its life when it was loaded: the server can't keep it by itself.
/// * Lives are whole seconds, cut off, at least one. They end by the *server's* clock. memcached takes more
///   than 30 days as a moment instead: then the life is counted from [`Call::now`], and no such moment lies
///   beyond January 2038.
/// * A record has to fit into an item of the server (option `-I`, by default 1 MiB). A larger one
///   is refused before it is sent, since memcached answers it by dropping the old one.
/// * Keys have at most 250 bytes. Those with blanks or control characters work here, but no Python client
///   takes them.
/// * Nothing here has a time limit of its own: the caller's deadline decides.
///
/// memcached is a cache: it drops the sessions that were not used for the longest time when its memory is full,
/// and all of them when it ends.
///
/// # Several servers
///
/// Each session lives on one of them, chosen as pymemcache's `HashClient` chooses (rendezvous hashing with
/// MurmurHash3 over `host:port`), so that a Flask application with such a client and the same spelling of the
/// addresses finds the same sessions. A server that is down is an error for its sessions; they don't
/// move to another one, where they would come back with old contents later.
pub struct MemcachedStore {
    pool: Pool,
}

impl MemcachedStore {
    /// A store on these servers, each `host:port`; nothing is connected yet, so this works while they are down.
    ///
    /// # Errors
    ///
    /// The list is empty, or an address in it is not `host:port`.
    ///
    /// ```
    /// # extern crate rocket_session_state_core as rocket_session_state;
    /// use rocket_session_state::store::MemcachedStore;
    ///
    /// assert!(MemcachedStore::from_servers(["127.0.0.1:11211"]).is_ok());
    /// assert!(MemcachedStore::from_servers(["localhost"]).is_err());
    /// ```
    pub fn from_servers<A: Into<String>>(servers: impl IntoIterator<Item = A>) -> Result<Self, StoreError> {
        let servers: Vec<String> = servers.into_iter().map(Into::into).collect();
        if servers.is_empty() {
            return Err(StoreError::misconfigured("memcached needs the address of at least one server"));
        }
        if !servers.iter().all(|server| is_address(server)) {
            return Err(StoreError::misconfigured("an address of memcached must be host:port"));
        }
        Ok(MemcachedStore { pool: Pool::new(servers) })
    }

    async fn get(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        let get = match touch {
            None => Get::new(key).meta(Meta::NONE.cas().ttl()),
            Some(lifetime) => {
                Get::new(key).meta(Meta::NONE.cas()).touch_raw(item::expiry(call.now, lifetime))
            }
        };
        let found = self.pool.run(call, get).await.map_err(|error| self.pool.failed(error))?;
        match (found.status, found.value, found.item.cas) {
            (GetStatus::Miss, ..) => Ok(None),
            (GetStatus::Hit, Some(bytes), cas @ Some(_)) => {
                let loaded = Loaded::versioned(bytes, cas);
                let left = match touch {
                    Some(lifetime) => Some(lifetime.as_secs()),
                    // Without an end it says -1.
                    None => found.item.ttl.and_then(|seconds| u64::try_from(seconds).ok()),
                };
                Ok(Some(match left {
                    Some(seconds) => loaded.with_life_left(call.now, Duration::from_secs(seconds)),
                    None => loaded,
                }))
            }
            _ => Err(StoreError::invalid_response("an item with its cas number")),
        }
    }

    /// Writes a new item, or replaces the one with this cas number.
    async fn set(
        &self,
        call: Call,
        key: &str,
        replaces: Option<u64>,
        bytes: &[u8],
        expiry: u32,
    ) -> Result<Option<Swap>, StoreError> {
        let limit = item::room_for_record(self.pool.item_limit(), key);
        if bytes.len() > limit {
            return Err(StoreError::too_large(bytes.len(), limit));
        }
        let set = Set::new(key, bytes).return_cas().ttl_raw(expiry);
        let set = match replaces {
            Some(cas) => set.compare_cas(cas),
            None => set.add(),
        };
        let answer = self.pool.run(call, set).await.map_err(|error| match is_too_large(&error) {
            // The server has dropped the item that was there.
            true => StoreError::too_large(bytes.len(), limit).after_writing(),
            false => self.pool.failed(error),
        })?;
        swapped(answer.status, answer.cas)
    }

    async fn remove(&self, call: Call, key: &str, cas: Option<u64>) -> Result<Option<Swap>, StoreError> {
        let mut delete = Delete::new(key);
        delete.compare_cas = cas;
        let answer = self.pool.run(call, delete).await.map_err(|error| self.pool.failed(error))?;
        swapped(answer.status, None)
    }

    async fn create(&self, call: Call, key: &str, new: Option<New<'_>>) -> Result<Swap, StoreError> {
        if let Some(New { bytes, lifetime }) = new {
            let expiry = item::expiry(call.now, lifetime.unwrap_or_default());
            if let Some(done @ Swap::Done { .. }) = self.set(call, key, None, bytes, expiry).await? {
                return Ok(done);
            }
        }
        match self.get(call, key, None).await? {
            None if new.is_none() => Ok(Swap::Done { version: None }),
            current => Ok(Swap::Conflict(current)),
        }
    }

    async fn change(
        &self,
        call: Call,
        key: &str,
        expected: &Loaded,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        let (mut version, mut expires) = (expected.version, expected.expires);
        if new.is_some_and(|new| new.lifetime.is_none()) && expires.is_none() {
            // Its end is to be kept, and has to be asked for first.
            version = None;
        }
        loop {
            if let Some(cas) = version {
                let written = match new {
                    Some(New { bytes, lifetime: Some(lifetime) }) => {
                        self.set(call, key, Some(cas), bytes, item::expiry(call.now, lifetime)).await?
                    }
                    Some(New { bytes, lifetime: None }) => {
                        self.set(call, key, Some(cas), bytes, item::expiry_at(call.now, expires)).await?
                    }
                    None => self.remove(call, key, Some(cas)).await?,
                };
                if let Some(swap) = written {
                    return Ok(swap);
                }
            }
            // A Flask application that refreshes a session writes the same bytes under another number.
            match self.get(call, key, None).await? {
                Some(current) if current.bytes == expected.bytes => {
                    (version, expires) = (current.version, current.expires);
                }
                current => return Ok(Swap::Conflict(current)),
            }
        }
    }
}

impl Store for MemcachedStore {
    async fn load(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        self.get(call, key, touch).await
    }

    async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        match expected {
            Some(expected) => self.change(call, key, expected, new).await,
            None => self.create(call, key, new).await,
        }
    }

    async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        Ok(matches!(self.remove(call, key, None).await?, Some(Swap::Done { .. })))
    }

    /// Asks every server whether it speaks the meta protocol, compares, and how large its items may be.
    async fn ping(&self, call: Call) -> Result<(), StoreError> {
        self.pool.ping(call).await
    }

    fn address(&self) -> Option<String> {
        Some(format!("memcached at {}", self.pool.servers().join(", ")))
    }
}

debug_by_address!(MemcachedStore);

/// Returns the result of a write or a deletion; `None` if the server holds another item.
fn swapped(status: MutationStatus, cas: Option<u64>) -> Result<Option<Swap>, StoreError> {
    match status {
        MutationStatus::Applied => Ok(Some(Swap::Done { version: cas })),
        MutationStatus::NotFound => Ok(Some(Swap::Conflict(None))),
        MutationStatus::AlreadyExists | MutationStatus::CasMismatch => Ok(None),
        _ => Err(StoreError::invalid_response("the result of a write")),
    }
}
