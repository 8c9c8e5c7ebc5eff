use crate::browser::{Answer, Browser, STORES};
use rocket::http::Status;

fn set(browser: &Browser, key: &str, value: &str) -> Answer {
    browser.post("/session/set", &[("key", key), ("value", value)])
}

/// The last message of the page; a message from the page before stands above it.
fn outcome(answer: &Answer) -> &str {
    answer.reports().pop().expect("an outcome")
}

#[test]
fn a_value_is_set_then_got_then_popped() {
    for store in STORES {
        let browser = Browser::with_store(store);
        assert_eq!(set(&browser, "colour", "红色").status, Status::SeeOther, "{store}");
        assert!(browser.get("/session").says("<li><code>colour</code></li>"), "{store}");
        assert_eq!(
            outcome(&browser.get("/session/get?key=colour&default=blue")),
            "colour is 红色",
            "{store}"
        );

        let popped = browser.post("/session/pop", &[("key", "colour")]);
        assert_eq!(outcome(&popped), "colour was 红色, and is gone now", "{store}");
        let again = browser.post("/session/pop", &[("key", "colour")]);
        assert_eq!(outcome(&again), "colour is absent", "{store}");
    }
}

#[test]
fn a_default_stands_in_for_an_absent_value_and_is_not_kept() {
    let browser = Browser::with_store("cookie");
    let answer = browser.get("/session/get?key=food&default=rice");
    assert_eq!(outcome(&answer), "food is absent, so you get your default: rice");
    assert!(answer.set_cookie.is_empty());
    assert_eq!(outcome(&browser.get("/session/get?key=food&default=")), "food is absent");
}

#[test]
fn clearing_takes_every_value_and_the_login() {
    for store in STORES {
        let browser = Browser::with_store(store);
        browser.log_in("momo");
        set(&browser, "city", "Graz");

        browser.post("/session/clear", &[]);
        assert_eq!(outcome(&browser.get("/session/get?key=city&default=")), "city is absent", "{store}");
        assert!(browser.get("/").says("Welcome, visitor"), "{store}");
    }
}

#[test]
fn only_a_permanent_sessions_cookie_outlives_the_browser() {
    for store in STORES {
        let browser = Browser::with_store(store);
        set(&browser, "city", "Graz");

        // Of a session in a store the cookie is sent only when it changes, and such a session is permanent from the start.
        let passing = browser.post("/session/permanent", &[("permanent", "false")]);
        assert!(!passing.the_cookie().contains("Expires="), "{store}");
        assert!(browser.get("/session").says("This session is not permanent"), "{store}");

        let permanent = browser.post("/session/permanent", &[("permanent", "true")]);
        assert!(permanent.the_cookie().contains("Expires="), "{store}");
        assert!(browser.get("/session").says("This session is permanent"), "{store}");
    }
}

#[test]
fn a_visitor_can_not_name_the_key_that_says_who_is_logged_in() {
    let browser = Browser::with_store("memory");
    assert_eq!(set(&browser, "username", "admin").status, Status::UnprocessableEntity);
    assert!(browser.get("/").says("Welcome, visitor"));

    browser.log_in("momo");
    assert_eq!(browser.post("/session/pop", &[("key", "username")]).status, Status::UnprocessableEntity);
    assert!(browser.get("/").says("Welcome, momo"));
}

#[test]
fn a_refused_value_comes_back_with_its_error_and_the_chosen_key() {
    let browser = Browser::with_store("memory");
    let too_long = "é".repeat(101);
    for value in ["", &too_long] {
        let answer = set(&browser, "food", value);
        assert_eq!(answer.status, Status::UnprocessableEntity);
        assert!(answer.says(r#"id="value-error""#) && answer.says(&format!(r#"value="{value}""#)));
        assert!(answer.says("<option selected>food</option>"));
    }
}
