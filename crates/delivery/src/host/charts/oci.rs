//! Charts in OCI registries.
//!
//! Source of the rules: `helm pkg/registry`: the media types, and `_` for `+` in tags.

use std::sync::OnceLock;

use manifest::{Diagnostic, Digest, ImageRef};
use registry::{ArtifactManifest, Credentials, Proxies, RegistryClient, RegistryError, RegistryOptions};
use render_core::helm::versions;

use super::{ARCHIVE_LIMIT, ChartAccess, helm_config};
use crate::host::download::shown;

const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
const LAYERS: [&str; 2] = ["application/vnd.cncf.helm.chart.content.v1.tar+gzip", "application/tar+gzip"];

/// The registries of a run.
#[derive(Default)]
pub(super) struct Registries {
    client: OnceLock<Result<RegistryClient, Diagnostic>>,
}

/// A version that a registry has.
#[derive(Clone, Debug)]
pub(super) struct FoundManifest {
    pub(super) version: String,
    pub(super) digest: Digest,
    pub(super) bytes: Vec<u8>,
}

impl Registries {
    /// Finds the version that a range chooses, or the manifest of exactly the `locked` digest.
    ///
    /// # Errors
    /// A registry that cannot be read, a repository or version that it does not have.
    pub(super) fn find(
        &self,
        access: &ChartAccess,
        request: &super::Request,
        locked: Option<(&str, &Digest)>,
    ) -> Result<FoundManifest, Diagnostic> {
        let client = self.client(access)?;
        let name = image(request, "")?;
        if let Some((version, digest)) = locked {
            let image = name.with_digest(digest);
            let pulled = client.manifest(&image).map_err(|error| finding(&error))?;
            return Ok(FoundManifest { version: version.to_owned(), digest: pulled.digest, bytes: pulled.bytes });
        }
        let version = match request.range() {
            Some(range) if versions::is_exact(range) => range.to_owned(),
            range => {
                let tags = client.tags(&name).map_err(|error| finding(&error))?;
                let tags: Vec<String> = tags.iter().map(|tag| tag.replace('_', "+")).collect();
                let tags: Vec<&str> = tags.iter().map(String::as_str).filter(|tag| is_version(tag)).collect();
                let chosen = versions::choose(range, &tags).map_err(|why| request.no_version(&why))?;
                tags[chosen].to_owned()
            }
        };
        let image = image(request, &format!(":{}", version.replace('+', "_")))?;
        let pulled = client.manifest(&image).map_err(|error| finding(&error))?;
        Ok(FoundManifest { version, digest: pulled.digest, bytes: pulled.bytes })
    }

    /// Downloads the archive that a manifest names.
    ///
    /// # Errors
    /// A manifest that is not a chart's, and a registry that cannot be read.
    pub(super) fn archive(
        &self,
        access: &ChartAccess,
        request: &super::Request,
        layer: &Digest,
    ) -> Result<Vec<u8>, Diagnostic> {
        let blob = self.client(access)?.blob(&image(request, "")?, layer, ARCHIVE_LIMIT);
        blob.map_err(|error| finding(&error))
    }

    fn client(&self, access: &ChartAccess) -> Result<&RegistryClient, Diagnostic> {
        let client = self.client.get_or_init(|| {
            let variable = |name: &str| access.variables.get(name).filter(|text| !text.is_empty()).cloned();
            let credentials = if access.trust.is_untrusted() {
                Credentials::none()
            } else {
                let own = Credentials::from_variables(variable)?;
                match helm_config::registry_file(&access.variables) {
                    Some(file) => own.with_first(&file)?,
                    None => own,
                }
            };
            let (proxies, addresses) = (Proxies::from_variables(variable), access.trust.addresses());
            let options = RegistryOptions { proxies, addresses, platform: None, ..access.registries.clone() };
            RegistryClient::new(options, credentials)
        });
        client.as_ref().map_err(Clone::clone)
    }
}

/// The digest of the archive that a chart's manifest names.
///
/// # Errors
/// A manifest of something else.
pub(super) fn layer(request: &super::Request, manifest: &[u8]) -> Result<Digest, Diagnostic> {
    let place = format!("{}/{}", shown(&request.repository), request.name);
    let manifest = ArtifactManifest::parse(manifest)
        .map_err(|why| Diagnostic::new(format!("invalid manifest of {place}: {why}")))?;
    let layer = manifest.layers.iter().find(|layer| LAYERS.contains(&layer.media_type.as_str()));
    match layer.filter(|_| manifest.config_media == CONFIG) {
        Some(layer) => Ok(layer.digest.clone()),
        None => {
            let media = net::redact::one_line(&manifest.config_media);
            Err(Diagnostic::new(format!("{place} is not a chart: its config is of type \"{media}\""))
                .hint("name a repository that `helm push` wrote"))
        }
    }
}

/// Whether a tag is a whole semantic version, as helm lists them.
fn is_version(tag: &str) -> bool {
    versions::is_exact(tag) && !tag.starts_with('v')
}

fn image(request: &super::Request, end: &str) -> Result<ImageRef, Diagnostic> {
    let path = request.repository.strip_prefix("oci://").unwrap_or(&request.repository);
    if path.split('/').next().is_some_and(|host| host.contains('@')) {
        return Err(Diagnostic::new(format!(
            "{}: an oci:// address must not contain credentials",
            shown(&request.repository)
        ))
        .hint("run `helm registry login`, which keeps them in helm's registry/config.json"));
    }
    let image = ImageRef::parse(&format!("{path}/{}{end}", request.name));
    let image = image.map_err(|error| Diagnostic::new(format!("invalid chart address: {error}")))?;
    let host = path.split('/').next().unwrap_or_default();
    if image.registry() != host && host != "index.docker.io" {
        let message = format!("invalid chart address oci://{path}/{}: \"{host}\" is not a registry", request.name);
        return Err(Diagnostic::new(message).hint("name the registry with its domain or port, such as ghcr.io"));
    }
    Ok(image)
}

fn finding(error: &RegistryError) -> Diagnostic {
    error.diagnostic()
}
