//! Addresses of Redis: redis-py and this library are at the same place with each, or one of them refuses on purpose.

use std::fmt::Write;
use std::time::SystemTime;

use rocket::tokio::task;
use rocket::tokio::time::Instant;
use rocket_session_state::store::{Call, RedisStore, Store};
use serde_json::{Value, json};
use session_tests::certificates::Authority;
use session_tests::flask;
use session_tests::port::free_port;
use session_tests::process::PATIENCE;
use session_tests::redis::Redis;
use session_tests::resp::{Connection, Reply};

/// Where a client is: on which of its addresses the server has the connection, in which database and as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    server: String,
    database: i64,
    user: String,
}

/// What an address is to one of the two.
#[derive(Clone, Copy, Debug)]
enum Is {
    /// In this database, as this user.
    At(i64, &'static str),
    Refused,
}

use Is::{At, Refused};

/// Addresses that are the same to both.
const SAME: [(&str, Is); 37] = [
    ("redis://{open}", At(0, "default")),
    ("redis://localhost:{open_port}", At(0, "default")),
    ("redis://{open}/", At(0, "default")),
    ("redis://{open}/2", At(2, "default")),
    ("redis://{open}?db=3", At(3, "default")),
    ("redis://{open}/2?db=3", At(3, "default")),
    ("redis://{open}/?protocol=3", At(0, "default")),
    ("redis://{open}/99", Refused),
    ("redis://{open}?db=-1", Refused),
    ("redis://{open}?db=zero", Refused),
    ("redis://{open}?database=3", Refused),
    ("REDIS://{open}", Refused),
    ("redis+socket://{socket}", Refused),
    ("redis://{open},{open}/0", Refused),
    ("redis://:p%40w@{closed}", At(0, "default")),
    ("redis://:p@w@{closed}", At(0, "default")),
    ("redis://me:p%40w@{closed}/2", At(2, "me")),
    ("redis://plus:a+b@{closed}", At(0, "plus")),
    ("redis://{closed}?username=plus&password=a%2Bb", At(0, "plus")),
    ("redis://{closed}?username=plus&password=a+b", Refused),
    ("redis://{closed}?username=me&password=p%40w", At(0, "me")),
    ("redis://{closed}?password=p@w&db=1", At(1, "default")),
    ("redis://me@{closed}?password=p%40w", At(0, "me")),
    ("redis://me:p%40w@{closed}?username=plus&password=wrong", At(0, "me")),
    ("redis://{closed}", Refused),
    ("redis://:wrong@{closed}", Refused),
    ("unix://{socket}", At(0, "default")),
    ("unix://{socket}?db=1", At(1, "default")),
    ("unix://me:p%40w@{closed_socket}?db=1", At(1, "me")),
    ("unix://:p%40w@{closed_socket}", At(0, "default")),
    ("unix://{closed_socket}?username=me&password=p%40w", At(0, "me")),
    ("rediss://{tls}?{files}", At(0, "default")),
    ("rediss://{tls}/3?{files}&ssl_cert_reqs=required&ssl_check_hostname=True", At(3, "default")),
    ("rediss://{tls}?ssl_ca_certs={ca}", Refused),
    ("rediss://{tls}", Refused),
    ("rediss://localhost:{tls_port}?{files}", Refused),
    ("redis://{tls}", Refused),
];

/// Addresses that one of them refuses, first what redis-py does, and why it is so.
const DIFFERENT: [(&str, Is, Is, &str); 13] = [
    ("valkey://{open}/1", Refused, At(1, "default"), "Valkey's own name is as good"),
    ("redis+unix://{socket}?db=1", Refused, At(1, "default"), "it is how others write a socket"),
    ("redis://{closed}?user=me&pass=p%40w", Refused, At(0, "me"), "Rust's client has these names"),
    ("redis://{open}/zero", At(0, "default"), Refused, "a name is not a number, and 0 was not meant"),
    ("redis://{open}/1/2", At(12, "default"), Refused, "12 was not meant"),
    ("redis://{open}?db=3&db=4", At(3, "default"), Refused, "one of the two would be dropped"),
    ("redis://{open}?socket_timeout=2", At(0, "default"), Refused, "session_store_timeout says that"),
    ("redis://{open}?health_check_interval=30", At(0, "default"), Refused, "it would do nothing"),
    ("redis://{open}?max_connections=5", At(0, "default"), Refused, "it would do nothing"),
    ("redis://{open}?decode_responses=True", At(0, "default"), Refused, "records are bytes"),
    ("redis://{open}/1#2", At(1, "default"), Refused, "what follows a # would be dropped"),
    ("rediss://{tls}?{files}&ssl_cert_reqs=none", At(0, "default"), Refused, "certificates are checked"),
    (
        "rediss://localhost:{tls_port}?{files}&ssl_check_hostname=False",
        At(0, "default"),
        Refused,
        "names are checked",
    ),
];

/// A server that lets anybody in, over TLS anybody with a certificate, and one that wants a login.
struct Servers {
    _servers: [Redis; 2],
    /// Connections that were there before a login was wanted.
    admins: [Connection; 2],
    /// What stands for the places in the tables.
    names: Vec<(&'static str, String)>,
    _authority: Authority,
}

impl Servers {
    fn start() -> Servers {
        let authority = Authority::new();
        let sockets = ["open", "closed"].map(|name| format!("{}/{name}#.sock", authority.folder().display()));
        let (certificate, client) = (authority.issue("IP:127.0.0.1"), authority.issue("DNS:client"));
        let tls_port = free_port();
        let mut arguments =
            ["--unixsocket", &sockets[0], "--tls-port", &tls_port.to_string()].map(str::to_owned).to_vec();
        arguments.extend(authority.arguments_of_redis(&certificate, true));
        let open = Redis::start_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let closed = Redis::start_with(&["--unixsocket", &sockets[1]]);
        let admins = [&open, &closed].map(|server| Connection::open(server.port()).expect("a connection"));
        for (user, password) in [("me", ">p@w"), ("plus", ">a+b")] {
            closed.command(&["ACL", "SETUSER", user, "on", password, "~*", "&*", "+@all"]);
        }
        closed.command(&["CONFIG", "SET", "requirepass", "p@w"]);
        let names = vec![
            ("{open}", format!("127.0.0.1:{}", open.port())),
            ("{open_port}", open.port().to_string()),
            ("{closed}", format!("127.0.0.1:{}", closed.port())),
            ("{tls}", format!("127.0.0.1:{tls_port}")),
            ("{tls_port}", tls_port.to_string()),
            ("{socket}", sockets[0].replace('#', "%23")),
            ("{closed_socket}", sockets[1].replace('#', "%23")),
            ("{files}", "ssl_ca_certs={ca}&ssl_certfile={cert}&ssl_keyfile={key}".to_owned()),
            ("{ca}", authority.file().display().to_string()),
            ("{cert}", client.file.display().to_string()),
            ("{key}", client.key.display().to_string()),
        ];
        Servers { _servers: [open, closed], admins, names, _authority: authority }
    }

