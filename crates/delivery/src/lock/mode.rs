//! How the lock file is used: flags over hydrant.yaml.

use std::collections::BTreeSet;

use manifest::ImageRef;

/// The flags about the lock file.
#[derive(Clone, Debug, Default)]
pub struct LockOptions {
    /// `--lock`
    pub lock: bool,
    /// `--update`: everything where the list is empty.
    pub update: Option<Vec<ImageRef>>,
    /// `hydrant update NAME`: what has one of these names.
    pub update_named: Vec<String>,
    /// `--locked`
    pub locked: Option<bool>,
    /// `--lock-file`, absolute.
    pub file: Option<String>,
}

/// Where digests come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LockMode {
    /// Ignore, every time.
    #[default]
    Ignore,
    /// The lock file alone: no socket is opened.
    Locked,
    /// The lock file, and registries for what it lacks or what is to be updated.
    Write(Refresh),
}

/// Which locked images are resolved again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// None.
    None,
    /// All of them, and remote bases.
    All,
    /// These, by any spelling; without a tag, every tag of the repository.
    Images(Vec<ImageRef>),
    /// What has one of these names: charts, images as in [`Refresh::Images`], remote bases by their URL.
    Named(Vec<String>),
}

impl LockOptions {
    /// Combines the flags with `locked` of hydrant.yaml; flags win.
    pub fn lock_mode(&self, written: Option<bool>) -> LockMode {
        if !self.update_named.is_empty() {
            return LockMode::Write(Refresh::Named(self.update_named.clone()));
        }
        match &self.update {
            Some(these) if these.is_empty() => LockMode::Write(Refresh::All),
            Some(these) => LockMode::Write(Refresh::Images(these.clone())),
            None if self.lock => LockMode::Write(Refresh::None),
            None if self.locked.or(written) == Some(true) => LockMode::Locked,
            None => LockMode::Ignore,
        }
    }
}

impl LockMode {
    /// Whether network access to registries and remotes is not allowed.
    pub fn is_locked(&self) -> bool {
        *self == LockMode::Locked
    }

    /// Whether the lock file is read.
    pub fn reads_lock(&self) -> bool {
        *self != LockMode::Ignore
    }

    /// Whether the lock file is written.
    pub fn writes_lock(&self) -> bool {
        matches!(self, LockMode::Write(_))
    }
}

impl Refresh {
    /// Whether the chart of this name is resolved again.
    pub(crate) fn concerns_chart(&self, name: &str) -> bool {
        match self {
            Refresh::None => false,
            Refresh::All => true,
            Refresh::Images(these) => these.iter().any(|one| one.as_str() == name),
            Refresh::Named(these) => these.iter().any(|one| one == name),
        }
    }

    /// Whether the remote base at this URL is resolved again.
    pub(crate) fn concerns_remote(&self, url: &str) -> bool {
        match self {
            Refresh::None | Refresh::Images(_) => false,
            Refresh::All => true,
            Refresh::Named(these) => these.iter().any(|one| one == url),
        }
    }

    /// Whether the image is resolved again.
    pub(crate) fn concerns(&self, image: &ImageRef) -> bool {
        match self {
            Refresh::None => false,
            Refresh::All => true,
            Refresh::Images(these) => these.iter().any(|one| is_meant(one, image)),
            Refresh::Named(these) => these.iter().any(|one| is_named(one, image)),
        }
    }

    /// The images that are to be updated and that are none of these.
    pub(crate) fn without_match(&self, images: &BTreeSet<ImageRef>) -> Vec<&ImageRef> {
        match self {
            Refresh::None | Refresh::All | Refresh::Named(_) => Vec::new(),
            Refresh::Images(these) => {
                these.iter().filter(|one| !images.iter().any(|image| is_meant(one, image))).collect()
            }
        }
    }
}

/// Whether a name of any kind means an image.
pub(crate) fn is_named(name: &str, image: &ImageRef) -> bool {
    ImageRef::parse(name).is_ok_and(|name| is_meant(&name, image))
}

/// Whether the name given to `--update` means an image: without a tag, every tag of the repository.
fn is_meant(name: &ImageRef, image: &ImageRef) -> bool {
    match name.tag() {
        Some(_) => name.lookup() == image.lookup(),
        None => name.full_name() == image.full_name(),
    }
}
