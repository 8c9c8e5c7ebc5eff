//! The program itself, started as a user starts it and spoken to over TCP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

struct Program {
    process: Child,
    /// Kept open: a program whose output nobody takes ends when it writes.
    _output: BufReader<ChildStdout>,
    port: u16,
}

impl Program {
    /// Starts in `directory` and returns once it serves, on a port that was free.
    fn start_in(directory: &Path, variables: &[(&str, &str)]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_login"))
            .current_dir(directory)
            .envs([("ROCKET_PORT", "0"), ("ROCKET_CLI_COLORS", "false"), ("ROCKET_PROFILE", "debug")])
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut output = BufReader::new(process.stdout.take().expect("its output"));
        let launched =
            output.by_ref().lines().map_while(Result::ok).find(|line| line.contains("launched from"));
        let port = launched
            .as_deref()
            .and_then(|line| line.rsplit(':').next())
            .and_then(|port| port.trim().parse().ok());
        let Some(port) = port else { panic!("no port in {launched:?}") };
        Self { process, _output: output, port }
    }

    /// The whole answer, headers and body.
    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }

    fn log_in(&self, form: &str) -> String {
        let length = form.len();
        self.ask(&format!(
            "POST /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
        ))
    }

    fn welcome(&self, cookie: &str) -> String {
        self.ask(&format!(
            "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n"
        ))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn session_of(answer: &str) -> &str {
    let line = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    line.split(';').next().unwrap()
}

#[test]
fn a_login_works_from_any_directory_and_with_the_files_own_secret() {
    let elsewhere = tempfile::tempdir().expect("a directory");
    let first = Program::start_in(elsewhere.path(), &[]);
    let answer = first.log_in("username=%E6%B8%B8%E5%AE%A2");
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    let session = session_of(&answer);
    assert!(first.welcome(session).contains("Welcome, 游客"));

    // A secret made up at launch would not be known to the next process.
    let second = Program::start_in(Path::new("/"), &[]);
    assert!(second.welcome(session).contains("Welcome, 游客"));
}

#[test]
fn a_variable_moves_the_sessions_to_another_store() {
    let elsewhere = tempfile::tempdir().expect("a directory");
    let program = Program::start_in(elsewhere.path(), &[("ROCKET_SESSION_TYPE", "memory")]);
    let answer = program.log_in("username=momo");
    let session = session_of(&answer);
    assert_eq!(session.len(), "session=".len() + 43);
    assert!(program.welcome(session).contains("Welcome, momo"));
}

#[test]
fn a_file_named_by_rocket_config_is_read_instead() {
    let elsewhere = tempfile::tempdir().expect("a directory");
    let file = elsewhere.path().join("other.toml");
    std::fs::write(&file, "[default]\nsession_type = \"memory\"\nsession_cookie_name = \"visit\"\n")
        .expect("it is written");
    let program = Program::start_in(elsewhere.path(), &[("ROCKET_CONFIG", file.to_str().unwrap())]);
    assert!(session_of(&program.log_in("username=momo")).starts_with("visit="));
}
