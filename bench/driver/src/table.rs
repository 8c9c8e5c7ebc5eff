//! The table of instructions in the repository, and the check against it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::Result;
use crate::apps::Place;
use crate::operations::{self, Operation};

/// The share by which an operation may grow before the check fails.
const ALLOWED: f64 = 1.05;
const TIMES: usize = 200;
const OPERATIONS: [&str; 5] = ["open", "read", "write", "close, changed", "close, unchanged"];

/// Instructions by session, as in the file's headings, and operation.
type Table = BTreeMap<String, BTreeMap<String, f64>>;

/// Compares what is counted now with the table, or renews that; whether nothing has grown too much.
pub(crate) fn check(place: &Place, file: &Path, write: bool) -> Result<bool> {
    let counted = operations::count(place, "formats", TIMES, &[])?;
    let mut now = Table::new();
    for Operation { name, each } in &counted {
        let [format, _, bytes, operation] = name.as_slice() else {
            return Err("an operation without a name".into());
        };
        let bytes: usize = bytes.parse()?;
        let session = format!("{format}, {} KB", bytes / 1024);
        now.entry(session).or_default().insert(operation.clone(), each.instructions);
    }
    if write {
        fs::write(file, written(&now))?;
        return Ok(true);
    }
    let then = read(&fs::read_to_string(file)?)?;
    println!("| session | operation | instructions | in the table | change | |\n|---|---|---|---|---|---|");
    let mut all_kept = true;
    for (session, operations) in &now {
        for operation in OPERATIONS {
            let count = operations.get(operation).copied().unwrap_or(f64::NAN);
            let Some(known) = then.get(session).and_then(|known| known.get(operation)) else {
                return Err(
                    format!("{operation} of {session} is not in the table: write it with --write").into()
                );
            };
            let kept = count <= known * ALLOWED;
            all_kept &= kept;
            println!(
                "| {session} | {operation} | {count:.0} | {known:.0} | {:+.1} % | {} |",
                (count / known - 1.0) * 100.0,
                if kept { "ok" } else { "GREW" }
            );
        }
    }
    Ok(all_kept)
}

fn written(table: &Table) -> String {
    let mut text = String::from(
        "# Instructions of one operation on a session of twenty keys (callgrind; memory store, cookies, pickles in files).\n\
         # `scripts/bench.sh --instructions` fails where one grows by more than 5 %; with --write it renews this.\n",
    );
    for (session, operations) in table {
        text.push_str(&format!("\n[\"{session}\"]\n"));
        for operation in OPERATIONS {
            let count = operations.get(operation).copied().unwrap_or(f64::NAN);
            text.push_str(&format!("\"{operation}\" = {count:.0}\n"));
        }
    }
    text
}

fn read(text: &str) -> Result<Table> {
    let mut table = Table::new();
    let mut session = String::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("[\"").and_then(|line| line.strip_suffix("\"]")) {
            session = heading.to_owned();
        } else if let Some((operation, count)) = line.split_once(" = ") {
            let operation = operation.trim_matches('"').to_owned();
            table.entry(session.clone()).or_default().insert(operation, count.parse()?);
        }
    }
    Ok(table)
}
