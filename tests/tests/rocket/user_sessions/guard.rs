//! The sessions of the user who is logged in, as a request guard.

use rocket::http::{Accept, Status};
use rocket::{catch, catchers, get, post, routes};
use rocket_session_state::config::WhenFull;
use rocket_session_state::testing::{self, Client, days, minutes};
use rocket_session_state::{SaveError, SessionError, UserSessions};

use super::{Visit, application, labels, log_in_with, sent, shown};

async fn status(client: &Client, path: &'static str) -> Status {
    client.get(path).dispatch().await.status()
}

#[rocket::async_test]
async fn a_user_sees_all_sessions_and_ends_one_of_them_and_all_others() {
    let telephone = testing::client(application(|_| {})).await;
    let (laptop, tablet, stranger) = (telephone.visitor(), telephone.visitor(), telephone.visitor());
    log_in_with(&telephone, 7, "telephone").await;
    telephone.advance(minutes(1));
    log_in_with(&laptop, 7, "laptop").await;
    telephone.advance(minutes(1));
    log_in_with(&tablet, 7, "tablet").await;
    log_in_with(&stranger, 8, "another user's").await;

    assert_eq!(labels(&laptop).await, ["tablet", "laptop", "telephone"]);
    let current: Vec<_> = shown(&laptop).await.iter().map(|session| session["current"].clone()).collect();
    assert_eq!(current, [false, true, false]);

    let handle = shown(&laptop).await[2]["handle"].as_str().unwrap().to_owned();
    assert_eq!(sent(&stranger, &format!("/devices/end?handle={handle}")).await, "false");
    assert_eq!(status(&telephone, "/account").await, Status::Ok);
    assert_eq!(sent(&laptop, &format!("/devices/end?handle={handle}")).await, "true");
    assert_eq!(sent(&laptop, &format!("/devices/end?handle={handle}")).await, "false");
    assert_eq!(status(&telephone, "/account").await, Status::Unauthorized);
    assert_eq!(status(&tablet, "/account").await, Status::Ok);

    assert_eq!(sent(&laptop, "/devices/end-others").await, "1");
    assert_eq!(status(&tablet, "/account").await, Status::Unauthorized);
    assert_eq!(status(&laptop, "/account").await, Status::Ok);
    assert_eq!(sent(&laptop, "/devices/end-all").await, "1");
    assert_eq!(status(&laptop, "/account").await, Status::Unauthorized);
    assert_eq!(status(&stranger, "/account").await, Status::Ok);
}

#[rocket::async_test]
async fn a_visitor_fails_as_at_any_guard_and_goes_to_the_login_page_that_one_has_named() {
    let visitor = testing::client(application(|_| {})).await;
    let answer = visitor.get("/devices").header(Accept::HTML).dispatch().await;
    assert_eq!(answer.status(), Status::Unauthorized);
    assert_eq!(answer.headers().get_one("Cache-Control"), Some("no-store"));
    assert_eq!(status(&visitor, "/member/devices").await, Status::Unauthorized);
    let answer = visitor.get("/member/devices").header(Accept::HTML).dispatch().await;
    assert_eq!(answer.status(), Status::SeeOther);
    assert_eq!(answer.headers().get_one("Location"), Some("/login?next=%2Fmember%2Fdevices"));

    log_in_with(&visitor, 7, "telephone").await;
    assert_eq!(status(&visitor, "/member/devices").await, Status::Ok);
    sent(&visitor, "/logout").await;
    assert_eq!(status(&visitor, "/devices").await, Status::Unauthorized);
}

#[rocket::async_test]
async fn a_handler_that_serves_visitors_too_learns_that_nobody_is_logged_in() {
    #[get("/")]
    fn index(mine: Result<UserSessions<Visit>, SessionError>) -> &'static str {
        match mine {
            Ok(_) => "a user",
            Err(SessionError::LoggedOut) => "a visitor",
            Err(_) => "unknown",
        }
    }
    let client = testing::client(application(|_| {}).mount("/", routes![index])).await;
    assert_eq!(client.get("/").dispatch().await.into_string().await.unwrap(), "a visitor");
    client.log_in::<Visit>(|visit| visit.set_user_id(7)).await;
    assert_eq!(client.get("/").dispatch().await.into_string().await.unwrap(), "a user");
    client.store().fail();
    assert_eq!(status(&client, "/").await, Status::ServiceUnavailable);
}

#[rocket::async_test]
async fn the_browser_at_the_log_in_is_the_label_unless_the_application_has_another() {
    let client = testing::client(application(|_| {})).await;
    log_in_with(&client, 7, "one").await;
    // Another browser name in a later request changes nothing, and the same user's log-in goes on.
    let _ = client.get("/account").header(rocket::http::Header::new("User-Agent", "two")).dispatch().await;
    assert_eq!(labels(&client).await, ["one"]);
    log_in_with(&client, 7, "two").await;
    assert_eq!(labels(&client).await, ["one"]);
    // Another user's session is another entry, and so is one with a label of its own.
    log_in_with(&client, 8, "three").await;
    assert_eq!(labels(&client).await, ["three"]);
    let other = client.visitor();
    let path = "/login?id=8&label=Momo%27s%20telephone";
    other.post(path).header(rocket::http::Header::new("User-Agent", "four")).dispatch().await;
    assert_eq!(labels(&other).await, ["Momo's telephone", "three"]);
    // A browser that says nothing of itself.
    let silent = client.visitor();
    silent.post("/login?id=8").dispatch().await;
    assert_eq!(labels(&silent).await[0], "");
}

