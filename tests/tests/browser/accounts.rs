//! The accounts example: two browsers of one user.

use rocket::async_test;
use session_tests::app::{App, Launch, example};
use session_tests::browser::Browser;

use crate::visitor::{NAME, photograph};

const PASSWORD: &str = "correct horse battery";
const ANOTHER: &str = "another horse altogether";

/// Opens a page with a form, types what is to be typed and presses the form's button.
async fn send(browser: &Browser, app: &App, path: &str, fields: &[(&str, &str)]) {
    browser.open(&format!("{}{path}", app.url())).await;
    let [others @ .., (last, text)] = fields else { panic!("a form without fields") };
    for (name, text) in others {
        browser.type_into(name, text).await;
    }
    browser.fill_in(last, text).await;
}

#[async_test]
async fn a_password_that_is_changed_in_one_browser_ends_the_login_in_the_other() {
    let app = Launch::new(example("accounts")).start();
    let (here, elsewhere) = (Browser::start().await, Browser::start().await);
    send(&here, &app, "/register", &[("name", NAME), ("password", PASSWORD)]).await;
    here.says(&format!("You are logged in as {NAME}.")).await;
    photograph(&here, "accounts-registered").await;

    send(&elsewhere, &app, "/login", &[("name", NAME), ("password", "a wrong one")]).await;
    elsewhere.says("There is no such name with this password.").await;
    photograph(&elsewhere, "accounts-wrong-password").await;
    send(&elsewhere, &app, "/login", &[("name", NAME), ("password", PASSWORD)]).await;
    elsewhere.says(&format!("You are logged in as {NAME}.")).await;

    send(&here, &app, "/account", &[("password", PASSWORD), ("new_password", ANOTHER)]).await;
    here.says("Your password is changed, and your other devices are logged out.").await;
    photograph(&here, "accounts-password-changed").await;

    elsewhere.page().refresh().await.expect("the page again");
    elsewhere.says("The page you asked for needs a login.").await;
    assert_eq!(elsewhere.location().await, "/login?next=%2Faccount");
    photograph(&elsewhere, "accounts-logged-out-elsewhere").await;
    elsewhere.type_into("name", NAME).await;
    elsewhere.fill_in("password", ANOTHER).await;
    elsewhere.says(&format!("You are logged in as {NAME}.")).await;
    assert_eq!(elsewhere.location().await, "/account");

    here.open(&format!("{}/admin", app.url())).await;
    here.says("All users").await;
    photograph(&here, "accounts-admin").await;
}

#[async_test]
async fn a_device_that_is_logged_out_from_another_one_has_to_log_in() {
    let app = Launch::new(example("accounts")).start();
    let (here, elsewhere) = (Browser::start().await, Browser::start().await);
    send(&here, &app, "/register", &[("name", NAME), ("password", PASSWORD)]).await;
    send(&elsewhere, &app, "/login", &[("name", NAME), ("password", PASSWORD)]).await;
    elsewhere.says(&format!("You are logged in as {NAME}.")).await;
    elsewhere.open(&format!("{}/account/devices", app.url())).await;
    elsewhere.fill_in("name", "the telephone").await;
    elsewhere.says("This device has its name.").await;

    here.open(&format!("{}/account/devices", app.url())).await;
    here.says("the telephone").await;
    photograph(&here, "accounts-devices").await;
    here.click("//tr[th = 'the telephone']//button").await;
    here.says("The device is logged out.").await;
    here.says("this one").await;

    elsewhere.page().refresh().await.expect("the page again");
    elsewhere.says("The page you asked for needs a login.").await;
    here.open(&format!("{}/admin/counters", app.url())).await;
    here.says("logged_in").await;
    photograph(&here, "accounts-counters").await;
}
