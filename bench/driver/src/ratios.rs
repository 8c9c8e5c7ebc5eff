//! The table of ratios and what was decided by it.

use std::path::Path;

use crate::Result;
use crate::apps::Place;
use crate::callgrind::Each;
use crate::cpu::{Arena, CONNECTIONS, Compared, VISITORS};
use crate::instructions;
use crate::lines::{self, Cell, Line};

/// The extent of a measurement.
pub(crate) struct Effort {
    rounds: usize,
    /// Requests to each application in each round.
    requests: usize,
    /// Requests for the smaller of callgrind's two counts.
    counted: usize,
    /// Starts of the servers for callgrind.
    starts: usize,
    /// Whether instructions are counted only where they decide.
    only_decisive: bool,
}

impl Effort {
    pub(crate) const FULL: Effort =
        Effort { rounds: 9, requests: 3000, counted: 200, starts: 3, only_decisive: false };
    pub(crate) const QUICK: Effort =
        Effort { rounds: 5, requests: 2000, counted: 100, starts: 1, only_decisive: true };
}

/// Processor time of one application differs from run to run: ratios that are finer than this, or this close
/// to their limits, are decided by instructions.
/// A little more, since 1.10 - 1.0 is not 0.10 in binary.
const DOUBT: f64 = 0.100_001;

/// Measures everything and prints it; whether all limits were kept.
pub(crate) fn print(place: &Place, effort: Effort, profiles: &Path) -> Result<bool> {
    let lines = lines::all();
    eprintln!("measuring processor time: {} rounds of {} requests", effort.rounds, effort.requests);
    let compared = Arena::open(place, &lines)?.compare(&lines, effort.rounds, effort.requests)?;
    let mut cells: Vec<Cell> = lines
        .iter()
        .zip(&compared)
        .filter(|(line, compared)| !effort.only_decisive || is_doubtful(line, compared))
        .flat_map(|(line, _)| [line.theirs, line.ours])
        .collect();
    cells.sort_unstable();
    cells.dedup();
    let counts = instructions::count(place, &cells, effort.counted, effort.starts, profiles)?;
    println!(
        "Server, per request: {VISITORS} visitors, {CONNECTIONS} connections, median of {} rounds of {} requests.\n",
        effort.rounds, effort.requests
    );
    println!(
        "| page | session | | against | CPU µs | CPU ratio (lowest to highest) | instructions | ratio | allocations | commands at Redis | CPU of Redis µs | limit | |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    let mut all_kept = true;
    for (line, compared) in lines.iter().zip(&compared) {
        let counted = counts.get(&line.ours).zip(counts.get(&line.theirs));
        let (verdict, kept) = verdict(line, compared, counted);
        all_kept &= kept;
        let (instructions, ratio, allocations) = match counted {
            None => Default::default(),
            Some((ours, theirs)) => (
                format!("{:.0} : {:.0}", ours.instructions, theirs.instructions),
                format!("{:.3}", ours.instructions / theirs.instructions),
                format!("{:.1} : {:.1}", ours.allocations, theirs.allocations),
            ),
        };
        let commands: Vec<String> =
            compared.commands.iter().map(|(name, count)| format!("{name} {count:.2}")).collect();
        let [low, middle, high] = compared.ratio;
        let redis = match compared.redis.map(|nanos| nanos / 1000.0) {
            [0.0, _] => String::new(),
            [ours, 0.0] => format!("{ours:.1}"),
            [ours, theirs] => format!("{ours:.1} : {theirs:.1}"),
        };
        println!(
            "| {} | {} | {} | {} | {:.1} : {:.1} | {middle:.2} ({low:.2} to {high:.2}) | {instructions} | {ratio} | {allocations} | {} | {redis} | {} | {verdict} |",
            line.ours.page,
            line.ours.session.name(),
            line.ours.name(),
            line.theirs.name(),
            compared.ours / 1000.0,
            compared.theirs / 1000.0,
            commands.join(", "),
            line.limit.map(|limit| format!("≤ {limit:.2}")).unwrap_or_default(),
        );
    }
    Ok(all_kept)
}

/// Whether instructions decide.
fn is_doubtful(line: &Line, compared: &Compared) -> bool {
    line.limit
        .is_some_and(|limit| (limit - 1.0).abs() <= DOUBT || (compared.ratio[1] / limit - 1.0).abs() <= DOUBT)
}

/// The verdict in words, and whether the limit was kept.
fn verdict(line: &Line, compared: &Compared, counted: Option<(&Each, &Each)>) -> (String, bool) {
    let Some(limit) = line.limit else { return (String::new(), true) };
    let (by, ratio) = match counted {
        Some((ours, theirs)) if is_doubtful(line, compared) => {
            ("instructions", ours.instructions / theirs.instructions)
        }
        _ => ("CPU", compared.ratio[1]),
    };
    let kept = ratio <= limit;
    (format!("{} by {by}", if kept { "ok" } else { "MISSED" }), kept)
}
