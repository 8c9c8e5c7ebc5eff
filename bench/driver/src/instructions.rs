//! Instructions and allocations per request of whole servers.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::Result;
use crate::apps::{App, Place};
use crate::callgrind::{Counted, Dumps, Each};
use crate::crowd::Crowd;
use crate::http::{Connection, get};
use crate::lines::Cell;

/// Enough visitors for no session to be used by two requests in a row.
const VISITORS: usize = 4;

/// Measures each cell by `requests` requests and twice as many, one after another over one connection.
/// The profiles are left in a folder.
pub(crate) fn count(
    place: &Place,
    cells: &[Cell],
    requests: usize,
    profiles: &Path,
) -> Result<BTreeMap<Cell, Each>> {
    fs::create_dir_all(profiles)?;
    let mut counts = BTreeMap::new();
    let mut cookies = BTreeMap::new();
    // Applications whose cookies another one is asked with come first.
    for app in App::ALL.into_iter().rev() {
        let mine: Vec<Cell> = cells.iter().copied().filter(|cell| cell.app == app).collect();
        if mine.is_empty() && !cells.iter().any(|cell| cell.cookies == Some(app)) {
            continue;
        }
        eprintln!("counting instructions of {}", app.name());
        let mut dumps = Dumps::into(&place.scratch, app.binary());
        let running = app.start(place, 1, |binary| dumps.command(binary))?;
        let port = running.process.port();
        for cell in cells.iter().filter(|cell| cell.cookies == Some(app)) {
            cookies.insert(
                (cell.cookies, cell.session),
                Crowd::begin(port, &cell.session.start(), VISITORS)?,
            );
        }
        // One connection for all: opening and closing others would be counted at random.
        let mut connection = [Connection::open(port)?];
        for cell in mine {
            let strangers = Crowd::strangers(VISITORS);
            let crowd = cookies.get(&(cell.cookies, cell.session)).unwrap_or(&strangers);
            let mut ask = |count| {
                crowd.ask_over(&mut connection, &cell.path(), count)?;
                connection.iter_mut().try_for_each(|connection| connection.ask(&get("/mark", None)).map(drop))
            };
            ask(requests.min(50))?;
            fs::remove_file(dumps.next())?;
            ask(requests)?;
            let once = dumps.count()?;
            ask(2 * requests)?;
            let file = dumps.next();
            counts.insert(cell, Counted::read(&file)?.each(once, requests));
            fs::copy(&file, profiles.join(format!("{}.callgrind", cell.slug())))?;
            fs::remove_file(file)?;
        }
    }
    Ok(counts)
}
