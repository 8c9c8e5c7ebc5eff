//! Instructions and allocations of single operations, as `bench-operations` does them.

use crate::Result;
use crate::apps::Place;
use crate::callgrind::{Counted, Dumps, Each};

/// One thing that was counted.
pub(crate) struct Operation {
    /// The words of its name, as the program printed them.
    pub(crate) name: Vec<String>,
    pub(crate) each: Each,
}

/// Runs `bench-operations` with arguments that end with the smaller number of times, and further ones.
pub(crate) fn count(place: &Place, cases: &str, times: usize, further: &[String]) -> Result<Vec<Operation>> {
    let mut dumps = Dumps::into(&place.scratch, &format!("operations-{cases}"));
    let mut command = dumps.command(&place.binaries.join("bench-operations"));
    let output = command.arg(cases).arg(times.to_string()).args(further).output()?;
    if !output.status.success() {
        return Err(format!("bench-operations failed:\n{}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let mut once: Vec<(&str, usize, Counted)> = Vec::new();
    let mut operations = Vec::new();
    for line in std::str::from_utf8(&output.stdout)?.lines() {
        let counted = dumps.count()?;
        let Some((times, name)) = line.split_once(' ') else { continue };
        match once.iter().find(|(known, ..)| *known == name) {
            None => once.push((name, times.parse()?, counted)),
            Some((_, times, less)) => {
                let name = name.split('|').map(str::to_owned).collect();
                operations.push(Operation { name, each: counted.each(*less, *times) });
            }
        }
    }
    Ok(operations)
}
