//! A person in front of a browser.

use std::path::Path;

use session_tests::app::{App, Launch, example};
use session_tests::browser::Browser;

pub(crate) const NAME: &str = "游客";

/// The login example.
pub(crate) fn login_example() -> App {
    Launch::new(example("login")).start()
}

/// Logs in on the login page of the example and waits for the welcome.
pub(crate) async fn log_in(browser: &Browser, app: &App) {
    browser.open(&format!("{}/login", app.url())).await;
    browser.fill_in("username", NAME).await;
    browser.says(&format!("Welcome, {NAME}")).await;
}

/// Presses the button that logs out and waits for the page after it.
pub(crate) async fn log_out(browser: &Browser) {
    browser.click("//button[. = 'Log out']").await;
    browser.says("You are not logged in").await;
}

/// Opens the page that only members see; what a stranger sees instead.
pub(crate) async fn is_refused_the_account(browser: &Browser, app: &App) {
    browser.open(&format!("{}/account", app.url())).await;
    sees_no_account(browser).await;
}

/// A page asks for a login and knows no name, in whichever way the example refuses. The page before may be the
/// welcome, which is not taken for it.
pub(crate) async fn sees_no_account(browser: &Browser) {
    let heading = browser.find("//h1[not(starts-with(., 'Welcome'))]").await;
    let (heading, source) = (heading.text().await.expect("a heading"), browser.source().await);
    assert!(!source.contains(NAME), "a page for members is shown to a stranger:\n{source}");
    assert!(heading.to_lowercase().ends_with("log in"), "no login is asked for:\n{source}");
}

/// Keeps a picture of the page.
pub(crate) async fn photograph(browser: &Browser, name: &str) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder");
    browser.photograph(&target.join("screenshots").join(format!("{name}.png"))).await;
}
