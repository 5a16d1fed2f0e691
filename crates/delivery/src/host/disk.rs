//! The engine's files on disk. Each is read once per run.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use net::bounded;
use render_core::files::{EntryKind, FileError, FileKind, Files, FolderEntry, join, parent};

/// The largest buffer in bytes that is kept.
const LARGEST_BUFFER: usize = 1 << 20;

/// Files on disk. It keeps what was read, so that a file is read once and stays the same through a run, and so that the
/// list of what a unit depends on falls out: see [`DiskFiles::inputs`].
#[derive(Debug, Default)]
pub struct DiskFiles {
    read: Mutex<HashMap<String, Arc<[u8]>>>,
    /// Where files are read to before their size is known. It is used again for the next one, as new memory takes longer than a copy.
    buffer: Mutex<Vec<u8>>,
    real: Mutex<HashMap<String, String>>,
}

impl DiskFiles {
    /// Every file read so far, sorted.
    pub fn inputs(&self) -> Vec<String> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let mut paths: Vec<String> = read.keys().cloned().collect();
        paths.sort_unstable();
        paths
    }
}

impl DiskFiles {
    /// Resolves links. The links of the folder are cached, so only the last part is read.
    fn resolve(&self, path: &str) -> Result<String, FileError> {
        let folder = parent(path);
        if folder != path {
            let joined = join(&self.real(folder)?, path.rsplit('/').next().unwrap_or_default());
            let found = fs::symlink_metadata(&joined).map_err(|error| file_error(&error))?;
            if !found.is_symlink() {
                return Ok(joined);
            }
        }
        absolute(&fs::canonicalize(path).map_err(|error| file_error(&error))?)
    }
}

impl Files for DiskFiles {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        let known = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        if let Some(bytes) = known {
            return Ok(bytes);
        }
        let bytes: Arc<[u8]> = match self.buffer.try_lock() {
            Ok(mut buffer) => {
                bounded::read_file_into(Path::new(path), &mut buffer).map_err(|error| file_error(&error))?;
                let bytes = buffer[..].into();
                buffer.clear();
                buffer.shrink_to(LARGEST_BUFFER);
                bytes
            }
            // Another thread reads.
            Err(_) => bounded::read_file(Path::new(path)).map_err(|error| file_error(&error))?.into(),
        };
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), bytes.clone());
        Ok(bytes)
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        let found = fs::metadata(path).map_err(|error| file_error(&error))?;
        match found.file_type() {
            kind if kind.is_dir() => Ok(FileKind::Folder),
            kind if kind.is_file() => Ok(FileKind::File),
            // Reading a pipe would wait for its other end.
            _ => Err(FileError::NotRegular),
        }
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        Ok(self.entries(folder)?.into_iter().map(|entry| entry.name).collect())
    }

    fn entries(&self, folder: &str) -> Result<Vec<FolderEntry>, FileError> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder).map_err(|error| file_error(&error))? {
            let entry = entry.map_err(|error| file_error(&error))?;
            let kind = match entry.file_type() {
                Ok(kind) if kind.is_file() => EntryKind::File,
                Ok(kind) if kind.is_dir() => EntryKind::Folder,
                _ => EntryKind::Unknown,
            };
            let invalid = |name: OsString| FileError::Other(format!("{} is not valid UTF-8", name.display()));
            let name = entry.file_name().into_string().map_err(invalid)?;
            entries.push(FolderEntry { name, kind });
        }
        entries.sort_unstable_by(|one, two| one.name.cmp(&two.name));
        Ok(entries)
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        let known = self.real.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        if let Some(found) = known {
            return Ok(found);
        }
        let found = self.resolve(path)?;
        self.real.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), found.clone());
        Ok(found)
    }
}

/// The path as the engine writes it: absolute, UTF-8.
///
/// # Errors
/// Where it is not UTF-8, or relative while there is no current folder.
pub fn absolute(path: &Path) -> Result<String, FileError> {
    let path = std::path::absolute(path).map_err(|error| file_error(&error))?;
    match path.to_str() {
        Some(text) => Ok(render_core::files::join("/", text)),
        None => Err(FileError::Other(format!("{} is not valid UTF-8", path.display()))),
    }
}

/// Whether `path` is `folder` or lies below it.
pub(crate) fn is_within(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Writes a file atomically: a temporary file next to it is written and then renamed.
///
/// # Errors
/// The operating system's.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        if !path.exists() {
            // What is in a source must not choose by a link where a file is created.
            return Err(io::Error::new(io::ErrorKind::NotFound, "it is a symbolic link to a file that does not exist"));
        }
        // A device or a pipe (`-o /dev/stdout`) is written to, not replaced.
        return fs::write(path, bytes);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "its folder does not exist"));
    }
    let mode = fs::metadata(path).map_or_else(|_| Permissions::from_mode(0o666), |found| found.permissions());
    let mut neighbour = tempfile::Builder::new().permissions(mode).tempfile_in(folder)?;
    neighbour.write_all(bytes)?;
    neighbour.persist(path)?;
    Ok(())
}

/// The system's error as the engine has it.
pub(crate) fn file_error(error: &io::Error) -> FileError {
    match error.kind() {
        io::ErrorKind::NotFound => FileError::Missing,
        io::ErrorKind::IsADirectory => FileError::IsFolder,
        io::ErrorKind::NotADirectory => FileError::NotFolder,
        _ => FileError::Other(error.to_string()),
    }
}
