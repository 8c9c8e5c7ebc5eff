//! The comparisons, and their limits.

use crate::apps::App;

/// One page of one application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Cell {
    pub(crate) app: App,
    /// `untouched`, `read` or `write`.
    pub(crate) page: &'static str,
    pub(crate) session: Kind,
    /// The application whose cookies the visitors send. `None`: they send none.
    pub(crate) cookies: Option<App>,
}

/// The content of the sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Kind {
    /// The folder of the pages: `shop` or `texts`.
    pub(crate) shape: &'static str,
    pub(crate) bytes: usize,
}

/// One row of the table.
pub(crate) struct Line {
    pub(crate) ours: Cell,
    pub(crate) theirs: Cell,
    /// The highest ratio that is allowed.
    pub(crate) limit: Option<f64>,
}

const SMALL: usize = 1024;
const LARGE: usize = 16 * 1024;

impl Cell {
    /// The page as the visitors of the application itself ask for it.
    fn own(app: App, page: &'static str, session: Kind) -> Self {
        Cell { app, page, session, cookies: Some(app) }
    }

    pub(crate) fn path(self) -> String {
        format!("/{}/{}", self.session.shape, self.page)
    }

    pub(crate) fn name(self) -> String {
        let cookies = match self.cookies {
            None => ", no cookie",
            Some(_) => "",
        };
        format!("{}{cookies}", self.app.name())
    }

    /// A name for files.
    pub(crate) fn slug(self) -> String {
        let cookies = self.cookies.map_or("none", App::name);
        let Kind { shape, bytes } = self.session;
        format!("{} {} {shape} {bytes} with {cookies}", self.app.name(), self.page).replace([' ', ','], "-")
    }
}

impl Kind {
    pub(crate) fn start(self) -> String {
        format!("/{}/start/{}", self.shape, self.bytes)
    }

    pub(crate) fn name(self) -> String {
        format!("{} KB, {}", self.bytes / 1024, self.shape)
    }
}

/// All rows: first those with a limit, then what is good to know.
pub(crate) fn all() -> Vec<Line> {
    let shop = |bytes| Kind { shape: "shop", bytes };
    let texts = |bytes| Kind { shape: "texts", bytes };
    // The same request to both: with the cookies of ours.
    let plain = |app, page, session, limit| {
        let ours = Cell::own(app, page, session);
        Line { ours, theirs: Cell { app: App::Plain, ..ours }, limit }
    };
    let by_hand = |app, page, session, limit| Line {
        ours: Cell::own(app, page, session),
        theirs: Cell::own(App::ByHand, page, session),
        limit,
    };
    let mut lines = Vec::new();
    for size in [SMALL, LARGE] {
        lines.push(plain(App::Redis, "untouched", shop(size), Some(1.02)));
    }
    lines.push(plain(App::Cookie, "untouched", shop(SMALL), Some(1.02)));
    for (page, small, large) in [("read", 1.05, 0.60), ("write", 1.10, 0.60)] {
        for kind in [shop as fn(usize) -> Kind, texts] {
            lines.push(by_hand(App::Redis, page, kind(SMALL), Some(small)));
            lines.push(by_hand(App::Redis, page, kind(LARGE), Some(large)));
        }
    }
    lines.push(by_hand(App::RedisCopies, "read", shop(SMALL), Some(0.80)));
    for size in [SMALL, LARGE] {
        lines.push(plain(App::Memory, "read", shop(size), Some(1.05)));
    }
    lines.push(plain(App::Cookie, "read", shop(SMALL), Some(1.25)));

    let read = Cell::own(App::Cookie, "read", shop(SMALL));
    lines.push(Line { ours: read, theirs: Cell { app: App::Plain, cookies: None, ..read }, limit: None });
    for page in ["read", "write"] {
        lines.push(Line {
            ours: Cell::own(App::Cookie, page, shop(SMALL)),
            theirs: Cell::own(App::PrivateCookies, page, shop(SMALL)),
            limit: None,
        });
    }
    for size in [SMALL, LARGE] {
        lines.push(by_hand(App::Memory, "write", shop(size), None));
    }
    for page in ["read", "write"] {
        for size in [SMALL, LARGE] {
            lines.push(by_hand(App::Sqlite, page, shop(size), None));
        }
    }
    lines
}
