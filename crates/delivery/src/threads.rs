//! The threads that units, configs and files are worked on by.

/// Room for 200 kustomizations under each other, which is the engine's limit, on top of the deepest document.
const STACK: usize = 16 << 20;

/// Makes the threads of this process, once, with room for the deepest input that the engine takes. A program calls it before
/// it works on units; without it rayon's own threads are used, which are too small for a few hundred bases under each other.
pub fn prepare() {
    // Where threads are there already, these stay.
    drop(rayon::ThreadPoolBuilder::new().stack_size(STACK).build_global());
}
