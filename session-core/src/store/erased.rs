//! Stores without their type.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::{Call, Loaded, New, Store, StoreError, Swap, Touch};

/// A store whose type is decided while the program runs.
///
/// Clones are the same store. A call costs one allocation more than it costs the store itself; a
/// `DynStore` that is made of a `DynStore` adds none.
///
/// ```
/// use std::sync::Arc;
/// use rocket_session_state_core::store::{DynStore, MemoryStore};
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
        let erased = (&store as &dyn Any).downcast_ref::<DynStore>().cloned();
        erased.unwrap_or_else(|| DynStore(Arc::new(store)))
    }

    /// The store with boxed futures, for callers to whom another future around each is a cost.
    pub(super) fn boxed(&self) -> &dyn ErasedStore {
        &*self.0
    }
}

impl Store for DynStore {
    async fn load(&self, call: Call, key: &str, touch: Option<Touch>) -> Result<Option<Loaded>, StoreError> {
        self.0.load(call, key, touch).await
    }

    async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        self.0.swap(call, key, expected, new).await
    }

    async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        self.0.delete(call, key).await
    }

    async fn purge(&self, call: Call) -> Result<u64, StoreError> {
        self.0.purge(call).await
    }

    async fn ping(&self, call: Call) -> Result<(), StoreError> {
        self.0.ping(call).await
    }

    fn address(&self) -> Option<String> {
        self.0.address()
    }
}

/// Shows the address only: a store may not show what it holds.
impl std::fmt::Debug for DynStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DynStore").field("address", &self.0.address()).finish_non_exhaustive()
    }
}

pub(super) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// [`Store`] with boxed futures, which is what a trait object needs.
pub(super) trait ErasedStore: Send + Sync {
    fn load<'a>(&'a self, call: Call, key: &'a str, touch: Option<Touch>) -> BoxFuture<'a, Option<Loaded>>;

    fn swap<'a>(
        &'a self,
        call: Call,
        key: &'a str,
        expected: Option<&'a Loaded>,
        new: Option<New<'a>>,
    ) -> BoxFuture<'a, Swap>;

    fn delete<'a>(&'a self, call: Call, key: &'a str) -> BoxFuture<'a, bool>;

    fn purge(&self, call: Call) -> BoxFuture<'_, u64>;

    fn ping(&self, call: Call) -> BoxFuture<'_, ()>;

    fn address(&self) -> Option<String>;
}

impl<S: Store> ErasedStore for S {
    fn load<'a>(&'a self, call: Call, key: &'a str, touch: Option<Touch>) -> BoxFuture<'a, Option<Loaded>> {
        Box::pin(Store::load(self, call, key, touch))
    }

    fn swap<'a>(
        &'a self,
        call: Call,
        key: &'a str,
        expected: Option<&'a Loaded>,
        new: Option<New<'a>>,
    ) -> BoxFuture<'a, Swap> {
        Box::pin(Store::swap(self, call, key, expected, new))
    }

    fn delete<'a>(&'a self, call: Call, key: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(Store::delete(self, call, key))
    }

    fn purge(&self, call: Call) -> BoxFuture<'_, u64> {
        Box::pin(Store::purge(self, call))
    }

    fn ping(&self, call: Call) -> BoxFuture<'_, ()> {
        Box::pin(Store::ping(self, call))
    }

    fn address(&self) -> Option<String> {
        Store::address(self)
    }
}
