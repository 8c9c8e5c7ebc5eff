use crate::browser::{Browser, STORES};
use rocket::http::Status;

#[test]
fn a_visitor_is_greeted_by_name_between_logging_in_and_logging_out() {
    for store in STORES {
        let browser = Browser::with_store(store);
        assert!(browser.get("/").says("<h1>Welcome, visitor</h1>"), "{store}");

        let answer = browser.log_in("游客");
        assert_eq!((answer.status, answer.location.as_deref()), (Status::SeeOther, Some("/")), "{store}");
        assert!(browser.get("/").says("<h1>Welcome, 游客</h1>"), "{store}");
        assert!(browser.get("/account").says("Hello 游客."), "{store}");

        let answer = browser.post("/logout", &[]);
        assert_eq!((answer.status, answer.location.as_deref()), (Status::SeeOther, Some("/")), "{store}");
        assert_eq!(answer.clear_site_data.as_deref(), Some(r#""cache", "storage""#), "{store}");
        assert!(browser.get("/").says("<h1>Welcome, visitor</h1>"), "{store}");
        assert_eq!(browser.cookie("session"), None, "{store}: the message was all it held");
    }
}

#[test]
fn a_refused_name_comes_back_with_its_error_and_nobody_is_logged_in() {
    let too_long = "x".repeat(41);
    for name in ["", "   ", "two\r\nlines", &too_long] {
        let browser = Browser::with_store("memory");
        let answer = browser.log_in(name);
        assert_eq!(answer.status, Status::UnprocessableEntity, "{name:?}");
        assert!(
            answer.says(r#"aria-describedby="username-hint username-error" aria-invalid="true""#),
            "{name:?}"
        );
        assert!(answer.says(&format!(r#"value="{name}""#)), "{name:?}");
        assert!(answer.set_cookie.is_empty(), "{name:?}");
        assert!(browser.get("/").says("Welcome, visitor"), "{name:?}");
    }
}

#[test]
fn a_form_without_the_field_is_answered_like_an_empty_one() {
    let answer = Browser::with_store("memory").post("/login", &[]);
    assert_eq!(answer.status, Status::UnprocessableEntity);
    assert!(answer.says(r#"id="username-error""#));
}

#[test]
fn a_name_is_text_and_never_markup() {
    let browser = Browser::with_store("cookie");
    browser.log_in("<script>alert(1)</script>");
    for page in ["/", "/account"] {
        assert!(!browser.get(page).says("<script>"), "{page}");
    }
}

#[test]
fn a_link_logs_nobody_out() {
    let browser = Browser::with_store("memory");
    browser.log_in("momo");
    assert_eq!(browser.get("/logout").status, Status::NotFound);
    assert!(browser.get("/").says("Welcome, momo"));
}

#[test]
fn the_session_id_from_before_a_login_is_worth_nothing_after_it() {
    let browser = Browser::with_store("memory");
    browser.post("/session/set", &[("key", "colour"), ("value", "red")]);
    let before = browser.cookie("session").expect("a session");

    browser.log_in("momo");
    assert_ne!(browser.cookie("session").as_ref(), Some(&before));
    assert!(browser.welcome_with_session(&before).says("Welcome, visitor"));
}

#[test]
fn the_style_sheet_has_nothing_to_do_with_sessions() {
    let browser = Browser::with_store("memory");
    browser.log_in("momo");
    let answer = browser.get("/style.css");
    assert_eq!((answer.status, answer.vary), (Status::Ok, None));
    assert!(answer.set_cookie.is_empty());
}

#[test]
fn every_page_says_its_language_and_has_one_heading_of_the_first_rank() {
    let browser = Browser::with_store("memory");
    browser.log_in("momo");
    for page in ["/", "/login", "/account", "/session", "/cookies", "/cookies/attributes", "/no-such-page"] {
        let answer = browser.get(page);
        assert!(answer.says(r#"<html lang="en">"#), "{page}");
        assert_eq!(answer.html.matches("<h1>").count(), 1, "{page}");
    }
}

#[test]
fn every_control_has_a_label() {
    let browser = Browser::with_store("memory");
    browser.log_in("momo");
    for page in ["/login", "/account", "/session", "/cookies", "/cookies/attributes"] {
        let html = browser.get(page).html;
        for control in html
            .split("<input type=\"text\" ")
            .chain(html.split("<select "))
            .filter(|it| it.starts_with("id="))
        {
            let id = control.split('"').nth(1).unwrap();
            assert_eq!(html.matches(&format!("<label for=\"{id}\">")).count(), 1, "{id} on {page}");
        }
    }
}
