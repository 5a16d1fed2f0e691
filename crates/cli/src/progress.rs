//! How far a long step is: a bar on a terminal, a line a minute elsewhere, nothing for what is done at once.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output;

/// A step shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often a line is written where there is no terminal.
const PAUSE: Duration = Duration::from_secs(60);

/// The progress of one step. It may be told from many threads.
pub(crate) struct Progress {
    what: &'static str,
    begun: Instant,
    state: Mutex<State>,
    terminal: bool,
}

struct State {
    bar: Option<ProgressBar>,
    said: Instant,
}

impl Progress {
    /// Begins a step; `what` is said of it, such as `resolving images`.
    pub(crate) fn new(what: &'static str) -> Self {
        let now = Instant::now();
        let terminal = std::io::stderr().is_terminal();
        Progress { what, begun: now, state: Mutex::new(State { bar: None, said: now }), terminal }
    }

    /// Says how far the step is.
    pub(crate) fn show(&self, done: usize, total: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.terminal {
            if state.said.elapsed() >= PAUSE {
                state.said = Instant::now();
                output::note(&format!("{}: {done} of {total}", self.what));
            }
            return;
        }
        if self.begun.elapsed() >= PATIENCE {
            let bar = state.bar.get_or_insert_with(|| bar(self.what, total));
            bar.set_position(bar.position().max(done as u64));
        }
    }
}

impl Drop for Progress {
    /// Takes the bar away, also where the step failed.
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = &state.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(what: &'static str, total: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
    // The template is ours; without it the bar is merely plainer.
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what);
    bar
}
