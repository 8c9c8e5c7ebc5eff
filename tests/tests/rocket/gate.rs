//! Prefixes and lists of routes that are closed as a whole.

use std::fs;

use rocket::fairing::AdHoc;
use rocket::fs::FileServer;
use rocket::http::{Accept, ContentType, Header, Method, Status};
use rocket::local::asynchronous::Client;
use rocket::{Build, Rocket, Route, get, options, post, routes, uri};
use rocket_session_state::testing::open_routes;
use rocket_session_state::{Sessions, require_session};
use tempfile::TempDir;

use crate::member::{Member, Visit, login_page};
use crate::site::{Site, config, header, quiet};

#[require_session(Member, check = |member: &Member| member.username == "boss")]
struct Boss;

#[post("/login/<name>")]
fn login(name: &str, visit: Visit) {
    visit.set_username(name);
}

#[get("/reports")]
fn reports(member: Member) -> String {
    member.username
}

#[get("/forgotten")]
fn forgotten() -> &'static str {
    "forgotten"
}

#[post("/form", data = "<form>")]
fn form(form: String) -> String {
    form
}

#[get("/numbers/<number>")]
fn number(number: u8) -> String {
    number.to_string()
}

#[get("/<_rest..>", rank = 20)]
fn rest(_rest: std::path::PathBuf) -> &'static str {
    "rest"
}

#[get("/admin/<_id>/elsewhere?<_x>&flag", format = "text/html")]
fn elsewhere(_id: u8, _x: u8) -> &'static str {
    "mounted elsewhere"
}

/// A public folder in which there is a folder `admin`, too.
fn public() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("admin")).unwrap();
    for file in ["public.txt", "admin/secret.txt"] {
        fs::write(folder.path().join(file), file).unwrap();
    }
    folder
}

fn admin(rocket: Rocket<Build>, folder: &TempDir) -> Rocket<Build> {
    rocket
        .mount("/", routes![login_page, login, elsewhere])
        .mount("/", FileServer::from(folder.path()).rank(30))
        .mount("/admin", routes![reports, forgotten, form, number, rest])
        .mount("/admin/files", FileServer::from(folder.path()))
}

async fn log_in(site: &Site, name: &str) {
    site.client.post(format!("/login/{name}")).dispatch().await;
}

#[rocket::async_test]
async fn a_gate_closes_a_prefix_whatever_is_mounted_there_or_reaches_below_it() {
    let folder = public();
    let site = Site::launch(|rocket| admin(rocket.mount("/admin", Member::gate()), &folder)).await;
    let paths = ["/admin", "/admin/", "/admin/forgotten", "/admin/files/public.txt", "/admin/secret.txt"];
    for path in paths.into_iter().chain(["/admin/nothing/here", "/x/../admin/secret.txt"]) {
        assert_eq!(site.get(path).await.status(), Status::Unauthorized, "{path}");
        let browser = site.client.get(path).header(Accept::HTML).dispatch().await;
        assert_eq!(browser.status(), Status::SeeOther, "{path}");
    }
    for method in [Method::Post, Method::Put, Method::Patch, Method::Delete, Method::Trace] {
        let response = site.client.req(method, "/admin/form").header(Accept::HTML).body("b").dispatch().await;
        assert_eq!(response.status(), Status::Unauthorized, "{method}");
    }
    assert_eq!(site.text("/public.txt").await, "public.txt", "what is not below it is open");
    assert_eq!(site.text("/x/../public.txt").await, "public.txt");
    assert_eq!(open_routes(&site.client, "/admin").await, [""; 0]);

    log_in(&site, "momo").await;
    assert_eq!(site.text("/admin/forgotten").await, "forgotten");
    assert_eq!(site.text("/admin/files/public.txt").await, "public.txt");
    let posted = site.client.post("/admin/form").header(ContentType::Plain).body("the body").dispatch().await;
    assert_eq!(posted.into_string().await.unwrap(), "the body");
    assert_eq!(site.client.head("/admin/forgotten").dispatch().await.status(), Status::Ok);
    assert_eq!(open_routes(&site.client, "/admin").await, [""; 0], "it asks as nobody");
}

