//! What a session needs of whoever opened it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::{SaveError, Session, State};

pub(crate) type KeeperFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Keeps sessions: the manager, which a session knows only by this.
pub(crate) trait Keeper: Send + Sync {
    /// A session that is stored nowhere yet.
    fn fresh(&self) -> State;

    /// Writes the changes of a session while its request is running.
    fn save(self: Arc<Self>, session: Session) -> KeeperFuture<Result<(), SaveError>>;

    /// Returns when the session has ended.
    fn ended(self: Arc<Self>, session: Session) -> KeeperFuture<()>;
}
