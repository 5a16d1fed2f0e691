//! The options of every verb that queries registries.

use std::path::PathBuf;

use delivery::images::registries::{Platform, RegistryFlags};

use crate::arguments::lock_file::below;
use crate::outcome::Failure;

/// Which digest of an image index is used. `hydrant render` does not take it: Skaffold's option of that name has another meaning.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Registry options")]
pub(crate) struct PlatformArguments {
    /// Pin to the manifest of this platform (os/arch or os/arch/variant) [default: to the image's index]
    #[arg(long, value_name = "PLATFORM", env = "HYDRANT_PLATFORM")]
    platform: Option<Platform>,
}

/// How registries are queried.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Registry options")]
pub(crate) struct RegistryArguments {
    /// Use plain http for this registry (repeatable, or separated by commas); not needed for loopback addresses
    #[arg(long, value_name = "HOST", value_delimiter = ',', env = "HYDRANT_INSECURE_REGISTRY")]
    insecure_registry: Vec<String>,
    /// Trust the certificate authorities in this PEM file, in addition to the system's (repeatable)
    #[arg(long, value_name = "FILE", value_delimiter = ',', env = "HYDRANT_REGISTRY_CA")]
    registry_ca: Vec<PathBuf>,
    /// Query this mirror before a registry, such as docker.io=mirror.example/hub (repeatable, or separated by commas)
    #[arg(long, value_name = "REGISTRY=MIRROR", value_delimiter = ',', env = "HYDRANT_REGISTRY_MIRROR", value_parser = mirror)]
    registry_mirror: Vec<(String, String)>,
    /// Send at most this many concurrent requests to one registry [default: 50]
    #[arg(long, value_name = "COUNT", env = "HYDRANT_REGISTRY_CONCURRENCY", value_parser = clap::value_parser!(u16).range(1..))]
    registry_concurrency: Option<u16>,
    /// Stop retrying after this many seconds [default: 300]
    #[arg(long, value_name = "SECONDS", env = "HYDRANT_REGISTRY_DEADLINE")]
    registry_deadline: Option<u64>,
    /// Fetch and hash every manifest instead of using the digest that the registry states
    #[arg(long, env = "HYDRANT_VERIFY_DIGESTS")]
    verify_digests: bool,
}

/// Reads `REGISTRY=MIRROR`.
///
/// # Errors
/// The registry or the mirror is missing; clap prints the text.
fn mirror(text: &str) -> Result<(String, String), String> {
    let both = text.split_once('=').filter(|(registry, place)| !registry.is_empty() && !place.is_empty());
    both.map(|(registry, place)| (registry.to_owned(), place.to_owned()))
        .ok_or_else(|| "expected REGISTRY=MIRROR".to_owned())
}

impl RegistryArguments {
    /// Returns the options as `delivery` takes them. Paths are relative to `folder`.
    ///
    /// # Errors
    /// A path is not UTF-8.
    pub(crate) fn typed(self, platform: PlatformArguments, folder: &str) -> Result<RegistryFlags, Failure> {
        Ok(RegistryFlags {
            platform: platform.platform,
            insecure: self.insecure_registry,
            authorities: self.registry_ca.iter().map(|path| below(folder, path)).collect::<Result<_, _>>()?,
            mirrors: self.registry_mirror,
            concurrency: self.registry_concurrency,
            deadline: self.registry_deadline,
            verify_digests: self.verify_digests,
        })
    }
}
