//! How often passwords may be tried, by the clock of the test.

use crate::site::{ANOTHER, PASSWORD, Site, log_in, send};
use rocket::http::Status;
use rocket_session_state::testing::minutes;
use std::time::Duration;

#[rocket::async_test]
async fn after_the_time_that_the_answer_names_the_password_is_looked_at_again() {
    let site = Site::with_users().await;
    for _ in 0..5 {
        assert_eq!(log_in(&site.visitor, "momo", ANOTHER).await.status, Status::UnprocessableEntity);
    }
    let refused = log_in(&site.visitor, "momo", PASSWORD).await;
    assert_eq!((refused.status, refused.retry_after.as_deref()), (Status::TooManyRequests, Some("60")));
    site.visitor.advance(Duration::from_secs(59));
    let refused = log_in(&site.visitor, "momo", PASSWORD).await;
    assert_eq!((refused.status, refused.retry_after.as_deref()), (Status::TooManyRequests, Some("1")));
    site.visitor.advance(Duration::from_secs(1));
    assert_eq!(log_in(&site.visitor, "momo", PASSWORD).await.leads_to(), Some("/account"));
}

#[rocket::async_test]
async fn a_name_that_nobody_has_is_limited_like_one_that_somebody_has() {
    let site = Site::with_users().await;
    let mut seen = Vec::new();
    for name in ["momo", "nobody"] {
        let mut answers = Vec::new();
        for _ in 0..7 {
            let answer = log_in(&site.visitor, name, ANOTHER).await;
            answers.push((answer.status, answer.retry_after, answer.html.replace(name, "NAME")));
        }
        seen.push(answers);
    }
    assert_eq!(seen[0], seen[1], "whoever compares the answers learns which names exist");
}

#[rocket::async_test]
async fn who_mistypes_now_and_then_is_never_stopped() {
    let site = Site::with_users().await;
    for _ in 0..20 {
        log_in(&site.visitor, "momo", ANOTHER).await;
        let answer = log_in(&site.visitor.visitor(), "momo", PASSWORD).await;
        assert_eq!(answer.leads_to(), Some("/account"));
        site.visitor.advance(minutes(1));
    }
}

#[rocket::async_test]
async fn a_session_does_not_let_anybody_try_passwords_for_the_account() {
    let site = Site::with_users().await;
    let momo = site.browser_of("momo").await;
    for _ in 0..5 {
        let form = [("password", "a wrong one"), ("new_password", ANOTHER)];
        assert_eq!(send(&momo, "/account/password", &form).await.status, Status::UnprocessableEntity);
    }
    let refused = send(&momo, "/account/delete", &[("last_password", PASSWORD)]).await;
    assert_eq!(refused.status, Status::TooManyRequests);
    assert!(site.users().named("momo").await.unwrap().is_some());
}
