//! Artifacts out of registries: tags, manifests and blobs (distribution spec, "Pull" and "Listing tags").

use manifest::{Digest, ImageRef};
use net::http::Method;
use net::redact::one_line;
use serde::Deserialize;

use crate::authorization::Access;
use crate::client::RegistryClient;
use crate::document::{Descriptor, Document};
use crate::endpoint::own_endpoint;
use crate::error::{RegistryError, RequestError};
use crate::lookup::{Lookup, MANIFEST_LIMIT};

/// The most tags of one repository that are listed.
pub const TAG_LIMIT: usize = 200_000;

/// How many tags are asked for at once.
const PAGE: usize = 10_000;

/// A manifest of an artifact, verified against its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PulledManifest {
    /// The digest of `bytes`.
    pub digest: Digest,
    /// The manifest as the registry has it.
    pub bytes: Vec<u8>,
}

/// The content of an artifact's manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactManifest {
    /// The media type of the config.
    pub config_media: String,
    /// The layers.
    pub layers: Vec<ArtifactLayer>,
}

/// A layer of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactLayer {
    /// The media type.
    pub media_type: String,
    /// The digest.
    pub digest: Digest,
}

#[derive(Deserialize)]
struct TagList {
    tags: Option<Vec<String>>,
}

impl ArtifactManifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// Returns what is wrong with it: invalid JSON, an index, an invalid digest.
    pub fn parse(bytes: &[u8]) -> Result<ArtifactManifest, String> {
        let document = Document::parse(bytes).map_err(|error| error.to_string())?;
        let Some(config) = document.config else { return Err("expected a manifest, found an index".to_owned()) };
        let layer = |layer: Descriptor| {
            let digest = Digest::parse(&layer.digest);
            let digest = digest.map_err(|_| format!("invalid digest {:?} of a layer", one_line(&layer.digest)))?;
            Ok(ArtifactLayer { media_type: layer.media_type, digest })
        };
        let layers = document.layers.into_iter().map(layer).collect::<Result<_, String>>()?;
        Ok(ArtifactManifest { config_media: config.media_type, layers })
    }
}

impl RegistryClient {
    /// Returns the tags of a repository, in the registry's order. A tag or digest in the reference is ignored. Mirrors are not used.
    ///
    /// # Errors
    /// Where the registry does not list them, or lists more than [`TAG_LIMIT`].
    pub fn tags(&self, repository: &ImageRef) -> Result<Vec<String>, Box<RegistryError>> {
        self.pull(repository, &|lookup| {
            let mut tags: Vec<String> = Vec::new();
            let mut path = format!("tags/list?n={PAGE}");
            loop {
                let response = lookup.send(Method::GET, &path, 4 * MANIFEST_LIMIT)?;
                if response.status() != 200 {
                    return Err(lookup.session.refusal(&response).missing_repository_if_unknown());
                }
                let list: TagList = serde_json::from_slice(response.http.body())
                    .map_err(|error| lookup.protocol_error(format!("invalid list of tags: {error}")))?;
                tags.extend(list.tags.unwrap_or_default());
                if tags.len() > TAG_LIMIT || response.http.is_truncated() {
                    return Err(lookup.protocol_error(format!("the repository has more than {TAG_LIMIT} tags")));
                }
                match response.http.header("link").and_then(next_page) {
                    Some(next) if next != path => path = next,
                    _ => return Ok(tags),
                }
            }
        })
    }

    /// Returns the manifest of a tag or digest, verified against its digest. Mirrors are not used.
    ///
    /// # Errors
    /// Where the registry does not have it, or sends something else.
    pub fn manifest(&self, reference: &ImageRef) -> Result<PulledManifest, Box<RegistryError>> {
        self.pull(reference, &|lookup| {
            let digest = reference.digest();
            let tag_or_digest = match &digest {
                Some(digest) => digest.as_str(),
                None => reference.lookup_tag().unwrap_or("latest"),
            };
            let (digest, bytes) = lookup.fetch_bytes(tag_or_digest)?;
            Ok(PulledManifest { digest, bytes })
        })
    }

    /// Returns a blob of at most `limit` bytes, verified against its digest. Mirrors are not used.
    ///
    /// # Errors
    /// Where the registry does not have it, or sends something else.
    pub fn blob(&self, repository: &ImageRef, digest: &Digest, limit: usize) -> Result<Vec<u8>, Box<RegistryError>> {
        self.pull(repository, &|lookup| lookup.blob_up_to(digest.as_str(), limit))
    }

    fn pull<T>(
        &self,
        image: &ImageRef,
        task: &dyn Fn(&Lookup<'_>) -> Result<T, RequestError>,
    ) -> Result<T, Box<RegistryError>> {
        let endpoint = own_endpoint(image.registry(), self.options());
        let result = endpoint.and_then(|endpoint| {
            let session = self.session(endpoint, Access::Pull);
            task(&Lookup { ctx: self.context(), session: &session, image })
        });
        result.map_err(|error| Box::new(RegistryError::new(image, error)))
    }
}

/// The path of the next page below the repository, from a `Link` header (RFC 8288): `</v2/NAME/tags/list?n=1&last=a>; rel="next"`.
fn next_page(link: &str) -> Option<String> {
    let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    if !parameters.contains("next") {
        return None;
    }
    let query = target.split_once("tags/list?")?.1;
    Some(format!("tags/list?{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_followed_by_their_query() {
        let table = [
            ("</v2/a/tags/list?n=2&last=x>; rel=\"next\"", Some("tags/list?n=2&last=x")),
            ("<https://evil.example/v2/a/tags/list?last=x>; rel=next", Some("tags/list?last=x")),
            ("</v2/a/tags/list?n=2>; rel=\"prev\"", None),
            ("</elsewhere>; rel=\"next\"", None),
            ("x", None),
        ];
        for (link, want) in table {
            assert_eq!(next_page(link).as_deref(), want, "{link}");
        }
    }

    #[test]
    fn a_manifest_names_its_layers() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let text = format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"c","digest":"{digest}"}},"layers":[{{"mediaType":"l","digest":"{digest}"}}]}}"#
        );
        let manifest = ArtifactManifest::parse(text.as_bytes()).unwrap();
        assert_eq!((manifest.config_media.as_str(), manifest.layers[0].media_type.as_str()), ("c", "l"));
        assert!(ArtifactManifest::parse(br#"{"schemaVersion":2,"manifests":[]}"#).is_err());
        assert!(ArtifactManifest::parse(text.replace("aaaa", "??").as_bytes()).is_err());
    }
}
