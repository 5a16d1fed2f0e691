//! Manifests and indexes, as far as the resolver looks into them (OCI image spec: `image-index.md`, `manifest.md`; docker's
//! schema 2 has the same fields).

use std::collections::BTreeMap;

use manifest::Digest;
use serde::Deserialize;

use crate::platform::Platform;

/// What a registry is asked for, the whole image first.
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

impl Document {
    /// Reads a manifest or an index.
    ///
    /// # Errors
    /// In one phrase that says what the bytes are instead.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        // A list would pass for an object whose fields are all absent.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err("is no JSON manifest".to_owned());
        }
        let document: Document =
            serde_json::from_slice(bytes).map_err(|error| format!("is no JSON manifest ({error})"))?;
        match document.schema_version {
            2 => Ok(document),
            1 => Err("is of docker's schema 1, which has no stable digest".to_owned()),
            _ => Err("is JSON, but no manifest".to_owned()),
        }
    }

    pub(crate) fn is_index(&self) -> bool {
        self.config.is_none()
    }

    /// The digest of the one image in the index that is built for a platform.
    ///
    /// # Errors
    /// In one phrase: there is none, or several variants are equally good.
    pub(crate) fn choose(&self, wanted: &Platform) -> Result<Digest, String> {
        let all = self.manifests.iter().filter_map(|one| Some((one.platform.as_ref()?.platform(), &one.digest)));
        let (fitting, others): (Vec<_>, Vec<_>) = all.partition(|(platform, _)| wanted.covers(platform));
        let exact = fitting.iter().find(|(platform, _)| platform == wanted);
        let several = fitting.iter().any(|(platform, _)| *platform != fitting[0].0);
        let chosen = match (exact.or(fitting.first()), exact.is_none() && several) {
            (None, _) => return Err(format!("has no image for {wanted}, only for {}", list(&others))),
            (Some(_), true) => return Err(format!("has several images for {wanted}: {}", list(&fitting))),
            (Some((_, digest)), false) => digest,
        };
        Digest::parse(chosen).map_err(|_| "names an image by something that is no digest".to_owned())
    }

    /// Whether the index has an image of this digest.
    pub(crate) fn has(&self, digest: &Digest) -> bool {
        self.manifests.iter().any(|one| one.digest == digest.as_str())
    }
}

fn list(found: &[(Platform, &String)]) -> String {
    let mut names: Vec<String> = found.iter().map(|(platform, _)| platform.to_string()).collect();
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
            ("linux/arm", Err("has several images for linux/arm: linux/arm/v6, linux/arm/v7".to_owned())),
            (
                "windows/amd64",
                Err("has no image for windows/amd64, only for linux/amd64, linux/arm/v6, linux/arm/v7, linux/arm64/v8, unknown/unknown"
                    .to_owned()),
            ),
        ];
        for (wanted, want) in table {
            let got = index.choose(&wanted.parse().unwrap()).map(|digest| digest.to_string());
            assert_eq!(got, want, "{wanted}");
        }
    }
}
