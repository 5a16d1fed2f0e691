//! Where an image came from: the source and revision that its builder recorded (OCI image spec, `annotations.md`).

use std::collections::BTreeMap;

use manifest::{Digest, ImageRef};
use serde::Deserialize;

use crate::client::{Progress, RegistryClient};
use crate::document::Descriptor;
use crate::error::{RegistryError, RequestError};
use crate::lookup::Lookup;

const SOURCE: &str = "org.opencontainers.image.source";
const REVISION: &str = "org.opencontainers.image.revision";

/// The source that an image names. The builder wrote it; it is not verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// `org.opencontainers.image.source`: usually the URL of a repository.
    pub source: Option<String>,
    /// `org.opencontainers.image.revision`: usually a commit.
    pub revision: Option<String>,
}

#[derive(Deserialize)]
struct ImageConfig {
    #[serde(default)]
    config: ContainerConfig,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContainerConfig {
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
}

impl RegistryClient {
    /// Returns the source that each image names: in the annotations of the index, in those of the image, or in the labels of its
    /// config, the first that has it. The images of an index are built together, so its first one stands for all. Each image
    /// has a result of its own, so that one without a source does not stop the others.
    pub fn origins(
        &self,
        images: &[(ImageRef, Digest)],
        progress: Progress<'_>,
    ) -> BTreeMap<ImageRef, Result<Origin, RegistryError>> {
        let pinned: Vec<ImageRef> = images.iter().map(|(image, digest)| image.with_digest(digest)).collect();
        let requested: Vec<&ImageRef> = pinned.iter().collect();
        let results = self.query_each(&requested, &|lookup| origin_of(lookup), progress);
        let named = images.iter().map(|(image, _)| image).zip(results);
        named.map(|(image, result)| (image.clone(), result.map_err(|error| RegistryError::new(image, error)))).collect()
    }
}

fn origin_of(lookup: &Lookup<'_>) -> Result<Origin, RequestError> {
    let digest = lookup.image.digest().map(|digest| digest.to_string()).unwrap_or_default();
    let (_, mut document) = lookup.fetch(&digest)?;
    let mut origin = Origin::default();
    origin.fill_from(document.annotations.as_ref());
    if document.is_index() && !origin.is_complete() {
        // Attestations are of the platform `unknown`.
        let is_image = |one: &&Descriptor| one.platform.as_ref().is_none_or(|platform| platform.os != "unknown");
        let Some(first) = document.manifests.iter().find(is_image) else { return Ok(origin) };
        (_, document) = lookup.fetch(&first.digest)?;
        origin.fill_from(document.annotations.as_ref());
    }
    if let (Some(config), false) = (&document.config, origin.is_complete()) {
        // The config of an artifact that is not an image may be anything.
        let config: Option<ImageConfig> = serde_json::from_slice(&lookup.blob(&config.digest)?).ok();
        origin.fill_from(config.and_then(|config| config.config.labels).as_ref());
    }
    Ok(origin)
}

impl Origin {
    /// Takes what is still missing from annotations or labels.
    fn fill_from(&mut self, texts: Option<&BTreeMap<String, String>>) {
        let text = |key: &str| texts.and_then(|texts| texts.get(key)).filter(|text| !text.is_empty()).cloned();
        self.source = self.source.take().or_else(|| text(SOURCE));
        self.revision = self.revision.take().or_else(|| text(REVISION));
    }

    fn is_complete(&self) -> bool {
        self.source.is_some() && self.revision.is_some()
    }
}
