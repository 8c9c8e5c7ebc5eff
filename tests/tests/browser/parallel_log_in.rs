//! A log-in that a script sends beside other requests of its page: whatever the order of answers, it holds.

use std::collections::BTreeMap;
use std::time::Duration;

use fantoccini::wd::TimeoutConfiguration;
use rocket::async_test;
use serde::Deserialize;
use serde_json::json;
use session_tests::app::{App, Launch};
use session_tests::browser::Browser;
use session_tests::nginx::Nginx;
use session_tests::port;
use session_tests::storage::{Fixture, on_memory, on_redis, on_sqlite};

const LOG_INS: u32 = 40;

/// The script of the page. A visitor with a session of their own logs in beside four requests, which are sent before,
/// around and after the log-in; again and again. The counter of the visitor is 1 before, so an answer above that comes
/// from whoever has read the session, and its count is to be kept.
const SCRIPT: &str = r"
    const [path, differ, rounds] = arguments;
    const text = async answer => (await answer).text();
    const post = (path, body) => text(fetch(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
    }));
    return (async () => {
        const seen = { logged_in: 0, lost_counts: 0, statuses: {} };
        const count = answer => seen.statuses[answer.status] = (seen.statuses[answer.status] || 0) + 1;
        for (let round = 0; round < rounds; round++) {
            await post('/typed', { logout: true });
            await text(fetch(`/count?begin=${round}`));
            const paths = [0, 1, 2, 3].map(n => differ ? `${path}?n=${round}-${n}` : path);
            paths.splice(round % 5, 0, `/login?name=momo`);
            const answers = await Promise.all(paths.map(path => fetch(path)));
            answers.forEach(count);
            const bodies = await Promise.all(answers.map(answer => answer.text()));
            const member = await fetch(`/member?round=${round}`);
            seen.logged_in += member.ok && await member.text() === 'momo';
            const counted = bodies.filter(body => Number(body) > 1).length;
            const state = await (await fetch(`/state?round=${round}`)).json();
            seen.lost_counts += 1 + counted - state.counter;
        }
        return seen;
    })();";

/// What the script has seen.
#[derive(Debug, Deserialize)]
struct Seen {
    logged_in: u32,
    lost_counts: i64,
    statuses: BTreeMap<u16, u32>,
}

/// One address for so many processes, which answer in turns.
struct Site {
    name: String,
    processes: Vec<App>,
    front: Option<Nginx>,
}

impl Site {
    fn of(engine: &dyn Fixture, processes: usize) -> Site {
        let toml = format!(
            "[default]\nsession_store_timeout = 30\nsession_request_timeout = 60\n{}",
            engine.rocket_toml()
        );
        let process = || Launch::new(env!("CARGO_BIN_EXE_probe")).toml(&toml).start();
        let processes: Vec<App> = (0..processes).map(|_| process()).collect();
        let front = (processes.len() > 1).then(|| front(&processes));
        Site { name: format!("{engine}, {} of the application", processes.len()), processes, front }
    }

    fn url(&self) -> String {
        self.front.as_ref().map_or_else(|| self.processes[0].url(), Nginx::url)
    }

    fn output(&self) -> String {
        self.processes.iter().map(App::output).collect::<Vec<_>>().join("\n")
    }
}

/// nginx, which gives each request to the next process.
fn front(processes: &[App]) -> Nginx {
    let port = port::free_port();
    let server = |app: &App| format!("server {} max_fails=0;", app.url().trim_start_matches("http://"));
    let servers: String = processes.iter().map(server).collect();
    let configuration = format!(
        "pid nginx.pid;
        events {{}}
        http {{
            access_log off;
            client_body_temp_path body;
            proxy_temp_path proxy;
            fastcgi_temp_path fastcgi;
            uwsgi_temp_path uwsgi;
            scgi_temp_path scgi;
            upstream site {{ {servers} }}
            server {{
                listen 127.0.0.1:{port};
                location / {{
                    proxy_pass http://site;
                    proxy_set_header Host $http_host;
                }}
            }}
        }}"
    );
    Nginx::start(&configuration, port)
}

/// Logs in beside four requests for `/read` and for `/count`, by equal and by different URLs.
async fn every_log_in_holds(browser: &Browser, site: &Site) {
    browser.open(&format!("{}/health", site.url())).await;
    for path in ["/read", "/count"] {
        for differ in [false, true] {
            let seen = browser.run(SCRIPT, vec![json!(path), json!(differ), json!(LOG_INS)]).await;
            let seen: Seen = serde_json::from_value(seen).expect("what the script has seen");
            let case = format!("{}, {path}, different URLs: {differ}: {seen:?}", site.name);
            assert_eq!(seen.logged_in, LOG_INS, "{case}\n{}", site.output());
            assert_eq!(seen.lost_counts, 0, "{case}");
            assert_eq!(seen.statuses, BTreeMap::from([(200, 5 * LOG_INS)]), "{case}");
        }
    }
}

#[async_test]
async fn forty_of_forty_log_ins_beside_four_fetches_of_the_page_hold() {
    let (memory, redis, sqlite) = (on_memory(), on_redis(), on_sqlite());
    let browser = Browser::start().await;
    let patient = TimeoutConfiguration::new(Some(Duration::from_secs(300)), None, None);
    browser.page().update_timeouts(patient).await.expect("more time for scripts");
    for (engine, processes) in [(&redis, 1), (&redis, 2), (&memory, 1), (&sqlite, 1)] {
        every_log_in_holds(&browser, &Site::of(&**engine, processes)).await;
    }
}
