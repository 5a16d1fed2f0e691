//! The lock file.

use manifest::Diagnostic;
pub use registry::Lock;
use render_core::files::{FileError, Files};

use crate::digests::Digests;

/// Reads a lock file as far as digests come from it: nothing where it is not read, an empty one where it may be begun anew.
///
/// # Errors
/// Where it alone is read and is not there, where it cannot be read, or is none.
pub fn read(files: &dyn Files, path: &str, source: &Digests) -> Result<Lock, Diagnostic> {
    if !source.reads_lock() {
        return Ok(Lock::default());
    }
    match files.read(path) {
        Ok(bytes) => Lock::parse(path, &String::from_utf8_lossy(&bytes)),
        Err(FileError::Missing) if source.writes_lock() => Ok(Lock::default()),
        Err(error) => Err(Diagnostic::new(format!("the lock file cannot be read: {error}"))
            .in_file(path)
            .hint("The same command with --lock writes it; without `locked`, registries are asked instead.")),
    }
}
