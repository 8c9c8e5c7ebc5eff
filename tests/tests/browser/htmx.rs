//! Pages that htmx changes in place, when their visitor has to log in.

use std::fs;
use std::path::Path;

use rocket::async_test;
use serde_json::json;
use session_tests::app::{App, Launch};
use session_tests::browser::Browser;

/// Releases 2 and 4 of htmx: their code for requests has nothing in common.
const RELEASES: [&str; 2] = ["htmx-2.min.js", "htmx-4.min.js"];

const INSTALL: &str = "scripts/install.sh installs it into tests/.venv-htmx";

fn htmx(release: &str) -> String {
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv-htmx/lib");
    let python = fs::read_dir(library).expect(INSTALL).next().expect(INSTALL).expect(INSTALL).path();
    let file = python.join("site-packages/django_htmx/static/django_htmx").join(release);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{} ({error}): {INSTALL}", file.display()))
}

fn probe() -> App {
    Launch::new(env!("CARGO_BIN_EXE_probe")).env("ROCKET_SECRET_KEY", "of the browser tests").start()
}

/// Opens a page, and puts htmx and this element into it. When a request of htmx has ended, the page says "answered".
async fn open_with(browser: &Browser, url: &str, release: &str, element: &str) {
    browser.open(url).await;
    let script = "const [htmx, element] = arguments;
        document.head.append(Object.assign(document.createElement('script'), { textContent: htmx }));
        for (const end of ['htmx:afterRequest', 'htmx:finally:request'])
            document.addEventListener(end, () => document.body.append('answered'));
        document.body.insertAdjacentHTML('beforeend', element);
        window.htmx.process(document.body);";
    browser.run(script, vec![json!(htmx(release)), json!(element)]).await;
}

#[async_test]
async fn a_visitor_of_htmx_who_has_to_log_in_leaves_the_page_for_the_login_page() {
    let (app, browser) = (probe(), Browser::start().await);
    let page = format!("{}/health?tab=orders", app.url());
    for release in RELEASES {
        for (element, next) in [
            ("<button id=go hx-get='/member'>go</button>", "%2Fhealth%3Ftab%3Dorders"),
            ("<button id=go hx-post='/admin/orders'>go</button>", "%2Fhealth%3Ftab%3Dorders"),
            ("<a id=go hx-boost=true href='/member?tab=1'>go</a>", "%2Fmember%3Ftab%3D1"),
        ] {
            open_with(&browser, &page, release, element).await;
            browser.click("//*[@id = 'go']").await;
            browser.says("sign in").await;
            assert_eq!(browser.location().await, format!("/sign-in?next={next}"), "{release}: {element}");
        }
    }
}

#[async_test]
async fn a_login_page_whose_parts_need_a_login_stays() {
    let (app, browser) = (probe(), Browser::start().await);
    for release in RELEASES {
        let part = "<div hx-get='/member' hx-trigger='load'></div>";
        open_with(&browser, &format!("{}/sign-in?next=%2Fmember", app.url()), release, part).await;
        browser.says("answered").await;
        assert_eq!(browser.location().await, "/sign-in?next=%2Fmember", "{release}");
        browser.says("sign in").await;
        browser.says("answered").await;
    }
}
