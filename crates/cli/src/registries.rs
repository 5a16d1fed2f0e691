//! The flags of every command that asks registries.

use std::path::PathBuf;
use std::time::Duration;

use delivery::registries::{Options, Platform, Proxies};

/// How registries are asked.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "How registries are asked")]
pub(crate) struct RegistryArguments {
    /// Pin the manifest of this platform (os/arch or os/arch/variant) instead of the image's index
    #[arg(long, value_name = "PLATFORM", env = "HYDRANT_PLATFORM")]
    platform: Option<Platform>,
    /// A registry that may be spoken to over plain http (repeat, or separate by commas); loopback always may
    #[arg(long, value_name = "HOST", value_delimiter = ',', env = "HYDRANT_INSECURE_REGISTRY")]
    insecure_registry: Vec<String>,
    /// A PEM file with certificate authorities to trust beside the system's (repeat)
    #[arg(long, value_name = "FILE", value_delimiter = ',', env = "HYDRANT_REGISTRY_CA")]
    registry_ca: Vec<PathBuf>,
    /// A place to ask before a registry, such as docker.io=mirror.example/hub (repeat, or separate by commas)
    #[arg(long, value_name = "REGISTRY=PLACE", value_delimiter = ',', env = "HYDRANT_REGISTRY_MIRROR", value_parser = mirror)]
    registry_mirror: Vec<(String, String)>,
    /// Requests under way at one registry at any time
    #[arg(long, value_name = "COUNT", default_value_t = 50, env = "HYDRANT_REGISTRY_CONCURRENCY", value_parser = clap::value_parser!(u16).range(1..))]
    registry_concurrency: u16,
    /// Seconds after which no request is tried again
    #[arg(long, value_name = "SECONDS", default_value_t = 300, env = "HYDRANT_REGISTRY_DEADLINE")]
    registry_deadline: u64,
    /// Fetch every manifest and hash it, instead of believing the digest that the registry states
    #[arg(long, env = "HYDRANT_VERIFY_DIGESTS")]
    verify_digests: bool,
}

/// Reads `REGISTRY=PLACE`.
///
/// # Errors
/// Where one of both is missing, in words for clap.
pub(crate) fn mirror(text: &str) -> Result<(String, String), String> {
    let both = text.split_once('=').filter(|(registry, place)| !registry.is_empty() && !place.is_empty());
    both.map(|(registry, place)| (registry.to_owned(), place.to_owned()))
        .ok_or_else(|| "write REGISTRY=PLACE".to_owned())
}

impl RegistryArguments {
    /// As `delivery` takes them; `variable` answers for the proxies' variables.
    pub(crate) fn options(self, variable: impl Fn(&str) -> Option<String>) -> Options {
        let mut options = Options {
            platform: self.platform,
            insecure: self.insecure_registry.into_iter().collect(),
            authorities: self.registry_ca,
            concurrency: usize::from(self.registry_concurrency),
            deadline: Duration::from_secs(self.registry_deadline),
            hash_everything: self.verify_digests,
            proxies: Proxies::from_variables(variable),
            ..Options::standard()
        };
        for (registry, place) in self.registry_mirror {
            options.mirrors.entry(registry).or_default().push(place);
        }
        options
    }
}
