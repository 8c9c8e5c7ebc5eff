//! The connection to one server: shared by all calls, opened when needed, replaced when broken.

mod attempt;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection, PubSub};
use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, ProtocolVersion, RedisError, RedisResult, cmd};
use tokio::time::{Instant, timeout_at};

use self::attempt::Attempt;
use super::copy::{self, Lease, LocalCopy};
use super::pipeline::{Message, Pipeline};
use super::redis_error::{is_read_only, too_late};
use super::swap_form::{KnownForm, SwapForm};
use super::wait::ConfirmedWrites;
use crate::store::Call;
use crate::store::client::wait::halfway;
use crate::store::quiet::{LastAnswer, QUIET};
use crate::store::reopening::Reopening;

/// The connection to one server, which all calls share: opened when one needs it, replaced when it breaks or goes silent.
///
/// [`ConnectionManager`](redis::aio::ConnectionManager) is not used for it: it makes every call wait for a ladder of attempts
/// while the server is down, and never recovers once a connection was refused by something else than the
/// network (a changed password, another service on the port).
pub(super) struct Link {
    client: Client,
    slot: Reopening<Slot>,
    /// For writes that wait for replicas: nothing else is to wait behind them.
    confirmed: Reopening<Slot>,
    copies: OnceLock<Copies>,
}

/// Copies that are kept of what is read, and what opens connections on which the server can tell of changes.
#[derive(Clone)]
struct Copies {
    kept: Arc<LocalCopy>,
    client: Client,
}

/// One connection, from the first call that needs it until it breaks or goes silent.
#[derive(Default)]
struct Slot {
    opened: Attempt<Opened>,
    line: Line,
    writes: Arc<ConfirmedWrites>,
}

/// A connection, what is known of the server that it leads to, and the lease of what is read on it.
struct Opened {
    connection: MultiplexedConnection,
    swap_form: KnownForm,
    lease: Option<Arc<Lease>>,
}

impl Link {
    pub(super) fn to(client: Client) -> Self {
        Link { client, slot: Reopening::default(), confirmed: Reopening::default(), copies: OnceLock::new() }
    }

    /// Keeps copies of what is read on the connections that are opened from now on. Once is for good.
    pub(super) fn keep_copies(&self, copies: &Arc<LocalCopy>) {
        let server = self.client.get_connection_info();
        let settings = server.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        // That fails for addresses alone that could not be read.
        if let Ok(client) = Client::open(server.clone().set_redis_settings(settings)) {
            let _ = self.copies.set(Copies { kept: Arc::clone(copies), client });
        }
    }

    /// Returns the lease of what is read on the connection that there is now.
    pub(super) fn lease(&self) -> Option<Arc<Lease>> {
        self.slot.current().opened.get()?.lease.clone()
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Waits for a connection on which something can be sent that waits for no replicas. Nothing has happened if there is an
    /// error, or if the caller gives up.
    pub(super) async fn ready(&self, call: Call) -> RedisResult<Ready<'_>> {
        self.ready_in(&self.slot, call).await
    }

    /// The same for this message.
    pub(super) async fn ready_for(&self, call: Call, message: &impl Message) -> RedisResult<Ready<'_>> {
        let waits = message.replicas() > 0;
        self.ready_in(if waits { &self.confirmed } else { &self.slot }, call).await
    }

    async fn ready_in<'a>(&'a self, place: &'a Reopening<Slot>, call: Call) -> RedisResult<Ready<'a>> {
        let mut slot = place.current();
        if let Some(opened) = slot.opened.get()
            && (slot.writes.is_silent()
                || slot.line.is_quiet()
                    && !opened.lease.as_ref().is_some_and(|lease| lease.was_proven_within(QUIET))
                    && !slot.writes.is_under_way()
                    && !slot.line.is_alive(&opened.connection, call).await)
        {
            place.discard(&slot);
            slot = place.current();
        }
        if slot.opened.get().is_none() {
            // Writes that wait for replicas read nothing.
            let copies = self.copies.get().filter(|_| std::ptr::eq(place, &self.slot));
            let opened = slot.opened.wait(call.deadline, || open(self.client.clone(), copies.cloned()));
            // So that it is known that nothing has happened.
            timeout_at(shortly_before(call.deadline), opened).await.unwrap_or_else(|_| Err(too_late()))?;
        }
        Ok(Ready { place, slot, call })
    }
}

