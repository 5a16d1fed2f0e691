//! The stacks that units, configs and files are worked on with.

/// Room for documents as deep as go-yaml takes them, and for 200 kustomizations under each other, which is the engine's limit.
/// It is address space: memory is used as far as a document is deep.
const STACK: usize = 128 << 20;

/// Makes the threads of this process, once, with room for the deepest input that the engine takes. A program calls it before
/// it works on units; without it rayon's own threads are used, which are too small for a few hundred bases under each other.
pub fn prepare() {
    // Fails where the global pool exists; that pool is kept.
    drop(rayon::ThreadPoolBuilder::new().stack_size(STACK).build_global());
}

/// Does `work` on this thread with room for the deepest input that the engine takes.
pub fn with_room<T>(work: impl FnOnce() -> T) -> T {
    stacker::grow(STACK, work)
}
