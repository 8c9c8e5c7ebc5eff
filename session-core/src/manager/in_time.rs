//! Store calls that end at their deadline.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use tokio::time::{Instant, timeout_at};

use crate::store::StoreError;

/// What a store answered until `deadline`; after that its future is dropped.
pub(super) async fn in_time<T>(
    deadline: Instant,
    answer: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let mut answer = pin!(answer);
    // A store in memory answers at once: it needs no timer.
    if let Poll::Ready(answer) = poll_fn(|task| Poll::Ready(answer.as_mut().poll(task))).await {
        return answer;
    }
    timeout_at(deadline, answer).await.unwrap_or_else(|_| Err(StoreError::timeout()))
}
