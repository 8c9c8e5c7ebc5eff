//! A real browser: Debian's Chromium without a screen, driven through chromedriver.

use std::fs;
use std::path::Path;
use std::process::Command;

use fantoccini::cookies::Cookie;
use fantoccini::elements::Element;
use fantoccini::{ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::Client;
use crate::port;
use crate::process::{PATIENCE, Process};

/// A browser that knows nothing yet. It and its driver are ended when the value is dropped.
pub struct Browser {
    page: fantoccini::Client,
    _driver: Process,
    port: u16,
    _profile: TempDir,
}

const INSTALL: &str = "apt-get install -y --no-install-recommends chromium chromium-driver";

impl Browser {
    /// Starts Chromium with an empty profile; a missing program fails the test with the command that installs it.
    pub async fn start() -> Browser {
        let (port, profile) = (port::free_port(), TempDir::new().expect("a temporary folder"));
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}"));
        let mut driver = Process::start(command, INSTALL);
        driver.wait_until("ready", |_| port::answers(port));

        let options = json!({
            "goog:chromeOptions": {
                "args": [
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-dev-shm-usage",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    format!("--user-data-dir={}", profile.path().display()),
                ],
            },
        });
        let Value::Object(options) = options else { unreachable!("an object literal") };
        let page = ClientBuilder::new(HttpConnector::new())
            .capabilities(options)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap_or_else(|error| panic!("Chromium does not start (install it with: {INSTALL}): {error}"));
        Browser { page, _driver: driver, port, _profile: profile }
    }

    /// Everything else that a browser can do.
    pub fn page(&self) -> &fantoccini::Client {
        &self.page
    }

    /// Opens an address, as if it were typed in.
    pub async fn open(&self, url: &str) {
        self.page.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Waits until the page says `text`.
    pub async fn says(&self, text: &str) {
        self.find(&format!("//body[contains(., '{text}')]")).await;
    }

    /// Waits for what this XPath describes.
    pub async fn find(&self, what: &str) -> Element {
        match self.page.wait().at_most(PATIENCE).for_element(Locator::XPath(what)).await {
            Ok(element) => element,
            Err(error) => panic!("no {what} ({error}) in:\n{}", self.source().await),
        }
    }

    /// The page as it is now.
    pub async fn source(&self) -> String {
        self.page.source().await.expect("the source of a page")
    }

    /// The path and query of the address bar.
    pub async fn location(&self) -> String {
        let url = self.page.current_url().await.expect("the address of a page");
        url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    /// Types `text` into the field `name`, in place of what is there.
    pub async fn type_into(&self, name: &str, text: &str) {
        let field = self.find(&format!("//input[@name = '{name}']")).await;
        field.clear().await.unwrap_or_else(|error| panic!("{name}: {error}"));
        field.send_keys(text).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    /// Types `text` into the field `name` and sends its form.
    pub async fn fill_in(&self, name: &str, text: &str) {
        self.type_into(name, text).await;
        self.click(&format!("//form[.//input[@name = '{name}']]//button")).await;
    }

    /// Clicks what this XPath describes.
    pub async fn click(&self, what: &str) {
        let element = self.find(what).await;
        element.click().await.unwrap_or_else(|error| panic!("{what}: {error}"));
    }

    /// Runs JavaScript in the page.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.page.execute(script, arguments).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// The cookie `name` as the browser stores it for this page, if it does.
    pub async fn cookie(&self, name: &str) -> Option<Cookie<'static>> {
        let cookies = self.page.get_all_cookies().await.expect("the cookies of a page");
        cookies.into_iter().find(|cookie| cookie.name() == name)
    }

    /// Keeps a picture of the page in `file`.
    pub async fn photograph(&self, file: &Path) {
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder for pictures");
        fs::write(file, self.page.screenshot().await.expect("a picture")).expect("a picture in its folder");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A driver that is killed leaves its browser running; one that is asked to end takes it along. One that does
        // not answer is gone, and there is nothing to ask.
        let _ = Client::new(&format!("http://127.0.0.1:{}", self.port)).get("/shutdown").try_send();
    }
}
