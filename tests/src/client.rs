//! An HTTP client that hides nothing: repeated headers as they came, redirects not followed, a Cookie header
//! exactly as given.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use ureq::Agent;
use ureq::http::{self, Method};

use crate::jar::Jar;

/// A request that takes longer fails; a stopped server must not hang a test.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Sends requests to one server, with or without a cookie jar. Connections are kept and shared by threads.
pub struct Client {
    agent: Agent,
    base: String,
    jar: Option<Jar>,
}

/// A request about to be sent.
#[must_use = "a request does nothing until it is sent"]
pub struct Request<'c> {
    client: &'c Client,
    head: http::request::Builder,
    body: Option<Vec<u8>>,
    now: Option<f64>,
}

/// The answer of a server.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// All header lines in the order they came, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Client {
    /// A client without a jar: the Cookie header is what each request says.
    pub fn new(base_url: &str) -> Client {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(TIMEOUT))
            .proxy(None)
            .user_agent("")
            .accept("")
            .accept_encoding("")
            .build();
        Client { agent: Agent::new_with_config(config), base: base_url.to_owned(), jar: None }
    }

    /// A visitor with a browser: sends the jar's cookies and takes those of every answer.
    pub fn with_jar(base_url: &str, jar: &Jar) -> Client {
        Client { jar: Some(jar.clone()), ..Client::new(base_url) }
    }

    /// A GET request for `path`, which starts with a slash.
    pub fn get(&self, path: &str) -> Request<'_> {
        self.request(Method::GET, path)
    }

    /// A POST request.
    pub fn post(&self, path: &str) -> Request<'_> {
        self.request(Method::POST, path)
    }

    /// A request with any method.
    pub fn request(&self, method: Method, path: &str) -> Request<'_> {
        let head = http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        Request { client: self, head, body: None, now: None }
    }
}

impl Request<'_> {
    /// Adds a header line.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.head = self.head.header(name, value);
        self
    }

    /// Sends this Cookie header, as it is.
    pub fn cookie(self, header: &str) -> Self {
        self.header("Cookie", header)
    }

    /// Lets this request happen at `now` (unix seconds) for the probe's session code and for the jar.
    pub fn at(mut self, now: f64) -> Self {
        self.now = Some(now);
        self.header("X-Probe-Now", &now.to_string())
    }

    /// Sends a JSON body.
    pub fn json(mut self, value: &Value) -> Self {
        self.body = Some(value.to_string().into_bytes());
        self.header("Content-Type", "application/json")
    }

    /// Sends a form, as a browser does.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
        self.body = Some(pairs.join("&").into_bytes());
        self.header("Content-Type", "application/x-www-form-urlencoded")
    }

    /// Sends it; no answer at all fails the test.
    pub fn send(self) -> Answer {
        let uri = self.head.uri_ref().map(ToString::to_string).unwrap_or_default();
        self.try_send().unwrap_or_else(|error| panic!("no answer from {uri}: {error}"))
    }

    /// Sends it; for a server that may be down.
    pub fn try_send(mut self) -> Result<Answer, ureq::Error> {
        let now = self.now.unwrap_or_else(unix_now) as i64;
        if let Some(cookies) = self.client.jar.as_ref().and_then(|jar| jar.header(now)) {
            self.head = self.head.header("Cookie", cookies);
        }
        let agent = &self.client.agent;
        let response = match self.body {
            Some(body) => agent.run(self.head.body(body)?)?,
            None => agent.run(self.head.body(())?)?,
        };
        let answer = Answer::read(response)?;
        if let Some(jar) = &self.client.jar {
            answer.set_cookies().into_iter().for_each(|line| jar.take(line, now));
        }
        Ok(answer)
    }
}

impl Answer {
    fn read(mut response: http::Response<ureq::Body>) -> Result<Answer, ureq::Error> {
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers =
            response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let body = response.body_mut().read_to_vec()?;
        Ok(Answer { status: response.status().as_u16(), headers, body })
    }

    /// The first header line of this name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    /// All header lines of this name, which is in lower case.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect()
    }

    /// All Set-Cookie lines.
    pub fn set_cookies(&self) -> Vec<&str> {
        self.all("set-cookie")
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body in UTF-8")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {}", String::from_utf8_lossy(&self.body)))
    }
}

/// The real time, in unix seconds.
pub fn unix_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs_f64()
}

/// Percent-encodes everything but letters and digits, which is always right in a form.
fn escape(text: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escaped).collect()
}