    fn address(&self, row: &str) -> String {
        self.names.iter().fold(row.to_owned(), |row, (name, value)| row.replace(name, value))
    }

    /// The place that an address names, as a server calls it.
    fn place(&self, address: &str) -> String {
        let (_, rest) = address.split_once("://").expect("an address");
        let rest = rest.split(['?', '#']).next().unwrap_or(rest).replace("%23", "#");
        if let Some(path) = rest.find('/').filter(|_| rest.ends_with(".sock")) {
            return format!("{}:0", &rest[path..]);
        }
        let host = rest.split('/').next().unwrap_or(&rest);
        host[host.rfind('@').map_or(0, |at| at + 1)..].replace("localhost", "127.0.0.1")
    }

    /// The connections of others, on all servers.
    fn others(&mut self) -> Vec<Place> {
        let mut others = Vec::new();
        for admin in &mut self.admins {
            let Ok(Reply::Integer(own)) = admin.command(&["CLIENT", "ID"]) else { panic!("no id") };
            let list = admin.command(&["CLIENT", "LIST"]).expect("the connections").text();
            for line in list.lines().filter(|line| !line.starts_with(&format!("id={own} "))) {
                let part = |from: &str, to: &str| {
                    let (_, rest) = line.split_once(from).expect("a part of the line");
                    rest.split(to).next().unwrap_or(rest).to_owned()
                };
                let database = part(" db=", " ").parse().expect("a number");
                others.push(Place { server: part(" laddr=", " fd="), database, user: part(" user=", " ") });
            }
        }
        others
    }

    /// Where this library is with an address; `None` if it refuses.
    async fn ours(&mut self, address: &str) -> Result<Place, String> {
        let store = RedisStore::from_url(address).map_err(|error| format!("{error:?}"))?;
        let deadline = Instant::now() + PATIENCE;
        store.ping(Call { now: SystemTime::now(), deadline }).await.map_err(|error| format!("{error:?}"))?;
        let others = self.others();
        let [place] = &others[..] else { panic!("{address}: {others:?}") };
        let place = place.clone();
        drop(store);
        // Its runtime closes the connection.
        while !self.others().is_empty() {
            assert!(Instant::now() < deadline, "{address}: a connection stays");
            task::yield_now().await;
        }
        Ok(place)
    }
}

/// Where redis-py is with each.
fn theirs(addresses: &[String]) -> Vec<Result<Place, String>> {
    let output = flask::script("redis_addresses.py", &[json!(addresses).to_string()]);
    let places: Vec<Value> = serde_json::from_str(&output).expect("a list");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let place = |place: &Value| match place["refused"].as_str() {
        Some(refusal) => Err(refusal.to_owned()),
        None => Ok(Place {
            server: text(&place["server"]),
            database: place["database"].as_i64().expect("a number"),
            user: text(&place["user"]),
        }),
    };
    places.iter().map(place).collect()
}

#[rocket::async_test]
async fn redis_py_and_this_library_are_at_the_same_place_with_each_address_but_for_what_is_refused_on_purpose()
 {
    let mut servers = Servers::start();
    let same = SAME.map(|(row, is)| (row, is, is));
    let different = DIFFERENT.map(|(row, theirs, ours, _)| (row, theirs, ours));
    let rows: Vec<_> = same.into_iter().chain(different).collect();
    let addresses: Vec<_> = rows.iter().map(|(row, ..)| servers.address(row)).collect();
    let theirs = theirs(&addresses);
    let mut wrong = String::new();
    for (((row, to_them, to_us), address), theirs) in rows.iter().zip(&addresses).zip(theirs) {
        let ours = servers.ours(address).await;
        for (whose, expected, found) in [("redis-py", to_them, theirs), ("this library", to_us, ours)] {
            let is_right = match (expected, &found) {
                (Refused, Err(_)) => true,
                (At(database, user), Ok(place)) => {
                    let server = servers.place(address);
                    *place == Place { server, database: *database, user: (*user).to_owned() }
                }
                _ => false,
            };
            if !is_right {
                let _ = writeln!(wrong, "{row}: to {whose} {expected:?}, and it is {found:?}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
