//! Where the digests of a rendering come from, as it was typed.

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

/// The flags.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct DigestArguments {
    /// Put digests beside every image of the manifests, not only beside those that are built, by the rules, registries and lock file of
    /// hydrant.yaml, where there is one
    #[arg(long, env = "HYDRANT_PIN")]
    pin: bool,
    /// Search rules and overrides for --pin: kbld's Config, kbld's or imgpkg's lock file (repeat)
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
    /// As `delivery` takes them, paths as seen from `folder`. A `hydrant.yaml` counts where every image is to be pinned; Skaffold's own
    /// flags alone mean what they mean to Skaffold.
    ///
    /// # Errors
    /// A path that cannot be named, and with `--pin` a config or rules that cannot be read.
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
