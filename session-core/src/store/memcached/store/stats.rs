//! The answer to `stats settings`, for which the client library has no command.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Bytes that are read at most: far more than the list of settings has.
const LONGEST_LIST: u64 = 256 * 1024;

/// The options of a server that matter here.
pub(super) struct ServerSettings {
    /// The size of its largest item in bytes, if it tells.
    pub(super) item_limit: Option<usize>,
    /// Set if its items have cas numbers.
    pub(super) compares: bool,
}

impl ServerSettings {
    /// Asks the server at this address. One that does not list its settings is assumed to have the defaults.
    pub(super) async fn read(server: &str) -> io::Result<ServerSettings> {
        let mut stream = TcpStream::connect(server).await?;
        stream.write_all(b"stats settings\r\n").await?;
        let mut lines = BufReader::new(stream.take(LONGEST_LIST)).lines();
        let mut settings = ServerSettings { item_limit: None, compares: true };
        while let Some(line) = lines.next_line().await? {
            match line.trim_end().split(' ').collect::<Vec<_>>().as_slice() {
                ["STAT", "item_size_max", bytes] => settings.item_limit = bytes.parse().ok(),
                ["STAT", "cas_enabled", answer] => settings.compares = *answer == "yes",
                ["STAT", ..] => {}
                _ => break,
            }
        }
        Ok(settings)
    }
}
