//! A call that is blocked until a test lets it go on.

use std::time::Duration;

use tokio::sync::oneshot;

use rocket_session_state_core::store::StoreError;

/// The test's end of a call that [`Faulty::hold`](super::Faulty::hold) stops. Dropped, it lets the call go on.
#[derive(Debug)]
pub struct Held {
    reached: oneshot::Receiver<()>,
    go_on: oneshot::Sender<()>,
}

/// The call's end.
#[derive(Debug)]
pub(super) struct Stop {
    reached: oneshot::Sender<()>,
    go_on: oneshot::Receiver<()>,
}

/// The time in which a call has to come.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn pair() -> (Stop, Held) {
    let (reaches, reached) = oneshot::channel();
    let (releases, released) = oneshot::channel();
    (Stop { reached: reaches, go_on: released }, Held { reached, go_on: releases })
}

impl Held {
    /// Waits until a call is blocked there.
    ///
    /// # Errors
    ///
    /// None has come within ten seconds.
    pub async fn reached(&mut self) -> Result<(), StoreError> {
        match tokio::time::timeout(PATIENCE, &mut self.reached).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(StoreError::timeout()),
        }
    }

    /// Lets the call go on.
    pub fn release(self) {
        // A call that was dropped meanwhile needs no permission.
        let _ = self.go_on.send(());
    }
}

impl Stop {
    pub(super) async fn block(self) {
        // A test that does not look may have dropped its end: then nobody holds the call.
        let _ = self.reached.send(());
        let _ = self.go_on.await;
    }
}
