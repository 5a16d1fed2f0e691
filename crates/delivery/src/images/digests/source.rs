//! Where digests come from: what was typed and written, laid together.

use manifest::ImageRef;

/// What was typed about the lock file.
#[derive(Clone, Debug, Default)]
pub struct Locking {
    /// `--lock`
    pub lock: bool,
    /// `--update`: everything where the list is empty.
    pub update: Option<Vec<ImageRef>>,
    /// `--locked`
    pub locked: Option<bool>,
    /// `--lock-file`, absolute.
    pub file: Option<String>,
}

/// Where digests come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Digests {
    /// Registries, every time.
    #[default]
    Registries,
    /// The lock file alone: no socket is opened.
    Locked,
    /// The lock file, and registries for what it lacks or what is to be updated.
    Lock(Update),
}

/// Which images are asked for again although they are locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// None.
    Nothing,
    /// All of them, and remote bases.
    Everything,
    /// These, by any spelling; without a tag, every tag of the repository.
    These(Vec<ImageRef>),
}

impl Locking {
    /// What was typed decides; where nothing was, what hydrant.yaml says (`locked`).
    pub fn digests(&self, written: Option<bool>) -> Digests {
        match &self.update {
            Some(these) if these.is_empty() => Digests::Lock(Update::Everything),
            Some(these) => Digests::Lock(Update::These(these.clone())),
            None if self.lock => Digests::Lock(Update::Nothing),
            None if self.locked.or(written) == Some(true) => Digests::Locked,
            None => Digests::Registries,
        }
    }
}

impl Digests {
    /// Whether nobody may be asked.
    pub fn is_locked(&self) -> bool {
        *self == Digests::Locked
    }

    /// Whether the lock file is read.
    pub fn reads_lock(&self) -> bool {
        *self != Digests::Registries
    }

    /// Whether the lock file is written.
    pub fn writes_lock(&self) -> bool {
        matches!(self, Digests::Lock(_))
    }
}

impl Update {
    pub(super) fn concerns(&self, image: &ImageRef) -> bool {
        match self {
            Update::Nothing => false,
            Update::Everything => true,
            Update::These(these) => these.iter().any(|one| match one.tag() {
                Some(_) => one.lookup() == image.lookup(),
                None => one.full_name() == image.full_name(),
            }),
        }
    }
}
