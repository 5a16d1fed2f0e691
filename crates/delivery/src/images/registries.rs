//! Options for registries: flags over hydrant.yaml.

use std::path::PathBuf;
use std::time::Duration;

use manifest::Diagnostic;
pub use registry::{Platform, Proxies, RegistryOptions};
use render_core::files::join;

use crate::config;

/// The flags about registries.
#[derive(Clone, Debug, Default)]
pub struct RegistryFlags {
    /// `--platform`
    pub platform: Option<Platform>,
    /// `--insecure-registry`
    pub insecure: Vec<String>,
    /// `--registry-ca`, absolute.
    pub authorities: Vec<String>,
    /// `--registry-mirror`: a registry and a mirror to query before it.
    pub mirrors: Vec<(String, String)>,
    /// `--registry-concurrency`
    pub concurrency: Option<u16>,
    /// `--registry-deadline`, in seconds.
    pub deadline: Option<u64>,
    /// `--verify-digests`
    pub verify_digests: bool,
}

/// Combines flags and config: lists are joined, mirrors of flags are queried first. Paths of the config are below `root`. Proxies are not set:
/// they come from the environment.
///
/// # Errors
/// An invalid platform in the file.
pub fn options(flags: &RegistryFlags, written: &config::Registry, root: &str) -> Result<RegistryOptions, Diagnostic> {
    let platform = written.platform.as_deref().map(str::parse::<Platform>).transpose();
    let platform = platform.map_err(|error| Diagnostic::new(error.to_string()).field("registry.platform"))?;
    let standard = RegistryOptions::standard();
    let authorities = written.authorities.iter().map(|path| join(root, path));
    let seconds = flags.deadline.or(written.deadline).map(Duration::from_secs);
    let mut options = RegistryOptions {
        platform: flags.platform.clone().or(platform),
        insecure: written.insecure.iter().chain(&flags.insecure).cloned().collect(),
        authorities: authorities.chain(flags.authorities.iter().cloned()).map(PathBuf::from).collect(),
        concurrency: flags.concurrency.or(written.concurrency).map_or(standard.concurrency, usize::from).max(1),
        deadline: seconds.unwrap_or(standard.deadline),
        hash_everything: flags.verify_digests,
        ..standard
    };
    for (registry, place) in &flags.mirrors {
        options.mirrors.entry(registry.clone()).or_default().push(place.clone());
    }
    for (registry, places) in &written.mirrors {
        options.mirrors.entry(registry.clone()).or_default().extend(places.iter().cloned());
    }
    Ok(options)
}
