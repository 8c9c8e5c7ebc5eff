//! Changing the password, and what that ends.

use crate::site::{ANOTHER, PASSWORD, Site, log_in, look, send};
use rocket::http::Status;

#[rocket::async_test]
async fn another_password_ends_the_other_devices_and_not_this_one() {
    let site = Site::with_users().await;
    let (here, elsewhere) = (site.browser_of("momo").await, site.browser_of("momo").await);
    let form = [("password", PASSWORD), ("new_password", ANOTHER)];
    assert_eq!(send(&here, "/account/password", &form).await.leads_to(), Some("/account"));
    assert!(look(&here, "/account").await.says("Your password is changed"));
    assert_eq!(look(&elsewhere, "/account").await.leads_to(), Some("/login?next=%2Faccount"));
    assert_eq!(log_in(&elsewhere, "momo", PASSWORD).await.status, Status::UnprocessableEntity);
    assert_eq!(log_in(&elsewhere, "momo", ANOTHER).await.leads_to(), Some("/account"));
}

/// Nothing of the application ends these logins: the database says it, and `find` and `stamp` notice.
#[rocket::async_test]
async fn who_has_another_hash_in_the_database_or_is_locked_there_is_logged_out() {
    let site = Site::with_users().await;
    let momo = site.browser_of("momo").await;
    assert_eq!(look(&momo, "/account").await.status, Status::Ok);
    let user = site.user("momo").await;
    site.users().set_password(&user, "another hash").await.unwrap().unwrap();
    assert_eq!(look(&momo, "/account").await.leads_to(), Some("/login?next=%2Faccount"));

    let momo = site.browser_of("momo").await;
    assert_eq!(look(&momo, "/account").await.status, Status::Ok);
    assert!(site.users().set_locked(user.id, true).await.unwrap());
    assert_eq!(look(&momo, "/account").await.leads_to(), Some("/login?next=%2Faccount"));
}

#[rocket::async_test]
async fn a_password_is_changed_by_who_knows_it_only() {
    let site = Site::with_users().await;
    let (here, elsewhere) = (site.browser_of("momo").await, site.browser_of("momo").await);
    let form = [("password", "a wrong one"), ("new_password", ANOTHER)];
    let refused = send(&here, "/account/password", &form).await;
    assert!(refused.says("That is not your password."));
    assert_eq!(look(&elsewhere, "/account").await.status, Status::Ok);
    assert_eq!(log_in(&site.visitor, "momo", PASSWORD).await.leads_to(), Some("/account"));
}

#[rocket::async_test]
async fn the_change_of_one_users_password_ends_nobody_elses_login() {
    let site = Site::with_users().await;
    let (momo, admin) = (site.browser_of("momo").await, site.browser_of("admin").await);
    send(&momo, "/account/password", &[("password", PASSWORD), ("new_password", ANOTHER)]).await;
    assert_eq!(look(&admin, "/account").await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_form_that_comes_back_has_the_error_at_its_field_and_no_password_in_it() {
    let site = Site::with_users().await;
    let momo = site.browser_of("momo").await;
    let refused =
        send(&momo, "/account/password", &[("password", PASSWORD), ("new_password", "short")]).await;
    assert_eq!(refused.status, Status::UnprocessableEntity);
    assert!(refused.says(r#"aria-describedby="new_password-hint new_password-error" aria-invalid="true""#));

    let form = [("name", "x"), ("password", "short")];
    let register = send(&site.visitor, "/register", &form).await;
    assert!(register.says(r#"id="name-error""#) && register.says(r#"name="name" value="x""#));
    let login = log_in(&site.visitor, "momo", "a wrong one").await;
    assert!(login.says(r#"name="name" value="momo""#));
    for page in [refused.html, register.html, login.html] {
        for password in [PASSWORD, "short", "a wrong one"] {
            assert!(!page.contains(password), "{page}");
        }
    }
}

#[rocket::async_test]
async fn a_name_that_is_taken_is_refused_and_its_user_keeps_the_password() {
    let site = Site::with_users().await;
    let answer = send(&site.visitor, "/register", &[("name", "MOMO"), ("password", ANOTHER)]).await;
    assert!(answer.says("Somebody has this name already."));
    assert_eq!(look(&site.visitor, "/account").await.status, Status::SeeOther);
    assert_eq!(log_in(&site.visitor, "momo", PASSWORD).await.leads_to(), Some("/account"));
}
