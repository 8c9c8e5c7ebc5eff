//! A network that belongs to one test: there, any two addresses can be cut off from each other.

use std::env;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};

use crate::process::run;

/// Set where a test already is in a network of its own.
const INSIDE: &str = "TEST_SERVERS_NAMESPACE";

/// What a test has to be allowed to do.
const ADVICE: &str = "a test with a network of its own needs `unshare` (apt-get install -y util-linux), `ip` \
    (apt-get install -y iproute2) and the right to make network namespaces: run it as root (in a container with \
    --cap-add=SYS_ADMIN --cap-add=NET_ADMIN), or allow it to users: sysctl -w kernel.unprivileged_userns_clone=1";

/// Runs `work` in a network that has nothing but its own loopback addresses: this program starts itself anew there, for
/// the test of that name alone. Returns what it printed there, or `None` inside.
pub fn alone(test: &str, work: impl FnOnce(&Network)) -> Option<String> {
    if env::var_os(INSIDE).is_some() {
        work(&Network::set_up());
        return None;
    }
    let own = env::current_exe().expect("the path of this program");
    let mut command = Command::new("unshare");
    // Who is not root is root in a namespace of users, too.
    command.args(["--net", "--map-root-user"]).arg(own).args([test, "--exact", "--nocapture"]);
    let output = command.env(INSIDE, "yes").stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("unshare can't be started: {error}; {ADVICE}"));
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(!text.starts_with("unshare:"), "{text}{ADVICE}");
    assert!(output.status.success(), "{text}");
    // A name that is not that of a test would be no failure.
    assert!(text.contains("1 passed"), "there is no test `{test}`:\n{text}");
    Some(text)
}

/// The loopback addresses of one test.
pub struct Network(());

impl Network {
    fn set_up() -> Network {
        ip(&["link", "set", "lo", "up"]);
        // The table of the machine's own addresses comes first; rules can only be put before it if it moves.
        ip(&["rule", "add", "pref", "100", "lookup", "local"]);
        ip(&["rule", "del", "pref", "0"]);
        Network(())
    }

    /// Lets nothing pass between the two, in neither direction. Connections stay open and stall.
    pub fn cut(&self, one: Ipv4Addr, other: Ipv4Addr) {
        self.between("add", one, other);
    }

    /// Ends [`cut`](Network::cut).
    pub fn join(&self, one: Ipv4Addr, other: Ipv4Addr) {
        self.between("del", one, other);
    }

    fn between(&self, verb: &str, one: Ipv4Addr, other: Ipv4Addr) {
        for (from, to) in [(one, other), (other, one)] {
            let (from, to) = (from.to_string(), to.to_string());
            ip(&["rule", verb, "pref", "10", "from", &from, "to", &to, "blackhole"]);
        }
    }

    /// Lets nobody on 127.0.0.1 reach `port`, for good: a server that can't use its own address would try from there.
    pub fn close(&self, port: u16) {
        let port = port.to_string();
        let rule = ["rule", "add", "pref", "5", "ipproto", "tcp"];
        ip(&[&rule[..], &["from", "127.0.0.1", "dport", &port, "blackhole"]].concat());
        ip(&[&rule[..], &["to", "127.0.0.1", "sport", &port, "blackhole"]].concat());
    }
}

fn ip(arguments: &[&str]) {
    // Debian keeps it where only root looks for programs.
    let path = format!("{}:/usr/sbin:/sbin", env::var("PATH").unwrap_or_default());
    run(Command::new("ip").env("PATH", path).args(arguments), ADVICE);
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    use super::*;

    #[test]
    fn two_addresses_can_be_cut_off_from_each_other_and_joined_again() {
        alone("namespace::tests::two_addresses_can_be_cut_off_from_each_other_and_joined_again", |network| {
            let [client, server] = [1, 11].map(|last| Ipv4Addr::new(127, 0, 0, last));
            let listener = TcpListener::bind((server, 0)).unwrap();
            let address = listener.local_addr().unwrap();
            let answers = || TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok();
            assert!(answers());
            network.cut(client, server);
            assert!(!answers());
            network.join(client, server);
            assert!(answers());
            network.close(address.port());
            assert!(!answers());
        });
    }
}
