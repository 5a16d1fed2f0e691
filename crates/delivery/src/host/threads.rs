//! The stacks that units, configs and files are worked on with.

use std::fs::File;
use std::io::Read;
use std::sync::{Mutex, PoisonError};
use std::thread::Builder;

use manifest::Diagnostic;

/// Room for documents as deep as go-yaml takes them, and for 200 kustomizations under each other, which is the engine's limit.
/// It is address space: memory is used as far as a document is deep.
const STACK: usize = 128 << 20;

/// The stacks that are tried where the address space is limited (`ulimit -v`). The engine reads less deep documents then.
const SMALLER_STACKS: [usize; 3] = [32 << 20, 8 << 20, 2 << 20];

/// The least address space to start with, in bytes. Programs, libraries and stacks count, whether they are used or not.
const MIN_ADDRESS_SPACE: u64 = 256 << 20;

/// The address space below which the process starts no threads.
const FEW: u64 = 2 << 30;

/// Makes the threads of this process, once, with room for the deepest input that the engine takes. A program calls it before
/// it works on units; without it rayon's own threads are used, which are too small for a few hundred bases under each other.
/// Where the address space is limited, all work is done on this thread.
pub fn prepare() {
    let threads = rayon::ThreadPoolBuilder::new().stack_size(STACK);
    let threads = match address_space() {
        Some(limit) if limit < FEW => threads.num_threads(1).use_current_thread(),
        _ => threads,
    };
    // Fails where the global pool exists; that pool is kept.
    drop(threads.build_global());
}

/// Does `work` on one thread, with room for the deepest input that the engine takes.
pub fn on_one_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    match rayon::ThreadPoolBuilder::new().stack_size(STACK).num_threads(1).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

/// Checks that the address space has room for a small build. Where memory cannot be allocated, a process is aborted without a message.
fn check_address_space(limit: u64) -> Result<(), Diagnostic> {
    if limit >= MIN_ADDRESS_SPACE {
        return Ok(());
    }
    let (limit, least) = (limit >> 20, MIN_ADDRESS_SPACE >> 20);
    let message = format!("the address space is limited to {limit} MiB, and hydrant needs {least} MiB");
    Err(Diagnostic::new(message).hint("raise the limit with `ulimit -v`"))
}

/// Returns the limit of the address space in bytes; `None` if there is none, or it is not known.
fn address_space() -> Option<u64> {
    // The file is read at once: its length is not known to the system, which a reader of a whole file asks for piece by piece.
    let mut limits = [0; 4096];
    let length = File::open("/proc/self/limits").ok()?.read(&mut limits).ok()?;
    let limits = std::str::from_utf8(&limits[..length]).ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Does `work` with room for the deepest input that the engine takes, or as much as the address space has. A panic in it goes on here.
///
/// # Errors
/// The address space has less than `MIN_ADDRESS_SPACE`.
pub fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Diagnostic> {
    match address_space() {
        // A stack of this thread: starting another thread takes longer, and memory is allocated faster on the first one.
        None => Ok(stacker::grow(STACK, work)),
        Some(limit) => check_address_space(limit).map(|()| on_thread(work)),
    }
}

/// Does `work` on a thread whose stack is as large as can be had.
fn on_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let work = Mutex::new(Some(work));
    let take = || work.lock().unwrap_or_else(PoisonError::into_inner).take();
    let sizes = std::iter::once(STACK).chain(SMALLER_STACKS);
    let result = std::thread::scope(|scope| {
        let run = || take().map(|work| work());
        let thread =
            sizes.into_iter().find_map(|size| Builder::new().stack_size(size).spawn_scoped(scope, run).ok())?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    match result {
        Some(result) => result,
        // No thread could be started.
        None => take().map(|work| work()).expect("no thread has taken the work"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_has_a_large_stack() {
        let remaining = || stacker::remaining_stack().unwrap_or_default();
        assert!(with_room(remaining).unwrap() > STACK / 2);
        assert!(on_thread(remaining) > STACK / 2);
    }
}
