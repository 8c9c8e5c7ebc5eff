//! Sessions in the pool of rocket_db_pools, which is made while the application ignites.

use rocket::fairing::AdHoc;
use rocket::http::Status;
use rocket::local::asynchronous::Client;
use rocket::{Build, Rocket, get, post, routes};
use rocket_db_pools::{Connection, Database, sqlx};
use rocket_session_state::store::{SqlDialect, SqlStore, SqlTable};
use rocket_session_state::{SessionFairing, Sessions, session_state};
use session_pools::SqlxSqlite;
use tempfile::{TempDir, tempdir};

#[derive(Database)]
#[database("shop")]
struct Shop(sqlx::SqlitePool);

#[session_state]
struct Visit {
    #[session(login)]
    username: Option<String>,
}

#[post("/login/<name>")]
fn log_in(visit: Visit, name: &str) {
    visit.set_username(name);
}

#[get("/me")]
fn me(visit: Visit) -> Option<String> {
    visit.username()
}

#[post("/logout")]
fn log_out(visit: Visit) {
    visit.take_username();
}

#[get("/rows")]
async fn rows(mut shop: Connection<Shop>) -> String {
    let count = sqlx::query_scalar("SELECT count(*) FROM sessions WHERE session_id NOT LIKE '%~%'");
    let count: i64 = count.fetch_one(&mut **shop).await.unwrap();
    count.to_string()
}

fn sessions() -> SessionFairing {
    Sessions::from_rocket(|rocket| {
        let shop = Shop::fetch(rocket).ok_or("the pool is not there; attach Shop::init()")?;
        Ok::<_, &str>(SqlStore::over(SqlxSqlite(shop.0.clone()), SqlDialect::Sqlite, SqlTable::default()))
    })
}

fn application() -> (TempDir, Rocket<Build>) {
    let folder = tempdir().unwrap();
    let figment = rocket::Config::figment()
        .merge(("log_level", "off"))
        .merge(("databases.shop.url", folder.path().join("shop.db")));
    (folder, rocket::custom(figment).mount("/", routes![log_in, me, log_out, rows]))
}

async fn get(client: &Client, path: &'static str) -> (Status, String) {
    let response = client.get(path).dispatch().await;
    (response.status(), response.into_string().await.unwrap_or_default())
}

#[rocket::async_test]
async fn a_login_lives_in_the_pool_in_whatever_order_the_fairings_are_attached() {
    let orders: [fn(Rocket<Build>) -> Rocket<Build>; 4] = [
        |rocket| rocket.attach(Shop::init()).attach(sessions()),
        |rocket| rocket.attach(sessions()).attach(Shop::init()),
        |rocket| {
            let stage = AdHoc::on_ignite("shop", |rocket| async {
                rocket.attach(AdHoc::on_ignite("database", |rocket| async { rocket.attach(Shop::init()) }))
            });
            rocket.attach(sessions()).attach(stage)
        },
        |rocket| {
            let stage = AdHoc::on_ignite("sessions", |rocket| async { rocket.attach(sessions()) });
            rocket.attach(stage).attach(Shop::init())
        },
    ];
    for attach in orders {
        let (_folder, rocket) = application();
        let client = Client::tracked(attach(rocket)).await.unwrap();
        assert_eq!(get(&client, "/me").await.0, Status::NotFound);
        assert_eq!(client.post("/login/momo").dispatch().await.status(), Status::Ok);
        assert_eq!(get(&client, "/me").await, (Status::Ok, "momo".into()));
        assert_eq!(get(&client, "/rows").await, (Status::Ok, "1".into()));
        assert_eq!(client.post("/logout").dispatch().await.status(), Status::Ok);
        assert_eq!(get(&client, "/me").await.0, Status::NotFound);
        assert_eq!(get(&client, "/rows").await, (Status::Ok, "0".into()));
    }
}

#[rocket::async_test]
async fn a_job_that_ignites_the_application_removes_expired_sessions() {
    let (_folder, rocket) = application();
    let rocket = rocket.attach(sessions()).attach(Shop::init()).ignite().await.unwrap();
    let expired =
        "INSERT INTO sessions (session_id, data, expiry) VALUES ('old', x'80', '2001-01-01 00:00:00')";
    sqlx::query(expired).execute(&Shop::fetch(&rocket).unwrap().0).await.unwrap();
    let sessions = rocket.state::<Sessions>().unwrap();
    assert_eq!(sessions.purge().await.unwrap(), 1);
    assert_eq!(sessions.purge().await.unwrap(), 0);
}

#[rocket::async_test]
async fn without_the_pool_nothing_launches() {
    let (_folder, rocket) = application();
    let error = Client::tracked(rocket.attach(sessions())).await.unwrap_err();
    assert!(error.to_string().contains("fairing"), "{error}");
}
