//! kbld's and imgpkg's files: search rules and overrides (`kbld.k14s.io/v1alpha1` `Config`, which is also kbld's lock file) and
//! imgpkg's `ImagesLock` (`imgpkg.carvel.dev/v1alpha1`).
//!
//! Beside kbld's own forms a rule may say `updateStrategy: {fields: {repository: …, tag: …, digest: …}}` for a mapping with the
//! parts of a reference in fields of their own. What hydrant does not do (building, relocating, choosing tags) is refused.

use manifest::image_search::{Fields, Form, KeyMatcher, Pattern, Rule, ValueMatcher};
use manifest::yaml::{self, Rules};
use manifest::{Diagnostic, Errors, ImageRef, Node, Text};
use serde::Deserialize;
use serde_json::Value;

/// What the files say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Search rules in their order; the built-in ones come after them.
    pub rules: Vec<Rule>,
    /// Images that are others, in their order.
    pub overrides: Vec<Override>,
}

/// An image that is another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// Which image.
    pub of: ValueMatcher,
    /// What it is instead.
    pub image: ImageRef,
}

impl Config {
    /// What the first override that concerns an image makes of it; nothing where none does. Where only the digest is new, the
    /// image keeps its spelling and its tag.
    pub fn instead(&self, image: &ImageRef) -> Option<ImageRef> {
        let concerns = |one: &&Override| match &one.of {
            ValueMatcher::Image(text) => text == image.as_str(),
            ValueMatcher::Repository(name) => name == image.name(),
        };
        let new = &self.overrides.iter().find(concerns)?.image;
        let same = new.full_name() == image.full_name() && new.tag().is_none_or(|tag| image.tag() == Some(tag));
        Some(match new.digest().filter(|_| same) {
            Some(digest) => image.with_digest(&digest),
            None => new.clone(),
        })
    }
}

/// Reads a file of kbld's or imgpkg's documents; `file` is its name in messages. Other documents are not allowed.
///
/// # Errors
/// Every document that is no such one, has an unknown field, or asks for what hydrant does not do.
pub fn read(file: &str, text: &str) -> Result<Config, Errors> {
    let mut config = Config::default();
    let mut wrong = Vec::new();
    let documents = yaml::read_stream(text.as_bytes()).map_err(|error| error.in_file(file))?;
    for document in documents.iter().filter(|document| document.as_map().is_some()) {
        match read_document(document) {
            Ok(one) => {
                config.rules.extend(one.rules);
                config.overrides.extend(one.overrides);
            }
            Err(error) => wrong.push(error.in_file(file).at(document.at)),
        }
    }
    Errors::check(wrong).map(|()| config)
}

fn read_document(document: &Node) -> Result<Config, Diagnostic> {
    let text = |key| document.get(key).and_then(Node::text).unwrap_or_default();
    let json = yaml::to_json(document, Rules::V3)?;
    match (text("apiVersion"), text("kind")) {
        ("kbld.k14s.io/v1alpha1", "Config" | "ImageOverrides" | "ImageKeys") => decode::<RawConfig>(json)?.check(),
        ("imgpkg.carvel.dev/v1alpha1", "ImagesLock") => decode::<RawImagesLock>(json)?.check(),
        (version, kind) => {
            let what = format!("{version} {kind}");
            let what = if what.trim().is_empty() { "a document without apiVersion and kind" } else { what.trim() };
            let message = format!("{what} is neither kbld's Config nor imgpkg's ImagesLock");
            Err(Diagnostic::new(message).hint("Give only such documents here."))
        }
    }
}

