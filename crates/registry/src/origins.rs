//! Where an image came from: the source and revision that its builder wrote down (OCI image spec, `annotations.md`).

use std::collections::BTreeMap;

use manifest::{Digest, ImageRef};
use serde::Deserialize;

use crate::failure::{Failure, ResolveError};
use crate::lookup::Lookup;
use crate::resolve::Resolver;

const SOURCE: &str = "org.opencontainers.image.source";
const REVISION: &str = "org.opencontainers.image.revision";

/// What an image says of its source. Both are the builder's words and not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// `org.opencontainers.image.source`: usually the URL of a repository.
    pub source: Option<String>,
    /// `org.opencontainers.image.revision`: usually a commit.
    pub revision: Option<String>,
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    config: Inner,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inner {
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
}

impl Resolver {
    /// What each image says of its source: annotations of the index, of the image, then labels in its config, the first that
    /// has a word. An index's images are built together, so the first of them speaks for all. Each image has an answer of its
    /// own, since an image that does not say must not stop the others. `watch` is told as by [`Resolver::resolve_watched`].
    pub fn origins(
        &self,
        images: &[(ImageRef, Digest)],
        watch: &(dyn Fn(usize, usize) + Sync),
    ) -> BTreeMap<ImageRef, Result<Origin, ResolveError>> {
        let pinned: Vec<ImageRef> = images.iter().map(|(image, digest)| image.with_digest(digest)).collect();
        let questions: Vec<&ImageRef> = pinned.iter().collect();
        let answers = self.each(&questions, &|lookup| lookup.origin(), watch);
        let named = images.iter().map(|(image, _)| image).zip(answers);
        named
            .map(|(image, answer)| (image.clone(), answer.map_err(|failure| ResolveError::new(image, failure))))
            .collect()
    }
}

impl Lookup<'_> {
    fn origin(&self) -> Result<Origin, Failure> {
        let digest = self.image.digest().map(|digest| digest.to_string()).unwrap_or_default();
        let (_, mut document) = self.fetch(&digest)?;
        let mut origin = Origin::default();
        origin.learn(document.annotations.as_ref());
        if document.is_index() && !origin.is_complete() {
            let built = |platform: &Option<_>| {
                platform.as_ref().is_none_or(|one: &crate::index::RawPlatform| one.os != "unknown")
            };
            let Some(first) = document.manifests.iter().find(|one| built(&one.platform)) else { return Ok(origin) };
            (_, document) = self.fetch(&first.digest)?;
            origin.learn(document.annotations.as_ref());
        }
        if let (Some(config), false) = (&document.config, origin.is_complete()) {
            // The config of an artifact that is no image may be anything.
            let config: Option<Config> = serde_json::from_slice(&self.blob(&config.digest)?).ok();
            origin.learn(config.and_then(|config| config.config.labels).as_ref());
        }
        Ok(origin)
    }
}

impl Origin {
    fn learn(&mut self, words: Option<&BTreeMap<String, String>>) {
        let word = |key: &str| words.and_then(|words| words.get(key)).filter(|word| !word.is_empty()).cloned();
        self.source = self.source.take().or_else(|| word(SOURCE));
        self.revision = self.revision.take().or_else(|| word(REVISION));
    }

    fn is_complete(&self) -> bool {
        self.source.is_some() && self.revision.is_some()
    }
}
