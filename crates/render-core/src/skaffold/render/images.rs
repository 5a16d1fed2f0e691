//! Replaces the image names in manifests with the built images.
//!
//! Source of the rules: Skaffold's `kubernetes/manifest/images.go`. Where Skaffold leaves an image that it cannot parse as
//! it is, this stops: see `docs/compatibility.md`.

use std::collections::{BTreeMap, BTreeSet};

use manifest::yaml::MAX_DEPTH;
use manifest::{Data, Diagnostic, Map, Node, ObjectId, Scalar, Text};

use super::selector::{GroupKind, Selector};
use crate::skaffold::build::builds::Build;
use crate::skaffold::reference::{ImageReference, sanitize};

/// Replaces images, and remembers which builds were used.
#[derive(Debug)]
pub(super) struct ImageReplacer<'a> {
    tags: BTreeMap<String, &'a str>,
    /// Names by full references, which a helm chart may have received as values.
    names: BTreeMap<&'a str, String>,
    selector: &'a Selector,
    used: BTreeSet<String>,
    errors: Vec<Diagnostic>,
}

impl<'a> ImageReplacer<'a> {
    /// A replacer for these builds; of two builds with one name, the later takes precedence.
    pub(super) fn new(builds: &'a [Build], selector: &'a Selector) -> Self {
        let tags: BTreeMap<_, _> =
            builds.iter().map(|build| (sanitize(&build.image_name), build.tag.as_str())).collect();
        let names = tags.iter().map(|(name, tag)| (*tag, name.clone())).collect();
        ImageReplacer { tags, names, selector, used: BTreeSet::new(), errors: Vec::new() }
    }

    /// Replaces the images of one object in place. Only images without a digest are, each by the whole tag of the build
    /// of its name. `file` is where the object was read.
    pub(super) fn replace(&mut self, object: &mut Node, file: Option<&str>) {
        let before = self.errors.len();
        let Some(kind) = GroupKind::of(object) else { return };
        let deep = self.selector.takes(&kind);
        let id = ObjectId::of(object);
        let Some(map) = object.as_map_mut() else { return };
        let mut path = String::new();
        self.walk(&kind, &id, map, &mut path, if deep { MAX_DEPTH } else { 0 });
        for error in self.errors.iter_mut().skip(before) {
            error.file = file.map(str::to_owned);
        }
    }

    /// The errors met, and the names of those builds that no object used.
    pub(super) fn finish(self) -> (Vec<Diagnostic>, Vec<String>) {
        let ImageReplacer { tags, used, errors, .. } = self;
        (errors, tags.into_keys().filter(|name| !used.contains(name)).collect())
    }

    fn walk(&mut self, kind: &GroupKind, id: &ObjectId, map: &mut Map, path: &mut String, depth: usize) {
        for entry in map.entries_mut() {
            let length = path.len();
            path.push('.');
            path.push_str(&entry.key.text);
            let image = self.selector.is_image(kind, path, &entry.key.text);
            match (&mut entry.value.data, image) {
                (Data::Scalar(scalar), true) => self.put(id, path, entry.at, scalar),
                _ if depth == 0 => {}
                (Data::Map(map), _) => self.walk(kind, id, map, path, depth - 1),
                (Data::Seq(items), _) => self.walk_items(kind, id, items, path, depth - 1),
                (Data::Scalar(_), false) => {}
            }
            path.truncate(length);
        }
    }

    fn walk_items(&mut self, kind: &GroupKind, id: &ObjectId, items: &mut [Node], path: &mut String, depth: usize) {
        for item in items {
            match &mut item.data {
                Data::Map(map) if depth > 0 => self.walk(kind, id, map, path, depth - 1),
                Data::Seq(items) if depth > 0 => self.walk_items(kind, id, items, path, depth - 1),
                _ => {}
            }
        }
    }

    fn put(&mut self, id: &ObjectId, path: &str, at: manifest::At, scalar: &mut Scalar) {
        if !is_text(scalar) {
            return;
        }
        if let Some(name) = self.names.get(scalar.text.as_str()) {
            self.used.insert(name.clone());
        }
        let name = match self.artifact(&scalar.text) {
            Ok(name) => name,
            Err(error) => {
                let message = format!("{id}: {}", manifest::ImageRefError { text: scalar.text.to_string(), ..error });
                let found = Diagnostic::new(message).at(at).field(path.trim_start_matches('.'));
                let hint = "write a full image name, or exclude the field with `resourceSelector.deny`";
                self.errors.push(found.hint(hint));
                return;
            }
        };
        if let Some((name, tag)) = name.and_then(|name| Some((name.clone(), *self.tags.get(&name)?))) {
            *scalar = Scalar::string(Text::from(tag));
            self.used.insert(name);
        }
    }

    /// The artifact's name that an image stands for; `None` if it has a digest.
    fn artifact(&self, image: &str) -> Result<Option<String>, manifest::ImageRefError> {
        let parsed = match ImageReference::parse(image) {
            Ok(parsed) => parsed,
            Err(error) => return self.doubled(image).map(Some).ok_or(error),
        };
        if parsed.digest.is_some() {
            return Ok(None);
        }
        // `{{registry}}/{{repository}}:{{tag}}` of a helm chart, each filled in with the artifact's name.
        let repository = parsed.repository();
        let split = !parsed.domain.is_empty() && parsed.domain == repository && self.tags.contains_key(repository);
        Ok(Some(if split { repository.to_owned() } else { parsed.name }))
    }

    /// `A` of an image `A:A` that a helm chart put together from an artifact's name.
    fn doubled(&self, image: &str) -> Option<String> {
        let (before, after) = image.split_once(':').filter(|(_, after)| !after.contains(':'))?;
        (before.starts_with(after) && self.tags.contains_key(after)).then(|| after.to_owned())
    }
}

/// Whether a scalar is a string to go-yaml v3.
fn is_text(scalar: &Scalar) -> bool {
    manifest::yaml::resolve(scalar, manifest::yaml::Rules::V3) == manifest::yaml::Value::Str
}
