//! The one door through which the engine reads: files of a disk, of a git tree, or of memory.
//!
//! Paths are absolute, with `/` between the parts and without `.`, `..` or a trailing slash: see [`join`].

use std::collections::BTreeMap;
use std::sync::Arc;

/// The folders of the machine's time zones, as Go looks for them (`time/zoneinfo_unix.go`).
pub(crate) const ZONE_FOLDERS: [&str; 3] = ["/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ"];

/// Returns whether a path is one of the machine's files of time zones, which belong to no repository.
pub fn is_time_zone(path: &str) -> bool {
    let in_folder = |folder: &&str| path.strip_prefix(*folder).is_some_and(|rest| rest.starts_with('/'));
    path == "/etc/localtime" || ZONE_FOLDERS.iter().any(in_folder)
}

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// No such file or directory.
    #[error("no such file or directory")]
    Missing,
    /// A file was expected, but it is a folder.
    #[error("is a directory")]
    IsFolder,
    /// A folder was expected, but it is a file.
    #[error("not a directory")]
    NotFolder,
    /// A file was expected, but it is a pipe, a socket or a device.
    #[error("not a regular file")]
    NotRegular,
    /// The operating system's message.
    #[error("{0}")]
    Other(String),
}

/// The type of the file system entry at a path, after symbolic links are resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
}

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderEntry {
    /// Its name.
    pub name: String,
    /// What the folder says about it.
    pub kind: EntryKind,
}

/// The type of a folder's entry, before symbolic links are resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file, not a symbolic link.
    File,
    /// A folder, not a symbolic link.
    Folder,
    /// The folder does not say what it is, or it is a symbolic link or a special file: see [`Files::real`] and [`Files::kind`].
    Unknown,
}

/// A read-only file system. Two reads of one path during a run give the same bytes.
pub trait Files: Sync {
    /// The bytes of the file at `path`.
    ///
    /// # Errors
    /// See [`FileError`].
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError>;

    /// Returns the type of the entry at `path`.
    ///
    /// # Errors
    /// [`FileError::Missing`] if it does not exist.
    fn kind(&self, path: &str) -> Result<FileKind, FileError>;

    /// The names in a folder, sorted by their bytes.
    ///
    /// # Errors
    /// See [`FileError`].
    fn list(&self, folder: &str) -> Result<Vec<String>, FileError>;

    /// Returns the entries of a folder, sorted by the bytes of their names, with the types that are known without a look at each.
    ///
    /// # Errors
    /// See [`FileError`].
    fn entries(&self, folder: &str) -> Result<Vec<FolderEntry>, FileError> {
        let names = self.list(folder)?;
        Ok(names.into_iter().map(|name| FolderEntry { name, kind: EntryKind::Unknown }).collect())
    }

    /// The path with every symbolic link resolved.
    ///
    /// # Errors
    /// [`FileError::Missing`] if it does not exist.
    fn real(&self, path: &str) -> Result<String, FileError>;
}

/// Files that exist only in memory. A folder exists if it contains a file.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    files: BTreeMap<String, Arc<[u8]>>,
}

impl MemoryFiles {
    /// Adds or replaces a file.
    pub fn insert(&mut self, path: &str, bytes: impl Into<Arc<[u8]>>) {
        self.files.insert(join("/", path), bytes.into());
    }
}

impl Files for MemoryFiles {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        match self.files.get(path) {
            Some(bytes) => Ok(bytes.clone()),
            None => Err(match self.kind(path)? {
                FileKind::Folder => FileError::IsFolder,
                FileKind::File => FileError::Missing,
            }),
        }
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        if self.files.contains_key(path) {
            return Ok(FileKind::File);
        }
        let below = below(path);
        let folder = self.files.range(below.clone()..).next().is_some_and(|(name, _)| name.starts_with(&below));
        if folder || path == "/" { Ok(FileKind::Folder) } else { Err(FileError::Missing) }
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        if self.kind(folder)? == FileKind::File {
            return Err(FileError::NotFolder);
        }
        let below = below(folder);
        let tails = self.files.range(below.clone()..).map_while(|(name, _)| name.strip_prefix(&below));
        let mut names: Vec<String> = tails.map(|tail| tail.split('/').next().unwrap_or(tail).to_owned()).collect();
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        self.kind(path).map(|_| path.to_owned())
    }
}

fn below(folder: &str) -> String {
    if folder == "/" { "/".to_owned() } else { format!("{folder}/") }
}

/// `path` as seen from `folder`: absolute, without `.`, `..`, doubled or trailing slashes. An absolute `path` is only cleaned.
pub fn join(folder: &str, path: &str) -> String {
    let start = if path.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = Vec::new();
    for part in start.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The parent folder of `path`; `/` for an entry of the root.
pub fn parent(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(index) => &path[..index],
    }
}
