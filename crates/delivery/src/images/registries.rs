//! How registries are asked: what was typed over what hydrant.yaml says.

use std::path::PathBuf;
use std::time::Duration;

use manifest::Diagnostic;
pub use registry::{Platform, Proxies, RegistryOptions};
use render_core::files::join;

use crate::config;

/// What was typed about registries.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// `--platform`
    pub platform: Option<Platform>,
    /// `--insecure-registry`
    pub insecure: Vec<String>,
    /// `--registry-ca`, absolute.
    pub authorities: Vec<String>,
    /// `--registry-mirror`: a registry and a place to ask before it.
    pub mirrors: Vec<(String, String)>,
    /// `--registry-concurrency`
    pub concurrency: Option<u16>,
    /// `--registry-deadline`, in seconds.
    pub deadline: Option<u64>,
    /// `--verify-digests`
    pub verify_digests: bool,
}

/// Both laid together: lists are joined, mirrors that were typed are asked first. Paths that were written are below `root`.
/// The proxies are left to whoever knows the environment.
///
/// # Errors
/// A platform in the file that is none.
pub fn options(typed: &Typed, written: &config::Registry, root: &str) -> Result<RegistryOptions, Diagnostic> {
    let platform = written.platform.as_deref().map(str::parse::<Platform>).transpose();
    let platform = platform.map_err(|error| Diagnostic::new(error.to_string()).field("registry.platform"))?;
    let standard = RegistryOptions::standard();
    let authorities = written.authorities.iter().map(|path| join(root, path));
    let seconds = typed.deadline.or(written.deadline).map(Duration::from_secs);
    let mut options = RegistryOptions {
        platform: typed.platform.clone().or(platform),
        insecure: written.insecure.iter().chain(&typed.insecure).cloned().collect(),
        authorities: authorities.chain(typed.authorities.iter().cloned()).map(PathBuf::from).collect(),
        concurrency: typed.concurrency.or(written.concurrency).map_or(standard.concurrency, usize::from).max(1),
        deadline: seconds.unwrap_or(standard.deadline),
        hash_everything: typed.verify_digests,
        ..standard
    };
    for (registry, place) in &typed.mirrors {
        options.mirrors.entry(registry.clone()).or_default().push(place.clone());
    }
    for (registry, places) in &written.mirrors {
        options.mirrors.entry(registry.clone()).or_default().extend(places.iter().cloned());
    }
    Ok(options)
}
