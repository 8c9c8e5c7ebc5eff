//! The page for members: the way there, and what it keeps.

use crate::browser::{Answer, Browser, STORES};
use rocket::http::Status;
use rocket_session_state::testing::minutes;

const TO_LOGIN: &str = "/login?next=%2Faccount";

fn redirect(answer: &Answer) -> (Status, Option<&str>) {
    (answer.status, answer.location.as_deref())
}

/// The hidden field as a browser reads it, which undoes the escaping of the page.
fn hidden_next(answer: &Answer) -> String {
    let (_, rest) = answer.html.split_once(r#"name="next" value=""#).expect("a hidden field");
    rest.split('"').next().unwrap().replace("&#38;", "&")
}

fn log_in_for(browser: &Browser, next: &str) -> Answer {
    browser.post("/login", &[("username", "momo"), ("next", next)])
}

#[test]
fn a_login_leads_back_to_the_page_that_was_asked_for() {
    for store in STORES {
        let browser = Browser::with_store(store);
        let answer = browser.get("/account");
        let to_login = answer.location.expect("the login page");
        assert_eq!(answer.status, Status::SeeOther, "{store}");

        let form = browser.get(&to_login);
        let next = &hidden_next(&form);
        assert_eq!(redirect(&log_in_for(&browser, next)), (Status::SeeOther, Some("/account")), "{store}");
        assert!(browser.get("/account").says("Hello momo."), "{store}");
    }
}

#[test]
fn the_query_of_the_page_that_was_asked_for_comes_back_too() {
    let browser = Browser::with_store("cookie");
    let to_login = browser.get("/account?tab=a%20b&x=%22").location.expect("the login page");
    let form = browser.get(&to_login);
    let answer = log_in_for(&browser, &hidden_next(&form));
    assert_eq!(answer.location.as_deref(), Some("/account?tab=a%20b&x=%22"));
}

#[test]
fn a_refused_name_does_not_forget_where_the_visitor_wanted_to_go() {
    let answer = Browser::with_store("cookie").post("/login", &[("username", ""), ("next", "/account")]);
    assert_eq!((answer.status, hidden_next(&answer).as_str()), (Status::UnprocessableEntity, "/account"));
}

#[test]
fn a_next_that_leaves_the_site_or_leads_back_to_the_login_is_ignored() {
    for next in ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "account"] {
        let browser = Browser::with_store("cookie");
        let linked =
            browser.get(&format!("/login?next={}", rocket::http::RawStr::new(next).percent_encode()));
        assert_eq!((linked.status, hidden_next(&linked).as_str()), (Status::Ok, ""), "{next}");
        let refused = browser.post("/login", &[("username", ""), ("next", next)]);
        assert_eq!(hidden_next(&refused), "", "{next}");
        assert_eq!(redirect(&log_in_for(&browser, next)), (Status::SeeOther, Some("/")), "{next}");
    }
    // That it is the login page is known when the redirect is sent.
    let back = log_in_for(&Browser::with_store("cookie"), "/login");
    assert_eq!(redirect(&back), (Status::SeeOther, Some("/")));
}

#[test]
fn only_who_asks_for_a_page_is_redirected() {
    let browser = Browser::with_store("memory");
    assert_eq!(redirect(&browser.get("/account")), (Status::SeeOther, Some(TO_LOGIN)));

    let posted = browser.post("/account", &[("nickname", "mo")]);
    assert_eq!(redirect(&posted), (Status::Unauthorized, None));
    assert!(posted.says(r#"<a href="/login">Log in</a>"#));

    let program = browser.get_as_program("/account");
    assert_eq!(redirect(&program), (Status::Unauthorized, None));
    assert_eq!(program.html, "Log in first.\n");
}

#[test]
fn a_message_is_shown_once_on_the_page_that_follows() {
    for store in STORES {
        let browser = Browser::with_store(store);
        log_in_for(&browser, "/account");
        assert_eq!(browser.get("/account").reports(), ["You are logged in."], "{store}");
        assert!(browser.get("/account").reports().is_empty(), "{store}");

        browser.post("/account", &[("nickname", "mo")]);
        let saved = browser.get("/account");
        assert_eq!(saved.reports(), ["Your nickname is saved."], "{store}");
        assert!(saved.says("Hello mo."), "{store}");

        browser.post("/logout", &[]);
        assert_eq!(browser.get("/").reports(), ["You are logged out."], "{store}");
        assert!(browser.get("/").reports().is_empty(), "{store}");
    }
}

#[test]
fn setting_a_session_value_reports_it_once() {
    let browser = Browser::with_store("memory");
    browser.post("/session/set", &[("key", "food"), ("value", "rice")]);
    let page = browser.get("/session");
    assert_eq!(page.reports(), ["food is saved."]);
    assert!(!page.says("_flashes"), "the list of keys is what is left without the message");
    assert!(browser.get("/session").reports().is_empty());
}

#[test]
fn nothing_below_the_account_is_open() {
    assert_eq!(Browser::with_store("memory").client().open_routes("/account"), [""; 0]);
}

#[test]
fn a_login_ends_two_hours_after_its_last_use() {
    for store in STORES {
        let browser = Browser::with_store(store);
        browser.log_in("momo");
        browser.client().advance(minutes(119));
        assert_eq!(browser.get("/account").status, Status::Ok, "{store}");
        browser.client().advance(minutes(121));
        assert_eq!(redirect(&browser.get("/account")), (Status::SeeOther, Some(TO_LOGIN)), "{store}");
    }
}

#[test]
fn a_store_that_is_down_is_a_page_that_says_so_and_logs_nobody_out() {
    let browser = Browser::with_store("memory");
    browser.log_in("momo");
    browser.client().store().fail();
    let answer = browser.get("/account");
    assert_eq!(answer.status, Status::ServiceUnavailable);
    assert!(answer.says("Nothing is lost. Please try again in a moment."));
    browser.client().store().heal();
    assert!(browser.get("/account").says("Hello momo."));
}

#[test]
fn a_refused_nickname_comes_back_with_its_error_and_is_not_saved() {
    let browser = Browser::with_store("memory");
    browser.log_in("momo");
    let too_long = "客".repeat(41);
    let answer = browser.post("/account", &[("nickname", &too_long)]);
    assert_eq!(answer.status, Status::UnprocessableEntity);
    assert!(answer.says(r#"id="nickname-error""#) && answer.says(&format!(r#"value="{too_long}""#)));
    assert!(browser.get("/account").says("Hello momo."));
}

#[test]
fn a_nickname_is_gone_with_the_session_that_held_it() {
    for store in STORES {
        let browser = Browser::with_store(store);
        browser.log_in("momo");
        browser.post("/account", &[("nickname", "mo")]);
        browser.post("/logout", &[]);
        browser.log_in("next");
        assert!(browser.get("/account").says("Hello next."), "{store}");
    }
}
