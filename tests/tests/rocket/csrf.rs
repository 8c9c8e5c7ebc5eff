//! Flask-WTF's tokens as guards of handlers.

use rocket::form::{Form, Strict};
use rocket::http::{ContentType, Header, Status};
use rocket::response::content::RawHtml;
use rocket::{FromForm, get, post, routes};
use rocket_session_state::csrf::{CsrfError, FlaskWtf, FlaskWtfForm, FlaskWtfFormError, FlaskWtfHeader};
use rocket_session_state::store::conformance::Fault;
use rocket_session_state::{Sessions, session_state};

use crate::log;
use crate::site::{Site, config, launches, quiet};

#[session_state]
struct Visit {
    #[session(login)]
    username: Option<String>,
}

#[derive(FromForm)]
struct Order {
    items: u32,
}

#[derive(FromForm)]
struct Listed<'r> {
    items: u32,
    csrf_token: &'r str,
}

#[get("/token")]
fn token(csrf: FlaskWtf) -> String {
    csrf.token()
}

#[get("/field")]
fn field(csrf: FlaskWtf) -> RawHtml<String> {
    csrf.field()
}

#[post("/order", data = "<order>")]
fn order(order: FlaskWtfForm<Order>) -> String {
    order.items.to_string()
}

#[post("/strict", data = "<order>")]
fn strict(order: FlaskWtfForm<Strict<Listed<'_>>>) -> String {
    format!("{} {}", order.items, order.csrf_token.len())
}

#[post("/told", data = "<order>")]
fn told(order: Result<FlaskWtfForm<Order>, FlaskWtfFormError<'_>>) -> String {
    match order {
        Ok(order) => order.into_inner().items.to_string(),
        Err(FlaskWtfFormError::Token(error)) => format!("token: {error}"),
        Err(other) => format!("form: {other}"),
    }
}

#[post("/script")]
fn script(csrf: Result<FlaskWtfHeader, CsrfError>) -> Result<&'static str, CsrfError> {
    csrf.map(|_| "ok")
}

#[post("/by-hand", data = "<order>")]
fn by_hand(order: Form<Listed<'_>>, csrf: FlaskWtf) -> Result<String, CsrfError> {
    csrf.verify(order.csrf_token)?;
    Ok(order.items.to_string())
}

#[get("/log-in/<name>")]
fn log_in(name: &str, visit: Visit) {
    visit.set_username(name);
}

#[get("/log-out")]
fn log_out(visit: Visit) {
    visit.take_username();
}

#[get("/spoil")]
fn spoil(visit: Visit) {
    visit.session().set("csrf_token", &7);
}

async fn site() -> Site {
    Site::launch_with(
        |config| config.secret_key = Some("a secret for tests, long enough".into()),
        |rocket| {
            let forms = routes![order, strict, told, script, by_hand];
            rocket.mount("/", routes![token, field, log_in, log_out, spoil]).mount("/", forms)
        },
    )
    .await
}

async fn post(site: &Site, path: &str, body: &str) -> (Status, String) {
    let request = site.client.post(path.to_owned()).header(ContentType::Form).body(body);
    let answer = request.dispatch().await;
    (answer.status(), answer.into_string().await.unwrap_or_default())
}

#[rocket::async_test]
async fn a_form_comes_through_with_its_token_alone_and_a_strict_one_lists_it() {
    let site = site().await;
    let token = site.text("/token").await;
    let with_token = format!("items=3&csrf_token={token}");
    for path in ["/order", "/told", "/by-hand"] {
        assert_eq!(post(&site, path, &with_token).await, (Status::Ok, "3".into()), "{path}");
    }
    assert_eq!(post(&site, "/strict", &with_token).await, (Status::Ok, format!("3 {}", token.len())));
    for path in ["/order", "/strict", "/by-hand"] {
        let wrong = post(&site, path, "items=3&csrf_token=made-up").await;
        assert_eq!(wrong.0, Status::BadRequest, "{path}");
    }
    assert_eq!(post(&site, "/order", "items=3").await.0, Status::BadRequest);
}

#[rocket::async_test]
async fn a_form_of_several_parts_brings_its_token_too() {
    let site = site().await;
    let token = site.text("/token").await;
    let part = |name: &str, value: &str| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    for (token, status) in [(token.as_str(), Status::Ok), ("made-up", Status::BadRequest)] {
        let body = part("items", "3") + &part("csrf_token", token) + "--x--\r\n";
        let parts = ContentType::new("multipart", "form-data").with_params(("boundary", "x"));
        let answer = site.client.post("/order").header(parts).body(body).dispatch().await;
        assert_eq!(answer.status(), status);
    }
}

