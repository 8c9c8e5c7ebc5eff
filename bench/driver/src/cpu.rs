//! Processor time per request, of two applications in turns.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::process::Command;

use crate::Result;
use crate::apps::{App, Place, Running};
use crate::crowd::Crowd;
use crate::lines::{Cell, Kind, Line};
use crate::redis::{Commands, Redis};

pub(crate) const VISITORS: usize = 64;
pub(crate) const CONNECTIONS: usize = 16;
/// Worker threads of each application. One, so that requests wait for each other and not for another thread to wake up.
const WORKERS: usize = 1;

/// The running applications and their visitors.
pub(crate) struct Arena {
    running: BTreeMap<App, Running>,
    crowds: BTreeMap<(Option<App>, Kind), Crowd>,
}

/// The comparison of two applications.
pub(crate) struct Compared {
    /// Nanoseconds per request, the median of all rounds.
    pub(crate) ours: f64,
    pub(crate) theirs: f64,
    /// Ratio of ours to theirs: the lowest, median and highest of all rounds.
    pub(crate) ratio: [f64; 3],
    /// The same of their Redis servers; 0 where there is none.
    pub(crate) redis: [f64; 2],
    /// Commands at Redis per request of ours.
    pub(crate) commands: BTreeMap<String, f64>,
}

/// Nanoseconds per request.
#[derive(Clone, Copy)]
struct Cost {
    server: f64,
    redis: f64,
}

impl Arena {
    /// Starts everything that some lines need.
    pub(crate) fn open(place: &Place, lines: &[Line]) -> Result<Self> {
        let mut arena = Arena { running: BTreeMap::new(), crowds: BTreeMap::new() };
        let cells = || lines.iter().flat_map(|line| [line.theirs, line.ours]);
        for app in cells().flat_map(|cell| [Some(cell.app), cell.cookies]).flatten() {
            if let Entry::Vacant(place_of_app) = arena.running.entry(app) {
                place_of_app.insert(app.start(place, WORKERS, |binary| Command::new(binary))?);
            }
        }
        for cell in cells() {
            if let Entry::Vacant(crowd) = arena.crowds.entry((cell.cookies, cell.session)) {
                crowd.insert(match cell.cookies {
                    None => Crowd::strangers(VISITORS),
                    Some(app) => {
                        let port = arena.running[&app].process.port();
                        Crowd::begin(port, &cell.session.start(), VISITORS)?
                    }
                });
            }
        }
        Ok(arena)
    }

    /// Runs all lines, round after round, so that what else the machine does meets all of them.
    pub(crate) fn compare(&self, lines: &[Line], rounds: usize, requests: usize) -> Result<Vec<Compared>> {
        let mut taken = vec![Vec::new(); lines.len()];
        let mut commands = Vec::new();
        // A round before the first one warms everything up, and counts commands.
        for line in lines {
            self.cost(line.theirs, requests / 2)?;
            commands.push(self.commands(line.ours, requests / 2)?);
        }
        for round in 0..rounds {
            for (line, taken) in lines.iter().zip(&mut taken) {
                // Who comes first changes.
                let pair = if round % 2 == 0 {
                    let ours = self.cost(line.ours, requests)?;
                    (ours, self.cost(line.theirs, requests)?)
                } else {
                    let theirs = self.cost(line.theirs, requests)?;
                    (self.cost(line.ours, requests)?, theirs)
                };
                taken.push(pair);
            }
        }
        let compared = taken.into_iter().zip(commands).map(|(pairs, commands)| {
            let [low, middle, high] = spread(pairs.iter().map(|(ours, theirs)| ours.server / theirs.server));
            let redis =
                |side: fn(&(Cost, Cost)) -> Cost| spread(pairs.iter().map(|pair| side(pair).redis))[1];
            Compared {
                ours: spread(pairs.iter().map(|pair| pair.0.server))[1],
                theirs: spread(pairs.iter().map(|pair| pair.1.server))[1],
                ratio: [low, middle, high],
                redis: [redis(|pair| pair.0), redis(|pair| pair.1)],
                commands,
            }
        });
        Ok(compared.collect())
    }

    fn cost(&self, cell: Cell, requests: usize) -> Result<Cost> {
        let Running { process, redis } = &self.running[&cell.app];
        let crowd = &self.crowds[&(cell.cookies, cell.session)];
        let used = || -> Result<(u64, u64)> {
            Ok((process.cpu_nanos()?, redis.as_ref().map_or(Ok(0), Redis::cpu_nanos)?))
        };
        let before = used()?;
        crowd.ask(process.port(), &cell.path(), CONNECTIONS, requests)?;
        let after = used()?;
        let each = |nanos: u64| nanos as f64 / requests as f64;
        Ok(Cost { server: each(after.0 - before.0), redis: each(after.1 - before.1) })
    }

    fn commands(&self, cell: Cell, requests: usize) -> Result<BTreeMap<String, f64>> {
        let Some(redis) = &self.running[&cell.app].redis else {
            self.cost(cell, requests)?;
            return Ok(BTreeMap::new());
        };
        let before = redis.commands()?;
        self.cost(cell, requests)?;
        let after: Commands = redis.commands()?;
        let more = |(name, count): (String, u64)| {
            let more = count - before.get(&name).copied().unwrap_or(0);
            (more > 0).then(|| (name, more as f64 / requests as f64))
        };
        Ok(after.into_iter().filter_map(more).collect())
    }
}

/// The lowest, the median and the highest of some numbers.
pub(crate) fn spread(numbers: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut sorted: Vec<f64> = numbers.collect();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    let half = sorted.len() / 2;
    let median = if sorted.len() % 2 == 1 { at(half) } else { (at(half.wrapping_sub(1)) + at(half)) / 2.0 };
    [at(0), median, at(sorted.len().wrapping_sub(1))]
}
