//! The lock file: its content, and where a run finds it.

mod content;
mod entry;
mod form;
mod mode;

use manifest::Diagnostic;
use render_core::files::{FileError, Files, join, parent};

pub use content::{FILE_NAME, Lock};
pub use entry::{LockedChart, LockedImage, LockedRemote};
pub use form::schema;
pub(crate) use mode::is_named;
pub use mode::{LockMode, LockOptions, Refresh};

/// Reads the lock file if the mode uses it. Returns nothing if it does not, and an empty one if the file may be created.
///
/// # Errors
/// A lock file that is unreadable or invalid, or missing with `--locked`.
pub fn read(files: &dyn Files, path: &str, source: &LockMode) -> Result<Lock, Diagnostic> {
    if !source.reads_lock() {
        return Ok(Lock::default());
    }
    match files.read(path) {
        Ok(bytes) if source.writes_lock() => Lock::parse_merging(path, &String::from_utf8_lossy(&bytes)),
        Ok(bytes) => Lock::parse(path, &String::from_utf8_lossy(&bytes)),
        Err(FileError::Missing) if source.writes_lock() => Ok(Lock::default()),
        Err(error) => Err(Diagnostic::new(format!("cannot read the lock file: {error}"))
            .in_file(path)
            .hint("run the same command with --lock to write it, or without `locked` to ask registries instead")),
    }
}

/// Reads the lock file if it exists, whatever the mode: for what is verified at each use.
///
/// # Errors
/// A lock file that is unreadable or invalid.
pub fn read_if_there(files: &dyn Files, path: &str, source: &LockMode) -> Result<Lock, Diagnostic> {
    match files.kind(path) {
        Err(FileError::Missing) => Ok(Lock::default()),
        _ if source.reads_lock() => read(files, path, source),
        _ => read(files, path, &LockMode::Locked),
    }
}

/// The given lock file, the next one in the folder or above, or the one that the folder would get.
pub(crate) fn find(files: &dyn Files, folder: &str, given: Option<&str>) -> String {
    if let Some(path) = given {
        return path.to_owned();
    }
    let mut above = folder;
    loop {
        let file = join(above, "hydrant.lock");
        if files.kind(&file).is_ok() {
            return file;
        }
        if above == "/" {
            return join(folder, "hydrant.lock");
        }
        above = parent(above);
    }
}
