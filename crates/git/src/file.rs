//! Files as git stores them, and changes of files.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The mode of a file in git.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A regular file, 100644.
    #[default]
    Regular,
    /// An executable file, 100755.
    Executable,
    /// A symbolic link, 120000; its content is the target.
    Link,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The content.
    pub bytes: Arc<[u8]>,
    /// The mode.
    pub mode: Mode,
}

impl File {
    /// A regular file.
    pub fn regular(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { bytes: bytes.into(), mode: Mode::Regular }
    }
}

/// Files by their path: relative, separated by `/`, without `.` and `..`.
pub type FileSet = BTreeMap<String, File>;

/// How a commit changes a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// The file is new.
    Added,
    /// The content or the mode differs.
    Modified,
    /// The file is deleted.
    Removed,
}

/// A file that a commit changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The path from the branch's root.
    pub path: String,
    /// How it changes.
    pub kind: ChangeKind,
}
