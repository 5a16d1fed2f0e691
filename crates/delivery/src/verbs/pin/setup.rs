//! The settings for finding and resolving images outside of a delivery: flags over hydrant.yaml, where there is one.

use manifest::{Diagnostic, Errors};
use registry::RegistryOptions;
use render_core::files::{Files, parent};

use super::{Located, wanted};
use crate::config::{self, GivenDigests};
use crate::images::digests::ImageRequest;
use crate::images::registries;
use crate::images::search::Search;
use crate::lock;
use crate::lock::{LockMode, LockOptions};
use crate::plan;

/// The flags.
#[derive(Clone, Debug, Default)]
pub struct PinFlags {
    /// `--config`, absolute.
    pub config: Option<String>,
    /// `--rules`
    pub rules: Vec<String>,
    /// `--policy-digests`
    pub digests: Option<GivenDigests>,
    /// The flags about the lock file.
    pub locking: LockOptions,
    /// The flags about registries.
    pub registries: registries::RegistryFlags,
}

/// Everything decided.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What images are.
    pub search: Search,
    /// The files that `search` was read from, absolute.
    pub rules: Vec<String>,
    /// What happens to digests that images already have.
    pub given: GivenDigests,
    /// Where digests come from.
    pub lock_mode: LockMode,
    /// The lock file.
    pub lock_file: String,
    /// How registries are queried; the proxies come from the environment.
    pub options: RegistryOptions,
}

impl Setup {
    /// Combines both for a command that runs in `folder`, absolute: the config is searched there and in the folders above.
    ///
    /// # Errors
    /// A config or rules that cannot be read.
    pub fn new(files: &dyn Files, folder: &str, flags: &PinFlags) -> Result<Self, Errors> {
        let path = config::find(files, folder, flags.config.as_deref())?;
        let config = path.as_deref().map(|path| config::read(files, path)).transpose()?;
        let root = path.as_deref().map_or(folder, parent);
        let written = config.as_ref().map(|config| config.registry.clone()).unwrap_or_default();
        let options = registries::options(&flags.registries, &written, root);
        let in_file = |error: Diagnostic| path.iter().fold(error, |error, path| error.in_file(path));
        let mut rules = match &config {
            Some(config) => plan::rules(files, root, config).map_err(in_file)?,
            None => Vec::new(),
        };
        rules.extend(flags.rules.iter().cloned());
        let lock_file = match (&flags.locking.file, &config) {
            (Some(file), _) => file.clone(),
            (None, Some(config)) => plan::lock(files, root, config).map_err(in_file)?,
            (None, None) => lock::find(files, folder, None),
        };
        Ok(Setup {
            search: Search::read(files, &rules)?,
            rules,
            given: flags.digests.or(config.as_ref().and_then(|config| config.policy.digests)).unwrap_or_default(),
            lock_mode: flags.locking.lock_mode(config.as_ref().and_then(|config| config.locked)),
            lock_file,
            options: options.map_err(in_file)?,
        })
    }

    /// Also finds images in files that are rendered, see [`Search::with_sources`].
    #[must_use]
    pub fn with_sources(self) -> Self {
        Setup { search: self.search.with_sources(), ..self }
    }

    /// What is to be found out about the images.
    pub fn wanted(&self, images: &[Located]) -> Vec<ImageRequest> {
        let mut all = wanted(images, &self.search);
        all.retain(|one| self.given == GivenDigests::Checked || !one.image.is_pinned());
        all
    }
}