#[rocket::async_test]
async fn nothing_is_said_about_a_form_whose_token_is_wrong() {
    let site = site().await;
    let token = site.text("/token").await;
    assert_eq!(post(&site, "/order", "items=many&csrf_token=x").await.0, Status::BadRequest);
    let invalid = post(&site, "/order", &format!("items=many&csrf_token={token}")).await;
    assert_eq!(invalid.0, Status::UnprocessableEntity);
    let told = |body: String| {
        let site = &site;
        async move { post(site, "/told", &body).await.1 }
    };
    assert_eq!(told("items=many".into()).await, "token: the request brings no CSRF token");
    assert!(told(format!("items=many&csrf_token={token}")).await.starts_with("form: "));
    let lines = log::lines_with("POST /told");
    assert!(lines.iter().any(|line| line.starts_with("INFO") && line.contains("no CSRF token")), "{lines:?}");
}

#[rocket::async_test]
async fn a_page_of_another_site_is_turned_away_before_its_token_is_looked_at() {
    let site = site().await;
    let token = site.text("/token").await;
    let body = format!("items=3&csrf_token={token}");
    for path in ["/order", "/told", "/by-hand"] {
        let request = site.client.post(path).header(ContentType::Form).body(&body);
        let foreign = request.header(Header::new("Sec-Fetch-Site", "cross-site")).dispatch().await;
        assert_eq!(foreign.status(), Status::Forbidden, "{path}");
    }
    let request = site.client.post("/script").header(Header::new("Sec-Fetch-Site", "cross-site"));
    assert_eq!(
        request.header(Header::new("X-CSRFToken", token)).dispatch().await.status(),
        Status::Forbidden
    );
}

#[rocket::async_test]
async fn a_script_sends_its_token_in_a_header() {
    let site = site().await;
    let token = site.text("/token").await;
    let send = |token: String| {
        let request = site.client.post("/script").header(Header::new("X-CSRFToken", token));
        async { request.dispatch().await.status() }
    };
    assert_eq!(send(token).await, Status::Ok);
    assert_eq!(send("made-up".into()).await, Status::BadRequest);
    assert_eq!(site.client.post("/script").dispatch().await.status(), Status::BadRequest);
}

#[rocket::async_test]
async fn an_open_form_outlives_a_login_and_goes_with_the_user() {
    let site = site().await;
    let body = format!("items=3&csrf_token={}", site.text("/token").await);
    site.get("/log-in/momo").await;
    assert_eq!(post(&site, "/order", &body).await.0, Status::Ok, "rendered before the login");
    site.get("/log-in/lili").await;
    assert_eq!(post(&site, "/order", &body).await.0, Status::BadRequest, "momo's form");
    let body = format!("items=3&csrf_token={}", site.text("/token").await);
    site.get("/log-out").await;
    assert_eq!(post(&site, "/order", &body).await.0, Status::BadRequest, "lili has logged out");
}

#[rocket::async_test]
async fn a_secret_that_is_not_text_is_replaced() {
    let site = site().await;
    site.get("/spoil").await;
    assert_eq!(post(&site, "/order", "items=3&csrf_token=7").await.0, Status::BadRequest);
    let body = format!("items=3&csrf_token={}", site.text("/token").await);
    assert_eq!(post(&site, "/order", &body).await.0, Status::Ok);
}

#[rocket::async_test]
async fn the_hidden_field_has_the_name_and_the_token() {
    let site = site().await;
    let (field, token) = (site.text("/field").await, site.text("/token").await);
    assert_eq!(field, format!("<input type=\"hidden\" name=\"csrf_token\" value=\"{token}\">"));
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)), "{token}");
}

#[rocket::async_test]
async fn while_the_store_fails_a_form_is_a_503() {
    let site = site().await;
    let body = format!("items=3&csrf_token={}", site.text("/token").await);
    site.store.from_now_on(Fault::Fail);
    assert_eq!(post(&site, "/order", &body).await.0, Status::ServiceUnavailable);
}

#[rocket::async_test]
async fn an_application_without_a_key_does_not_launch_with_tokens() {
    let rocket = || quiet().attach(Sessions::with_config(config()));
    assert!(launches(rocket().mount("/", routes![log_in])).await);
    for routes in [routes![token], routes![order], routes![told], routes![script]] {
        assert!(!launches(rocket().mount("/", routes)).await);
    }
    assert!(!log::lines_with("there is no key to sign its tokens with").is_empty());
    assert!(!launches(quiet().mount("/", routes![order])).await, "without the fairing");
    let mut config = config();
    config.wtf_csrf_secret_key = Some("the key of Flask".into());
    let rocket = quiet().attach(Sessions::with_config(config));
    assert!(launches(rocket.mount("/", routes![token, order, told, script])).await);
}
