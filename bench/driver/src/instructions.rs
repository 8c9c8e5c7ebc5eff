//! Instructions and allocations per request of whole servers.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::Result;
use crate::apps::{App, Place};
use crate::callgrind::{Counted, Dumps, Each};
use crate::cpu::spread;
use crate::crowd::Crowd;
use crate::http::{Connection, get};
use crate::lines::Cell;

/// Enough visitors for no session to be used by two requests in a row.
const VISITORS: usize = 4;

/// The median of several starts of the servers: how the C library has laid out its free memory differs from start
/// to start, and with it what `malloc` takes, by up to two percent of a request. The profiles of the last start are
/// left in a folder.
pub(crate) fn count(
    place: &Place,
    cells: &[Cell],
    requests: usize,
    starts: usize,
    profiles: &Path,
) -> Result<BTreeMap<Cell, Each>> {
    fs::create_dir_all(profiles)?;
    let mut counts: BTreeMap<Cell, Vec<Each>> = BTreeMap::new();
    for start in 1..=starts {
        eprintln!("counting instructions: start {start} of {starts}");
        for (cell, each) in count_once(place, cells, requests, profiles)? {
            counts.entry(cell).or_default().push(each);
        }
    }
    let median = |of: &[Each], part: fn(&Each) -> f64| spread(of.iter().map(part))[1];
    let medians = counts.into_iter().map(|(cell, of)| {
        let instructions = median(&of, |each| each.instructions);
        (cell, Each { instructions, allocations: median(&of, |each| each.allocations) })
    });
    Ok(medians.collect())
}

/// Measures each cell by `requests` requests and twice as many, one after another over one connection.
fn count_once(
    place: &Place,
    cells: &[Cell],
    requests: usize,
    profiles: &Path,
) -> Result<BTreeMap<Cell, Each>> {
    let mut counts = BTreeMap::new();
    let mut cookies = BTreeMap::new();
    // Applications whose cookies another one is asked with come first.
    for app in App::ALL.into_iter().rev() {
        let mine: Vec<Cell> = cells.iter().copied().filter(|cell| cell.app == app).collect();
        if mine.is_empty() && !cells.iter().any(|cell| cell.cookies == Some(app)) {
            continue;
        }
        let mut dumps = Dumps::into(&place.scratch, app.binary());
        let running = app.start(place, 1, |binary| dumps.command(binary))?;
        let port = running.process.port();
        for cell in cells.iter().filter(|cell| cell.cookies == Some(app)) {
            cookies
                .insert((cell.cookies, cell.session), Crowd::begin(port, &cell.session.start(), VISITORS)?);
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
