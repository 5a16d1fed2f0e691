//! Ctrl-C while files are written: what was begun is finished, then the program ends as if nothing had held it up.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::{register_conditional_default, register_usize};
use signal_hook::low_level::emulate_default_handler;

/// What people and CI systems end a program with.
const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// Signals concern the process, so there is one of this.
static HANDLERS: OnceLock<Handlers> = OnceLock::new();

#[derive(Default)]
struct Handlers {
    /// Whether a signal ends the program at once.
    at_once: Arc<AtomicBool>,
    /// The last signal that came; 0 for none.
    came: Arc<AtomicUsize>,
}

/// While this lives, those signals wait.
pub(crate) struct Deferred(());

impl Deferred {
    /// Begins.
    ///
    /// # Errors
    /// The operating system's.
    pub(crate) fn new() -> io::Result<Self> {
        if let Some(handlers) = HANDLERS.get() {
            handlers.at_once.store(false, Ordering::SeqCst);
            return Ok(Deferred(()));
        }
        let handlers = HANDLERS.get_or_init(Handlers::default);
        for signal in SIGNALS {
            register_usize(signal, handlers.came.clone(), signal.unsigned_abs() as usize)?;
            register_conditional_default(signal, handlers.at_once.clone())?;
        }
        Ok(Deferred(()))
    }
}

impl Drop for Deferred {
    /// Does what a signal that came meanwhile does to every program: it ends.
    fn drop(&mut self) {
        let Some(handlers) = HANDLERS.get() else { return };
        handlers.at_once.store(true, Ordering::SeqCst);
        let came = handlers.came.load(Ordering::SeqCst);
        if let Some(signal) = SIGNALS.into_iter().find(|signal| signal.unsigned_abs() as usize == came) {
            // Nothing else can be done about a signal that cannot be raised.
            drop(emulate_default_handler(signal));
        }
    }
}
