//! Defers signals while files are written, so that files that belong together are all written or none.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::{register_conditional_default, register_usize};
use signal_hook::low_level::emulate_default_handler;

/// The signals with which people and CI systems end a program.
const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// The handlers of this process.
static HANDLERS: OnceLock<Handlers> = OnceLock::new();

#[derive(Default)]
struct Handlers {
    /// Whether a signal ends the program immediately.
    at_once: Arc<AtomicBool>,
    /// The last signal received; 0 for none.
    received: Arc<AtomicUsize>,
}

/// Defers the signals until it is dropped.
pub(crate) struct Deferred(());

impl Deferred {
    /// Starts to defer signals.
    ///
    /// # Errors
    /// The operating system cannot install a handler.
    pub(crate) fn new() -> io::Result<Self> {
        if let Some(handlers) = HANDLERS.get() {
            handlers.at_once.store(false, Ordering::SeqCst);
            return Ok(Deferred(()));
        }
        let handlers = HANDLERS.get_or_init(Handlers::default);
        for signal in SIGNALS {
            register_usize(signal, handlers.received.clone(), signal.unsigned_abs() as usize)?;
            register_conditional_default(signal, handlers.at_once.clone())?;
        }
        Ok(Deferred(()))
    }
}

impl Drop for Deferred {
    /// Ends the program if a signal was received meanwhile.
    fn drop(&mut self) {
        let Some(handlers) = HANDLERS.get() else { return };
        handlers.at_once.store(true, Ordering::SeqCst);
        let came = handlers.received.load(Ordering::SeqCst);
        if let Some(signal) = SIGNALS.into_iter().find(|signal| signal.unsigned_abs() as usize == came) {
            // If the signal cannot be raised, the program continues.
            drop(emulate_default_handler(signal));
        }
    }
}
