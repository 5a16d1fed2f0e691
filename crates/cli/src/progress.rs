//! The progress of long steps: a bar on a terminal, and elsewhere one line per minute.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use delivery::host::progress::Progress;
use indicatif::{ProgressBar, ProgressStyle};

use crate::output;
use crate::terminal;
use crate::verbosity::Verbosity;

/// How long a step takes before a bar is shown.
const DELAY: Duration = Duration::from_millis(500);
/// The interval between redraws of the bar.
const FRAME: Duration = Duration::from_millis(100);
/// The interval between lines if stderr is not a terminal.
const INTERVAL: Duration = Duration::from_secs(60);

/// Shows the progress of registry queries on stderr.
pub(crate) fn progress() -> Progress {
    if Verbosity::get() == Verbosity::Errors {
        return Progress::default();
    }
    let what = "resolving images";
    let terminal = std::io::stderr().is_terminal();
    let progress = Meter::new(move |count| {
        if terminal { ticker(FRAME, count, bar(what)) } else { ticker(INTERVAL, count, line(what, output::note)) }
    });
    Progress::new(move |done, total| progress.show(done, total))
}

/// The progress of one step after another. Any thread may update it. A thread of its own shows it, so that it is redrawn even if no
/// update comes.
struct Meter<S> {
    count: Arc<Count>,
    start: S,
    shown: Mutex<Option<Ticker>>,
}

#[derive(Default)]
struct Count {
    done: AtomicUsize,
    total: AtomicUsize,
}

/// The thread that shows the progress of a step.
struct Ticker {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl<S: Fn(Arc<Count>) -> Ticker> Meter<S> {
    fn new(start: S) -> Self {
        Meter { count: Arc::default(), start, shown: Mutex::default() }
    }

    /// Updates the progress: a step starts at 0 and ends at `total`.
    fn show(&self, done: usize, total: usize) {
        self.count.total.store(total, Ordering::Relaxed);
        if done == 0 {
            self.count.done.store(0, Ordering::Relaxed);
            self.replace(Some((self.start)(self.count.clone())));
        } else if done < total {
            self.count.done.fetch_max(done, Ordering::Relaxed);
        } else {
            self.replace(None);
        }
    }

    fn replace(&self, next: Option<Ticker>) {
        let before = std::mem::replace(&mut *self.shown.lock().unwrap_or_else(PoisonError::into_inner), next);
        if let Some(Ticker { stop, thread }) = before {
            drop(stop);
            // The panic hook has already reported a panic of the thread.
            drop(thread.join());
        }
    }
}

/// Calls `tick` after each interval, and once more with nothing at the end.
fn ticker(
    interval: Duration,
    count: Arc<Count>,
    mut tick: impl FnMut(Option<(usize, usize)>) + Send + 'static,
) -> Ticker {
    let (stop, stopped) = channel::<()>();
    let thread = std::thread::spawn(move || {
        while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
            tick(Some((count.done.load(Ordering::Relaxed), count.total.load(Ordering::Relaxed))));
        }
        tick(None);
    });
    Ticker { stop, thread }
}

/// `resolving images: 12 of 500`
fn line(what: &'static str, say: impl Fn(&str)) -> impl FnMut(Option<(usize, usize)>) {
    move |state| {
        if let Some((done, total)) = state {
            say(&format!("{what}: {done} of {total}"));
        }
    }
}

/// Draws a bar once the step has taken [`DELAY`], and removes it at the end.
fn bar(what: &'static str) -> impl FnMut(Option<(usize, usize)>) {
    let (begun, mut bar) = (Instant::now(), None::<ProgressBar>);
    move |state| match state {
        Some((done, total)) if begun.elapsed() >= DELAY => {
            let bar = bar.get_or_insert_with(|| drawn(what, total));
            bar.set_position(done as u64);
            bar.tick();
        }
        Some(_) => {}
        None => bar.iter().for_each(ProgressBar::finish_and_clear),
    }
}

fn drawn(what: &'static str, total: usize) -> ProgressBar {
    let bar = terminal::add_bar(total as u64);
    // The template is a constant; a bar without it is only plainer.
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what);
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_printed_at_each_interval_until_the_end() {
        let lines_printed: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = lines_printed.clone();
        let progress = Meter::new(move |count| {
            let sink = sink.clone();
            let say = move |text: &str| sink.lock().unwrap().push(text.to_owned());
            ticker(Duration::from_millis(40), count, line("asking", say))
        });
        progress.show(0, 3);
        progress.show(1, 3);
        let begun = Instant::now();
        while lines_printed.lock().unwrap().len() < 2 && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(5));
        }
        progress.show(3, 3);
        let lines = lines_printed.lock().unwrap().clone();
        assert!(lines.len() >= 2 && lines.iter().all(|line| line == "asking: 1 of 3"), "{lines:?}");
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(*lines_printed.lock().unwrap(), lines, "nothing is lines_printed after the end");
    }
}
