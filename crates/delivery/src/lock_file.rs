//! The lock file on the disk.

use std::io::ErrorKind;
use std::path::Path;

use manifest::Diagnostic;
pub use registry::Lock;

/// Reads a lock file that must be there.
///
/// # Errors
/// Where it is not there, cannot be read, or is none.
pub fn read(path: &Path) -> Result<Lock, Diagnostic> {
    let file = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => Lock::parse(&file, &text),
        Err(error) => Err(Diagnostic::new(format!("the lock file cannot be read: {error}"))
            .in_file(file)
            .hint("`hydrant pin --lock` writes it.")),
    }
}

/// Reads a lock file; an empty one where it is not there.
///
/// # Errors
/// Where it is there and cannot be read, or is none.
pub fn read_or_new(path: &Path) -> Result<Lock, Diagnostic> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Lock::default()),
        _ => read(path),
    }
}
