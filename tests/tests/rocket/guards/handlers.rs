//! Guards in front of handlers that do not need their value.

use std::sync::atomic::{AtomicU64, Ordering};

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::{Request, get, put, routes, uri};
use rocket_session_state::require_session;

use super::{Member, browse, index, log_in, login, login_page};
use crate::site::{Site, header};

#[require_session(Member, check = |member: &Member| member.username.ends_with("@staff"))]
struct Admin;

#[require_session(Admin)]
#[get("/orders/<id>?<page>")]
fn orders(id: u32, page: Option<u8>) -> String {
    format!("order {id} {page:?}")
}

#[require_session(Member)]
#[put("/orders/<id>", data = "<body>")]
async fn put_order(id: u32, _second: Second, body: String) -> String {
    format!("{id} {body}")
}

static SECONDS: AtomicU64 = AtomicU64::new(0);

/// A guard that notes that it was asked.
struct Second;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Second {
    type Error = ();

    async fn from_request(_: &'r Request<'_>) -> Outcome<Self, ()> {
        SECONDS.fetch_add(1, Ordering::Relaxed);
        Outcome::Success(Second)
    }
}

#[rocket::async_test]
async fn a_guarded_handler_is_asked_for_last_and_its_address_is_as_before() {
    assert_eq!(uri!(orders(3, Some(4))), "/orders/3?page=4");
    let site =
        Site::launch(|rocket| rocket.mount("/", routes![index, login_page, login, orders, put_order])).await;
    SECONDS.store(0, Ordering::Relaxed);
    assert_eq!(site.client.put("/orders/1").body("b").dispatch().await.status(), Status::Unauthorized);
    assert_eq!(site.client.put("/orders/x").body("b").dispatch().await.status(), Status::Unauthorized);
    assert_eq!(SECONDS.load(Ordering::Relaxed), 0, "no other guard was asked");
    let browser = browse(&site.client, "/orders/1").await;
    assert_eq!(header(&browser, "Location"), ["/login?next=%2Forders%2F1"]);
    log_in(&site.client, "momo").await;
    assert_eq!(browse(&site.client, "/orders/1").await.status(), Status::Forbidden);
    log_in(&site.client, "momo@staff").await;
    site.store.calls();
    let response = site.client.put("/orders/1").body("b").dispatch().await;
    assert_eq!(response.into_string().await.unwrap(), "1 b");
    assert_eq!(site.store.calls(), 1);
    assert_eq!(site.text("/orders/7?page=2").await, "order 7 Some(2)");
}
