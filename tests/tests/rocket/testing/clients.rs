//! What a client does for its visitor, without a route.

use rocket::futures::future::join_all;
use rocket::http::{Method, Status};
use rocket_session_state::testing::{self, days, hours, open_routes};

use super::{Visit, application, momo, status, text};

#[rocket::async_test]
async fn a_login_without_a_route_is_a_login_for_every_route() {
    let client = testing::client(application(|_| {})).await;
    assert_eq!(status(&client, "/account").await, Status::Unauthorized);
    client.log_in::<Visit>(|visit| visit.set_username("momo")).await;
    assert_eq!(text(&client, "/account").await, "momo");
    client.log_in::<Visit>(|visit| visit.set_username("bebe")).await;
    assert_eq!(text(&client, "/account").await, "bebe");
}

#[rocket::async_test]
async fn a_login_of_a_route_is_seen_inside() {
    let client = testing::client(application(|_| {})).await;
    client.post("/login?name=momo").dispatch().await;
    let visit = client.session::<Visit>().await;
    assert_eq!(visit.username().as_deref(), Some("momo"));
    assert_eq!(visit.session().login_age(), Some(std::time::Duration::ZERO));
}

#[rocket::async_test]
async fn what_is_changed_is_there_for_the_next_request_and_what_is_looked_at_is_not() {
    let client = momo().await;
    let before = client
        .change_session(|visit: &Visit| {
            let before = visit.views();
            visit.set_views(5_u32);
            before
        })
        .await;
    client.session::<Visit>().await.set_views(9_u32);
    assert_eq!((before, text(&client, "/views").await.as_str()), (0, "5"));
}

#[rocket::async_test]
async fn a_visitor_is_nobody_to_another_one_and_both_have_one_application() {
    let momo = momo().await;
    let stranger = momo.visitor();
    assert_eq!(status(&stranger, "/account").await, Status::Unauthorized);
    stranger.log_in::<Visit>(|visit| visit.set_username("bebe")).await;
    assert_eq!(
        (text(&momo, "/account").await.as_str(), text(&stranger, "/account").await.as_str()),
        ("momo", "bebe")
    );
    momo.advance(days(32));
    assert_eq!(stranger.now(), momo.now());
    assert_eq!(status(&stranger, "/account").await, Status::Unauthorized, "time passes for both");
}

#[rocket::async_test]
async fn another_client_of_the_same_application_has_another_clock_and_other_sessions() {
    let (client, other) = (momo().await, testing::client(application(|_| {})).await);
    let session = client.cookie("session").expect("a login");
    other.advance(days(32));
    assert_eq!(text(&client, "/account").await, "momo");
    let stolen = other.get("/account").cookie(session).dispatch().await;
    assert_eq!(stolen.status(), Status::Unauthorized);
}

#[rocket::async_test]
async fn the_clock_shows_whole_seconds_and_stands_still() {
    let client = momo().await;
    let began = client.now();
    assert_eq!(began.duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos(), 0);
    status(&client, "/account").await;
    assert_eq!(client.now(), began);
}

#[rocket::async_test]
async fn a_session_ends_to_the_second() {
    let client = testing::client(application(|config| config.permanent_session_lifetime = hours(2))).await;
    client.log_in::<Visit>(|visit| visit.set_username("momo")).await;
    client.advance(hours(2) - std::time::Duration::from_secs(1));
    assert_eq!(client.session::<Visit>().await.username().as_deref(), Some("momo"));
    client.advance(std::time::Duration::from_secs(1));
    assert_eq!(client.session::<Visit>().await.username(), None);
}

#[rocket::async_test]
async fn requests_of_one_visitor_at_once_are_all_counted() {
    let client = momo().await;
    let all = join_all((0..20).map(|_| client.post("/views").dispatch())).await;
    assert!(all.iter().all(|answer| answer.status() == Status::Ok));
    assert_eq!(client.session::<Visit>().await.views(), 20);
}

#[rocket::async_test]
async fn each_method_makes_the_request_that_it_names() {
    let client = momo().await;
    let made = [
        client.get("/"),
        client.post("/"),
        client.put("/"),
        client.patch("/"),
        client.delete("/"),
        client.head("/"),
        client.options("/"),
        client.req(Method::Trace, "/"),
    ];
    let methods = made.each_ref().map(|request| request.inner().method().as_str());
    assert_eq!(methods, ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"]);
}

#[rocket::async_test]
async fn open_routes_are_those_for_strangers_whoever_asks() {
    let open =
        ["GET /open: 200 OK", "GET /views: 200 OK", "POST /login?<name>: 200 OK", "POST /views: 200 OK"];
    let client = momo().await;
    assert_eq!(client.open_routes("/").await, open);
    assert_eq!(text(&client, "/account").await, "momo", "the visitor was not asked");
    let plain = rocket::local::asynchronous::Client::tracked(application(|_| {})).await.unwrap();
    assert_eq!(open_routes(&plain, "/").await, open);
}

#[rocket::tokio::test(crate = "rocket::tokio")]
async fn a_runtime_with_one_thread_is_enough() {
    let client = momo().await;
    assert_eq!(text(&client, "/account").await, "momo");
}

#[test]
fn a_plain_test_does_the_same_without_waiting() {
    let momo = testing::blocking::client(application(|_| {}));
    momo.log_in::<Visit>(|visit| visit.set_username("momo"));
    momo.change_session(|visit: &Visit| visit.set_views(3_u32));
    assert_eq!(momo.get("/account").dispatch().into_string().as_deref(), Some("momo"));
    assert_eq!(momo.post("/views").dispatch().status(), Status::Ok);
    assert_eq!(momo.session::<Visit>().views(), 4);

    let stranger = momo.visitor();
    assert_eq!(stranger.get("/account").dispatch().status(), Status::Unauthorized);
    assert_eq!(stranger.open_routes("/account"), [""; 0]);
    assert_eq!(stranger.open_routes("/open"), ["GET /open: 200 OK"]);

    momo.store().fail();
    assert_eq!(momo.get("/account").dispatch().status(), Status::ServiceUnavailable);
    momo.store().heal();
    momo.advance(days(32));
    assert_eq!(momo.get("/account").dispatch().status(), Status::Unauthorized);
}

#[test]
fn clients_of_plain_tests_work_in_many_threads_at_once() {
    std::thread::scope(|scope| {
        for number in 0..8_u32 {
            scope.spawn(move || {
                let client = testing::blocking::client(application(|_| {}));
                client.change_session(|visit: &Visit| visit.set_views(number));
                assert_eq!(client.get("/views").dispatch().into_string(), Some(number.to_string()));
            });
        }
    });
}
