//! The options that say where digests come from.

use std::path::PathBuf;

use delivery::config;
use delivery::host::RunContext;
use delivery::host::disk::DiskFiles;
use delivery::images::registries;
use delivery::verbs::pin::{Setup, Typed};
use delivery::verbs::render::Registries;

use crate::arguments::lock_file::{LockArguments, LockedArguments, below};
use crate::arguments::registries::{PlatformArguments, RegistryArguments};
use crate::outcome::Failure;

/// Where digests come from.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct DigestArguments {
    /// Pin every image of the manifests, not only those that are built, by the rules, registries and lock file of hydrant.yaml
    #[arg(long, env = "HYDRANT_PIN")]
    pin: bool,
    /// Read search rules and overrides for --pin from this file: a kbld Config, or a lock file of kbld or imgpkg (repeatable)
    #[arg(long, value_name = "FILE", value_delimiter = ',', requires = "pin")]
    rules: Vec<PathBuf>,
    #[command(flatten)]
    locked: LockedArguments,
    #[command(flatten)]
    lock: LockArguments,
    #[command(flatten)]
    registries: RegistryArguments,
}

impl DigestArguments {
    /// Returns the options as `delivery` takes them. Paths are relative to `folder`. A `hydrant.yaml` is read only with `--pin`, because
    /// Skaffold's options alone must mean what they mean to Skaffold.
    ///
    /// # Errors
    /// A path is not UTF-8, or with `--pin` a config or a rules file cannot be read.
    pub(super) fn registries<'a>(
        self,
        files: &DiskFiles,
        folder: &str,
        ctx: &'a RunContext,
    ) -> Result<Registries<'a>, Failure> {
        let typed = Typed {
            locking: self.locked.locking(self.lock, folder)?,
            registries: self.registries.typed(PlatformArguments::default(), folder)?,
            rules: self.rules.iter().map(|path| below(folder, path)).collect::<Result<_, _>>()?,
            ..Typed::default()
        };
        let (source, lock_file, options, everything) = if self.pin {
            let setup = Setup::new(files, folder, &typed)?;
            (setup.source, Some(setup.lock_file), setup.options, Some((setup.search, setup.given)))
        } else {
            let options = registries::options(&typed.registries, &config::Registry::default(), folder)?;
            (typed.locking.digests(None), typed.locking.file, options, None)
        };
        let now = ctx.now.map_or(0, |now| now.seconds);
        Ok(Registries { source, lock_file, options, now, progress: ctx.progress.resolving(), everything })
    }
}
