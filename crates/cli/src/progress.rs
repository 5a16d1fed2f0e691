//! How far a long step is: a bar on a terminal, a line a minute elsewhere, nothing for what is done at once.

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

/// A step shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often the bar is drawn.
const FRAME: Duration = Duration::from_millis(100);
/// How often a line is written where there is no terminal.
const PAUSE: Duration = Duration::from_secs(60);

/// Shows on stderr how far a run is with querying registries.
pub(crate) fn progress() -> Progress {
    if Verbosity::get() == Verbosity::Quiet {
        return Progress::default();
    }
    let what = "resolving images";
    let terminal = std::io::stderr().is_terminal();
    let progress = Meter::new(move |count| {
        if terminal { ticker(FRAME, count, bar(what)) } else { ticker(PAUSE, count, line(what, output::note)) }
    });
    Progress::new(move |done, total| progress.show(done, total))
}

/// The progress of one step after another. It may be told from many threads; another thread shows it, so that it is shown
/// also while no answer comes.
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

/// The thread that shows a step.
struct Ticker {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl<S: Fn(Arc<Count>) -> Ticker> Meter<S> {
    fn new(start: S) -> Self {
        Meter { count: Arc::default(), start, shown: Mutex::default() }
    }

    /// How far the step is; none done begins it, and all done ends it.
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
            // A thread that panicked has been told of as a bug already.
            drop(thread.join());
        }
    }
}

/// Calls `tick` at the beginning of each pause but the first, and once more with nothing at the end.
fn ticker(pause: Duration, count: Arc<Count>, mut tick: impl FnMut(Option<(usize, usize)>) + Send + 'static) -> Ticker {
    let (stop, stopped) = channel::<()>();
    let thread = std::thread::spawn(move || {
        while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
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

/// A bar, drawn when the step has lasted a while and taken away at its end.
fn bar(what: &'static str) -> impl FnMut(Option<(usize, usize)>) {
    let (begun, mut bar) = (Instant::now(), None::<ProgressBar>);
    move |state| match state {
        Some((done, total)) if begun.elapsed() >= PATIENCE => {
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
    // The template is ours; without it the bar is merely plainer.
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
        let said: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = said.clone();
        let progress = Meter::new(move |count| {
            let sink = sink.clone();
            let say = move |text: &str| sink.lock().unwrap().push(text.to_owned());
            ticker(Duration::from_millis(40), count, line("asking", say))
        });
        progress.show(0, 3);
        progress.show(1, 3);
        let begun = Instant::now();
        while said.lock().unwrap().len() < 2 && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(5));
        }
        progress.show(3, 3);
        let lines = said.lock().unwrap().clone();
        assert!(lines.len() >= 2 && lines.iter().all(|line| line == "asking: 1 of 3"), "{lines:?}");
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(*said.lock().unwrap(), lines, "nothing is said after the end");
    }
}
