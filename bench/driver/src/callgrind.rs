//! Counting instructions and allocations with callgrind.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;

/// The counts between two marks of a program.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counted {
    pub(crate) instructions: u64,
    pub(crate) allocations: u64,
}

/// The cost of one of the things that were done between marks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Each {
    pub(crate) instructions: f64,
    pub(crate) allocations: f64,
}

/// The files that callgrind writes at the marks of one program, in turn.
pub(crate) struct Dumps {
    stem: PathBuf,
    taken: u32,
}

impl Dumps {
    pub(crate) fn into(folder: &Path, name: &str) -> Self {
        Dumps { stem: folder.join(format!("{name}.callgrind")), taken: 0 }
    }

    /// The command that runs a program under callgrind.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--dump-before=*bench_mark*", "--quiet"]);
        command.arg(format!("--callgrind-out-file={}", self.stem.display())).arg(program);
        command
    }

    /// The file of the next mark.
    pub(crate) fn next(&mut self) -> PathBuf {
        self.taken += 1;
        self.stem.with_added_extension(self.taken.to_string())
    }

    /// Returns the counts up to the next mark.
    pub(crate) fn count(&mut self) -> Result<Counted> {
        let file = self.next();
        let counted = Counted::read(&file)?;
        fs::remove_file(file)?;
        Ok(counted)
    }
}

impl Counted {
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let mut counted = Counted::default();
        // A name is written out once and is a number from then on: `cfn=(12) malloc`, `cfn=(12)`.
        let mut allocators = HashMap::new();
        let mut called = "";
        for line in text.lines() {
            if let Some(total) = line.strip_prefix("totals: ") {
                counted.instructions = total.trim().parse()?;
            } else if let Some(function) = line.strip_prefix("fn=").or(line.strip_prefix("cfn=")) {
                let (number, name) = function.split_once(' ').unwrap_or((function, ""));
                if !name.is_empty() {
                    allocators.insert(number, ALLOCATORS.contains(&name));
                }
                if line.starts_with('c') {
                    called = number;
                }
            } else if let Some(calls) = line.strip_prefix("calls=")
                && allocators.get(called) == Some(&true)
            {
                let count = calls.split(' ').next().unwrap_or_default();
                counted.allocations += count.parse::<u64>()?;
            }
        }
        Ok(counted)
    }

    /// Returns the cost of one of `times` things, where `self` counts twice as many as `less`.
    pub(crate) fn each(self, less: Counted, times: usize) -> Each {
        let each = |twice: u64, once: u64| (twice as f64 - once as f64) / times as f64;
        Each {
            instructions: each(self.instructions, less.instructions),
            allocations: each(self.allocations, less.allocations),
        }
    }
}

const ALLOCATORS: [&str; 4] = ["malloc", "calloc", "realloc", "posix_memalign"];
