//! A visitor with a browser that keeps cookies.

use rocket::http::{Accept, ContentType, MediaType, QMediaType, RawStr, Status};
use rocket::local::blocking::LocalResponse;
use rocket_session_state::testing::blocking::{self, Client};

/// The stores that need no server; Redis is covered where a real one is started.
pub(crate) const STORES: [&str; 2] = ["cookie", "memory"];

pub(crate) struct Browser(Client);

/// The answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: Status,
    pub(crate) location: Option<String>,
    pub(crate) set_cookie: Vec<String>,
    pub(crate) clear_site_data: Option<String>,
    pub(crate) vary: Option<String>,
    pub(crate) html: String,
}

impl Browser {
    /// A new visitor of a new application that keeps its sessions in `store`.
    pub(crate) fn with_store(store: &str) -> Self {
        let app = login::rocket();
        let figment = app.figment().clone().merge(("session_type", store)).merge(("log_level", "off"));
        Self(blocking::client(app.configure(figment)))
    }

    /// What the library's client for tests can do besides.
    pub(crate) fn client(&self) -> &Client {
        &self.0
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.0.get(path.to_owned()).header(pages()).dispatch().into()
    }

    /// Asks as a program does, which takes anything.
    pub(crate) fn get_as_program(&self, path: &str) -> Answer {
        self.0.get(path.to_owned()).header(Accept::Any).dispatch().into()
    }

    /// Sends a form as a browser does.
    pub(crate) fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let fields =
            form.iter().map(|(name, value)| format!("{name}={}", RawStr::new(value).percent_encode()));
        let body = fields.collect::<Vec<_>>().join("&");
        self.0.post(path.to_owned()).header(ContentType::Form).header(pages()).body(body).dispatch().into()
    }

    pub(crate) fn log_in(&self, name: &str) -> Answer {
        self.post("/login", &[("username", name)])
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.0.cookie(name).map(|cookie| cookie.value().to_owned())
    }

    /// Asks for the welcome page with another session cookie than the one kept.
    pub(crate) fn welcome_with_session(&self, session: &str) -> Answer {
        self.0.get("/").cookie(("session", session.to_owned())).dispatch().into()
    }
}

/// The `Accept` of a browser: pages, or else anything.
fn pages() -> Accept {
    Accept::new([QMediaType(MediaType::HTML, None), QMediaType(MediaType::Any, Some(0.8))])
}

impl From<LocalResponse<'_>> for Answer {
    fn from(response: LocalResponse<'_>) -> Self {
        let headers = response.headers();
        let one = |name| headers.get_one(name).map(str::to_owned);
        Self {
            status: response.status(),
            location: one("Location"),
            set_cookie: headers.get("Set-Cookie").map(str::to_owned).collect(),
            clear_site_data: one("Clear-Site-Data"),
            vary: one("Vary"),
            html: response.into_string().unwrap_or_default(),
        }
    }
}

impl Answer {
    /// The messages of the page, in order.
    pub(crate) fn reports(&self) -> Vec<&str> {
        let reports = self.html.split(r#"role="status">"#).skip(1);
        reports.filter_map(|rest| rest.split('<').next()).collect()
    }

    pub(crate) fn says(&self, text: &str) -> bool {
        self.html.contains(text)
    }

    /// The only Set-Cookie of the answer.
    pub(crate) fn the_cookie(&self) -> &str {
        match self.set_cookie.as_slice() {
            [cookie] => cookie,
            others => panic!("expected one Set-Cookie, got {others:?}"),
        }
    }
}
