//! A deletion, which others are told of.

use redis::{RedisResult, cmd};

use super::channel;
use super::pipeline::{Answers, Beside, Group, Message};
use super::swap_form::SwapForm;

/// `DEL`, and beside it the command that tells of it, whose error is not the deletion's.
///
/// Where replicas are waited for, they are also waited for if nothing is there to delete: a deletion before this one may have
/// removed the record on the master alone. A short script sees to it that there is something to wait for. What is published does
/// not: in a cluster it does not go through the stream that replicas follow.
#[derive(Clone)]
pub(super) struct Deletion {
    commands: Beside,
    replicas: u32,
}

const CONFIRMED: &str = include_str!("deletion.lua");

impl Deletion {
    /// A deletion that is done when so many replicas know of it as well.
    pub(super) fn of(key: &str, replicas: u32) -> Self {
        let command = match replicas {
            0 => cmd("DEL").arg(key).take(),
            // With its source, since it is short, and deletions are rare.
            _ => cmd("EVAL").arg(CONFIRMED).arg(1).arg(key).take(),
        };
        let commands = Beside { command, other: channel::publish(key) };
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
}
