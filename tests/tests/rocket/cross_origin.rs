//! Requests that pages of other sites send.

use rocket::http::uri::Host;
use rocket::http::{Accept, ContentType, Cookie, CookieJar, Header, Method, Status};
use rocket::local::asynchronous::{LocalRequest, LocalResponse};
use rocket::response::Redirect;
use rocket::route::{BoxFuture, Outcome};
use rocket::{Data, Request, Route, catch, catchers, get, outcome, post, routes};
use rocket_session_state::config::CrossOrigin;
use rocket_session_state::{ClearSiteData, Session, SessionError};

use crate::log::lines_with;
use crate::member::{Member, Visit, login_page};
use crate::site::{Site, header};

const METHODS: [Method; 9] = [
    Method::Get,
    Method::Head,
    Method::Options,
    Method::Trace,
    Method::Post,
    Method::Put,
    Method::Patch,
    Method::Delete,
    Method::Connect,
];

/// Counts a visit, for whichever method.
fn count<'r>(request: &'r Request<'_>, _: Data<'r>) -> BoxFuture<'r> {
    Box::pin(async move {
        match request.guard::<Session>().await {
            outcome::Outcome::Success(session) => {
                let visits = session.get::<u32>("visits").ok().flatten().unwrap_or(0) + 1;
                session.set("visits", &visits);
                Outcome::from(request, visits.to_string())
            }
            outcome::Outcome::Error((status, _)) => Outcome::error(status),
            outcome::Outcome::Forward(_) => unreachable!("a session never forwards"),
        }
    })
}

#[get("/cross-origin/visits")]
fn visits(session: Session) -> String {
    session.get::<u32>("visits").ok().flatten().unwrap_or(0).to_string()
}

#[get("/cross-origin/login")]
fn login(visit: Visit) {
    visit.set_username("momo");
}

/// A form that a page of another site has sent.
fn from_elsewhere<'c>(site: &'c Site, path: &'static str) -> LocalRequest<'c> {
    site.client.post(path).header(Header::new("Sec-Fetch-Site", "cross-site")).header(ContentType::Form)
}

fn assert_refused(response: &LocalResponse<'_>, what: &str) {
    assert_eq!(response.status(), Status::Forbidden, "{what}");
    for name in ["Set-Cookie", "Clear-Site-Data", "Location"] {
        assert_eq!(header(response, name), [""; 0], "{what}");
    }
}

/// What the rule says, told once more.
fn may_enter(method: Method, sent: &Sent, trusting: bool) -> bool {
    let reads = [Method::Get, Method::Head, Method::Options, Method::Trace].contains(&method);
    let trusted = trusting && sent.origin == Some("https://accounts.example");
    let at_home = match (sent.origin, sent.host) {
        (None, _) => true,
        (Some("https://shop.example"), Some(host)) => {
            host.to_lowercase().trim_end_matches(":443") == "shop.example"
        }
        (Some("http://shop.example"), Some(host)) => host.to_lowercase() == "shop.example",
        _ => false,
    };
    reads || trusted || matches!(sent.site, Some("same-origin" | "none")) || sent.site.is_none() && at_home
}

#[derive(Debug)]
struct Sent {
    site: Option<&'static str>,
    origin: Option<&'static str>,
    host: Option<&'static str>,
}

fn everything_sent() -> impl Iterator<Item = Sent> {
    let sites = [None, Some("same-origin"), Some("none"), Some("same-site"), Some("cross-site"), Some("")];
    let origins = [
        None,
        Some("https://shop.example"),
        Some("http://shop.example"),
        Some("https://accounts.example"),
        Some("https://evil.example"),
        Some("null"),
    ];
    let hosts = [None, Some("shop.example"), Some("SHOP.example:443"), Some("accounts.example:8000")];
    sites.into_iter().flat_map(move |site| {
        origins
            .into_iter()
            .flat_map(move |origin| hosts.into_iter().map(move |host| Sent { site, origin, host }))
    })
}

#[rocket::async_test]
async fn whoever_may_not_enter_gets_403_without_a_cookie_and_nothing_is_loaded() {
    for (trusting, answer) in [
        (false, CrossOrigin::Refuse),
        (true, CrossOrigin::Refuse),
        (false, CrossOrigin::Allow),
        (true, CrossOrigin::Allow),
    ] {
        let site = Site::launch_with(
            |config| {
                config.session_cross_origin = answer;
                // Flask's way: every answer has a cookie if it may have one.
                config.session_refresh_after = 0.0;
                if trusting {
                    config.session_trusted_origins = vec!["HTTPS://Accounts.example:443".into()];
                }
            },
            |rocket| {
                let counting = METHODS.map(|method| Route::new(method, "/cross-origin/count", count));
                rocket.mount("/", counting).mount("/", routes![visits])
            },
        )
        .await;
        let mut expected = 0;
        for sent in everything_sent() {
            for method in METHODS {
                let mut request = site.client.req(method, "/cross-origin/count");
                for (name, value) in [("Sec-Fetch-Site", sent.site), ("Origin", sent.origin)] {
                    if let Some(value) = value {
                        request = request.header(Header::new(name, value));
                    }
                }
                if let Some(host) = sent.host {
                    request.set_host(Host::parse(host).unwrap());
                }
                site.store.calls();
                let response = request.dispatch().await;
                let what = format!("{method} {sent:?}, trusting {trusting}, {answer}");
                if answer == CrossOrigin::Allow || may_enter(method, &sent, trusting) {
                    assert_eq!(response.status(), Status::Ok, "{what}");
                    assert_eq!(header(&response, "Set-Cookie").len(), 1, "{what}");
                    expected += 1;
                } else {
                    assert_refused(&response, &what);
                    assert_eq!(site.store.calls(), 0, "{what}");
                }
            }
        }
        assert_eq!(site.text("/cross-origin/visits").await, expected.to_string());
    }
}

