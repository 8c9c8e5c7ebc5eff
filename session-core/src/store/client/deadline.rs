//! Store calls that end at their deadline.

use std::future::Future;

use tokio::time::{Instant, timeout_at};

use crate::store::StoreError;

/// What a store answered until `deadline`; after that its future is dropped.
pub(crate) async fn in_time<T>(
    deadline: Instant,
    answer: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    timeout_at(deadline, answer).await.unwrap_or_else(|_| Err(StoreError::timeout()))
}
