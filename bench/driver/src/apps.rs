//! The applications that are compared.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::process::{Process, free_port};
use crate::redis::Redis;

/// An application and, for ours, the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum App {
    Plain,
    ByHand,
    PrivateCookies,
    Cookie,
    Memory,
    Redis,
    RedisCopies,
    Sqlite,
}

/// A running application with its own store.
pub(crate) struct Running {
    pub(crate) process: Process,
    pub(crate) redis: Option<Redis>,
}

/// The folders of the applications, and the one in which they may write.
pub(crate) struct Place {
    /// The folder of the driver itself: Cargo puts all binaries there.
    pub(crate) binaries: PathBuf,
    /// A folder for logs and dumps; removed at the end.
    pub(crate) scratch: PathBuf,
}

impl App {
    pub(crate) const ALL: [App; 8] = [
        App::Plain,
        App::ByHand,
        App::PrivateCookies,
        App::Cookie,
        App::Memory,
        App::Redis,
        App::RedisCopies,
        App::Sqlite,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            App::Plain => "without sessions",
            App::ByHand => "by hand",
            App::PrivateCookies => "private cookies",
            App::Cookie => "ours, cookie",
            App::Memory => "ours, memory",
            App::Redis => "ours, Redis",
            App::RedisCopies => "ours, Redis with copies",
            App::Sqlite => "ours, SQLite",
        }
    }

    pub(crate) fn binary(self) -> &'static str {
        match self {
            App::Plain => "plain",
            App::ByHand => "by-hand",
            App::PrivateCookies => "private-cookies",
            App::Cookie | App::Memory | App::Redis | App::RedisCopies | App::Sqlite => "ours",
        }
    }

    /// Starts it; `run` makes the command that runs the binary.
    pub(crate) fn start(
        self,
        place: &Place,
        workers: usize,
        run: impl FnOnce(&Path) -> Command,
    ) -> Result<Running> {
        let has_redis = matches!(self, App::ByHand | App::Redis | App::RedisCopies);
        let redis = has_redis.then(|| Redis::start(&place.scratch)).transpose()?;
        let port = free_port()?;
        let mut command = run(&place.binaries.join(self.binary()));
        // Nothing of the caller's environment or of a Rocket.toml reaches the application.
        command.env_clear().current_dir(&place.scratch);
        command.env("ROCKET_PORT", port.to_string()).env("ROCKET_WORKERS", workers.to_string());
        command.env("ROCKET_LOG_LEVEL", "off").env("ROCKET_CLI_COLORS", "false");
        // Callgrind makes everything fifty times as slow.
        command.env("ROCKET_SESSION_STORE_TIMEOUT", "60").env("ROCKET_SESSION_REQUEST_TIMEOUT", "60");
        match self {
            App::Plain | App::ByHand => {}
            App::PrivateCookies => {
                command.env("ROCKET_SECRET_KEY", "ab".repeat(32));
            }
            App::Cookie => {
                command.env("ROCKET_SECRET_KEY", "a key that signs cookies in a benchmark");
            }
            App::Memory => {
                command.env("ROCKET_SESSION_TYPE", "memory");
            }
            App::Redis => {
                command.env("ROCKET_SESSION_TYPE", "redis");
            }
            App::RedisCopies => {
                command.env("ROCKET_SESSION_TYPE", "redis").env("ROCKET_SESSION_REDIS_CACHE", "100ms");
            }
            App::Sqlite => {
                let file = place.scratch.join(format!("sessions-{port}.db"));
                command.env("ROCKET_SESSION_TYPE", "sqlalchemy");
                command.env("ROCKET_SESSION_SQLALCHEMY", format!("sqlite:///{}", file.display()));
            }
        }
        if let Some(redis) = &redis {
            command
                .env(if self == App::ByHand { "BENCH_REDIS" } else { "ROCKET_SESSION_REDIS" }, redis.url());
        }
        let log = place.scratch.join(format!("{}-{port}.log", self.binary()));
        let process = Process::start(&mut command, port, &log)?;
        Ok(Running { process, redis })
    }
}
