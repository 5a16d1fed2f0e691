//! The flags of every command that looks for images in files.

use std::path::PathBuf;

use delivery::verbs::pin::Typed;

use crate::arguments::lock_file::below;
use crate::arguments::units::DigestsArgument;
use crate::outcome::Failure;

/// What images are.
#[derive(Debug, clap::Args)]
pub(crate) struct SearchArguments {
    /// The config whose rules, registries and lock file are used; where absent, the hydrant.yaml of the folder or of the next one
    /// above that has one
    #[arg(long, value_name = "FILE", env = "HYDRANT_CONFIG")]
    config: Option<PathBuf>,
    /// Search rules and overrides: kbld's Config, kbld's or imgpkg's lock file (repeat)
    #[arg(long, value_name = "FILE", value_delimiter = ',', env = "HYDRANT_RULES")]
    rules: Vec<String>,
    /// What happens to a digest that stands beside a tag already
    #[arg(long, value_enum, value_name = "RULE", env = "HYDRANT_POLICY_DIGESTS")]
    policy_digests: Option<DigestsArgument>,
}

impl SearchArguments {
    /// As `delivery` takes them, the config as seen from `folder`; what else can be typed is left at nothing.
    ///
    /// # Errors
    /// A path that cannot be named.
    pub(crate) fn typed(self, folder: &str) -> Result<Typed, Failure> {
        Ok(Typed {
            config: self.config.map(|path| below(folder, &path)).transpose()?,
            rules: self.rules,
            digests: self.policy_digests.map(Into::into),
            ..Typed::default()
        })
    }
}
