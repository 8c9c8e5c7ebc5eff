//! The growth of costs.

use std::collections::BTreeMap;
use std::process::Command;

use crate::Result;
use crate::apps::{App, Place};
use crate::cpu::{VISITORS, spread};
use crate::crowd::Crowd;
use crate::operations::{self, Operation};

const TIMES: usize = 64;

/// Prints all tables of growth.
pub(crate) fn print(place: &Place, quick: bool) -> Result<()> {
    println!("Instructions by the number of keys, of 20 bytes each:\n");
    print_operations(&operations::count(place, "keys", TIMES, &[])?, 1, "keys");
    println!("\nInstructions by the bytes of ten keys, where the last one is read and written:\n");
    print_operations(&operations::count(place, "bytes", TIMES, &[])?, 2, "bytes");
    println!(
        "\nInstructions of setting every key to another text, and of closing that session, by the number of keys:\n"
    );
    print_every(&operations::count(place, "every", TIMES, &[])?);
    println!("\nInstructions of a page of somebody who is logged in, in an application without a network:\n");
    println!("| page | instructions |\n|---|---|");
    for Operation { name, each } in operations::count(place, "users", TIMES, &[])? {
        println!("| {} | {:.0} |", name.join(" "), each.instructions);
    }
    println!("\nParallel requests that all write one session:\n");
    print_parallel(place, if quick { 1 } else { 5 })?;
    println!("\nSessions of twenty keys and 1 KB in memory:\n");
    print_sessions(place, if quick { 100_000 } else { 1_000_000 })?;
    println!("\nPeak memory of a server with 100,000 sessions in memory, made by requests:\n");
    print_peak(place)
}

/// One row for each format and size; `by` says which word of the name is the size.
fn print_operations(operations: &[Operation], by: usize, unit: &str) {
    let columns = ["open", "read", "write", "close, changed", "close, unchanged"];
    println!("| format | {unit} | {} |\n|---|---|{}", columns.join(" | "), "---|".repeat(columns.len()));
    let mut rows: BTreeMap<(&str, usize), BTreeMap<&str, f64>> = BTreeMap::new();
    for Operation { name, each } in operations {
        if let (Some(format), Some(Ok(size)), Some(column)) =
            (name.first(), name.get(by).map(|size| size.parse()), name.last())
        {
            rows.entry((format, size)).or_default().insert(column, each.instructions);
        }
    }
    for ((format, size), row) in rows {
        let cells: Vec<String> = columns.iter().map(|column| format!("{:.0}", row[column])).collect();
        println!("| {format} | {size} | {} |", cells.join(" | "));
    }
}

fn print_every(operations: &[Operation]) {
    println!("| format | keys | bytes | done | instructions |\n|---|---|---|---|---|");
    for Operation { name, each } in operations {
        println!("| {} | {:.0} |", name.join(" | "), each.instructions);
    }
}

fn print_parallel(place: &Place, rounds: usize) -> Result<()> {
    const REQUESTS: usize = 2000;
    println!(
        "| store | requests at once | CPU µs per request | commands at Redis per request |\n|---|---|---|---|"
    );
    for app in [App::Memory, App::Redis] {
        let running = app.start(place, 1, |binary| Command::new(binary))?;
        let port = running.process.port();
        let visitor = Crowd::begin(port, "/shop/start/1024", 1)?;
        for parallel in [1, 2, 4, 8, 16, 32, 64] {
            let commands =
                || running.redis.as_ref().map_or(Ok(0), |redis| Ok(redis.commands()?.values().sum()));
            let before: u64 = commands()?;
            let mut costs = Vec::new();
            for _ in 0..rounds {
                let before = running.process.cpu_nanos()?;
                visitor.ask(port, "/shop/write", parallel, REQUESTS)?;
                costs.push((running.process.cpu_nanos()? - before) as f64 / REQUESTS as f64 / 1000.0);
            }
            let after: Result<u64> = commands();
            let commands = (after? - before) as f64 / (rounds * REQUESTS) as f64;
            println!("| {} | {parallel} | {:.1} | {commands:.2} |", app.name(), spread(costs.into_iter())[1]);
        }
    }
    Ok(())
}

fn print_sessions(place: &Place, most: usize) -> Result<()> {
    println!(
        "| sessions | bytes of memory each | after each was read | instructions of an open |\n|---|---|---|---|"
    );
    let mut sessions = 100;
    while sessions <= most {
        // Memory is measured without callgrind, which needs some itself.
        let alone = Command::new(place.binaries.join("bench-operations"))
            .args(["memory", &sessions.to_string()])
            .output()?;
        let text = String::from_utf8(alone.stdout)?;
        let (stored, read) = text.trim().split_once('|').ok_or("no memory was measured")?;
        let opens = operations::count(place, "sessions", TIMES, &[sessions.to_string()])?;
        let instructions = opens.first().map_or(f64::NAN, |open| open.each.instructions);
        println!("| {sessions} | {stored} | {read} | {instructions:.0} |");
        sessions *= 10;
    }
    Ok(())
}

fn print_peak(place: &Place) -> Result<()> {
    const SESSIONS: usize = 100_000;
    println!("| application | session | peak MiB | bytes for each session |\n|---|---|---|---|");
    for (app, bytes) in [(App::Plain, 0), (App::Memory, 1024)] {
        let running = app.start(place, 1, |binary| Command::new(binary))?;
        let port = running.process.port();
        let empty = running.process.peak_kib()?;
        let page =
            if app == App::Plain { "/shop/untouched".to_owned() } else { format!("/shop/start/{bytes}") };
        Crowd::strangers(VISITORS).ask(port, &page, 16, SESSIONS)?;
        let peak = running.process.peak_kib()?;
        println!(
            "| {} | {bytes} | {} | {} |",
            app.name(),
            peak / 1024,
            (peak - empty) * 1024 / SESSIONS as u64
        );
    }
    Ok(())
}
