//! The options of every verb that searches files for images.

use std::path::PathBuf;

use delivery::verbs::pin::PinFlags;

use crate::arguments::lock_file::below;
use crate::arguments::units::DigestsArgument;
use crate::outcome::Failure;

/// Where images are searched for.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Search options")]
pub(crate) struct SearchArguments {
    /// Use the rules, registries and lock file of this config file [default: hydrant.yaml in the folder or in the nearest one above it]
    #[arg(long, value_name = "FILE", env = "HYDRANT_CONFIG")]
    config: Option<PathBuf>,
    /// Read search rules and overrides from this file: a kbld Config, or a lock file of kbld or imgpkg (repeatable)
    #[arg(long, value_name = "FILE", value_delimiter = ',', env = "HYDRANT_RULES")]
    rules: Vec<String>,
    /// Choose what happens to a digest that the file already names beside a tag [default: kept]
    #[arg(long, value_enum, value_name = "RULE", env = "HYDRANT_POLICY_DIGESTS")]
    policy_digests: Option<DigestsArgument>,
}

impl SearchArguments {
    /// Returns the options as settings of `delivery`, with paths relative to `folder`.
    ///
    /// # Errors
    /// A path is not UTF-8.
    pub(crate) fn typed(self, folder: &str) -> Result<PinFlags, Failure> {
        Ok(PinFlags {
            config: self.config.map(|path| below(folder, &path)).transpose()?,
            rules: self.rules,
            digests: self.policy_digests.map(Into::into),
            ..PinFlags::default()
        })
    }
}
