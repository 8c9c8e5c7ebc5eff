//! Many visitors at once.

use std::sync::Barrier;
use std::thread;

/// Does `work` on so many threads at once, `times` on each; the threads begin together. `work` is
/// told its thread and its turn. The results are in the order of threads.
pub fn at_once<T: Send>(threads: usize, times: usize, work: impl Fn(usize, usize) -> T + Sync) -> Vec<T> {
    let (begin, work) = (Barrier::new(threads), &work);
    thread::scope(|scope| {
        let crowd: Vec<_> = (0..threads)
            .map(|thread| {
                let begin = &begin;
                scope.spawn(move || {
                    begin.wait();
                    (0..times).map(|turn| work(thread, turn)).collect::<Vec<T>>()
                })
            })
            .collect();
        crowd.into_iter().flat_map(|member| member.join().expect("a visitor's thread")).collect()
    })
}
