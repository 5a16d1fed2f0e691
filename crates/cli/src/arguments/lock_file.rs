//! The options of the lock file.

use std::path::{Path, PathBuf};

use delivery::ImageRef;
use delivery::host::disk::absolute;
use delivery::lock::LockOptions;

use crate::outcome::Failure;

/// Whether the lock file is required.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Lock file options")]
pub(crate) struct LockedArguments {
    /// Take all digests and the commits of remote bases from the lock file, without network access
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", env = "HYDRANT_LOCKED")]
    locked: Option<bool>,
    /// Use this lock file [default: the one that hydrant.yaml names, or hydrant.lock]
    #[arg(long, value_name = "FILE", env = "HYDRANT_LOCK_FILE")]
    lock_file: Option<PathBuf>,
}

/// Whether the lock file is written.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Lock file options")]
pub(crate) struct LockArguments {
    /// Resolve what the lock file lacks, and write it to the lock file
    #[arg(long, conflicts_with = "locked", env = "HYDRANT_LOCK")]
    lock: bool,
    /// Re-resolve locked entries: all of them, or these images; implies --lock
    #[arg(long, value_name = "IMAGE", num_args = 0..=1, require_equals = true, value_delimiter = ',', conflicts_with = "locked")]
    update: Option<Vec<ImageRef>>,
}

impl LockedArguments {
    /// Returns the options as `delivery` takes them. Paths are relative to `folder`.
    ///
    /// # Errors
    /// A path is not UTF-8.
    pub(crate) fn locking(self, written: LockArguments, folder: &str) -> Result<LockOptions, Failure> {
        let file = self.lock_file.map(|path| below(folder, &path)).transpose()?;
        Ok(LockOptions {
            lock: written.lock,
            update: written.update,
            update_named: Vec::new(),
            locked: self.locked,
            file,
        })
    }
}

/// Returns a path of the command line as an absolute path.
///
/// # Errors
/// The path is not UTF-8.
pub(crate) fn below(folder: &str, path: &Path) -> Result<String, Failure> {
    let found = absolute(&Path::new(folder).join(path));
    found.map_err(|error| Failure::Input(anyhow::Error::new(error).context(path.display().to_string())))
}

/// Returns the current directory as an absolute path.
///
/// # Errors
/// The directory does not exist, or its path is not UTF-8.
pub(crate) fn current_dir() -> Result<String, Failure> {
    below("", Path::new("."))
}