#[rocket::async_test]
async fn a_long_name_of_a_browser_is_cut_between_two_characters() {
    let client = testing::client(application(|_| {})).await;
    let name: &'static str = Box::leak("ä".repeat(150).into_boxed_str());
    log_in_with(&client, 7, name).await;
    assert_eq!(labels(&client).await, ["ä".repeat(100)]);
}

#[rocket::async_test]
async fn a_page_shows_the_unix_seconds_of_the_log_in_and_of_the_last_use() {
    let client = testing::client(application(|_| {})).await;
    let began = client.now();
    let seconds = |time: std::time::SystemTime| time.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    log_in_with(&client, 7, "telephone").await;
    client.advance(days(5));
    assert_eq!(status(&client, "/account").await, Status::Ok);
    let session = &shown(&client).await[0];
    assert_eq!(session["created"], seconds(began));
    assert_eq!(session["last_seen"], seconds(client.now()));
    let names: Vec<_> = session.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["created", "current", "handle", "label", "last_seen"]);
}

#[rocket::async_test]
async fn a_log_in_beyond_the_limit_is_a_409_or_ends_the_oldest() {
    #[post("/log-in-and-save?<id>")]
    async fn log_in_and_save(visit: Visit, id: i64) -> String {
        visit.set_user_id(id);
        match visit.session().save().await {
            Err(SaveError::TooManySessions { limit }) => {
                visit.session().destroy();
                format!("{limit} already")
            }
            saved => format!("{saved:?}"),
        }
    }
    for when_full in [WhenFull::Refuse, WhenFull::Oldest] {
        let application = application(|config| {
            config.session_max_per_user = Some(2);
            config.session_when_full = when_full;
        });
        let first = testing::client(application.mount("/", routes![log_in_and_save])).await;
        let (second, third) = (first.visitor(), first.visitor());
        log_in_with(&first, 7, "first").await;
        first.advance(minutes(1));
        log_in_with(&second, 7, "second").await;
        first.advance(minutes(1));
        let answer = log_in_with(&third, 7, "third").await.status();
        let statuses = [status(&first, "/account").await, status(&third, "/account").await];
        match when_full {
            WhenFull::Refuse => {
                assert_eq!((answer, statuses), (Status::Conflict, [Status::Ok, Status::Unauthorized]));
                // Who asks before the close may answer in words.
                assert_eq!(sent(&third, "/log-in-and-save?id=7").await, "2 already");
                assert_eq!(status(&third, "/account").await, Status::Unauthorized);
                log_in_with(&third, 8, "third").await;
                assert_eq!(status(&third, "/account").await, Status::Ok);
            }
            WhenFull::Oldest => {
                assert_eq!((answer, statuses), (Status::Ok, [Status::Unauthorized, Status::Ok]));
            }
        }
    }
}

#[rocket::async_test]
async fn a_refused_log_in_is_answered_by_the_catcher_and_costs_the_visitor_nothing() {
    #[post("/cart")]
    fn fill(visit: Visit) {
        visit.session().set("cart", "tea");
    }
    #[get("/cart")]
    fn cart(visit: Visit) -> Option<String> {
        visit.session().get("cart").unwrap()
    }
    #[post("/log-in-or-fail?<id>")]
    async fn log_in_or_fail(visit: Visit, id: i64) -> Result<(), SaveError> {
        visit.set_user_id(id);
        visit.session().save().await
    }
    #[catch(409)]
    fn conflict() -> &'static str {
        "log out somewhere first"
    }
    let application = application(|config| {
        config.session_max_per_user = Some(1);
        config.session_when_full = WhenFull::Refuse;
    });
    let application = application.mount("/", routes![fill, cart, log_in_or_fail]);
    let first = testing::client(application.register("/", catchers![conflict])).await;
    log_in_with(&first, 7, "first").await;
    let visitor = first.visitor();
    visitor.post("/cart").dispatch().await;
    for path in ["/log-in-or-fail?id=7", "/login?id=7"] {
        let answer = visitor.post(path).dispatch().await;
        assert_eq!(answer.status(), Status::Conflict, "{path}");
        assert_eq!(answer.into_string().await.unwrap(), "log out somewhere first", "{path}");
        assert_eq!(visitor.get("/cart").dispatch().await.into_string().await.unwrap(), "tea", "{path}");
        assert_eq!(status(&visitor, "/account").await, Status::Unauthorized, "{path}");
    }
}
