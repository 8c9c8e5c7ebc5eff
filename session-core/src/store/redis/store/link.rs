//! The connection to the server: shared by all calls, opened when needed, replaced when broken.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionManager, MultiplexedConnection};
use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, ErrorKind, RedisError, RedisResult, ServerErrorKind,
    Value,
};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::batches::Batches;
use crate::store::Call;

/// A connection that many calls use at once.
pub(super) enum Link {
    Own(Box<Reopening>),
    Shared(ConnectionManager, Arc<Batches>),
}

impl Link {
    pub(super) fn open_by(client: Client) -> Self {
        Link::Own(Box::new(Reopening { client, current: Mutex::default() }))
    }

    pub(super) fn shared(manager: ConnectionManager) -> Self {
        Link::Shared(manager, Arc::default())
    }

    /// Sends a command and waits for its answer; an error that the server answers is an `Err`.
    pub(super) async fn send(&self, call: Call, command: Cmd) -> RedisResult<Value> {
        match self {
            Link::Own(own) => own.send(call, command).await,
            Link::Shared(manager, batches) => batches.send(manager, command).await?.extract_error(),
        }
    }

    /// Where the server is, for people.
    pub(super) fn server(&self) -> String {
        match self {
            Link::Own(own) => own.client.get_connection_info().addr().to_string(),
            Link::Shared(..) => "the application's connection".to_owned(),
        }
    }
}

/// A connection of our own.
///
/// [`ConnectionManager`] is not used for it: it makes every call wait for a ladder of attempts while the
/// server is down, and is dead for good once a connection was refused by something else than the
/// network (a changed password, another service on the port).
pub(super) struct Reopening {
    client: Client,
    current: Mutex<Arc<Line>>,
}

/// One connection, from the first call that needs it until it breaks or goes silent.
#[derive(Default)]
struct Line {
    connection: OnceCell<MultiplexedConnection>,
    batches: Arc<Batches>,
    answers: AtomicU64,
}

impl Reopening {
    async fn send(&self, call: Call, command: Cmd) -> RedisResult<Value> {
        let line = Arc::clone(&self.current());
        // One call opens, the others wait. If that call is dropped or fails, the next one tries.
        let connection = line.connection.get_or_try_init(|| self.open()).await?;
        let waiting = Waiting { own: self, line: &line, answers: line.answers.load(Relaxed), call };
        let answer = line.batches.send(connection, command).await;
        let answer = answer.and_then(Value::extract_error);
        line.answers.fetch_add(1, Relaxed);
        drop(waiting);
        if answer.as_ref().is_err_and(ends_connection) {
            self.leave(&line);
        }
        answer
    }

    async fn open(&self) -> RedisResult<MultiplexedConnection> {
        #[cfg(feature = "redis-tls")]
        choose_cryptography(&self.client);
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }

    fn current(&self) -> MutexGuard<'_, Arc<Line>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the next call open a new connection. Calls that wait on this one go on waiting.
    fn leave(&self, line: &Arc<Line>) {
        let mut current = self.current();
        if Arc::ptr_eq(&current, line) {
            *current = Arc::default();
        }
    }
}

/// A call that waits for its answer. If its deadline passes and nobody got an answer on this connection
/// meanwhile, then the way to the server may be gone without a sign (a proxy or a firewall can do
/// that), and the next call tries another connection.
struct Waiting<'a> {
    own: &'a Reopening,
    line: &'a Arc<Line>,
    answers: u64,
    call: Call,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.line.answers.load(Relaxed) == self.answers && Instant::now() >= self.call.deadline {
            self.own.leave(self.line);
        }
    }
}

/// Whether the next call needs another connection. A server that became a read-only replica is left,
/// too: after a failover its name may lead to the new master.
fn ends_connection(error: &RedisError) -> bool {
    error.is_unrecoverable_error() || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
}

/// Settings for connections that live long and carry small messages. A server that vanished without
/// a word (power, firewall) is noticed within seconds; without these the kernel takes a quarter of
/// an hour.
pub(super) fn tuned(server: ConnectionInfo) -> ConnectionInfo {
    let keepalive =
        TcpKeepalive::new().with_time(Duration::from_secs(30)).with_interval(Duration::from_secs(5));
    let settings = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let settings = settings.set_user_timeout(Duration::from_secs(5));
    server.set_tcp_settings(settings)
}

/// rustls panics where it finds no cryptography provider, or several. An application's own choice,
/// made before the first connection, stays.
#[cfg(feature = "redis-tls")]
fn choose_cryptography(client: &Client) {
    use rustls::crypto::{CryptoProvider, ring};

    let tls = matches!(client.get_connection_info().addr(), redis::ConnectionAddr::TcpTls { .. });
    if tls && CryptoProvider::get_default().is_none() {
        // It fails only if somebody else was faster: then there is a provider, as wanted.
        let _ = ring::default_provider().install_default();
    }
}
