use crate::browser::{Answer, Browser};
use rocket::http::{Cookie, Status};
use rocket::time::{Duration, OffsetDateTime};

fn browser() -> Browser {
    Browser::with_store("memory")
}

fn set(browser: &Browser, name: &str, keep: &str) -> Answer {
    browser.post("/cookies/set", &[("name", name), ("keep", keep)])
}

fn set_sample(browser: &Browser, domain: &str, flags: &[(&str, &str)]) -> Answer {
    let form = [("value", "a value"), ("place.path", "Cookies"), ("place.domain", domain)];
    browser.post("/cookies/attributes/set", &[&form, flags].concat())
}

fn has(cookie: &str, attribute: &str) -> bool {
    cookie.split("; ").any(|part| part == attribute)
}

#[test]
fn a_name_in_any_script_comes_back_from_the_browser() {
    let browser = browser();
    assert!(browser.get("/cookies").says("<h1>Hello, visitor</h1>"));
    let cookie = set(&browser, "游客", "UntilTheBrowserCloses");
    assert!(cookie.the_cookie().starts_with("name=%E6%B8%B8%E5%AE%A2; "));
    assert!(browser.get("/cookies").says("<h1>Hello, 游客</h1>"));
}

#[test]
fn a_cookie_is_kept_as_long_as_was_chosen() {
    let browser = browser();
    let passing = set(&browser, "momo", "UntilTheBrowserCloses");
    assert!(!passing.the_cookie().contains("Max-Age") && !passing.the_cookie().contains("Expires"));
    assert!(has(set(&browser, "momo", "TwentySeconds").the_cookie(), "Max-Age=20"));

    let answer = set(&browser, "momo", "ThirtyDays");
    let kept_for = expiry(answer.the_cookie()).expect("Expires") - OffsetDateTime::now_utc();
    assert!((Duration::days(30) - kept_for).abs() < Duration::minutes(5), "{kept_for}");
}

fn expiry(cookie: &str) -> Option<OffsetDateTime> {
    Cookie::parse(cookie).expect("a cookie").expires_datetime()
}

#[test]
fn a_default_stands_in_for_an_absent_cookie_only() {
    let browser = browser();
    assert!(browser.get("/cookies/get?default=stranger").says("The cookie says: stranger"));
    set(&browser, "momo", "TwentySeconds");
    assert!(browser.get("/cookies/get?default=stranger").says("The cookie says: momo"));
}

#[test]
fn all_cookies_are_listed_but_the_sessions_value_is_not_printed() {
    let browser = browser();
    browser.log_in("momo");
    set(&browser, "momo", "TwentySeconds");
    let answer = browser.get("/cookies");
    assert!(answer.says("<td><code>name</code></td>") && answer.says("<td>momo</td>"));
    assert!(answer.says("<td><code>session</code></td>"));
    assert!(!answer.says(&browser.cookie("session").expect("a session")));
}

#[test]
fn each_way_of_deleting_sends_what_makes_a_browser_forget() {
    for (how, expires, max_age) in [("Name", true, true), ("Expiry", true, false), ("MaxAge", false, true)] {
        let browser = browser();
        set(&browser, "momo", "ThirtyDays");
        let answer = browser.post("/cookies/delete", &[("how", how)]);
        let cookie = answer.the_cookie();
        assert!(cookie.starts_with("name=; ") && has(cookie, "Path=/"), "{cookie}");
        assert_eq!(has(cookie, "Max-Age=0"), max_age, "{cookie}");
        assert_eq!(expiry(cookie).is_some_and(|date| date < OffsetDateTime::now_utc()), expires, "{cookie}");
    }
}

#[test]
fn every_chosen_attribute_is_sent() {
    let flags = [("secure", "on"), ("http_only", "on"), ("same_site", "Lax")];
    let answer = set_sample(&browser(), "Localhost", &flags);
    let cookie = answer.the_cookie();
    assert!(cookie.starts_with("sample=a%20value; "), "{cookie}");
    for attribute in ["Path=/cookies", "Domain=localhost", "Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(has(cookie, attribute), "{attribute} in {cookie}");
    }
}

#[test]
fn no_attribute_is_sent_that_was_not_chosen() {
    let answer = set_sample(&browser(), "ThisHost", &[("same_site", "Strict")]);
    for attribute in ["Domain", "Secure", "HttpOnly"] {
        assert!(!answer.the_cookie().contains(attribute), "{attribute}");
    }
}

#[test]
fn deleting_names_the_place_where_the_cookie_was_set() {
    let browser = browser();
    set_sample(&browser, "Localhost", &[("same_site", "Lax")]);
    let place = [("place.path", "Cookies"), ("place.domain", "Localhost")];
    let answer = browser.post("/cookies/attributes/delete", &place);
    for attribute in ["Path=/cookies", "Domain=localhost", "Max-Age=0"] {
        assert!(has(answer.the_cookie(), attribute), "{}", answer.the_cookie());
    }
}

#[test]
fn a_cookie_that_browsers_would_drop_is_refused_and_the_choices_are_kept() {
    let answer = set_sample(&browser(), "Localhost", &[("http_only", "on"), ("same_site", "None")]);
    assert_eq!(answer.status, Status::UnprocessableEntity);
    assert!(answer.set_cookie.is_empty());
    assert!(answer.says(r#"id="same_site-error""#) && answer.says("<option selected>None</option>"));
    assert!(answer.says(r#"value="a value""#) && answer.says(r#"name="http_only" checked"#));
    assert!(answer.says(r#"value="Cookies" selected"#) && answer.says(r#"value="Localhost" selected"#));
}

#[test]
fn nothing_from_a_form_becomes_a_path_or_a_domain() {
    let form = [
        ("value", "x"),
        ("place.path", "/; Domain=evil.example"),
        ("place.domain", "ThisHost"),
        ("same_site", "Lax"),
    ];
    let answer = browser().post("/cookies/attributes/set", &form);
    assert_eq!(answer.status, Status::UnprocessableEntity);
    assert!(answer.set_cookie.is_empty());
}

#[test]
fn the_plain_cookie_logs_nobody_in() {
    let browser = browser();
    set(&browser, "momo", "ThirtyDays");
    assert_eq!(browser.get("/account").status, Status::SeeOther);
    assert!(browser.get("/").says("Welcome, visitor"));
}
