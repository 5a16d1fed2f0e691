//! Runs many requests to several servers at once: a few threads for each server at first, as many as allowed where its responses
//! are slow to come.
//!
//! A server nearby responds faster than connections can be opened, and more of them would only cost; one that is far away is
//! asked by all threads within some milliseconds.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How many threads each queue starts with.
const FIRST: usize = 8;
/// How long they work before more may start, and from then on between two checks.
const CHECK_INTERVAL: Duration = Duration::from_millis(5);
/// A task that takes longer mostly waits for its server, so more threads help.
const FAST_TASK: Duration = Duration::from_millis(2);

/// The tasks for one server, by their index.
struct Queue<'a> {
    indices: &'a [usize],
    next: AtomicUsize,
    done: AtomicUsize,
}

impl Queue<'_> {
    fn max_threads(&self, max_threads: usize) -> usize {
        self.indices.len().min(max_threads.max(1))
    }

    fn is_slow(&self, elapsed: Duration) -> bool {
        let done = u32::try_from(self.done.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        // FIRST is a small constant.
        done == 0 || elapsed * FIRST as u32 / done > FAST_TASK
    }

    fn is_taken(&self) -> bool {
        self.next.load(Ordering::Relaxed) >= self.indices.len()
    }
}

/// Runs `task` for each index in each queue and returns the results sorted by index. Each queue has threads of its own, at most
/// `max_threads`.
pub fn run<T: Send>(queues: &[Vec<usize>], max_threads: usize, task: &(dyn Fn(usize) -> T + Sync)) -> Vec<T> {
    let queues: Vec<Queue<'_>> =
        queues.iter().map(|indices| Queue { indices, next: AtomicUsize::new(0), done: AtomicUsize::new(0) }).collect();
    let (send, receive) = mpsc::channel();
    let main = std::thread::current();
    let work = |queue: &Queue<'_>, send: mpsc::Sender<(usize, T)>| {
        while let Some(index) = queue.indices.get(queue.next.fetch_add(1, Ordering::Relaxed)) {
            // The receiver outlives the threads.
            drop(send.send((*index, task(*index))));
            queue.done.fetch_add(1, Ordering::Relaxed);
        }
        main.unpark();
    };
    std::thread::scope(|scope| {
        let start = |queue, count: usize| {
            for started in 0..count {
                let (sender, work) = (send.clone(), &work);
                let thread = std::thread::Builder::new().spawn_scoped(scope, move || work(queue, sender));
                // Without memory for threads, this one does the work.
                if thread.is_err() && started == 0 {
                    work(queue, send.clone());
                }
                if thread.is_err() {
                    break;
                }
            }
        };
        queues.iter().for_each(|queue| start(queue, queue.max_threads(max_threads).min(FIRST)));
        let begin = Instant::now();
        let mut growing: Vec<&Queue<'_>> =
            queues.iter().filter(|queue| queue.max_threads(max_threads) > FIRST).collect();
        while !growing.is_empty() {
            std::thread::park_timeout(CHECK_INTERVAL);
            let elapsed = begin.elapsed();
            let left = growing.into_iter().filter(|queue| !queue.is_taken());
            let (slow, fast): (Vec<_>, Vec<_>) =
                left.partition(|queue| elapsed >= CHECK_INTERVAL && queue.is_slow(elapsed));
            slow.into_iter().for_each(|queue| start(queue, queue.max_threads(max_threads) - FIRST));
            growing = fast;
        }
    });
    drop(send);
    let mut results: Vec<(usize, T)> = receive.into_iter().collect();
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_sorted_and_threads_bounded() {
        let queues = [(0..200).step_by(2).collect::<Vec<_>>(), (1..200).step_by(2).collect(), Vec::new()];
        for (max_threads, nap) in [(1, 0), (8, 0), (50, 0), (50, 10)] {
            let (now, peak) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let results = run(&queues, max_threads, &|index| {
                peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(nap));
                now.fetch_sub(1, Ordering::SeqCst);
                index * 3
            });
            assert_eq!(results, (0..200).map(|index| index * 3).collect::<Vec<_>>());
            let peak = peak.into_inner();
            assert!(peak <= 2 * max_threads, "{peak} at once, where two queues may have {max_threads} each");
            assert!(nap == 0 || peak > 2 * FIRST, "{peak} at once, where tasks are slow");
        }
    }
}
