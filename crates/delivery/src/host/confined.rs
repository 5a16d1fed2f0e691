//! A temporary folder for the files of a commit that a program needs. Nothing is written or read outside of it, whatever the files are named
//! and wherever links among them lead.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use git::source::{CommitFiles, FoundEntry, ReadError};
use render_core::files::{FileError, FileKind};

use super::disk::{absolute, file_error};

/// The maximum size of the files of one commit, in bytes.
const MAX_BYTES: u64 = 1 << 30;

/// A temporary folder, removed when dropped.
#[derive(Debug)]
pub(crate) struct ConfinedFolder {
    folder: Dir,
    path: String,
    _temporary: tempfile::TempDir,
}

/// Why files could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// A file of the commit cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The path in the folder.
        path: String,
        /// The system's error.
        source: io::Error,
    },
    /// A link leads out of the folder.
    #[error("the symbolic link {path} leads out of the repository")]
    LinkOut {
        /// The path in the folder.
        path: String,
    },
    /// The files are too large.
    #[error("the files have more than {MAX_BYTES} bytes")]
    TooLarge,
}

impl ConfinedFolder {
    /// An empty folder.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn create() -> io::Result<Self> {
        let temporary = tempfile::Builder::new().prefix("hydrant-").tempdir()?;
        let path = absolute(&temporary.path().canonicalize()?).map_err(io::Error::other)?;
        let folder = Dir::open_ambient_dir(&path, ambient_authority())?;
        Ok(ConfinedFolder { folder, path, _temporary: temporary })
    }

    /// The folder's absolute path.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Writes all files of a commit. Links are written last, and only those that stay in the folder.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub(crate) fn write_commit(&self, files: &CommitFiles) -> Result<(), WriteError> {
        let mut links = Vec::new();
        let mut bytes_left = MAX_BYTES;
        files.visit(&mut |path, entry| {
            let path = Path::new(OsStr::from_bytes(path));
            match entry {
                FoundEntry::Folder => self.folder.create_dir(path).map_err(|source| failed(path, source)),
                FoundEntry::File { bytes, executable } => {
                    bytes_left = bytes_left.checked_sub(bytes.len() as u64).ok_or(WriteError::TooLarge)?;
                    self.create_file(path, &bytes, executable).map_err(|source| failed(path, source))
                }
                FoundEntry::Link { target } => {
                    links.push(Link { path: path.to_owned(), target });
                    Ok(())
                }
            }
        })?;
        for link in &links {
            self.folder.symlink(OsStr::from_bytes(&link.target), &link.path).map_err(|error| link.error(error))?;
        }
        for link in &links {
            match self.folder.metadata(&link.path) {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(link.error(error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes or replaces a file, and makes the folders above it.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            self.folder.create_dir_all(folder)?;
        }
        self.folder.write(path, bytes)
    }

    fn create_file(&self, path: &Path, bytes: &[u8], executable: bool) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(if executable { 0o755 } else { 0o644 });
        io::Write::write_all(&mut self.folder.open_with(path, &options)?, bytes)
    }

    /// Reads a file that a program may have written.
    ///
    /// # Errors
    /// See [`FileError`].
    pub(crate) fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        self.folder.read(path).map_err(|error| file_error(&error))
    }

    /// What is at a path.
    ///
    /// # Errors
    /// See [`FileError`].
    pub(crate) fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        let found = self.folder.metadata(path).map_err(|error| file_error(&error))?;
        Ok(if found.is_dir() { FileKind::Folder } else { FileKind::File })
    }

    /// The names in a folder, those that are UTF-8.
    ///
    /// # Errors
    /// See [`FileError`].
    pub(crate) fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let entries = self.folder.read_dir(path).map_err(|error| file_error(&error))?;
        Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
    }
}

struct Link {
    path: std::path::PathBuf,
    target: std::sync::Arc<[u8]>,
}

impl Link {
    fn error(&self, error: io::Error) -> WriteError {
        match error.kind() {
            // cap-std's error for a path that leads out.
            io::ErrorKind::PermissionDenied => WriteError::LinkOut { path: self.path.display().to_string() },
            _ => failed(&self.path, error),
        }
    }
}

fn failed(path: &Path, source: io::Error) -> WriteError {
    WriteError::Write { path: path.display().to_string(), source }
}
