//! Stores without their type.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Call, Loaded, New, OpenTo, Part, Store, StoreError, Swap, Watcher};

/// A store whose type is decided while the program runs.
///
/// Clones are the same store. A call costs one allocation more than it costs the store itself; a
/// `DynStore` that is made of a `DynStore` adds none.
///
/// ```
/// # extern crate rocket_session_state_core as rocket_session_state;
/// use std::sync::Arc;
/// use rocket_session_state::store::{DynStore, MemoryStore};
///
/// fn store(shared: Option<&Arc<MemoryStore>>) -> DynStore {
///     match shared {
///         Some(shared) => DynStore::new(Arc::clone(shared)),
///         None => DynStore::new(MemoryStore::new(1_000)),
///     }
/// }
/// # store(None);
/// ```
#[derive(Clone)]
pub struct DynStore(Arc<dyn ErasedStore>);

impl DynStore {
    /// Forgets the type of a store.
    pub fn new(store: impl Store) -> Self {
        let any: &dyn Any = &store;
        #[cfg(feature = "sql")]
        if let Some(super::SqlStore(rows)) = any.downcast_ref() {
            return rows.clone();
        }
        any.downcast_ref::<DynStore>().cloned().unwrap_or_else(|| DynStore(Arc::new(store)))
    }

    /// The store with boxed futures, for callers to whom another future around each is a cost.
    pub(super) fn boxed(&self) -> &dyn ErasedStore {
        &*self.0
    }
}

impl Store for DynStore {
    forward!(self => self.0);
}

debug_by_address!(DynStore);

pub(super) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Declares [`ErasedStore`] with these methods of [`Store`].
macro_rules! erased {
    ($($method:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+) => {
        /// [`Store`] with boxed futures, which is what a trait object needs.
        pub(super) trait ErasedStore: Send + Sync {
            $(fn $method<'a>(&'a self, call: Call $(, $argument: $type)*) -> BoxFuture<'a, $answer>;)+

            fn part_of(&self, key: &str) -> Option<Part>;

            fn copy(&self, now: SystemTime, key: &str) -> Option<Loaded>;

            fn seen_everywhere_after(&self) -> Duration;

            fn watch(&self, key: &str, watcher: Watcher);

            fn address(&self) -> Option<String>;

            fn open_to_others(&self) -> Option<OpenTo>;
        }

        impl<S: Store> ErasedStore for S {
            $(fn $method<'a>(&'a self, call: Call $(, $argument: $type)*) -> BoxFuture<'a, $answer> {
                Box::pin(Store::$method(self, call $(, $argument)*))
            })+

            fn part_of(&self, key: &str) -> Option<Part> {
                Store::part_of(self, key)
            }

            fn copy(&self, now: SystemTime, key: &str) -> Option<Loaded> {
                Store::copy(self, now, key)
            }

            fn seen_everywhere_after(&self) -> Duration {
                Store::seen_everywhere_after(self)
            }

            fn watch(&self, key: &str, watcher: Watcher) {
                Store::watch(self, key, watcher);
            }

            fn address(&self) -> Option<String> {
                Store::address(self)
            }

            fn open_to_others(&self) -> Option<OpenTo> {
                Store::open_to_others(self)
            }
        }
    };
}

erased! {
    load(key: &'a str, touch: Option<Duration>) -> Option<Loaded>;
    swap(key: &'a str, expected: Option<&'a Loaded>, new: Option<New<'a>>) -> Swap;
    delete(key: &'a str) -> bool;
    purge() -> u64;
    ping() -> ();
    ping_part(part: &'a Part) -> bool;
}