/// A connection that is open, as far as is known, for one message.
pub(super) struct Ready<'a> {
    place: &'a Reopening<Slot>,
    slot: Arc<Slot>,
    call: Call,
}

impl Ready<'_> {
    /// Sends a message and waits for its answer; an error that the server answers is an `Err`.
    pub(super) async fn send<M: Message>(self, message: M) -> RedisResult<M::Answer> {
        let Ready { place, slot, call } = self;
        let opened = slot.opened.get().ok_or_else(too_late)?;
        let form = opened.swap_form.get();
        if message.replicas() > 0 {
            let writes = &slot.writes;
            let answer = writes.send(&opened.connection, form, message, call.deadline).await;
            slot.line.last_answer.note();
            look_at(place, &slot, opened, &answer);
            return answer;
        }
        if let Some(lease) = &opened.lease {
            message.going(lease);
        }
        let last_answer = slot.line.last_answer.get();
        // A call whose deadline passed while others got answers was slow, not on a silent connection.
        let is_silent = || slot.line.last_answer.get() == last_answer && Instant::now() >= call.deadline;
        let watch = place.watch(&slot, is_silent);
        let answer = slot.line.send(&opened.connection, form, message).await;
        watch.answered();
        look_at(place, &slot, opened, &answer);
        answer
    }
}

/// Learns from an error what the connection is not good for.
fn look_at<T>(place: &Reopening<Slot>, slot: &Arc<Slot>, opened: &Opened, answer: &RedisResult<T>) {
    let Err(error) = answer else { return };
    opened.swap_form.look_at(error);
    if ends_connection(error) {
        place.discard(slot);
    }
}

/// Returns a moment at which there is still time to say what became of a call.
pub(super) fn shortly_before(deadline: Instant) -> Instant {
    let left = deadline.saturating_duration_since(Instant::now());
    deadline - (left / 10).min(Duration::from_millis(5))
}

async fn open(client: Client, copies: Option<Copies>) -> RedisResult<Opened> {
    #[cfg(feature = "redis-tls")]
    choose_cryptography(&client);
    let mut config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
    let (client, lease) = match copies {
        None => (client, None),
        Some(Copies { kept, client }) => {
            let (lease, hear) = kept.lease();
            config = config.set_push_sender(hear);
            (client, Some(lease))
        }
    };
    let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
    if let Some(lease) = &lease {
        copy::track(&mut connection).await?;
        lease.begin(&connection);
    }
    let swap_form = KnownForm::from(SwapForm::at(&mut connection).await?);
    Ok(Opened { connection, swap_form, lease })
}

/// Opens a connection that listens to channels.
pub(super) async fn open_for_channels(client: &Client) -> RedisResult<PubSub> {
    #[cfg(feature = "redis-tls")]
    choose_cryptography(client);
    client.get_async_pubsub().await
}

/// What is known of a connection that many calls use.
#[derive(Default)]
pub(super) struct Line {
    pipeline: Arc<Pipeline>,
    last_answer: LastAnswer,
}

impl Line {
    pub(super) async fn send<C, M>(
        &self,
        connection: &C,
        form: SwapForm,
        message: M,
    ) -> RedisResult<M::Answer>
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
        M: Message,
    {
        let answer = self.pipeline.send(connection, form, message).await;
        self.last_answer.note();
        answer
    }

    /// Tells whether the connection was silent for so long that it should be asked for a sign of life.
    pub(super) fn is_quiet(&self) -> bool {
        self.last_answer.is_long_ago()
    }

    /// Asks whether the server is still at the other end, with a command that may get lost.
    pub(super) async fn is_alive<C>(&self, connection: &C, call: Call) -> bool
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        let ping = self.send(connection, SwapForm::Script, cmd("PING"));
        let answer = timeout_at(halfway(call.deadline), ping).await;
        answer.is_ok_and(|answer| !answer.is_err_and(|error| ends_connection(&error)))
    }
}

/// Tells whether the next call needs another connection. A server that became a read-only replica is
/// given up, too: after a failover its name may lead to the new master.
pub(super) fn ends_connection(error: &RedisError) -> bool {
    error.is_unrecoverable_error() || is_read_only(error)
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
