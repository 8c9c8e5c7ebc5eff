//! Measures what sessions cost and prints tables; `scripts/bench.sh` runs it.

mod apps;
mod callgrind;
mod cpu;
mod crowd;
mod http;
mod instructions;
mod lines;
mod process;
mod ratios;
mod redis;

use std::process::ExitCode;

use apps::Place;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// Whether all limits were kept, where they are to be checked.
fn run() -> Result<bool> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let given = |name: &str| arguments.iter().any(|argument| argument == name);
    let driver = std::env::current_exe()?;
    let binaries = driver.parent().ok_or("the driver lies nowhere")?.to_owned();
    let scratch = tempfile::tempdir()?;
    let profiles = binaries.join("profiles");
    let place = Place { binaries, scratch: scratch.path().to_owned() };
    let effort = if given("--quick") { ratios::Effort::QUICK } else { ratios::Effort::FULL };
    Ok(ratios::print(&place, effort, &profiles)? || !given("--check"))
}
