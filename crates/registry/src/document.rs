//! Manifests and indexes, as far as the client looks into them (OCI image spec: `image-index.md`, `manifest.md`; docker's schema 2
//! has the same fields). `docs/decisions/oci-types.md` says why these types are not those of `oci-spec`.

use std::collections::BTreeMap;

use manifest::Digest;
use serde::Deserialize;

use crate::platform::Platform;

/// The media types that are requested, the whole image first.
pub(crate) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// A manifest or an index.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    #[serde(default)]
    pub(crate) schema_version: u64,
    /// The images of an index.
    #[serde(default)]
    pub(crate) manifests: Vec<Descriptor>,
    /// The config of an image.
    #[serde(default)]
    pub(crate) config: Option<Descriptor>,
    /// The layers of an image.
    #[serde(default)]
    pub(crate) layers: Vec<Descriptor>,
    #[serde(default)]
    pub(crate) annotations: Option<BTreeMap<String, String>>,
}

/// A pointer to content.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    #[serde(default)]
    pub(crate) media_type: String,
    #[serde(default)]
    pub(crate) digest: String,
    #[serde(default)]
    pub(crate) platform: Option<RawPlatform>,
}

/// The platform of a descriptor or of an image's config.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct RawPlatform {
    #[serde(default)]
    pub(crate) os: String,
    #[serde(default)]
    pub(crate) architecture: String,
    #[serde(default)]
    pub(crate) variant: Option<String>,
}

impl RawPlatform {
    pub(crate) fn platform(&self) -> Platform {
        let variant = self.variant.clone().filter(|variant| !variant.is_empty());
        Platform { os: self.os.clone(), architecture: self.architecture.clone(), variant }
    }
}

/// Why bytes are not a manifest or an index.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DocumentError {
    #[error("not a JSON object")]
    NotAnObject,
    #[error("invalid JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("docker's schema 1 has no stable digest")]
    Schema1,
    #[error("expected schemaVersion 2, found {0}")]
    SchemaVersion(u64),
}

/// Why an index has no image for a platform. The text follows the tag.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChoiceError {
    #[error("no image for {requested}, only for {available}")]
    Missing { requested: Platform, available: String },
    #[error("several images for {requested}: {available}")]
    Ambiguous { requested: Platform, available: String },
    #[error("invalid digest {0:?} in the index")]
    Digest(String),
}

impl Document {
    /// Parses a manifest or an index.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        // serde would take a list for an object whose fields are all absent.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(DocumentError::NotAnObject);
        }
        let document: Document = serde_json::from_slice(bytes)?;
        match document.schema_version {
            2 => Ok(document),
            1 => Err(DocumentError::Schema1),
            version => Err(DocumentError::SchemaVersion(version)),
        }
    }

    pub(crate) fn is_index(&self) -> bool {
        self.config.is_none()
    }

    /// Returns the digest of the one image in the index that is built for a platform.
    pub(crate) fn choose(&self, requested: &Platform) -> Result<Digest, ChoiceError> {
        let all = self.manifests.iter().filter_map(|one| Some((one.platform.as_ref()?.platform(), &one.digest)));
        let (matching, others): (Vec<_>, Vec<_>) = all.partition(|(platform, _)| requested.covers(platform));
        let exact = matching.iter().find(|(platform, _)| platform == requested);
        let several = matching.iter().any(|(platform, _)| *platform != matching[0].0);
        let requested = requested.clone();
        let digest = match (exact.or(matching.first()), exact.is_none() && several) {
            (None, _) => return Err(ChoiceError::Missing { requested, available: names(&others) }),
            (Some(_), true) => return Err(ChoiceError::Ambiguous { requested, available: names(&matching) }),
            (Some((_, digest)), false) => digest,
        };
        Digest::parse(digest).map_err(|_| ChoiceError::Digest(net::redact::one_line(digest)))
    }

    /// Whether the index has an image of this digest.
    pub(crate) fn has(&self, digest: &Digest) -> bool {
        self.manifests.iter().any(|one| one.digest == digest.as_str())
    }
}

fn names(images: &[(Platform, &String)]) -> String {
    let mut names: Vec<String> = images.iter().map(|(platform, _)| platform.to_string()).collect();
    names.sort();
    names.dedup();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_image_is_chosen_or_none() {
        let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
        let entry = |platform: &str, digit: &str| {
            let parts: Vec<&str> = platform.split('/').collect();
            let variant = parts.get(2).map(|variant| format!(r#","variant":"{variant}""#)).unwrap_or_default();
            let platform = format!(r#"{{"os":"{}","architecture":"{}"{variant}}}"#, parts[0], parts[1]);
            format!(r#"{{"digest":"{}","platform":{platform}}}"#, digest(digit))
        };
        let entries = [
            ("linux/amd64", "a"),
            ("linux/arm/v6", "b"),
            ("linux/arm/v7", "c"),
            ("linux/arm64/v8", "d"),
            ("unknown/unknown", "e"),
        ];
        let entries: Vec<String> = entries.iter().map(|(platform, digit)| entry(platform, digit)).collect();
        let text = format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, entries.join(","));
        let index = Document::parse(text.as_bytes()).unwrap();
        let table = [
            ("linux/amd64", Ok(digest("a"))),
            ("linux/arm/v7", Ok(digest("c"))),
            ("linux/arm64", Ok(digest("d"))),
            ("linux/arm", Err("several images for linux/arm: linux/arm/v6, linux/arm/v7".to_owned())),
            (
                "windows/amd64",
                Err("no image for windows/amd64, only for linux/amd64, linux/arm/v6, linux/arm/v7, linux/arm64/v8, unknown/unknown"
                    .to_owned()),
            ),
        ];
        for (wanted, want) in table {
            let requested = index.choose(&wanted.parse().unwrap());
            let got = requested.map(|digest| digest.to_string()).map_err(|error| error.to_string());
            assert_eq!(got, want, "{wanted}");
        }
    }
}
