//! Logging in and out, in one window and in several.

use rocket::async_test;
use session_tests::app::Launch;
use session_tests::browser::Browser;

use crate::visitor::{
    NAME, is_refused_the_account, log_in, log_out, login_example, photograph, sees_no_account,
};

#[async_test]
async fn a_stranger_is_led_to_the_login_page_which_knows_the_page_that_was_wanted() {
    let app =
        Launch::new(env!("CARGO_BIN_EXE_probe")).env("ROCKET_SECRET_KEY", "of the browser tests").start();
    let browser = Browser::start().await;
    browser.open(&format!("{}/member?tab=orders", app.url())).await;
    browser.says("sign in").await;
    assert_eq!(browser.location().await, "/sign-in?next=%2Fmember%3Ftab%3Dorders");
    photograph(&browser, "sign-in-with-next").await;

    browser.open(&format!("{}/login?name=momo", app.url())).await;
    browser.open(&format!("{}/member?tab=orders", app.url())).await;
    browser.says("momo").await;
    assert_eq!(browser.location().await, "/member?tab=orders");
}

#[async_test]
async fn who_logs_in_on_the_way_arrives_where_they_wanted_to_go() {
    let (app, browser) = (login_example(), Browser::start().await);
    browser.open(&format!("{}/account", app.url())).await;
    browser.fill_in("username", NAME).await;
    browser.says(&format!("Hello {NAME}")).await;
    assert_eq!(browser.location().await, "/account");
}

#[async_test]
async fn the_back_button_does_not_bring_the_account_back_after_a_log_out() {
    let (app, browser) = (login_example(), Browser::start().await);
    log_in(&browser, &app).await;
    browser.click("//main//a[@href = '/account']").await;
    browser.says(&format!("Hello {NAME}")).await;
    photograph(&browser, "account").await;
    log_out(&browser).await;
    photograph(&browser, "logged-out").await;

    browser.page().back().await.expect("a page to go back to");
    sees_no_account(&browser).await;
    photograph(&browser, "back-after-log-out").await;
}

#[async_test]
async fn a_log_out_in_one_tab_counts_in_the_other() {
    let (app, browser) = (login_example(), Browser::start().await);
    log_in(&browser, &app).await;
    let first = browser.page().window().await.expect("a tab");

    let second = browser.page().new_window(true).await.expect("a second tab").handle;
    browser.page().switch_to_window(second.clone()).await.expect("the second tab");
    browser.open(&format!("{}/account", app.url())).await;
    browser.says(&format!("Hello {NAME}")).await;

    browser.page().switch_to_window(first).await.expect("the first tab");
    log_out(&browser).await;

    browser.page().switch_to_window(second).await.expect("the second tab");
    browser.page().refresh().await.expect("the page again");
    sees_no_account(&browser).await;
    photograph(&browser, "second-tab-after-log-out").await;
}

#[async_test]
async fn another_browser_is_not_logged_in() {
    let (app, browser, other) = (login_example(), Browser::start().await, Browser::start().await);
    log_in(&browser, &app).await;
    is_refused_the_account(&other, &app).await;
    assert!(other.cookie("session").await.is_none(), "a stranger who only looked got a session");
}
