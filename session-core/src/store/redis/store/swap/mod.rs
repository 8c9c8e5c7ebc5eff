//! Compare-and-swap as one command: the server's own, or a script.

mod native;
mod script;

use redis::{Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value};

pub(super) use self::script::SwapScript;
use super::connection::Connection;
use super::failed::Failed;
use super::pipeline::{Answers, Group, HasWritten, Message};
use super::swap_form::{SwapForm, is_unknown};
use crate::store::Call;

/// A record that is to be stored, and its life in seconds, or nothing to keep the life that is left.
pub(super) type New<'a> = (&'a [u8], Option<u64>);

/// What became of a swap.
pub(super) enum Swapped {
    Done,
    /// The record is removed, and Redis refused to tell others of it.
    DoneUntold,
    /// This is stored, or nothing is; it may also be no record at all.
    Conflict(Value),
}

/// Swaps under `key`: what is expected there, or nothing, for what is new, or nothing. It is done when so many replicas have
/// it as well.
pub(super) async fn swap(
    script: &SwapScript,
    connection: &Connection,
    call: Call,
    key: &str,
    expected: Option<&[u8]>,
    new: Option<New<'_>>,
    replicas: u32,
) -> Result<Swapped, Failed> {
    let form = SwapForm::Script;
    let mut swap = Swap { script, key, expected, new, replicas, as_script: false, with_source: false, form };
    loop {
        // Nothing has happened if one of these is answered.
        match connection.send(call, key, swap.clone()).await {
            // The server has restarted, failed over or flushed its scripts.
            Err(Failed { error, .. }) if !swap.with_source && is_no_script(&error) => swap.with_source = true,
            Err(Failed { error, .. }) if !swap.as_script && is_unknown(&error) => swap.as_script = true,
            answer => return answer,
        }
    }
}

fn is_no_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

/// A swap as a message, in the form that its connection takes.
#[derive(Clone)]
struct Swap<'a> {
    script: &'a SwapScript,
    key: &'a str,
    expected: Option<&'a [u8]>,
    new: Option<New<'a>>,
    replicas: u32,
    /// The server does not know the native form, whatever it says.
    as_script: bool,
    with_source: bool,
    form: SwapForm,
}

impl Swap<'_> {
    fn command(&mut self, form: SwapForm) -> Cmd {
        match (form, self.new) {
            (SwapForm::Native, Some(new)) if !self.as_script => {
                self.form = SwapForm::Native;
                native::command(self.key, self.expected, new)
            }
            // A removal is told in the same step, which only a script does.
            (_, new) => self.script.command(self.key, self.expected, new, self.with_source),
        }
    }
}

impl Message for Swap<'_> {
    type Answer = Swapped;

    fn group(&mut self, form: SwapForm) -> Group {
        Group::of(self.command(form))
    }

    fn answer(self, answers: Answers) -> RedisResult<Swapped> {
        let answer = answers.only()?;
        Ok(match self.form {
            SwapForm::Native => native::read(self.expected, answer),
            SwapForm::Script => script::read(answer),
        })
    }

    fn replicas(&self) -> u32 {
        self.replicas
    }

    fn has_written(&self) -> HasWritten {
        match self.form {
            SwapForm::Native => {
                let expected = self.expected.map(<[u8]>::to_vec);
                Box::new(move |answers| native::has_written(expected.as_deref(), &answers.first))
            }
            SwapForm::Script => Box::new(|answers| script::has_written(&answers.first)),
        }
    }
}
