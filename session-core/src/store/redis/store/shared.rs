//! A connection of the application.

use redis::RedisResult;
use redis::aio::ConnectionManager;

use super::link::Line;
use super::pipeline::Message;
use super::swap_form::SwapForm;
use crate::store::Call;

/// A connection of the application, which opens it again by itself after the call that found it broken.
pub(super) struct Shared {
    manager: ConnectionManager,
    line: Line,
}

impl Shared {
    pub(super) fn new(manager: ConnectionManager) -> Self {
        Shared { manager, line: Line::default() }
    }

    pub(super) async fn send<M: Message>(&self, call: Call, message: M) -> RedisResult<M::Answer> {
        if self.line.is_quiet() {
            self.line.is_alive(&self.manager, call).await;
        }
        // It may lead to another server at any time, without a word. So what it takes is not known.
        self.line.send(&self.manager, SwapForm::Script, message).await
    }
}
