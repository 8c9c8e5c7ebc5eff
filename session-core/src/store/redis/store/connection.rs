//! The connection to the server: shared by all calls, opened when needed, replaced when broken.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::{ConnectionLike, ConnectionManager, MultiplexedConnection, PubSub};
use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{
    AsyncConnectionConfig, Client, ConnectionInfo, ErrorKind, RedisError, RedisResult, ServerErrorKind, cmd,
};
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use super::pipeline::{Message, Pipeline};
use crate::store::Call;
use crate::store::client::wait::halfway;
use crate::store::quiet::LastAnswer;
use crate::store::reopening::Reopening;

/// A connection that many calls use at once.
pub(super) enum Connection {
    /// Opened by the store itself.
    Own(Box<Reconnecting>),
    /// The application's.
    Shared(Box<Shared>),
}

impl Connection {
    pub(super) fn open_by(client: Client) -> Self {
        Connection::Own(Box::new(Reconnecting { client, slot: Reopening::default() }))
    }

    pub(super) fn shared(manager: ConnectionManager) -> Self {
        Connection::Shared(Box::new(Shared { manager, line: Line::default() }))
    }

    /// Sends a message and waits for its answer; an error that the server answers is an `Err`.
    pub(super) async fn send<M: Message>(&self, call: Call, message: M) -> RedisResult<M::Answer> {
        match self {
            Connection::Own(own) => own.send(call, message).await,
            Connection::Shared(shared) => shared.send(call, message).await,
        }
    }

    /// Returns the server's address without the login, for people.
    pub(super) fn address(&self) -> String {
        match self {
            Connection::Own(own) => {
                let server = own.client.get_connection_info();
                format!("Redis at {}, database {}", server.addr(), server.redis_settings().db())
            }
            Connection::Shared(..) => "Redis on the application's connection".to_owned(),
        }
    }
}

/// A connection of our own.
///
/// [`ConnectionManager`] is not used for it: it makes every call wait for a ladder of attempts while the
/// server is down, and never recovers once a connection was refused by something else than the
/// network (a changed password, another service on the port).
pub(super) struct Reconnecting {
    client: Client,
    slot: Reopening<Slot>,
}

/// One connection, from the first call that needs it until it breaks or goes silent.
#[derive(Default)]
struct Slot {
    connection: OnceCell<MultiplexedConnection>,
    line: Line,
}

impl Reconnecting {
    async fn send<M: Message>(&self, call: Call, message: M) -> RedisResult<M::Answer> {
        let mut slot = self.slot.current();
        if let Some(connection) = slot.connection.get()
            && slot.line.last_answer.is_long_ago()
            && !slot.line.is_alive(connection, call).await
        {
            self.slot.discard(&slot);
            slot = self.slot.current();
        }
        // One call opens, the others wait. If that call is dropped or fails, the next one tries.
        let connection = slot.connection.get_or_try_init(|| self.open()).await?;
        let last_answer = slot.line.last_answer.get();
        // A call whose deadline passed while others got answers was slow, not on a silent connection.
        let is_silent = || slot.line.last_answer.get() == last_answer && Instant::now() >= call.deadline;
        let watch = self.slot.watch(&slot, is_silent);
        let answer = slot.line.send(connection, message).await;
        watch.answered();
        if answer.as_ref().is_err_and(ends_connection) {
            self.slot.discard(&slot);
        }
        answer
    }

    async fn open(&self) -> RedisResult<MultiplexedConnection> {
        #[cfg(feature = "redis-tls")]
        choose_cryptography(&self.client);
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }
}

/// Opens a connection that listens to channels.
pub(super) async fn open_for_channels(client: &Client) -> RedisResult<PubSub> {
    #[cfg(feature = "redis-tls")]
    choose_cryptography(client);
    client.get_async_pubsub().await
}

/// A connection of the application, which it opens again by itself, after the call that found it broken.
pub(super) struct Shared {
    manager: ConnectionManager,
    line: Line,
}

impl Shared {
    async fn send<M: Message>(&self, call: Call, message: M) -> RedisResult<M::Answer> {
        if self.line.last_answer.is_long_ago() {
            self.line.is_alive(&self.manager, call).await;
        }
        self.line.send(&self.manager, message).await
    }
}

/// What is known of a connection that many calls use.
#[derive(Default)]
struct Line {
    pipeline: Arc<Pipeline>,
    last_answer: LastAnswer,
}

impl Line {
    async fn send<C, M>(&self, connection: &C, message: M) -> RedisResult<M::Answer>
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
        M: Message,
    {
        let answer = message.send(&self.pipeline, connection).await;
        self.last_answer.note();
        answer
    }

    /// Asks whether the server is still at the other end, with a command that may get lost.
    async fn is_alive<C>(&self, connection: &C, call: Call) -> bool
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        let answer = timeout_at(halfway(call.deadline), self.send(connection, cmd("PING"))).await;
        answer.is_ok_and(|answer| !answer.is_err_and(|error| ends_connection(&error)))
    }
}

/// Tells whether the next call needs another connection. A server that became a read-only replica is
/// given up, too: after a failover its name may lead to the new master.
pub(super) fn ends_connection(error: &RedisError) -> bool {
    error.is_unrecoverable_error() || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
}

/// Sets TCP options for connections that live long and carry small messages. A server that vanished without
/// a word (power, firewall) is noticed within seconds; by the kernel's defaults it takes a quarter of an hour.
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
