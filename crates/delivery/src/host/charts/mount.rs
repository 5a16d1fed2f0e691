//! A fetched chart as files that exist in this process alone: the archive, and a folder with its content.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use manifest::Diagnostic;
use render_core::files::{FileError, FileKind, Files, MemoryFiles};
use render_core::helm::archive_files;

use crate::host::confined::ConfinedFolder;
use crate::host::program_files::Mount;

/// The folder of all charts. Below it is a folder for each archive.
pub(super) const MOUNTS: &str = "/.hydrant/charts/";

/// A chart.
#[derive(Debug)]
pub(crate) struct ChartMount {
    root: String,
    /// The archive's name.
    archive: String,
    /// The chart's name.
    name: String,
    bytes: Arc<[u8]>,
    files: OnceLock<Result<MemoryFiles, String>>,
    copy: OnceLock<Result<ConfinedFolder, Diagnostic>>,
}

impl ChartMount {
    /// The chart of an archive. `digest` is that of the bytes.
    pub(super) fn new(digest: &str, name: &str, version: &str, bytes: Arc<[u8]>) -> ChartMount {
        let hex = digest.rsplit(':').next().unwrap_or_default();
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.+".contains(c) { c } else { '-' };
        let safe = |text: &str| text.chars().map(plain).collect::<String>().trim_start_matches('.').to_owned();
        let name = Some(safe(name)).filter(|name| !name.is_empty()).unwrap_or_else(|| "chart".to_owned());
        ChartMount {
            root: format!("{MOUNTS}{}", hex.get(..32).unwrap_or(hex)),
            archive: format!("{name}-{}.tgz", safe(version)),
            name,
            bytes,
            files: OnceLock::new(),
            copy: OnceLock::new(),
        }
    }

    /// The path of the archive.
    pub(super) fn archive(&self) -> String {
        format!("{}/{}", self.root, self.archive)
    }

    /// The path of the folder.
    pub(super) fn folder(&self) -> String {
        format!("{}/{}", self.root, self.name)
    }

    fn files(&self) -> Result<&MemoryFiles, FileError> {
        let files = self.files.get_or_init(|| {
            let unpacked = archive_files(&self.bytes).map_err(|error| error.to_string())?;
            let mut files = MemoryFiles::default();
            for file in unpacked {
                files.insert(&format!("{}/{}", self.folder(), file.path), file.bytes);
            }
            files.insert(&self.archive(), self.bytes.clone());
            Ok(files)
        });
        files.as_ref().map_err(|error| FileError::Other(error.clone()))
    }

    fn write_copy(&self) -> Result<ConfinedFolder, Diagnostic> {
        let failed = |error: &dyn std::fmt::Display| {
            Diagnostic::new(format!("cannot write the chart {} for a program: {error}", self.name))
        };
        let folder = ConfinedFolder::create().map_err(|error| failed(&error))?;
        let write = |path: &str, bytes: &[u8]| folder.write(Path::new(path), bytes).map_err(|error| failed(&error));
        write(&self.archive, &self.bytes)?;
        for file in archive_files(&self.bytes).map_err(|error| failed(&error))? {
            write(&format!("{}/{}", self.name, file.path), &file.bytes)?;
        }
        Ok(folder)
    }
}

impl Files for ChartMount {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        if path == self.archive() { Ok(self.bytes.clone()) } else { self.files()?.read(path) }
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        if path == self.archive() { Ok(FileKind::File) } else { self.files()?.kind(path) }
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        self.files()?.list(folder)
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        if path == self.archive() { Ok(path.to_owned()) } else { self.files()?.real(path) }
    }
}

impl Mount for ChartMount {
    fn root(&self) -> &str {
        &self.root
    }

    fn copy(&self) -> Result<&str, Diagnostic> {
        self.copy.get_or_init(|| self.write_copy()).as_ref().map(ConfinedFolder::path).map_err(Clone::clone)
    }

    fn copied(&self) -> Option<&str> {
        self.copy.get().and_then(|copy| copy.as_ref().ok()).map(ConfinedFolder::path)
    }
}
