//! The application, with users of the test's own, and what a browser does with it.

use accounts::users::{User, Users};
use rocket::http::{Accept, ContentType, MediaType, QMediaType, RawStr, Status};
use rocket::local::asynchronous::LocalResponse;
use rocket_session_state::testing::{self, Client};
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "correct horse 游客";
pub(crate) const ANOTHER: &str = "battery staple";

pub(crate) struct Site {
    pub(crate) visitor: Client,
    _folder: TempDir,
}

impl Site {
    /// The application with an empty database, and a visitor who is not logged in.
    pub(crate) async fn start() -> Site {
        let folder = TempDir::new().unwrap();
        let rocket = accounts::rocket();
        let figment = rocket.figment().clone();
        let figment =
            figment.merge(("database", folder.path().join("accounts.db"))).merge(("log_level", "off"));
        Site { visitor: testing::client(rocket.configure(figment)).await, _folder: folder }
    }

    /// The same, where the administrator and `momo` have registered, both with [`PASSWORD`].
    pub(crate) async fn with_users() -> Site {
        let site = Site::start().await;
        for name in ["admin", "momo"] {
            let form = [("name", name), ("password", PASSWORD)];
            assert_eq!(send(&site.visitor.visitor(), "/register", &form).await.status, Status::SeeOther);
        }
        site
    }

    pub(crate) fn users(&self) -> &Users {
        self.visitor.rocket().state().unwrap()
    }

    pub(crate) async fn user(&self, name: &str) -> User {
        self.users().named(name).await.unwrap().unwrap()
    }

    /// A browser in which this user is logged in, without a form.
    pub(crate) async fn browser_of(&self, name: &str) -> Client {
        let (user, browser) = (self.user(name).await, self.visitor.visitor());
        browser.log_in_user(&user).await;
        browser
    }
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: Status,
    pub(crate) location: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) vary: Option<String>,
    pub(crate) html: String,
}

impl Answer {
    async fn of(response: LocalResponse<'_>) -> Answer {
        let header = |name| response.headers().get_one(name).map(str::to_owned);
        let (location, retry_after, vary) = (header("Location"), header("Retry-After"), header("Vary"));
        let status = response.status();
        let html = response.into_string().await.unwrap_or_default();
        Answer { status, location, retry_after, vary, html }
    }

    pub(crate) fn leads_to(&self) -> Option<&str> {
        self.location.as_deref().filter(|_| self.status == Status::SeeOther)
    }

    pub(crate) fn says(&self, text: &str) -> bool {
        self.html.contains(text)
    }
}

/// What a browser accepts: pages, or else anything.
fn pages() -> Accept {
    Accept::new([QMediaType(MediaType::HTML, None), QMediaType(MediaType::Any, Some(0.8))])
}

pub(crate) async fn look(browser: &Client, path: &str) -> Answer {
    Answer::of(browser.get(path).header(pages()).dispatch().await).await
}

/// Sends a form as a browser does.
pub(crate) async fn send(browser: &Client, path: &str, form: &[(&str, &str)]) -> Answer {
    let fields = form.iter().map(|(name, value)| format!("{name}={}", RawStr::new(value).percent_encode()));
    let body = fields.collect::<Vec<_>>().join("&");
    let request = browser.post(path).header(ContentType::Form).header(pages()).body(body);
    Answer::of(request.dispatch().await).await
}

pub(crate) async fn log_in(browser: &Client, name: &str, password: &str) -> Answer {
    send(browser, "/login", &[("name", name), ("password", password)]).await
}
