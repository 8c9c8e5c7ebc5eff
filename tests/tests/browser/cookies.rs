//! The session cookie as the browser stores and sends it.

use cookie::SameSite;
use rocket::async_test;
use serde_json::json;
use session_tests::app::{App, Launch};
use session_tests::browser::Browser;

use crate::visitor::{NAME, log_in, login_example, photograph, sees_no_account};

/// The application under another name: for a browser, another site.
fn elsewhere(app: &App) -> String {
    app.url().replace("127.0.0.1", "localhost")
}

/// Sends an empty form from the page that is open.
async fn post_from_here(browser: &Browser, url: &str) {
    post_field_from_here(browser, url, "application/x-www-form-urlencoded", "", "").await;
}

/// Sends a form with one field from the page that is open.
async fn post_field_from_here(browser: &Browser, url: &str, encoding: &str, name: &str, value: &str) {
    let script = "const [action, enctype, name, value] = arguments;
        const form = document.createElement('form');
        Object.assign(form, { method: 'post', action, enctype });
        form.append(Object.assign(document.createElement('input'), { name, value }));
        document.body.append(form);
        form.submit();";
    browser.run(script, vec![json!(url), json!(encoding), json!(name), json!(value)]).await;
}

/// Waits for the page of the login example that says 403.
async fn is_refused(browser: &Browser) {
    browser.says("Please go back and try again").await;
}

#[async_test]
async fn no_script_reads_the_cookie_that_is_stored_for_the_whole_site() {
    let (app, browser) = (login_example(), Browser::start().await);
    log_in(&browser, &app).await;
    let cookie = browser.cookie("session").await.expect("a session cookie");
    assert_eq!(cookie.http_only(), Some(true));
    // Chromium says so of a cookie without the attribute too; what it sends to other sites is tested below.
    assert_eq!(cookie.same_site(), Some(SameSite::Lax));
    assert_eq!(cookie.path(), Some("/"));
    assert_eq!(browser.run("return document.cookie", vec![]).await, "");
}

#[async_test]
async fn only_a_permanent_session_outlives_the_browser() {
    let (app, browser) = (login_example(), Browser::start().await);
    log_in(&browser, &app).await;
    for (button, outcome, permanent) in [
        ("Make it permanent", "This session is permanent", true),
        ("Make it end with the browser", "This session is not permanent", false),
    ] {
        browser.open(&format!("{}/session", app.url())).await;
        browser.click(&format!("//button[. = '{button}']")).await;
        browser.says(outcome).await;
        let cookie = browser.cookie("session").await.expect("a session cookie");
        assert_eq!(cookie.expires_datetime().is_some(), permanent, "{outcome}: {cookie}");
        photograph(&browser, if permanent { "permanent" } else { "passing" }).await;
    }
}

#[async_test]
async fn a_form_on_another_site_logs_nobody_out() {
    let (app, browser) = (login_example(), Browser::start().await);
    log_in(&browser, &app).await;
    let log_out = format!("{}/logout", app.url());

    browser.open(&format!("{}/login", elsewhere(&app))).await;
    post_from_here(&browser, &log_out).await;
    is_refused(&browser).await;
    photograph(&browser, "log-out-from-another-site").await;
    browser.open(&app.url()).await;
    browser.says(&format!("Welcome, {NAME}")).await;

    // The same form on a page of the application itself does.
    browser.open(&format!("{}/login", app.url())).await;
    post_from_here(&browser, &log_out).await;
    browser.says("Welcome, visitor").await;
}

#[async_test]
async fn a_form_on_another_site_logs_nobody_in_as_somebody_else() {
    let (app, browser) = (login_example(), Browser::start().await);
    log_in(&browser, &app).await;
    let cookie = browser.cookie("session").await.expect("a session cookie");
    for encoding in ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"] {
        browser.open(&format!("{}/login", elsewhere(&app))).await;
        let log_in = format!("{}/login", app.url());
        post_field_from_here(&browser, &log_in, encoding, "username", "mallory").await;
        browser.find("//h1[. = \"This request can't be answered\" or . = 'This page does not exist']").await;
        browser.open(&app.url()).await;
        browser.says(&format!("Welcome, {NAME}")).await;
        assert_eq!(
            browser.cookie("session").await.expect("a session cookie").value(),
            cookie.value(),
            "{encoding}"
        );
    }
}

/// Whoever comes back by a form that Rocket takes for a GET would get a new session, since the cookie stays away.
#[async_test]
async fn a_form_on_another_site_that_calls_itself_a_get_logs_nobody_out() {
    let app =
        Launch::new(env!("CARGO_BIN_EXE_probe")).env("ROCKET_SECRET_KEY", "of the browser tests").start();
    let browser = Browser::start().await;
    browser.open(&format!("{}/login?name=momo", app.url())).await;
    let cookie = browser.cookie("session").await.expect("a session cookie");
    browser.open(&format!("{}/health", elsewhere(&app))).await;
    let log_in = format!("{}/login?name=mallory", app.url());
    post_field_from_here(&browser, &log_in, "application/x-www-form-urlencoded", "_method", "get").await;
    browser.says("Forbidden").await;
    browser.open(&format!("{}/member", app.url())).await;
    browser.says("momo").await;
    assert_eq!(browser.cookie("session").await.expect("a session cookie").value(), cookie.value());
}

#[async_test]
async fn a_link_on_another_site_leads_to_the_account_of_whoever_is_logged_in() {
    let (app, browser) = (login_example(), Browser::start().await);
    log_in(&browser, &app).await;
    browser.open(&format!("{}/account", elsewhere(&app))).await;
    sees_no_account(&browser).await;

    let script = "const link = document.createElement('a');
        link.href = arguments[0];
        link.textContent = 'elsewhere';
        document.body.append(link);";
    browser.run(script, vec![json!(format!("{}/account", app.url()))]).await;
    browser.click("//a[. = 'elsewhere']").await;
    browser.says(&format!("Hello {NAME}")).await;
}
