//! The flags of every command that finds digests: what the lock file has to do with them.

use std::path::{Path, PathBuf};

use delivery::ImageRef;
use delivery::host::disk::absolute;
use delivery::lock::LockOptions;

use crate::outcome::Failure;

/// Whether the lock file is read.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "The lock file")]
pub(crate) struct LockedArguments {
    /// Take every digest, and the commit of every remote base, from the lock file and open no socket
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", env = "HYDRANT_LOCKED")]
    locked: Option<bool>,
    /// The lock file [default: the one that hydrant.yaml names, or hydrant.lock]
    #[arg(long, value_name = "FILE", env = "HYDRANT_LOCK_FILE")]
    lock_file: Option<PathBuf>,
}

/// Whether it is written.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "The lock file")]
pub(crate) struct LockArguments {
    /// Take digests and commits from the lock file, ask for what it lacks, and write that down there
    #[arg(long, conflicts_with = "locked", env = "HYDRANT_LOCK")]
    lock: bool,
    /// Ask again for what is locked: everything, or these images; implies --lock
    #[arg(long, value_name = "IMAGE", num_args = 0..=1, require_equals = true, value_delimiter = ',', conflicts_with = "locked")]
    update: Option<Vec<ImageRef>>,
}

impl LockedArguments {
    /// As `delivery` takes them, paths as seen from `folder`.
    ///
    /// # Errors
    /// A path that cannot be named.
    pub(crate) fn locking(self, written: LockArguments, folder: &str) -> Result<LockOptions, Failure> {
        let file = self.lock_file.map(|path| below(folder, &path)).transpose()?;
        Ok(LockOptions { lock: written.lock, update: written.update, locked: self.locked, file })
    }
}

/// A path that was typed, absolute.
///
/// # Errors
/// One that is not UTF-8.
pub(crate) fn below(folder: &str, path: &Path) -> Result<String, Failure> {
    let found = absolute(&Path::new(folder).join(path));
    found.map_err(|error| Failure::Input(anyhow::Error::new(error).context(path.display().to_string())))
}

/// The folder that the command runs in, absolute.
///
/// # Errors
/// Where there is none, or it is not UTF-8.
pub(crate) fn current_dir() -> Result<String, Failure> {
    below("", Path::new("."))
}