/// Rocket takes the method from the form then, and `GET` is a route like any other.
#[rocket::async_test]
async fn a_form_is_a_post_whatever_method_its_first_field_names() {
    let site = Site::launch(|rocket| {
        rocket.mount("/", METHODS.map(|method| Route::new(method, "/cross-origin/form", count)))
    })
    .await;
    for method in ["get", "GET", "head", "options", "trace", "put", "delete", "connect"] {
        for form in [
            ContentType::Form,
            ContentType::new("application", "x-www-form-urlencoded").with_params(("a", "b")),
        ] {
            let body = format!("_method={method}&a=b");
            let request = from_elsewhere(&site, "/cross-origin/form").header(form);
            assert_refused(&request.body(body).dispatch().await, method);
        }
    }
    let own = site.client.post("/cross-origin/form").header(Header::new("Sec-Fetch-Site", "same-origin"));
    let response = own.header(ContentType::Form).body("_method=get").dispatch().await;
    assert_eq!(response.status(), Status::Ok);
}

#[rocket::async_test]
async fn a_refusal_is_one_line_that_names_header_and_key() {
    #[post("/cross-origin/log")]
    fn post(_one: Session, _two: Visit) {}

    #[catch(403)]
    async fn forbidden(request: &Request<'_>) -> &'static str {
        let again = request.guard::<Session>().await;
        assert!(matches!(again.failed(), Some((Status::Forbidden, SessionError::CrossOrigin(_)))));
        "the application's own words"
    }

    let site =
        Site::launch(|rocket| rocket.mount("/", routes![post]).register("/", catchers![forbidden])).await;
    let evil = Header::new("Origin", "https://evil.example");
    let response = from_elsewhere(&site, "/cross-origin/log").header(evil).dispatch().await;
    assert_refused(&response, "post");
    assert_eq!(response.into_string().await.unwrap(), "the application's own words");
    let lines = lines_with("POST /cross-origin/log: ");
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(line.starts_with("WARN rocket_session_state"), "{line}");
    for part in
        ["`Sec-Fetch-Site: cross-site`", "`Origin: https://evil.example`", "`session_trusted_origins`"]
    {
        assert!(line.contains(part), "{line}");
    }
}

#[rocket::async_test]
async fn every_kind_of_guard_refuses_and_none_leads_to_the_login_page() {
    #[post("/cross-origin/guarded")]
    fn guarded(member: Member) -> String {
        member.username
    }

    #[post("/cross-origin/listed")]
    fn listed() {}

    #[post("/gated/cross-origin")]
    fn gated() {}

    #[post("/cross-origin/optional")]
    fn optional(visit: Option<Visit>, cookies: &CookieJar<'_>) -> ClearSiteData<Redirect> {
        assert!(visit.is_none());
        cookies.add(Cookie::new("session", "planted"));
        ClearSiteData(Redirect::to("/"))
    }

    let site = Site::launch(|rocket| {
        rocket
            .mount("/", routes![login, login_page, guarded, gated, optional])
            .mount("/", Member::required(routes![listed]))
            .mount("/gated", Member::gate())
    })
    .await;
    let paths =
        ["/cross-origin/guarded", "/cross-origin/listed", "/gated/cross-origin", "/cross-origin/optional"];
    for logged_in in [false, true] {
        for path in paths {
            let request = from_elsewhere(&site, path).header(Accept::HTML);
            assert_refused(&request.dispatch().await, path);
        }
        if !logged_in {
            site.get("/cross-origin/login").await;
        }
    }
    for path in &paths[..3] {
        assert_eq!(site.client.post(*path).dispatch().await.status(), Status::Ok, "{path}, still logged in");
    }
}

#[rocket::async_test]
async fn a_handler_may_answer_without_the_session_and_a_page_that_uses_none_is_not_touched() {
    #[post("/cross-origin/handled")]
    fn handled(session: Result<Session, SessionError>) -> &'static str {
        if let Err(error) = session {
            error.handled();
        }
        "the shop is open, carts are not"
    }

    #[post("/cross-origin/untouched")]
    fn untouched() {}

    let site = Site::launch(|rocket| rocket.mount("/", routes![handled, untouched])).await;
    for path in ["/cross-origin/handled", "/cross-origin/untouched"] {
        let response = from_elsewhere(&site, path).dispatch().await;
        assert_eq!(response.status(), Status::Ok, "{path}");
        assert_eq!(header(&response, "Set-Cookie"), [""; 0], "{path}");
    }
    assert_eq!(site.store.calls(), 0);
}