fn decode<T: for<'a> Deserialize<'a>>(json: Value) -> Result<T, Diagnostic> {
    serde_json::from_value(json).map_err(|error| Diagnostic::new(error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "fields that are accepted without a meaning here")]
struct RawConfig {
    api_version: String,
    kind: String,
    metadata: Option<Value>,
    minimum_required_version: Option<String>,
    #[serde(default)]
    search_rules: Vec<RawRule>,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    overrides: Vec<RawOverride>,
    #[serde(default)]
    sources: Vec<Value>,
    #[serde(default)]
    destinations: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RawOverride {
    #[serde(default)]
    image: String,
    #[serde(default)]
    image_repo: String,
    new_image: String,
    /// Whether kbld asks the registry for the new image; hydrant asks where that has no digest.
    #[serde(default, rename = "preresolved")]
    _preresolved: bool,
    tag_selection: Option<Value>,
    platform_selection: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RawRule {
    key_matcher: Option<RawKey>,
    value_matcher: Option<RawValue>,
    update_strategy: Option<RawForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKey {
    #[serde(default)]
    name: String,
    #[serde(default)]
    path: Vec<RawStep>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawStep {
    Key(String),
    Index(RawIndex),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RawIndex {
    index: Option<usize>,
    #[serde(default)]
    all_indexes: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RawValue {
    #[serde(default)]
    image: String,
    #[serde(default)]
    image_repo: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RawForm {
    none: Option<Nothing>,
    entire_value: Option<Nothing>,
    yaml: Option<RawNested>,
    json: Option<RawNested>,
    fields: Option<RawFields>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RawNested {
    #[serde(default)]
    search_rules: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFields {
    registry: Option<String>,
    repository: String,
    tag: String,
    digest: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "fields that are accepted without a meaning here")]
struct RawImagesLock {
    api_version: String,
    kind: String,
    metadata: Option<Value>,
    #[serde(default)]
    images: Vec<RawLocked>,
    /// An older form has the list here.
    spec: Option<RawLockedSpec>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLockedSpec {
    #[serde(default)]
    images: Vec<RawLocked>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLocked {
    image: String,
    #[serde(default)]
    annotations: std::collections::BTreeMap<String, String>,
}

impl RawConfig {
    fn check(self) -> Result<Config, Diagnostic> {
        for (field, there) in [("sources", !self.sources.is_empty()), ("destinations", !self.destinations.is_empty())] {
            if there {
                let hint = "Build and push first; hydrant pins what was pushed.";
                return Err(Diagnostic::new("hydrant builds and relocates no images").field(field).hint(hint));
            }
        }
        let named = self.keys.into_iter().map(|name| Rule {
            key: Some(KeyMatcher::Name(name.into())),
            value: None,
            form: Form::Whole,
        });
        let rules = checked("searchRules", self.search_rules, RawRule::check)?;
        let overrides = checked("overrides", self.overrides, RawOverride::check)?;
        Ok(Config { rules: rules.into_iter().chain(named).collect(), overrides })
    }
}

impl RawImagesLock {
    fn check(self) -> Result<Config, Diagnostic> {
        let images = self.images.into_iter().chain(self.spec.into_iter().flat_map(|spec| spec.images));
        let one = |entry: RawLocked| {
            let image = ImageRef::parse(&entry.image).map_err(|error| Diagnostic::new(error.to_string()))?;
            let id = entry.annotations.get("kbld.carvel.dev/id");
            let of =
                id.map_or_else(|| ValueMatcher::Repository(image.name().into()), |id| ValueMatcher::Image(id.into()));
            Ok(Override { of, image })
        };
        Ok(Config { rules: Vec::new(), overrides: checked("images", images.collect(), one)? })
    }
}

impl RawOverride {
    fn check(self) -> Result<Override, Diagnostic> {
        for (field, there) in
            [("tagSelection", self.tag_selection.is_some()), ("platformSelection", self.platform_selection.is_some())]
        {
            if there {
                return Err(Diagnostic::new("hydrant does not choose among tags or platforms here").field(field));
            }
        }
        let of = matcher(&self.image, &self.image_repo)?;
        let image =
            ImageRef::parse(&self.new_image).map_err(|error| Diagnostic::new(error.to_string()).field("newImage"))?;
        Ok(Override { of, image })
    }
}

impl RawRule {
    fn check(self) -> Result<Rule, Diagnostic> {
        let value = self.value_matcher.map(|value| matcher(&value.image, &value.image_repo)).transpose()?;
        let key = self.key_matcher.map(RawKey::check).transpose()?;
        if key.is_none() && value.is_none() {
            return Err(Diagnostic::new("has neither keyMatcher nor valueMatcher, so it would concern everything"));
        }
        let form = self.update_strategy.map_or(Ok(Form::Whole), RawForm::check)?;
        Ok(Rule { key, value, form })
    }
}

impl RawKey {
    fn check(self) -> Result<KeyMatcher, Diagnostic> {
        let wrong = |message: &str| Err(Diagnostic::new(message).field("keyMatcher"));
        match (self.name.is_empty(), self.path.is_empty()) {
            (false, true) => Ok(KeyMatcher::Name(self.name.into())),
            (true, false) => checked("path", self.path, RawStep::check).map(KeyMatcher::Path),
            (true, true) => wrong("has neither name nor path"),
            (false, false) => wrong("has both name and path"),
        }
    }
}

impl RawStep {
    fn check(self) -> Result<Pattern, Diagnostic> {
        match self {
            RawStep::Key(key) => Ok(Pattern::Key(key.into())),
            RawStep::Index(RawIndex { index: Some(index), all_indexes: false }) => Ok(Pattern::Index(index)),
            RawStep::Index(RawIndex { index: None, all_indexes: true }) => Ok(Pattern::Every),
            RawStep::Index(_) => Err(Diagnostic::new("is a key, `{index: N}` or `{allIndexes: true}`")),
        }
    }
}

impl RawForm {
    fn check(self) -> Result<Form, Diagnostic> {
        let nested = |raw: RawNested| checked("searchRules", raw.search_rules, RawRule::check);
        let text = |text: String| Text::from(text);
        match (self.none, self.entire_value, self.yaml, self.json, self.fields) {
            (Some(Nothing {}), None, None, None, None) => Ok(Form::Ignored),
            (None, Some(Nothing {}), None, None, None) => Ok(Form::Whole),
            (None, None, Some(raw), None, None) => nested(raw).map(Form::Yaml),
            (None, None, None, Some(raw), None) => nested(raw).map(Form::Json),
            (None, None, None, None, Some(raw)) => Ok(Form::Fields(Fields {
                registry: raw.registry.map(text),
                repository: raw.repository.into(),
                tag: raw.tag.into(),
                digest: raw.digest.map(text),
            })),
            _ => Err(Diagnostic::new("is one of none, entireValue, yaml, json, fields").field("updateStrategy")),
        }
    }
}

fn matcher(image: &str, repository: &str) -> Result<ValueMatcher, Diagnostic> {
    match (image, repository) {
        ("", "") => Err(Diagnostic::new("has neither image nor imageRepo")),
        (image, "") => Ok(ValueMatcher::Image(image.into())),
        ("", repository) => Ok(ValueMatcher::Repository(repository.into())),
        (_, _) => Err(Diagnostic::new("has both image and imageRepo")),
    }
}

/// Each item checked; the first that is wrong is named by its place in the list.
fn checked<T, U>(list: &str, items: Vec<T>, check: impl Fn(T) -> Result<U, Diagnostic>) -> Result<Vec<U>, Diagnostic> {
    let one = |(index, item)| {
        check(item).map_err(|error| {
            let below = error.field.as_ref().map(|field| format!(".{field}")).unwrap_or_default();
            Diagnostic { field: Some(format!("{list}[{index}]{below}")), ..error }
        })
    };
    items.into_iter().enumerate().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "
apiVersion: kbld.k14s.io/v1alpha1
kind: Config
minimumRequiredVersion: 0.30.0
searchRules:
- keyMatcher: {name: sidecarImage}
- keyMatcher: {path: [spec, images, {allIndexes: true}, {index: 0}]}
  valueMatcher: {imageRepo: acme/app}
  updateStrategy: {entireValue: {}}
- keyMatcher: {name: config}
  updateStrategy: {yaml: {searchRules: [{keyMatcher: {name: img}}]}}
- valueMatcher: {image: auto}
  updateStrategy: {none: {}}
- keyMatcher: {name: chart}
  updateStrategy: {fields: {repository: repository, tag: tag}}
overrides:
- image: nginx
  newImage: docker.io/library/nginx@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
  preresolved: true
- imageRepo: acme/app
  newImage: registry.example/app:2
---
apiVersion: imgpkg.carvel.dev/v1alpha1
kind: ImagesLock
images:
- image: mirror.example/redis@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
  annotations: {kbld.carvel.dev/id: \"redis:7\", kbld.carvel.dev/origins: \"- resolved: {}\"}
";

    #[test]
    fn rules_and_overrides_are_read() {
        let config = read("kbld.yaml", RULES).unwrap();
        assert_eq!(config.rules.len(), 5);
        assert_eq!(config.rules[0].key, Some(KeyMatcher::Name("sidecarImage".into())));
        let path = vec![Pattern::Key("spec".into()), Pattern::Key("images".into()), Pattern::Every, Pattern::Index(0)];
        assert_eq!(config.rules[1].key, Some(KeyMatcher::Path(path)));
        assert_eq!(config.rules[3].form, Form::Ignored);
        let table = [
            ("nginx", Some(format!("nginx@sha256:{}", "a".repeat(64)))),
            ("nginx:1", None),
            ("acme/app:1", Some("registry.example/app:2".to_owned())),
            ("redis:7", Some(format!("mirror.example/redis@sha256:{}", "b".repeat(64)))),
        ];
        for (image, want) in table {
            let got = config.instead(&ImageRef::parse(image).unwrap()).map(|image| image.as_str().to_owned());
            assert_eq!(got, want, "{image}");
        }
    }

    #[test]
    fn what_hydrant_does_not_do_is_refused_by_name() {
        let table = [
            ("sources: [{image: a, path: .}]", "k:1:1: sources: hydrant builds and relocates no images"),
            (
                "overrides: [{image: a, newImage: b, tagSelection: {}}]",
                "k:1:1: overrides[0].tagSelection: hydrant does not choose",
            ),
            ("overrides: [{image: a, newImage: B}]", "k:1:1: overrides[0].newImage: `B` is no image reference"),
            ("searchRules: [{}]", "k:1:1: searchRules[0]: has neither keyMatcher nor valueMatcher"),
            ("searchRules: [{keyMatcher: {}}]", "k:1:1: searchRules[0].keyMatcher: has neither name nor path"),
            ("searchRules: [{keyMatcher: {path: [{}]}}]", "k:1:1: searchRules[0].path[0]: is a key"),
            (
                "searchRules: [{keyMatcher: {name: a}, updateStrategy: {}}]",
                "k:1:1: searchRules[0].updateStrategy: is one of none",
            ),
            ("surprise: 1", "k:1:1: unknown field `surprise`"),
        ];
        for (text, want) in table {
            let text = format!("apiVersion: kbld.k14s.io/v1alpha1\nkind: Config\n{text}\n");
            let told = read("k", &text).unwrap_err().to_string();
            assert!(told.starts_with(want), "{told}");
        }
        assert!(
            read("k", "kind: ConfigMap\napiVersion: v1\n").unwrap_err().to_string().contains("neither kbld's Config")
        );
    }
}
