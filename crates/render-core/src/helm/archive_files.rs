//! The files of a chart's archive, for callers that need them as a folder.

use std::sync::Arc;

use super::archive::{self, Budget};
use super::error::HelmError;
use super::semantics::Semantics;

/// A file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveFile {
    /// The path below the chart's folder, without `..`.
    pub path: String,
    /// The content, without a byte order mark.
    pub bytes: Arc<[u8]>,
}

/// Unpacks a chart's archive with helm's limits and rules for names: the first part of each name is dropped.
///
/// # Errors
/// helm's text, without the file's name.
pub fn archive_files(bytes: &[u8]) -> Result<Vec<ArchiveFile>, HelmError> {
    let unpacked = archive::unpack(bytes, Semantics::default(), &mut Budget::default());
    let files = unpacked.map_err(|error| HelmError::new(error.to_string()))?;
    Ok(files.into_iter().map(|file| ArchiveFile { path: file.path, bytes: file.bytes }).collect())
}
