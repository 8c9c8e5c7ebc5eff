//! What a document of rocket_okapi says of states and guards.

use rocket::http::Status;
use rocket::local::blocking::Client;
use serde_json::{Value, json};
use session_okapi::application;

fn launched() -> (Client, Value) {
    let figment = rocket::Config::figment().merge(("log_level", "off")).merge(("session_type", "memory"));
    let (rocket, document) = application(rocket::custom(figment));
    let client = Client::tracked(rocket).expect("the application launches");
    (client, serde_json::to_value(document).expect("a document is JSON"))
}

/// The status codes with which an operation may answer.
fn codes(operation: &Value) -> Vec<&str> {
    let responses = operation["responses"].as_object().expect("an operation has responses");
    let mut codes: Vec<&str> = responses.keys().map(String::as_str).collect();
    codes.sort_unstable();
    codes
}

#[test]
fn the_document_names_the_cookie_by_which_guards_know_a_visitor() {
    let (_, document) = launched();
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(schemes.as_object().map(|schemes| schemes.len()), Some(1), "{schemes}");
    let scheme = &schemes["Visit"];
    assert_eq!(
        (&scheme["type"], &scheme["in"], &scheme["name"]),
        (&json!("apiKey"), &json!("cookie"), &json!("session"))
    );
}

#[test]
fn guarded_routes_ask_for_the_cookie_and_tell_how_they_refuse() {
    let (_, document) = launched();
    let asks = json!([{ "Visit": [] }]);
    for (path, method, security, expected) in [
        ("/", "get", json!(null), vec!["200"]),
        ("/login/{name}", "post", json!(null), vec!["200"]),
        ("/account", "get", asks.clone(), vec!["200", "401"]),
        ("/orders", "post", asks.clone(), vec!["200", "401"]),
        ("/team", "get", asks.clone(), vec!["200", "401", "403"]),
        ("/captain", "get", asks.clone(), vec!["200", "401", "403"]),
        ("/discounts", "post", asks, vec!["200", "401", "403"]),
    ] {
        let operation = &document["paths"][path][method];
        assert_eq!(operation["security"], security, "{path}");
        assert_eq!(codes(operation), expected, "{path}");
    }
    assert_eq!(
        document["paths"]["/internal"],
        json!(null),
        "a route that is not documented is not in the document"
    );
}

#[test]
fn a_documented_handler_is_guarded_as_any_other() {
    let (client, _) = launched();
    let status = |path: &'static str| client.post(path).dispatch().status();
    for path in ["/orders", "/discounts"] {
        assert_eq!(status(path), Status::Unauthorized, "{path}");
    }
    assert_eq!(status("/login/momo"), Status::Ok);
    assert_eq!((status("/orders"), status("/discounts")), (Status::Ok, Status::Forbidden));
    assert_eq!(client.get("/internal").dispatch().status(), Status::Ok);
}

#[test]
fn a_user_is_found_behind_the_login_of_a_documented_state() {
    let (client, _) = launched();
    client.post("/login/momo").dispatch();
    assert_eq!(client.get("/known").dispatch().into_string().as_deref(), Some("momo momo"));
    client.post("/login/kit").dispatch();
    assert_eq!(client.get("/known").dispatch().status(), Status::Unauthorized);
}
