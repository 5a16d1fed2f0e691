//! The options that say where digests come from.

use std::path::PathBuf;

use delivery::config;
use delivery::host::disk::DiskFiles;
use delivery::images::registries;
use delivery::lock::LockOptions;
use delivery::plan::{SkaffoldOptions, Standalone};
use delivery::verbs::pin::{PinFlags, Setup};

use crate::arguments::lock_file::{LockArguments, LockedArguments, below};
use crate::arguments::registries::{PlatformArguments, RegistryArguments};
use crate::arguments::trust::ExecArguments;
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
    /// Render charts by this helm program, not in process
    #[arg(long, value_name = "PROGRAM", env = "HYDRANT_HELM_COMMAND")]
    helm_command: Option<String>,
    /// Reproduce this version of helm: 4.3, 4.1, 3.22 or 3.17 [default: 4.3]
    #[arg(long, value_name = "VERSION", env = "HYDRANT_HELM_SEMANTICS", conflicts_with = "helm_command")]
    helm_semantics: Option<String>,
    #[command(flatten)]
    exec: ExecArguments,
    #[command(flatten)]
    locked: LockedArguments,
    #[command(flatten)]
    lock: LockArguments,
    #[command(flatten)]
    registries: RegistryArguments,
}

impl DigestArguments {
    /// Whether programs are run that the source configures.
    pub(super) fn allow_exec(&self) -> bool {
        self.exec.allow_exec
    }

    /// Returns how the lock file is used. Paths are relative to `folder`.
    ///
    /// # Errors
    /// A path is not UTF-8.
    pub(super) fn locking(self, folder: &str) -> Result<LockOptions, Failure> {
        self.locked.locking(self.lock, folder)
    }

    /// Returns the folder with these Skaffold options. Paths are relative to `folder`. A `hydrant.yaml` is read only with `--pin`, because
    /// Skaffold's options alone must mean what they mean to Skaffold.
    ///
    /// # Errors
    /// A path is not UTF-8, or with `--pin` a config or a rules file cannot be read.
    pub(super) fn standalone(
        self,
        files: &DiskFiles,
        folder: &str,
        skaffold: SkaffoldOptions,
    ) -> Result<Standalone, Failure> {
        let typed = PinFlags {
            locking: self.locked.locking(self.lock, folder)?,
            registries: self.registries.typed(PlatformArguments::default(), folder)?,
            rules: self.rules.iter().map(|path| below(folder, path)).collect::<Result<_, _>>()?,
            ..PinFlags::default()
        };
        let (folder, allow_exec) = (folder.to_owned(), self.exec.allow_exec);
        if self.pin {
            let setup = Setup::new(files, &folder, &typed)?;
            return Ok(Standalone {
                folder,
                skaffold,
                lock_mode: setup.lock_mode,
                lock: Some(setup.lock_file),
                registries: setup.options,
                rules: setup.rules,
                pin: Some(setup.given),
                allow_exec,
                helm_command: self.helm_command,
                helm_semantics: self.helm_semantics,
            });
        }
        Ok(Standalone {
            lock_mode: typed.locking.lock_mode(None),
            lock: typed.locking.file,
            registries: registries::options(&typed.registries, &config::Registry::default(), &folder)?,
            rules: Vec::new(),
            pin: None,
            allow_exec,
            helm_command: self.helm_command,
            helm_semantics: self.helm_semantics,
            folder,
            skaffold,
        })
    }
}
