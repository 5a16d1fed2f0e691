//! Files as git stores them, who writes them, and how they change.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::source::Moment;

/// What kind of file git stores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A regular file, 100644.
    #[default]
    Regular,
    /// A file that may be executed, 100755.
    Executable,
    /// A symbolic link whose target is the bytes, 120000.
    Link,
}

/// One file of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The content, exactly.
    pub bytes: Arc<[u8]>,
    /// What git is to make of it.
    pub mode: Mode,
}

impl File {
    /// A regular file.
    pub fn regular(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { bytes: bytes.into(), mode: Mode::Regular }
    }
}

/// The files of a unit by their path below the unit's folder: relative, `/` between the parts, no `.` or `..`.
pub type FileSet = BTreeMap<String, File>;

/// Who writes or commits, and when; the time is the caller's to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The mail address.
    pub email: String,
    /// The time that the commit carries.
    pub time: Moment,
}

impl Identity {
    /// As git2 wants it.
    ///
    /// # Errors
    /// An empty name or one that git does not take.
    pub fn signature(&self) -> Result<git2::Signature<'static>, git2::Error> {
        let time = git2::Time::new(self.time.seconds, self.time.offset_minutes);
        git2::Signature::new(&self.name, &self.email, &time)
    }
}

/// How a delivery changes a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// The file is new.
    Added,
    /// The content or the mode differs.
    Modified,
    /// An earlier delivery wrote the file and this one does not.
    Removed,
}

/// A file that a commit changes. `hydrator.metadata` is not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The path from the branch's root.
    pub path: String,
    /// How it changes.
    pub kind: ChangeKind,
}
