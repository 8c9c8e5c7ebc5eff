//! Logging in, on the way and by itself, and for how long.

use crate::site::{ANOTHER, PASSWORD, Site, log_in, look, send};
use accounts::session::Visit;
use rocket::http::{Header, Status};
use rocket_session_state::testing::{days, hours, minutes};

#[rocket::async_test]
async fn a_login_ends_two_hours_after_its_last_use() {
    let site = Site::with_users().await;
    let momo = site.browser_of("momo").await;
    for _ in 0..3 {
        momo.advance(minutes(100));
        assert_eq!(look(&momo, "/account").await.status, Status::Ok);
    }
    momo.advance(hours(2));
    assert_eq!(look(&momo, "/account").await.leads_to(), Some("/login?next=%2Faccount"));
}

#[rocket::async_test]
async fn a_remembered_visitor_comes_back_after_29_days_and_not_after_31() {
    let site = Site::with_users().await;
    let form = [("name", "momo"), ("password", PASSWORD), ("remember", "on")];
    assert_eq!(send(&site.visitor, "/login", &form).await.leads_to(), Some("/account"));
    site.visitor.advance(days(29));
    site.visitor.close_browser();
    assert_eq!(look(&site.visitor, "/account").await.status, Status::Ok);
    site.visitor.advance(days(31));
    assert_eq!(look(&site.visitor, "/account").await.status, Status::SeeOther);
}

#[rocket::async_test]
async fn who_shares_a_computer_is_not_remembered_after_somebody_who_is() {
    let site = Site::with_users().await;
    let form = [("name", "momo"), ("password", PASSWORD), ("remember", "on")];
    send(&site.visitor, "/login", &form).await;
    send(&site.visitor, "/logout", &[]).await;
    log_in(&site.visitor, "admin", PASSWORD).await;
    site.visitor.advance(hours(3));
    assert_eq!(look(&site.visitor, "/account").await.status, Status::SeeOther);
}

#[rocket::async_test]
async fn who_logs_in_or_registers_on_the_way_arrives_where_they_wanted_to_go() {
    let site = Site::with_users().await;
    let to_login = look(&site.visitor, "/account?tab=a%20b&x=%22").await.location.unwrap();
    let page = look(&site.visitor, &to_login).await;
    assert!(page.says(r#"name="next" value="&#x2f;account?tab=a%20b&amp;x=%22""#), "{}", page.html);
    assert!(page.says("/register?next=&#x2f;account%3Ftab%3Da%2520b%26x%3D%2522"), "{}", page.html);

    let next = ("next", "/account?tab=a%20b");
    let wrong = send(&site.visitor, "/login", &[("name", "momo"), ("password", ANOTHER), next]).await;
    assert!(wrong.says(r#"name="next" value="&#x2f;account?tab=a%20b""#), "{}", wrong.html);
    let answer = send(&site.visitor, "/login", &[("name", "momo"), ("password", PASSWORD), next]).await;
    assert_eq!(answer.leads_to(), Some("/account?tab=a%20b"));
    let (stranger, form) = (site.visitor.visitor(), [("name", "mimi"), ("password", PASSWORD), next]);
    assert_eq!(send(&stranger, "/register", &form).await.leads_to(), Some("/account?tab=a%20b"));
}

#[rocket::async_test]
async fn no_link_leads_to_another_site_after_the_login() {
    let site = Site::with_users().await;
    for next in ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "/login"] {
        let form = [("name", "momo"), ("password", PASSWORD), ("next", next)];
        let answer = send(&site.visitor.visitor(), "/login", &form).await;
        assert_eq!(answer.leads_to(), Some("/account"), "{next}");
    }
}

#[rocket::async_test]
async fn who_is_logged_in_is_not_asked_to_log_in_again() {
    let site = Site::with_users().await;
    let momo = site.browser_of("momo").await;
    assert_eq!(look(&momo, "/login?next=%2F").await.leads_to(), Some("/"));
    assert_eq!(look(&momo, "/login").await.leads_to(), Some("/account"));
}

#[rocket::async_test]
async fn the_log_out_is_told_once_and_nobody_is_logged_out_by_a_link_or_by_another_site() {
    let site = Site::with_users().await;
    let momo = site.browser_of("momo").await;
    assert_eq!(look(&momo, "/logout").await.status, Status::NotFound);
    let foreign = momo.post("/logout").header(Header::new("Origin", "https://elsewhere.example"));
    assert_eq!(foreign.header(Header::new("Host", "localhost")).dispatch().await.status(), Status::Forbidden);
    assert_eq!(look(&momo, "/account").await.status, Status::Ok);

    assert_eq!(send(&momo, "/logout", &[]).await.leads_to(), Some("/"));
    assert!(look(&momo, "/").await.says("You are logged out."));
    assert!(!look(&momo, "/").await.says("You are logged out."));
    assert_eq!(momo.session::<Visit>().await.user_id(), None);
    assert_eq!(look(&momo, "/account").await.status, Status::SeeOther);
}

#[rocket::async_test]
async fn a_visitor_who_only_looks_gets_no_cookie() {
    let site = Site::start().await;
    for page in ["/", "/login", "/register", "/account", "/admin", "/no-such-page"] {
        look(&site.visitor, page).await;
        send(&site.visitor, "/logout", &[]).await;
        assert!(site.visitor.cookie("session").is_none(), "{page}");
    }
}

#[rocket::async_test]
async fn an_outage_of_the_sessions_is_a_503_and_no_log_out() {
    let site = Site::with_users().await;
    let momo = site.browser_of("momo").await;
    momo.store().fail();
    let answer = look(&momo, "/account").await;
    assert_eq!(answer.status, Status::ServiceUnavailable);
    assert!(answer.says("You are still logged in."));
    momo.store().heal();
    assert_eq!(look(&momo, "/account").await.status, Status::Ok);
}

#[rocket::async_test]
async fn nothing_below_the_account_and_the_admin_area_is_open() {
    let site = Site::with_users().await;
    assert_eq!(site.visitor.open_routes("/account").await, [""; 0]);
    assert_eq!(site.visitor.open_routes("/admin").await, [""; 0]);
    let momo = site.browser_of("momo").await;
    assert_eq!(look(&momo, "/admin").await.status, Status::Forbidden);
    assert_eq!(look(&momo, "/admin/no-such-page").await.status, Status::Forbidden);
    assert_eq!(look(&site.browser_of("admin").await, "/admin").await.status, Status::Ok);
}
