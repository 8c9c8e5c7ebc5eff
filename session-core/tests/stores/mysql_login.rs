//! MySQL's own password login over plain TCP, `caching_sha2_password`. No MySQL can be installed beside MariaDB, which does
//! not have it, so the test speaks the part of the protocol that it is about: the server's key, and what comes back.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use rocket_session_state_core::store::{SqlStore, SqlTable, Store};
use tempfile::TempDir;

use crate::calls::call;

const NONCE: &[u8; 20] = b"twenty random bytes!";

#[tokio::test]
async fn a_password_goes_to_mysql_encrypted_with_the_servers_key_also_without_tls() {
    let folder = TempDir::new().unwrap();
    let key = folder.path().join("key.pem");
    openssl(&["genrsa", "-out", key.to_str().unwrap(), "2048"], b"");
    let public_key = openssl(&["rsa", "-in", key.to_str().unwrap(), "-pubout"], b"");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mysql://app:p%40ss@127.0.0.1:{}/app", listener.local_addr().unwrap().port());
    let server = thread::spawn(move || {
        let mut client = Packets(listener.accept().unwrap().0, 0);
        client.send(&greeting());
        let login = client.receive();
        assert!(login.windows(22).any(|part| part == b"caching_sha2_password\0"), "{login:?}");
        client.send(&[1, 4]); // log in with the whole password
        assert_eq!(client.receive(), [2], "asks for the key");
        client.send(&[&[1], &*public_key].concat());
        client.receive()
    });
    let store = SqlStore::from_url(&url, SqlTable::default()).unwrap();
    // The server hangs up after the password.
    store.ping(call()).await.unwrap_err();
    let encrypted = server.join().unwrap();
    assert_eq!(decrypted(&key, &encrypted), b"p@ss\0");
}

/// What a server of version 9 says first: it knows the login, and no TLS.
fn greeting() -> Vec<u8> {
    const LONG_PASSWORD: u32 = 1;
    const WITH_DATABASE: u32 = 8;
    const PROTOCOL_41: u32 = 0x200;
    const SECURE_CONNECTION: u32 = 0x8000;
    const PLUGIN_AUTH: u32 = 0x8_0000;
    let abilities = LONG_PASSWORD | WITH_DATABASE | PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH;
    let [low_1, low_2, high_1, high_2] = abilities.to_le_bytes();
    let nonce_length = u8::try_from(NONCE.len() + 1).unwrap();
    [
        b"\x0a9.0.0\0\x01\0\0\0".as_slice(),
        &NONCE[..8],
        &[0, low_1, low_2, 45, 2, 0, high_1, high_2, nonce_length],
        &[0; 10],
        &NONCE[8..],
        b"\0caching_sha2_password\0",
    ]
    .concat()
}

fn decrypted(key: &Path, encrypted: &[u8]) -> Vec<u8> {
    let key = key.to_str().unwrap();
    let options = ["-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha1"];
    let masked = openssl(&[&["pkeyutl", "-decrypt", "-inkey", key], options.as_slice()].concat(), encrypted);
    masked.iter().zip(NONCE.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()
}

fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut openssl = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("openssl can't be started ({error}); install it with: apt-get install openssl")
        });
    openssl.stdin.take().unwrap().write_all(input).unwrap();
    let output = openssl.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The packets of a connection, with the number of the next one.
struct Packets(TcpStream, u8);

impl Packets {
    fn send(&mut self, content: &[u8]) {
        let [length @ .., _] = u32::try_from(content.len()).unwrap().to_le_bytes();
        self.0.write_all(&[&length, [self.1].as_slice(), content].concat()).unwrap();
        self.1 += 1;
    }

    fn receive(&mut self) -> Vec<u8> {
        let mut head = [0; 4];
        self.0.read_exact(&mut head).unwrap();
        let [length @ .., number] = head;
        let mut content = vec![0; usize::from(length[0]) + 256 * usize::from(length[1])];
        self.0.read_exact(&mut content).unwrap();
        self.1 = number + 1;
        content
    }
}
