//! imgpkg's `ImagesLock`: each image replaces the one whose name it has, or the one that kbld noted as its source.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::rules::{ImageOverride, ImageRules, check_each};
use crate::image_search::ValueMatcher;
use crate::{Diagnostic, ImageRef};

/// The annotation in which kbld keeps the reference that it resolved.
const KBLD_ID: &str = "kbld.carvel.dev/id";

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "fields that are accepted without a meaning here")]
pub(super) struct RawImagesLock {
    api_version: String,
    kind: String,
    metadata: Option<Value>,
    #[serde(default)]
    images: Vec<RawImage>,
    /// An older form of the document has the list here.
    spec: Option<RawSpec>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSpec {
    #[serde(default)]
    images: Vec<RawImage>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawImage {
    image: String,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl RawImagesLock {
    pub(super) fn check(self) -> Result<ImageRules, Diagnostic> {
        let images = self.images.into_iter().chain(self.spec.into_iter().flat_map(|spec| spec.images));
        let overrides = check_each("images", images.collect(), RawImage::check)?;
        Ok(ImageRules { rules: Vec::new(), overrides })
    }
}

impl RawImage {
    fn check(self) -> Result<ImageOverride, Diagnostic> {
        let image = ImageRef::parse(&self.image).map_err(|error| Diagnostic::new(error.to_string()))?;
        let matcher = match self.annotations.get(KBLD_ID) {
            Some(id) => ValueMatcher::Image(id.into()),
            None => ValueMatcher::Repository(image.name().into()),
        };
        Ok(ImageOverride { matcher, image })
    }
}
