//! The pages with sessions in Redis as one would write them without a library: a guard that gets the
//! record and decodes it into a struct, and a function that encodes the struct and sets the record.

use std::time::Duration;

use bench_app::{Shop, Texts, UNTOUCHED, Visit, answer, mark};
use redis::AsyncCommands;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use rocket::http::{Cookie, CookieJar, SameSite, Status};
use rocket::request::{FromRequest, Outcome};
use rocket::{Request, State, async_trait, get, launch, routes};

const COOKIE: &str = "session";
const LIFETIME_SECONDS: u64 = 31 * 24 * 60 * 60;

type Failure = (Status, String);

/// A visitor's session.
struct Session<V> {
    key: String,
    redis: ConnectionManager,
    visit: V,
}

impl<V: Visit> Session<V> {
    async fn load(request: &Request<'_>) -> Result<Self, Failure> {
        let id = request.cookies().get(COOKIE).ok_or((Status::Unauthorized, String::new()))?;
        let redis = request.rocket().state::<ConnectionManager>();
        let mut redis = redis.cloned().ok_or((Status::InternalServerError, String::new()))?;
        let key = format!("session:{}", id.value());
        let json: Option<Vec<u8>> = redis.get(&key).await.map_err(unavailable)?;
        let json = json.ok_or((Status::Unauthorized, String::new()))?;
        let visit = serde_json::from_slice(&json).map_err(unavailable)?;
        Ok(Session { key, redis, visit })
    }

    async fn save(&mut self) -> Result<(), Failure> {
        let json = serde_json::to_vec(&self.visit).map_err(unavailable)?;
        self.redis.set_ex(&self.key, json, LIFETIME_SECONDS).await.map_err(unavailable)
    }
}

#[async_trait]
impl<'r, V: Visit> FromRequest<'r> for Session<V> {
    type Error = String;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, String> {
        match Session::load(request).await {
            Ok(session) => Outcome::Success(session),
            Err(failure) => Outcome::Error(failure),
        }
    }
}

fn unavailable(error: impl std::error::Error) -> Failure {
    (Status::ServiceUnavailable, error.to_string())
}

#[get("/untouched")]
fn untouched() -> &'static str {
    UNTOUCHED
}

macro_rules! pages {
    ($kind:ident, $visit:ty) => {
        mod $kind {
            use super::*;

            #[get("/start/<bytes>")]
            pub(super) async fn start(
                bytes: usize,
                cookies: &CookieJar<'_>,
                redis: &State<ConnectionManager>,
            ) -> Result<&'static str, Failure> {
                let id = new_id()?;
                let visit = <$visit>::sized(bytes);
                let redis = redis.inner().clone();
                Session { key: format!("session:{id}"), redis, visit }.save().await?;
                cookies.add(Cookie::build((COOKIE, id)).http_only(true).same_site(SameSite::Lax));
                Ok("started")
            }

            #[get("/read")]
            pub(super) fn read(mut session: Session<$visit>) -> String {
                answer(*session.visit.views())
            }

            #[get("/write")]
            pub(super) async fn write(mut session: Session<$visit>) -> Result<String, Failure> {
                *session.visit.views() += 1;
                session.save().await?;
                Ok(answer(*session.visit.views()))
            }
        }
    };
}

pages!(shop, Shop);
pages!(texts, Texts);

/// The length of the ids of the library.
fn new_id() -> Result<String, Failure> {
    use std::io::Read;

    let mut random = [0; 22];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut random))
        .map_err(unavailable)?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect::<String>().split_off(1))
}

#[launch]
async fn rocket() -> _ {
    let address = std::env::var("BENCH_REDIS").expect("BENCH_REDIS is the address of a Redis server");
    let client = redis::Client::open(address).expect("an address of Redis");
    // Callgrind makes everything fifty times as slow.
    let patient = ConnectionManagerConfig::new().set_response_timeout(Some(Duration::from_secs(60)));
    let redis = client.get_connection_manager_with_config(patient).await.expect("a connection to Redis");
    rocket::build()
        .manage(redis)
        .mount("/shop", routes![shop::start, untouched, shop::read, shop::write])
        .mount("/texts", routes![texts::start, untouched, texts::read, texts::write])
        .mount("/", routes![mark::mark])
}
