//! The pages as pages.

use crate::site::{Answer, Site, log_in, look, send};
use rocket::http::Status;

async fn every_page(site: &Site) -> Vec<(&'static str, Answer)> {
    let admin = site.browser_of("admin").await;
    let mut pages = Vec::new();
    for path in ["/", "/login", "/register", "/account", "/no-such-page"] {
        pages.push((path, look(&site.visitor, path).await));
    }
    for path in ["/", "/account", "/account/devices", "/admin", "/admin/counters"] {
        pages.push((path, look(&admin, path).await));
    }
    pages.push(("a refused login", log_in(&site.visitor, "momo", "a wrong one").await));
    pages.push(("a refused registration", send(&site.visitor, "/register", &[]).await));
    pages.push(("a form after the login", send(&site.visitor, "/account/password", &[]).await));
    pages.retain(|(_, page)| page.location.is_none());
    pages
}

#[rocket::async_test]
async fn every_page_says_its_language_and_has_one_heading_of_the_first_rank() {
    for (name, page) in every_page(&Site::with_users().await).await {
        assert!(page.says(r#"<html lang="en">"#), "{name}: {}", page.html);
        assert_eq!(page.html.matches("<h1>").count(), 1, "{name}: {}", page.html);
        assert_eq!(page.html.matches("</html>").count(), 1, "{name}: {}", page.html);
    }
}

#[rocket::async_test]
async fn every_control_has_one_label_and_every_id_is_there_once() {
    for (name, page) in every_page(&Site::with_users().await).await {
        for control in page.html.split(r#" id=""#).skip(1) {
            let id = control.split('"').next().unwrap();
            assert_eq!(page.html.matches(&format!(r#" id="{id}""#)).count(), 1, "{id} of {name}");
        }
        for control in page.html.split("<input ").skip(1).filter_map(|rest| rest.split('>').next()) {
            let Some((_, id)) = control.split_once(r#" id=""#) else { continue };
            let id = id.split('"').next().unwrap();
            assert_eq!(page.html.matches(&format!(r#"<label for="{id}">"#)).count(), 1, "{id} of {name}");
        }
    }
}

#[rocket::async_test]
async fn what_a_visitor_types_is_text_and_never_markup() {
    let site = Site::start().await;
    let name = r#""><script>alert(1)</script>"#;
    let answers = [
        log_in(&site.visitor, name, "x").await,
        send(&site.visitor, "/register", &[("name", name), ("password", "x"), ("next", "/\"><script>")])
            .await,
        look(&site.visitor, "/login?next=/%22%3E%3Cscript%3E").await,
    ];
    for answer in answers {
        assert!(!answer.says("<script>"), "{}", answer.html);
    }
}

#[rocket::async_test]
async fn a_form_that_comes_too_late_is_answered_with_a_page_for_browsers_and_text_for_programs() {
    let site = Site::start().await;
    let page = send(&site.visitor, "/account/password", &[]).await;
    assert_eq!(page.status, Status::Unauthorized);
    assert!(page.says(r#"<a href="/login">Log in</a>"#));
    let program = site.visitor.get("/account").dispatch().await;
    assert_eq!(program.status(), Status::Unauthorized);
    assert_eq!(program.into_string().await.unwrap(), "Log in first.\n");
}

#[rocket::async_test]
async fn the_style_sheet_has_nothing_to_do_with_sessions() {
    let site = Site::with_users().await;
    let momo = site.browser_of("momo").await;
    momo.store().fail();
    let sheet = look(&momo, "/style.css").await;
    assert_eq!((sheet.status, sheet.vary), (Status::Ok, None));
}

#[rocket::async_test]
async fn the_administrator_locks_lets_in_and_deletes() {
    let site = Site::with_users().await;
    let (admin, momo) = (site.browser_of("admin").await, site.browser_of("momo").await);
    let path = &*format!("/admin/users/{}", site.user("momo").await.id);
    let act =
        async |action| assert_eq!(send(&admin, path, &[("action", action)]).await.leads_to(), Some("/admin"));
    act("Lock").await;
    assert_eq!(look(&momo, "/account").await.leads_to(), Some("/login?next=%2Faccount"));
    assert!(look(&admin, "/admin").await.says("The user is locked out."));
    act("Unlock").await;
    assert!(look(&admin, "/admin").await.says("The user may log in again."));
    act("Delete").await;
    assert!(site.users().named("momo").await.unwrap().is_none());
    act("Lock").await;
    assert!(look(&admin, "/admin").await.says("There is no such user"));
}
