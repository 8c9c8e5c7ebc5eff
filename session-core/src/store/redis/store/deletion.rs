//! A deletion, which others are told of.

use redis::{RedisResult, Value, cmd};

use super::channel;
use super::pipeline::{Answers, Beside, Group, Message};
use super::swap_form::SwapForm;

/// `DEL`, and beside it the command that tells of it, whose error is not the deletion's.
#[derive(Clone)]
pub(super) struct Deletion {
    commands: Beside,
    replicas: u32,
}

impl Deletion {
    /// A deletion that is done when so many replicas know of it as well.
    pub(super) fn of(key: &str, replicas: u32) -> Self {
        let commands = Beside { command: cmd("DEL").arg(key).take(), other: channel::publish(key) };
        Deletion { commands, replicas }
    }
}

impl Message for Deletion {
    type Answer = <Beside as Message>::Answer;

    fn group(&mut self, form: SwapForm) -> Group {
        self.commands.group(form)
    }

    fn answer(self, answers: Answers) -> RedisResult<Self::Answer> {
        self.commands.answer(answers)
    }

    fn replicas(&self) -> u32 {
        self.replicas
    }

    fn has_written((deleted, _): &Self::Answer) -> bool {
        *deleted != Value::Int(0)
    }
}
