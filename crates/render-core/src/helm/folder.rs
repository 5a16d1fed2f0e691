//! The files of a chart's folder.

use std::sync::Arc;

use gotemplate::strconv::quote;

use super::archive::{LARGEST, LARGEST_FILE};
use super::chart_file::{ChartFile, without_mark};
use super::error::HelmError;
use super::ignore::IgnoreRules;
use super::log;
use super::semantics::Semantics;
use crate::files::{EntryKind, FileError, FileKind, Files, FolderEntry};

/// The deepest folder; a chain of links can lead in circles.
const DEEPEST: usize = 100;

/// Reads the files of a chart's folder that `.helmignore` does not exclude.
pub(super) fn read(
    files: &dyn Files,
    folder: &str,
    semantics: Semantics,
    warnings: &mut Vec<String>,
) -> Result<Vec<ChartFile>, HelmError> {
    let ignore = files.read(&format!("{folder}/.helmignore")).unwrap_or_else(|_| Arc::from(&b""[..]));
    let rules = IgnoreRules::parse(&String::from_utf8_lossy(&ignore))?;
    let mut reader = FolderReader { files, semantics, rules, warnings, total: 0, found: Vec::new() };
    reader.folder(folder, "", 0)?;
    Ok(reader.found)
}

struct FolderReader<'f> {
    files: &'f dyn Files,
    semantics: Semantics,
    rules: IgnoreRules,
    warnings: &'f mut Vec<String>,
    total: u64,
    found: Vec<ChartFile>,
}

impl FolderReader<'_> {
    fn folder(&mut self, folder: &str, below: &str, depth: usize) -> Result<(), HelmError> {
        if depth > DEEPEST {
            return Err(HelmError::new(format!(
                "error evaluating symlink {folder}: too many levels of symbolic links"
            )));
        }
        let entries = self.files.entries(folder).map_err(|error| HelmError::new(format!("open {folder}: {error}")))?;
        // helm would read the repository of a chart at its root too, if `.helmignore` does not exclude it.
        for FolderEntry { name, kind } in entries.into_iter().filter(|entry| entry.name != ".git") {
            let path = format!("{folder}/{name}");
            let relative = format!("{below}{name}");
            let kind = match kind {
                EntryKind::File => Ok(FileKind::File),
                EntryKind::Folder => Ok(FileKind::Folder),
                EntryKind::Unknown => {
                    self.check_link(folder, &name, &path)?;
                    self.files.kind(&path)
                }
            };
            match kind {
                Ok(FileKind::Folder) if self.rules.ignores(&relative, true) => {}
                Ok(FileKind::Folder) => self.folder(&path, &format!("{relative}/"), depth + 1)?,
                _ if self.rules.ignores(&relative, false) => {}
                Ok(FileKind::File) => self.file(&path, relative)?,
                Err(FileError::NotRegular) => {
                    return Err(HelmError::new(format!(
                        "cannot load irregular file {path} as it has file mode type bits set"
                    )));
                }
                Err(error) => return Err(HelmError::new(format!("lstat {path}: {error}"))),
            }
        }
        Ok(())
    }

    /// Warns if an entry is a symbolic link.
    fn check_link(&mut self, folder: &str, name: &str, path: &str) -> Result<(), HelmError> {
        let real = self.files.real(folder).ok();
        let expected = real.map(|real| format!("{}/{name}", real.trim_end_matches('/')));
        let target = self
            .files
            .real(path)
            .map_err(|error| HelmError::new(format!("error evaluating symlink {path}: lstat {path}: {error}")))?;
        if expected.is_some_and(|expected| expected != target) {
            self.warnings.push(log::found_link(self.semantics, path, &target));
        }
        Ok(())
    }

    fn file(&mut self, path: &str, relative: String) -> Result<(), HelmError> {
        let bytes =
            self.files.read(path).map_err(|error| HelmError::new(format!("error reading {relative}: {error}")))?;
        let size = bytes.len() as u64;
        if self.semantics < Semantics::V4_3 && size > LARGEST_FILE {
            let base = relative.rsplit('/').next().unwrap_or_default();
            return Err(HelmError::new(format!(
                "chart file {} is larger than the maximum file size {LARGEST_FILE}",
                quote(base.as_bytes())
            )));
        }
        self.total += size;
        if self.total > LARGEST {
            return Err(HelmError::new(format!(
                "error reading {relative}: chart exceeds maximum decompressed size of {LARGEST} bytes"
            )));
        }
        self.found.push(ChartFile { path: relative, bytes: without_mark(bytes) });
        Ok(())
    }
}