#[rocket::async_test]
async fn a_check_that_fails_at_a_gate_is_a_403_and_gates_can_be_nested() {
    let folder = public();
    let site = Site::launch(|rocket| {
        let gates = rocket.mount("/admin", Member::gate()).mount("/admin/files", Boss::gate());
        admin(gates.mount("/admin", Member::gate()), &folder)
    })
    .await;
    log_in(&site, "momo").await;
    assert_eq!(site.text("/admin/reports").await, "momo");
    assert_eq!(site.get("/admin/files/public.txt").await.status(), Status::Forbidden);
    log_in(&site, "boss").await;
    site.store.calls();
    assert_eq!(site.text("/admin/files/public.txt").await, "public.txt");
    assert_eq!(site.store.calls(), 1, "three gates and one load");
}

#[options("/own")]
fn own_options() -> &'static str {
    "what there is"
}

#[options("/dynamic/<_id>")]
fn dynamic_options(_id: u8) {}

#[rocket::async_test]
async fn a_preflight_passes_a_gate_unless_a_route_answers_it() {
    let cors = AdHoc::on_response("CORS", |request, response| {
        Box::pin(async move {
            if request.method() == Method::Options && response.status() == Status::NotFound {
                response.set_status(Status::NoContent);
            }
        })
    });
    let folder = public();
    let site = Site::launch(|rocket| {
        let rocket = rocket.attach(cors).mount("/admin", Member::gate()).mount("/admin/own", Boss::gate());
        admin(rocket.mount("/admin", routes![own_options, dynamic_options]), &folder)
    })
    .await;
    let ask = async |path: String| {
        let request = site.client.options(path).header(Accept::HTML);
        let response = request.header(Header::new("Access-Control-Request-Method", "POST")).dispatch().await;
        (response.status(), response.into_string().await.unwrap_or_default())
    };
    site.store.calls();
    for path in ["/admin", "/admin/form", "/admin/nothing/here", "/x/../admin/form", "/admin/own/more"] {
        assert_eq!(ask(path.into()).await, (Status::NoContent, String::new()), "{path}");
    }
    assert_eq!(site.store.calls(), 0);
    for path in ["/admin/own", "/admin/%6fwn", "/admin//own/", "/x/../admin/own", "/admin/dynamic/text"] {
        assert_eq!(ask(path.into()).await.0, Status::Unauthorized, "{path}");
    }
    log_in(&site, "momo").await;
    assert_eq!(ask("/admin/own".into()).await.0, Status::Forbidden);
    log_in(&site, "boss").await;
    assert_eq!(ask("/admin/own".into()).await, (Status::Ok, "what there is".to_owned()));
}

#[require_session(Member)]
#[get("/admin/<_path..>")]
fn guarded_handler(_path: std::path::PathBuf) -> &'static str {
    "a member's"
}

#[get("/admin/<_path..>")]
fn guarded_by_argument(member: Member, _path: std::path::PathBuf) -> String {
    member.username
}

/// Spellings of `/admin/secret.txt`, which the public folder has, too.
const DOTTED: [&str; 9] = [
    "/x/../admin/secret.txt",
    "/x/%2e%2e/admin/secret.txt",
    "/x/%2E./admin/secret.txt",
    "/x/.%2e/admin/secret.txt",
    "/../admin/secret.txt",
    "/./admin/secret.txt",
    "/%2e/admin/secret.txt",
    "/admin/x/../secret.txt",
    "/x/..//admin/./secret.txt",
];

