//! A folder that output is written to. A symbolic link in it that leads out is not followed, so that a source cannot choose by a link where
//! its output is written.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

/// A folder for output. The folder itself may be a link: the user has named it.
#[derive(Debug)]
pub struct OutputFolder {
    folder: Dir,
    path: PathBuf,
}

/// A file that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}", path.display())]
pub struct OutputError {
    /// The file.
    pub path: PathBuf,
    /// The system's error.
    pub source: io::Error,
}

impl OutputFolder {
    /// Opens the folder, and creates it and those above it if necessary.
    ///
    /// # Errors
    /// The system's.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        let failed = |source| OutputError { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(failed)?;
        let folder = Dir::open_ambient_dir(path, ambient_authority()).map_err(failed)?;
        Ok(OutputFolder { folder, path: path.to_owned() })
    }

    /// Writes or replaces a file in the folder atomically, and creates the folders above it.
    ///
    /// # Errors
    /// The system's, and a path that leads out of the folder.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), OutputError> {
        let written = self.create_parent(path).and_then(|()| self.replace(path, bytes));
        written.map_err(|error| self.error(path, error))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let is_new_or_file = self.folder.symlink_metadata(path).map_or(true, |found| found.is_file());
        if !is_new_or_file {
            return self.folder.write(path, bytes);
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = path.with_file_name(format!(".{name}.new-{}", std::process::id()));
        let written =
            self.folder.write(&temporary, bytes).and_then(|()| self.folder.rename(&temporary, &self.folder, path));
        if written.is_err() {
            drop(self.folder.remove_file(&temporary));
        }
        written
    }

    /// Appends to a file in the folder, which is created if it does not exist.
    ///
    /// # Errors
    /// As [`OutputFolder::write`].
    pub fn append(&self, path: &Path, bytes: &[u8]) -> Result<(), OutputError> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        let opened = self.create_parent(path).and_then(|()| self.folder.open_with(path, &options));
        opened.and_then(|mut file| file.write_all(bytes)).map_err(|error| self.error(path, error))
    }

    /// Whether a file or folder exists at a path.
    pub fn exists(&self, path: &Path) -> bool {
        self.folder.exists(path)
    }

    fn create_parent(&self, path: &Path) -> io::Result<()> {
        match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => {
                // For a link that leads out, the error of the creation is only that the name is taken.
                self.folder.create_dir_all(folder).map_err(|error| self.folder.metadata(folder).err().unwrap_or(error))
            }
            _ => Ok(()),
        }
    }

    fn error(&self, path: &Path, source: io::Error) -> OutputError {
        // cap-std's error for a path that leads out has no code of the system.
        let leads_out = source.kind() == io::ErrorKind::PermissionDenied && source.raw_os_error().is_none();
        let source = if leads_out {
            io::Error::new(source.kind(), "a symbolic link leads out of the output folder")
        } else {
            source
        };
        OutputError { path: self.path.join(path), source }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_that_lead_out_are_not_followed() {
        let temporary = tempfile::tempdir().unwrap();
        let (out, outside) = (temporary.path().join("out"), temporary.path().join("outside"));
        fs::create_dir_all(&outside).unwrap();
        fs::write(outside.join("file"), "kept").unwrap();
        let folder = OutputFolder::create(&out).unwrap();
        folder.write(Path::new("a/b.yaml"), b"one").unwrap();
        folder.append(Path::new("a/b.yaml"), b"two").unwrap();
        assert_eq!(fs::read(out.join("a/b.yaml")).unwrap(), b"onetwo");
        symlink(&outside, out.join("folder")).unwrap();
        symlink("../outside", out.join("relative")).unwrap();
        symlink(outside.join("file"), out.join("file")).unwrap();
        symlink(outside.join("new"), out.join("dangling")).unwrap();
        symlink("a/b.yaml", out.join("inside")).unwrap();
        for path in
            ["folder/new", "folder/file", "relative/file", "relative/new/x", "file", "dangling", "../outside/file"]
        {
            let path = Path::new(path);
            for refused in [folder.write(path, b"x"), folder.append(path, b"x")] {
                let message = refused.unwrap_err().to_string();
                assert!(message.contains("leads out of the output folder"), "{message}");
            }
        }
        assert_eq!(fs::read(outside.join("file")).unwrap(), b"kept");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
        folder.write(Path::new("inside"), b"three").unwrap();
        assert_eq!(fs::read(out.join("a/b.yaml")).unwrap(), b"three");
    }
}
