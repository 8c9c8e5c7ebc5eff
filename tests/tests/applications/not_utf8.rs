//! A cookie that is not UTF-8, which Rocket drops together with all others, and the lines of the guide that help.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use session_tests::app::Launch;
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::nginx::Nginx;
use session_tests::port;

/// The body of the answer to a request with these bytes as its cookies.
fn read_with(url: &str, cookies: &[u8]) -> String {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).expect("a server");
    let head = b"GET /read HTTP/1.0\r\nHost: localhost\r\nCookie: ";
    stream.write_all(&[head, cookies, b"\r\n\r\n"].concat()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an empty line");
    assert!(head.contains(" 200 "), "{head}");
    body.to_owned()
}

/// The blocks for nginx in the guide's page on deployment.
fn of_the_guide() -> [String; 2] {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/deployment.md");
    let page = fs::read_to_string(page).expect("the page");
    let blocks =
        page.split("```nginx\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0.to_owned()));
    blocks.collect::<Vec<_>>().try_into().expect("two blocks for nginx")
}

#[test]
fn who_has_a_cookie_that_is_not_utf8_is_logged_in_behind_an_nginx_with_the_lines_of_the_guide() {
    let probe =
        Launch::new(env!("CARGO_BIN_EXE_probe")).toml("[default]\nsession_type = \"memory\"\n").start();
    let jar = Jar::default();
    Client::with_jar(&probe.url(), &jar).get("/login?name=momo&items=1").send();
    let id = jar.get("session").expect("a session cookie");
    let latin1 = [b"town=K\xf6ln; session=", id.as_bytes()].concat();
    let utf8 = format!("town=Köln; session={id}");

    assert_eq!(read_with(&probe.url(), &latin1), "", "Rocket has dropped the header");
    assert!(probe.output().contains("contains invalid UTF-8"), "what the guide quotes: {}", probe.output());
    assert_eq!(read_with(&probe.url(), utf8.as_bytes()), "momo");

    let ([map, header], port) = (of_the_guide(), port::free_port());
    let nginx = Nginx::start(
        &format!(
            "pid nginx.pid; events {{}} http {{ access_log off; {map} server {{ listen 127.0.0.1:{port}; \
             location / {{ {header} proxy_pass {}; }} }} }}",
            probe.url()
        ),
        port,
    );
    for cookies in [latin1.as_slice(), utf8.as_bytes(), format!("a=b; session={id}").as_bytes()] {
        assert_eq!(read_with(&nginx.url(), cookies), "momo", "{}", nginx.output());
    }
    assert_eq!(read_with(&nginx.url(), b"town=K\xf6ln"), "");
}
