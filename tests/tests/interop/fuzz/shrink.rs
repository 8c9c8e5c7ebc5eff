//! From a failing sequence to a short one.

use super::steps::Step;

/// Leaves out steps, then operations, then waiting, as long as it fails.
pub(super) fn shrink(mut steps: Vec<Step>, fails: impl Fn(&[Step]) -> bool) -> Vec<Step> {
    loop {
        let before = size(&steps);
        let mut length = steps.len() / 2;
        while length > 0 {
            steps = without_runs(steps, length, &fails);
            length /= 2;
        }
        steps = without_operations(steps, &fails);
        if size(&steps) == before {
            return steps;
        }
    }
}

/// Steps, groups of operations, and waits.
fn size(steps: &[Step]) -> usize {
    steps.iter().map(|step| 1 + step.ops.len() + usize::from(step.after > 0)).sum()
}

fn without_runs(mut steps: Vec<Step>, length: usize, fails: &impl Fn(&[Step]) -> bool) -> Vec<Step> {
    let mut start = 0;
    while start < steps.len() {
        let mut shorter = steps.clone();
        shorter.drain(start..steps.len().min(start + length));
        if fails(&shorter) {
            steps = shorter;
        } else {
            start += length;
        }
    }
    steps
}

fn without_operations(mut steps: Vec<Step>, fails: &impl Fn(&[Step]) -> bool) -> Vec<Step> {
    for number in 0..steps.len() {
        for group in (0..steps[number].ops.len()).rev() {
            let mut shorter = steps.clone();
            shorter[number].ops.remove(group);
            if shorter[number].uses_session() && fails(&shorter) {
                steps = shorter;
            }
        }
        let mut sooner = steps.clone();
        sooner[number].after = 0;
        if steps[number].after > 0 && fails(&sooner) {
            steps = sooner;
        }
    }
    steps
}
