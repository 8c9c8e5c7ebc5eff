//! The devices on which a user is logged in, and who may end what.

use crate::site::{ANOTHER, PASSWORD, Site, log_in, look, send};
use accounts::session::Visit;
use rocket::http::{ContentType, Header, RawStr, Status};
use rocket_session_state::Sessions;
use rocket_session_state::testing::{Client, hours, minutes};

const DEVICES: &str = "/account/devices";

/// A browser of momo's that has told its name.
async fn named(site: &Site, name: &str) -> Client {
    let browser = site.browser_of("momo").await;
    assert_eq!(send(&browser, "/account/devices/name", &[("name", name)]).await.leads_to(), Some(DEVICES));
    browser
}

/// The row of a device in the table.
async fn row(browser: &Client, name: &str) -> String {
    let page = look(browser, DEVICES).await.html;
    let rows: Vec<_> = page.split("<tr>").filter(|row| row.contains(&format!(">{name}</th>"))).collect();
    assert_eq!(rows.len(), 1, "{name}: {page}");
    rows.concat()
}

/// What the button beside a device sends.
async fn handle(browser: &Client, name: &str) -> String {
    let row = row(browser, name).await;
    let (_, value) = row.split_once(r#"name="handle" value=""#).unwrap();
    value.split('"').next().unwrap().to_owned()
}

async fn is_logged_in(browser: &Client) -> bool {
    look(browser, "/account").await.status == Status::Ok
}

/// How many sessions a user has in the store.
async fn sessions_of(site: &Site, id: i64) -> usize {
    let sessions: &Sessions = site.visitor.rocket().state().unwrap();
    sessions.of::<Visit>(&id).list().await.unwrap().len()
}

#[rocket::async_test]
async fn each_device_is_listed_with_its_name_and_times_and_this_one_can_not_be_ended_there() {
    let site = Site::with_users().await;
    let laptop = named(&site, "laptop").await;
    site.visitor.advance(minutes(90));
    assert!(is_logged_in(&laptop).await);
    let phone = named(&site, "phone").await;
    let (this, other) = (row(&phone, "phone").await, row(&phone, "laptop").await);
    assert!(
        this.contains("this one") && this.matches("just now").count() == 2 && !this.contains("form"),
        "{this}"
    );
    assert!(other.contains("<td>1 hour ago</td>") && other.contains("<td>just now</td>"), "{other}");
    assert!(row(&laptop, "laptop").await.contains("this one"));
}

#[rocket::async_test]
async fn a_device_that_is_logged_out_from_another_is_so_alone() {
    let site = Site::with_users().await;
    let [laptop, phone, tablet] =
        [named(&site, "laptop").await, named(&site, "phone").await, named(&site, "tablet").await];
    let form = [("handle", &*handle(&laptop, "phone").await)];
    assert_eq!(send(&laptop, "/account/devices/end", &form).await.leads_to(), Some(DEVICES));
    assert!(look(&laptop, DEVICES).await.says("The device is logged out."));
    assert!(!look(&laptop, DEVICES).await.says(">phone</th>"));
    assert_eq!(look(&phone, "/account").await.leads_to(), Some("/login?next=%2Faccount"));
    assert!(is_logged_in(&tablet).await);

    send(&laptop, "/account/devices/end", &form).await;
    assert!(look(&laptop, DEVICES).await.says("That device was logged out already."));
}

#[rocket::async_test]
async fn one_button_logs_all_other_devices_out() {
    let site = Site::with_users().await;
    let [laptop, phone, tablet] =
        [named(&site, "laptop").await, named(&site, "phone").await, named(&site, "tablet").await];
    let admin = site.browser_of("admin").await;
    assert_eq!(send(&laptop, "/account/devices/end-others", &[]).await.leads_to(), Some(DEVICES));
    assert!(row(&laptop, "laptop").await.contains("this one"));
    assert!(!look(&laptop, DEVICES).await.says("end-others"), "there are no others");
    assert!(!is_logged_in(&phone).await && !is_logged_in(&tablet).await && is_logged_in(&admin).await);
}

#[rocket::async_test]
async fn nobody_ends_a_device_of_another_user() {
    let site = Site::with_users().await;
    let _other = named(&site, "laptop").await;
    let phone = named(&site, "phone").await;
    let handle = handle(&phone, "laptop").await;
    let admin = site.browser_of("admin").await;
    send(&admin, "/account/devices/end", &[("handle", &handle)]).await;
    assert!(look(&admin, DEVICES).await.says("That device was logged out already."));
    assert!(row(&phone, "laptop").await.contains("Log out"));
}

#[rocket::async_test]
async fn what_a_device_is_called_is_text_and_never_markup() {
    let site = Site::with_users().await;
    let name = r#""><script>alert(1)</script>"#;
    let laptop = site.browser_of("momo").await;
    send(&laptop, "/account/devices/name", &[("name", name)]).await;
    let phone = site.visitor.visitor();
    let form = RawStr::new(PASSWORD).percent_encode();
    let log_in = phone.post("/login").header(ContentType::Form).header(Header::new("User-Agent", name));
    let answer = log_in.body(format!("name=momo&password={form}")).dispatch().await.status();
    assert_eq!(answer, Status::SeeOther);
    let page = look(&phone, DEVICES).await;
    assert!(!page.says("<script>"), "{}", page.html);
    assert_eq!(page.html.matches("alert(1)&lt;&#x2f;script&gt;</th>").count(), 2, "{}", page.html);
}

#[rocket::async_test]
async fn a_device_keeps_its_name_if_the_new_one_is_blank() {
    let site = Site::with_users().await;
    let laptop = named(&site, "laptop").await;
    send(&laptop, "/account/devices/name", &[("name", "  ")]).await;
    assert!(row(&laptop, "laptop").await.contains("this one"));
}

#[rocket::async_test]
async fn a_new_password_and_the_end_of_the_account_leave_no_session_of_another_device() {
    let site = Site::with_users().await;
    let (here, _elsewhere) = (site.browser_of("momo").await, site.browser_of("momo").await);
    let momo = site.user("momo").await.id;
    let before = sessions_of(&site, momo).await;
    assert!(before >= 2);
    send(&here, "/account/password", &[("password", PASSWORD), ("new_password", ANOTHER)]).await;
    assert_eq!(sessions_of(&site, momo).await, 1);
    assert_eq!(log_in(&site.visitor, "momo", ANOTHER).await.leads_to(), Some("/account"));
    assert_eq!(sessions_of(&site, momo).await, 2);
    send(&here, "/account/delete", &[("last_password", ANOTHER)]).await;
    assert_eq!(sessions_of(&site, momo).await, 0);
}

#[rocket::async_test]
async fn the_administrator_logs_a_user_out_on_every_device_and_nobody_else() {
    let site = Site::with_users().await;
    let (admin, momo) = (site.browser_of("admin").await, site.browser_of("momo").await);
    let id = site.user("momo").await.id;
    for action in ["LogOut", "Lock", "Delete"] {
        let path = format!("/admin/users/{id}");
        assert_eq!(send(&admin, &path, &[("action", action)]).await.leads_to(), Some("/admin"), "{action}");
        assert_eq!(sessions_of(&site, id).await, 0, "{action}");
        assert!(!is_logged_in(&momo).await, "{action}");
        assert!(is_logged_in(&admin).await, "{action}");
        send(&admin, &path, &[("action", "Unlock")]).await;
        log_in(&momo, "momo", PASSWORD).await;
    }
    let path = format!("/admin/users/{}", site.user("admin").await.id);
    send(&admin, &path, &[("action", "LogOut")]).await;
    assert!(look(&admin, "/admin").await.says("or it is the administrator"));
}

#[rocket::async_test]
async fn the_counters_are_for_the_administrator_and_count() {
    let site = Site::with_users().await;
    let (admin, momo) = (site.browser_of("admin").await, site.browser_of("momo").await);
    assert_eq!(look(&momo, "/admin/counters").await.status, Status::Forbidden);
    let count = async |event: &str| {
        let page = look(&admin, "/admin/counters").await.html;
        let (_, rest) = page.split_once(&format!(r#"<th scope="row">{event}</th><td>"#)).unwrap();
        rest.split('<').next().unwrap().parse::<u64>().unwrap()
    };
    let before = count("id_unknown").await;
    let path = format!("/admin/users/{}", site.user("momo").await.id);
    send(&admin, &path, &[("action", "LogOut")]).await;
    look(&momo, "/account").await;
    assert_eq!(count("id_unknown").await, before + 1);
    let before = count("logged_in").await;
    log_in(&momo, "momo", PASSWORD).await;
    assert_eq!(count("logged_in").await, before + 1);
}

#[rocket::async_test]
async fn a_device_that_nobody_uses_leaves_the_list() {
    let site = Site::with_users().await;
    let _phone = named(&site, "phone").await;
    site.visitor.advance(hours(3));
    let laptop = named(&site, "laptop").await;
    assert!(!look(&laptop, DEVICES).await.says(">phone</th>"));
}