#[rocket::async_test]
async fn a_path_with_dots_is_guarded_like_the_page_that_it_means_whatever_the_guard_is_attached_to() {
    let folder = public();
    let inner = folder.path().join("admin");
    let list = || Member::required(FileServer::from(&inner).rank(5));
    for (base, guarded) in
        [("/admin", list()), ("/", routes![guarded_handler]), ("/", routes![guarded_by_argument])]
    {
        let site = Site::launch(|rocket| {
            let rocket = rocket.mount("/", FileServer::from(folder.path()).rank(30));
            rocket.mount("/", routes![login_page, login]).mount(base, guarded)
        })
        .await;
        for path in DOTTED {
            assert_eq!(site.get(path).await.status(), Status::Unauthorized, "{path}");
            let browser = site.client.get(path).header(Accept::HTML).dispatch().await;
            assert_eq!(header(&browser, "Location"), ["/login?next=%2Fadmin%2Fsecret.txt"], "{path}");
        }
        assert_eq!(site.text("/admin/../public.txt?a=..").await, "public.txt", "which is open");
        log_in(&site, "momo").await;
        let plain = site.text("/admin/secret.txt").await;
        for path in DOTTED {
            assert_eq!(site.text(path).await, plain, "{path}");
        }
    }
}

#[rocket::async_test]
async fn a_list_of_routes_is_guarded_with_its_names_and_ranks_as_they_were() {
    let folder = public();
    let plain: Vec<Route> = routes![forgotten, form, number, rest];
    let guarded = Member::required(plain.clone());
    for (plain, guarded) in plain.iter().zip(&guarded) {
        let parts = |route: &Route| (route.name.clone(), route.method, route.rank, route.uri.to_string());
        assert_eq!(parts(plain), parts(guarded));
    }
    assert_eq!(uri!("/admin", number(3)), "/admin/numbers/3");
    let site = Site::launch(|rocket| {
        let rocket = rocket.mount("/", routes![login, login_page]).mount("/admin", guarded);
        rocket.mount("/files", Member::required(FileServer::from(folder.path())))
    })
    .await;
    for path in ["/admin/forgotten", "/admin/numbers/3", "/admin/any/thing", "/files/public.txt"] {
        assert_eq!(site.get(path).await.status(), Status::Unauthorized, "{path}");
    }
    log_in(&site, "momo").await;
    assert_eq!(site.text("/admin/numbers/3").await, "3");
    assert_eq!(site.text("/files/public.txt").await, "public.txt");
    assert_eq!(site.text("/admin/numbers/three").await, "rest", "routes still forward to one another");
}

#[rocket::async_test]
async fn a_list_does_not_change_the_status_of_a_route_that_forwards() {
    let site = Site::launch(|rocket| {
        let rocket = rocket.mount("/open", routes![number]).mount("/", routes![login, login_page]);
        rocket.mount("/closed", Member::required(routes![number]))
    })
    .await;
    log_in(&site, "momo").await;
    let open = site.get("/open/numbers/three").await.status();
    assert_eq!(site.get("/closed/numbers/three").await.status(), open);
}

#[rocket::async_test]
async fn a_route_that_was_forgotten_is_found() {
    let folder = public();
    let site = Site::launch(|rocket| {
        let rocket = rocket.mount("/", routes![login_page, login, elsewhere]);
        let rocket = rocket.mount("/", FileServer::from(folder.path()));
        rocket.mount("/admin", routes![reports, forgotten]).mount("/admin", Member::required(routes![form]))
    })
    .await;
    log_in(&site, "momo").await;
    assert_eq!(
        open_routes(&site.client, "/admin").await,
        [
            "GET /<path..>: 404 Not Found",
            "GET /admin/<_id>/elsewhere?<_x>&flag: 200 OK",
            "GET /admin/forgotten: 200 OK"
        ]
    );
}

#[rocket::async_test]
async fn a_gate_and_a_list_alone_do_not_launch_without_the_fairing() {
    let folder = public();
    for guarded in [Member::gate(), Member::required(FileServer::from(folder.path())), Boss::gate()] {
        let mounted =
            |rocket: Rocket<Build>| rocket.mount("/", routes![login_page]).mount("/admin", guarded.clone());
        let refused = Client::untracked(mounted(quiet())).await;
        assert!(
            refused.is_err_and(|error| matches!(error.kind(), rocket::error::ErrorKind::SentinelAborts(_)))
        );
        let sessions = Sessions::with_config(config());
        assert!(Client::untracked(mounted(quiet().attach(sessions))).await.is_ok());
    }
}
