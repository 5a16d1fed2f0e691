//! The flags of every command that asks registries.

use std::path::PathBuf;

use delivery::images::registries::{Platform, Typed};

use crate::arguments::lock_file::below;
use crate::outcome::Failure;

/// Which of an index's digests is wanted; `hydrant render` has none, since Skaffold's flag of that name means another thing.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "How registries are asked")]
pub(crate) struct PlatformArguments {
    /// Pin the manifest of this platform (os/arch or os/arch/variant) instead of the image's index
    #[arg(long, value_name = "PLATFORM", env = "HYDRANT_PLATFORM")]
    platform: Option<Platform>,
}

/// How registries are asked.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "How registries are asked")]
pub(crate) struct RegistryArguments {
    /// A registry that may be spoken to over plain http (repeat, or separate by commas); loopback always may
    #[arg(long, value_name = "HOST", value_delimiter = ',', env = "HYDRANT_INSECURE_REGISTRY")]
    insecure_registry: Vec<String>,
    /// A PEM file with certificate authorities to trust beside the system's (repeat)
    #[arg(long, value_name = "FILE", value_delimiter = ',', env = "HYDRANT_REGISTRY_CA")]
    registry_ca: Vec<PathBuf>,
    /// A place to ask before a registry, such as docker.io=mirror.example/hub (repeat, or separate by commas)
    #[arg(long, value_name = "REGISTRY=PLACE", value_delimiter = ',', env = "HYDRANT_REGISTRY_MIRROR", value_parser = mirror)]
    registry_mirror: Vec<(String, String)>,
    /// Requests under way at one registry at any time [default: 50]
    #[arg(long, value_name = "COUNT", env = "HYDRANT_REGISTRY_CONCURRENCY", value_parser = clap::value_parser!(u16).range(1..))]
    registry_concurrency: Option<u16>,
    /// Seconds after which no request is tried again [default: 300]
    #[arg(long, value_name = "SECONDS", env = "HYDRANT_REGISTRY_DEADLINE")]
    registry_deadline: Option<u64>,
    /// Fetch every manifest and hash it, instead of believing the digest that the registry states
    #[arg(long, env = "HYDRANT_VERIFY_DIGESTS")]
    verify_digests: bool,
}

/// Reads `REGISTRY=PLACE`.
///
/// # Errors
/// Where one of both is missing, in words for clap.
fn mirror(text: &str) -> Result<(String, String), String> {
    let both = text.split_once('=').filter(|(registry, place)| !registry.is_empty() && !place.is_empty());
    both.map(|(registry, place)| (registry.to_owned(), place.to_owned()))
        .ok_or_else(|| "write REGISTRY=PLACE".to_owned())
}

impl RegistryArguments {
    /// As `delivery` takes them, paths as seen from `folder`.
    ///
    /// # Errors
    /// A path that cannot be named.
    pub(crate) fn typed(self, platform: PlatformArguments, folder: &str) -> Result<Typed, Failure> {
        Ok(Typed {
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
