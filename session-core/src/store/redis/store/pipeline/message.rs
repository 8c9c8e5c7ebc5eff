//! Messages: commands that stay together, and how their answers are read.

use std::mem::take;
use std::sync::Arc;

use redis::{Arg, Cmd, ErrorKind, RedisError, RedisResult, Value, cmd};

use super::super::copy::{Lease, Reading};
use super::super::swap_form::SwapForm;

/// Commands that travel together and are answered together.
pub(in super::super) trait Message: Clone + Send {
    type Answer: Send;

    /// Makes the commands, once, for a server that takes swaps in this form.
    fn group(&mut self, form: SwapForm) -> Group;

    /// Reads the answers; an error that the server answers is an `Err`.
    fn answer(self, answers: Answers) -> RedisResult<Self::Answer>;

    /// Returns how many replicas must have what the message writes before it is answered.
    fn replicas(&self) -> u32 {
        0
    }

    /// Returns what tells from the answers whether something was written, for which replicas are waited. It is asked once
    /// the commands are made.
    fn has_written(&self) -> HasWritten {
        Box::new(|answers| !matches!(answers.first, Value::ServerError(_)))
    }

    /// Hears on which connection it is about to be sent, if copies are kept of what is read there.
    fn going(&self, lease: &Arc<Lease>) {
        let _ = lease;
    }
}

/// Tells from the answers to a message whether it has written.
pub(in super::super) type HasWritten = Box<dyn Fn(&Answers) -> bool + Send + Sync>;

impl Message for Cmd {
    type Answer = Value;

    fn group(&mut self, _: SwapForm) -> Group {
        Group::of(take(self))
    }

    fn answer(self, answers: Answers) -> RedisResult<Value> {
        answers.only()
    }
}

/// Short ones. The server may do something else between the two.
impl Message for [Cmd; 2] {
    type Answer = [Value; 2];

    fn group(&mut self, _: SwapForm) -> Group {
        let [first, second] = take(self);
        Group { first, second: Some(second), is_asking: false }
    }

    fn answer(self, answers: Answers) -> RedisResult<[Value; 2]> {
        answers.both()
    }
}

/// What reads a record, of which a copy may be kept: its life and its bytes. The commands are made when they are sent, so
/// that it costs nothing to be ready to send them again.
#[derive(Clone)]
pub(in super::super) struct Reads<'a> {
    pub(in super::super) key: &'a str,
    pub(in super::super) reading: Option<&'a Reading<'a>>,
}

impl Message for Reads<'_> {
    type Answer = [Value; 2];

    fn group(&mut self, form: SwapForm) -> Group {
        [cmd("PTTL").arg(self.key).take(), cmd("GET").arg(self.key).take()].group(form)
    }

    fn answer(self, answers: Answers) -> RedisResult<[Value; 2]> {
        answers.both()
    }

    fn going(&self, lease: &Arc<Lease>) {
        if let Some(reading) = self.reading {
            reading.going(lease);
        }
    }
}

/// A short command, and one that is sent with it and whose error is not the message's.
#[derive(Clone)]
pub(in super::super) struct Beside {
    pub(in super::super) command: Cmd,
    pub(in super::super) other: Cmd,
}

impl Message for Beside {
    type Answer = (Value, RedisResult<Value>);

    fn group(&mut self, _: SwapForm) -> Group {
        Group { first: take(&mut self.command), second: Some(take(&mut self.other)), is_asking: false }
    }

    fn answer(self, answers: Answers) -> RedisResult<Self::Answer> {
        Ok((answers.first.extract_error()?, answers.second.unwrap_or(Value::Nil).extract_error()))
    }
}

/// A message to a server that gets the key's slot just now, and takes it only if it is asked so.
#[derive(Clone)]
pub(in super::super) struct Asking<M>(pub(in super::super) M);

impl<M: Message> Message for Asking<M> {
    type Answer = M::Answer;

    fn group(&mut self, form: SwapForm) -> Group {
        Group { is_asking: true, ..self.0.group(form) }
    }

    fn answer(self, answers: Answers) -> RedisResult<M::Answer> {
        self.0.answer(answers)
    }

    fn replicas(&self) -> u32 {
        self.0.replicas()
    }

    fn has_written(&self) -> HasWritten {
        self.0.has_written()
    }

    fn going(&self, lease: &Arc<Lease>) {
        self.0.going(lease);
    }
}

/// One command or two, which are never separated: who gives up takes both out of a batch.
pub(in super::super) struct Group {
    first: Cmd,
    second: Option<Cmd>,
    /// `ASKING` precedes each command. It counts for the next one on the connection, so it must never stand there alone.
    is_asking: bool,
}

/// The answers to a group, which may be errors of the server.
pub(in super::super) struct Answers {
    pub(in super::super) first: Value,
    pub(super) second: Option<Value>,
}

impl Answers {
    /// Returns the answers to a group of two commands.
    fn both(self) -> RedisResult<[Value; 2]> {
        Ok([self.first.extract_error()?, self.second.unwrap_or(Value::Nil).extract_error()?])
    }

    /// Returns the answer to a group of one command.
    pub(in super::super) fn only(self) -> RedisResult<Value> {
        self.first.extract_error()
    }
}

/// The places of a group's answers among those of a batch.
pub(in super::super) struct Taken {
    has_second: bool,
    is_asking: bool,
}

/// Longer commands are sent alone, in bytes: they gain little, and copying them together takes much memory at once.
/// The answers to a batch are handed out together, however long they are.
pub(super) const LONG: usize = 8 * 1024;

impl Group {
    pub(in super::super) fn of(command: Cmd) -> Self {
        Group { first: command, second: None, is_asking: false }
    }

    /// The command, if it is the only one.
    pub(super) fn single(&self) -> Option<&Cmd> {
        (self.second.is_none() && !self.is_asking).then_some(&self.first)
    }

    pub(super) fn is_long(&self) -> bool {
        self.length() > LONG
    }

    /// Returns about how many bytes it has. A second command is short.
    pub(in super::super) fn length(&self) -> usize {
        let length = |arg: Arg<&[u8]>| if let Arg::Simple(bytes) = arg { bytes.len() } else { 0 };
        self.first.args_iter().map(length).sum()
    }

    pub(in super::super) fn add_to(self, pipeline: &mut redis::Pipeline) -> Taken {
        let Group { first, second, is_asking } = self;
        let taken = Taken { has_second: second.is_some(), is_asking };
        for command in [Some(first), second].into_iter().flatten() {
            if is_asking {
                pipeline.add_command(cmd("ASKING"));
            }
            pipeline.add_command(command);
        }
        taken
    }
}

impl Taken {
    /// Takes the answers out of those of a batch.
    pub(in super::super) fn from(self, values: &mut impl Iterator<Item = Value>) -> RedisResult<Answers> {
        let mut next = || {
            let asked = if self.is_asking { values.next() } else { None };
            let answer = values.next();
            // Where a server does not let itself be asked, that is why it sends elsewhere what follows.
            asked.filter(|asked| matches!(asked, Value::ServerError(_))).or(answer)
        };
        let too_few = || RedisError::from((ErrorKind::UnexpectedReturnType, "too few answers"));
        let first = next().ok_or_else(too_few)?;
        let second = if self.has_second { Some(next().ok_or_else(too_few)?) } else { None };
        Ok(Answers { first, second })
    }
}
