//! How a server takes swaps.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{ErrorKind, RedisError, RedisResult, ServerErrorKind, Value, cmd};

/// The form in which a server takes swaps: a fact about each connection, since another one may lead to another server.
///
/// Redis has the native form as well, from 8.4. It is not used there before it can be tested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SwapForm {
    /// A script, which every server runs.
    #[default]
    Script,
    /// `SET … IFEQ`, which Valkey knows from 8.1.
    Native,
}

impl SwapForm {
    /// Asks the server at the other end of a new connection. Every user may do that, whatever rights it has; a server
    /// that hides the command gets scripts.
    pub(super) async fn at(connection: &mut MultiplexedConnection) -> RedisResult<Self> {
        Ok(Self::of(connection.req_packed_command(&cmd("HELLO")).await?))
    }

    fn of(hello: Value) -> Self {
        let facts: Vec<(Value, Value)> = match hello {
            Value::Map(facts) => facts,
            // Protocol 2 has no maps.
            Value::Array(words) => pairs(words),
            _ => return SwapForm::Script,
        };
        let fact = |name: &[u8]| {
            let (_, fact) = facts.iter().find(|(word, _)| text(word) == Some(name))?;
            text(fact)
        };
        match (fact(b"server"), fact(b"version").and_then(release)) {
            (Some(b"valkey"), Some(release)) if release >= (8, 1) => SwapForm::Native,
            _ => SwapForm::Script,
        }
    }
}

/// The form that a connection takes, as far as is known. A proxy may answer for servers that know less than it says.
pub(super) struct KnownForm {
    said: SwapForm,
    is_script: AtomicBool,
}

impl From<SwapForm> for KnownForm {
    fn from(said: SwapForm) -> Self {
        KnownForm { said, is_script: AtomicBool::new(false) }
    }
}

impl KnownForm {
    pub(super) fn get(&self) -> SwapForm {
        if self.is_script.load(Relaxed) { SwapForm::Script } else { self.said }
    }

    /// Looks at an error from the connection. From now on it takes scripts if that says so.
    pub(super) fn look_at(&self, error: &RedisError) {
        if is_unknown(error) {
            self.is_script.store(true, Relaxed);
        }
    }
}

/// Tells whether a server has refused a swap in its native form, which it does not know. It has done nothing.
pub(super) fn is_unknown(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::ResponseError)
        && error.detail() == Some("syntax error")
}

fn pairs(words: Vec<Value>) -> Vec<(Value, Value)> {
    let mut words = words.into_iter();
    std::iter::from_fn(|| Some((words.next()?, words.next()?))).collect()
}

fn text(word: &Value) -> Option<&[u8]> {
    match word {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.as_bytes()),
        _ => None,
    }
}

/// Reads the first two numbers of `8.1.3`.
fn release(version: &[u8]) -> Option<(u32, u32)> {
    let mut numbers = std::str::from_utf8(version).ok()?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn hello(server: &str, version: &str) -> [(Value, Value); 3] {
        let proto = (word("proto"), Value::Int(2));
        [(word("server"), word(server)), (word("version"), word(version)), proto]
    }

    fn in_both_protocols(server: &str, version: &str) -> [SwapForm; 2] {
        let facts = hello(server, version);
        let words = facts.clone().into_iter().flat_map(|(name, fact)| [name, fact]).collect();
        [SwapForm::of(Value::Array(words)), SwapForm::of(Value::Map(facts.into()))]
    }

    #[test]
    fn only_a_valkey_that_is_new_enough_swaps_by_itself() {
        for version in ["8.1.0", "8.1.8", "8.10.0", "9.0.0-rc1", "10.0.1"] {
            assert_eq!(in_both_protocols("valkey", version), [SwapForm::Native; 2], "{version}");
        }
        for version in ["7.2.9", "8.0.6", "8", "", "nine", "9.x.1"] {
            assert_eq!(in_both_protocols("valkey", version), [SwapForm::Script; 2], "{version}");
        }
        // By these words Valkey answers, too, if it is told to resemble Redis.
        assert_eq!(in_both_protocols("redis", "9.1.0"), [SwapForm::Script; 2]);
    }

    #[test]
    fn an_answer_that_is_none_means_scripts() {
        let odd = vec![word("server"), word("valkey"), word("version")];
        for answer in [Value::Nil, Value::Okay, word("valkey 9.1"), Value::Array(odd), Value::Map(vec![])] {
            assert_eq!(SwapForm::of(answer), SwapForm::Script);
        }
    }
}
