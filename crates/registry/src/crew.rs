//! How many threads ask one registry at a time: a few at first, as many as allowed where its answers are slow to come.
//!
//! A registry nearby answers faster than connections can be opened, and more of them would only cost; one that is far away is
//! asked by all threads within some milliseconds.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How many threads begin.
const FIRST: usize = 8;
/// How long they work before more may come, and from then on between two looks.
const LOOK: Duration = Duration::from_millis(5);
/// An answer that takes longer is waited for, not worked for.
const QUICK: Duration = Duration::from_millis(2);

/// The questions to one registry, by their index.
struct Queue<'a> {
    indices: &'a [usize],
    next: AtomicUsize,
    done: AtomicUsize,
}

impl Queue<'_> {
    fn most(&self, most: usize) -> usize {
        self.indices.len().min(most.max(1))
    }

    fn is_slow(&self, since: Duration) -> bool {
        let done = u32::try_from(self.done.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        // FIRST is a small constant.
        done == 0 || since * FIRST as u32 / done > QUICK
    }

    fn is_taken(&self) -> bool {
        self.next.load(Ordering::Relaxed) >= self.indices.len()
    }
}

/// What `answer` says to each index in each queue, in the order of the indices. No queue has more than `most` threads.
pub(crate) fn answer_all<T: Send>(queues: &[Vec<usize>], most: usize, answer: &(dyn Fn(usize) -> T + Sync)) -> Vec<T> {
    let queues: Vec<Queue<'_>> =
        queues.iter().map(|indices| Queue { indices, next: AtomicUsize::new(0), done: AtomicUsize::new(0) }).collect();
    let (send, receive) = mpsc::channel();
    let main = std::thread::current();
    let work = |queue: &Queue<'_>, send: mpsc::Sender<(usize, T)>| {
        while let Some(index) = queue.indices.get(queue.next.fetch_add(1, Ordering::Relaxed)) {
            // The receiver outlives the threads.
            drop(send.send((*index, answer(*index))));
            queue.done.fetch_add(1, Ordering::Relaxed);
        }
        main.unpark();
    };
    std::thread::scope(|scope| {
        let start = |queue, count: usize| {
            for _ in 0..count {
                let (send, work) = (send.clone(), &work);
                scope.spawn(move || work(queue, send));
            }
        };
        queues.iter().for_each(|queue| start(queue, queue.most(most).min(FIRST)));
        let begun = Instant::now();
        let mut few: Vec<&Queue<'_>> = queues.iter().filter(|queue| queue.most(most) > FIRST).collect();
        while !few.is_empty() {
            std::thread::park_timeout(LOOK);
            let since = begun.elapsed();
            let left = few.into_iter().filter(|queue| !queue.is_taken());
            let (slow, quick): (Vec<_>, Vec<_>) = left.partition(|queue| since >= LOOK && queue.is_slow(since));
            slow.into_iter().for_each(|queue| start(queue, queue.most(most) - FIRST));
            few = quick;
        }
    });
    drop(send);
    let mut answers: Vec<(usize, T)> = receive.into_iter().collect();
    answers.sort_by_key(|(index, _)| *index);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_is_answered_in_its_place() {
        let queues = [(0..200).step_by(2).collect::<Vec<_>>(), (1..200).step_by(2).collect(), Vec::new()];
        for (most, nap) in [(1, 0), (8, 0), (50, 0), (50, 10)] {
            let (now, peak) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let answers = answer_all(&queues, most, &|index| {
                peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(nap));
                now.fetch_sub(1, Ordering::SeqCst);
                index * 3
            });
            assert_eq!(answers, (0..200).map(|index| index * 3).collect::<Vec<_>>());
            let peak = peak.into_inner();
            assert!(peak <= 2 * most, "{peak} at once, where two queues may have {most} each");
            assert!(nap == 0 || peak > 2 * FIRST, "{peak} at once, where answers are slow");
        }
    }
}
