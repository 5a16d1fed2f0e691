//! The engine's files in a revision of the source repository: nothing is checked out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use git::source::{EntryKind, Source, SourceError};
use render_core::files::{FileError, FileKind, Files, join, parent};

/// The files of one revision, at the paths that they have in the work tree, so that a rendering of a revision and one of
/// the work tree name the same files. What lies outside the repository is not there.
pub struct GitFiles {
    source: Mutex<Source>,
    root: String,
    commit: String,
    read: Mutex<HashMap<String, Arc<[u8]>>>,
}

/// As many links in a row are followed as Linux follows.
const LINKS: usize = 40;

impl GitFiles {
    /// The files of `revision` (anything that git understands) of `source`.
    ///
    /// # Errors
    /// Where there is no such revision, or the work tree's path is not UTF-8.
    pub fn new(source: Source, revision: &str) -> Result<Self, SourceError> {
        let commit = source.commit(revision)?.id;
        let root = source.root().to_string_lossy().into_owned();
        Ok(GitFiles { source: Mutex::new(source), root, commit, read: Mutex::default() })
    }

    /// The revision's commit id.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    fn source(&self) -> MutexGuard<'_, Source> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The path below the repository's root; empty for the root itself.
    fn below<'a>(&self, path: &'a str) -> Result<&'a str, FileError> {
        let tail = path.strip_prefix(&self.root).ok_or(FileError::Missing)?;
        tail.strip_prefix('/').or(tail.is_empty().then_some("")).ok_or(FileError::Missing)
    }

    /// The path with its links resolved, and what stands there.
    fn resolve(&self, path: &str) -> Result<(String, EntryKind), FileError> {
        let source = self.source();
        let revision = source.revision(&self.commit).map_err(|error| refused(&error))?;
        let mut path = path.to_owned();
        for _ in 0..LINKS {
            let below = self.below(&path)?;
            let link = prefixes(below).find(|prefix| revision.kind(prefix) == Some(EntryKind::Link));
            let Some(link) = link else {
                let kind = revision.kind(below).ok_or(FileError::Missing)?;
                return Ok((path, kind));
            };
            let target = revision.read(link).map_err(|error| refused(&error))?;
            let target =
                String::from_utf8(target).map_err(|_| FileError::Other("a link whose target is not UTF-8".into()))?;
            let at = join(&self.root, link);
            let rest = &below[link.len()..];
            path = join(&join(parent(&at), &target), rest.trim_start_matches('/'));
        }
        Err(FileError::Other("too many symbolic links in a row".to_owned()))
    }
}

impl Files for GitFiles {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        let known = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        if let Some(bytes) = known {
            return Ok(bytes);
        }
        let (real, kind) = self.resolve(path)?;
        if !matches!(kind, EntryKind::File | EntryKind::Executable) {
            return Err(FileError::IsFolder);
        }
        let bytes = {
            let source = self.source();
            let revision = source.revision(&self.commit).map_err(|error| refused(&error))?;
            revision.read(self.below(&real)?).map_err(|error| refused(&error))?
        };
        let bytes: Arc<[u8]> = bytes.into();
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), bytes.clone());
        Ok(bytes)
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        Ok(match self.resolve(path)?.1 {
            EntryKind::File | EntryKind::Executable | EntryKind::Link => FileKind::File,
            EntryKind::Folder | EntryKind::Submodule => FileKind::Folder,
        })
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        let (real, kind) = self.resolve(folder)?;
        match kind {
            EntryKind::Folder => {}
            EntryKind::Submodule => {
                return Err(FileError::Other("is a submodule, whose files are not in this repository".into()));
            }
            _ => return Err(FileError::NotFolder),
        }
        let source = self.source();
        let revision = source.revision(&self.commit).map_err(|error| refused(&error))?;
        let entries = revision.list(self.below(&real)?).map_err(|error| refused(&error))?;
        let mut names: Vec<String> = entries.into_iter().map(|entry| entry.name).collect();
        names.sort_unstable();
        Ok(names)
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        self.resolve(path).map(|(real, _)| real)
    }
}

/// `a`, `a/b`, `a/b/c` of `a/b/c`.
fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.match_indices('/').map(|(index, _)| index).chain((!path.is_empty()).then_some(path.len()));
    ends.map(move |end| &path[..end])
}

fn refused(error: &SourceError) -> FileError {
    FileError::Other(error.to_string())
}
