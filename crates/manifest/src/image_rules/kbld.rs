//! kbld's `Config`: search rules, keys and overrides.

use serde::Deserialize;
use serde_json::Value;

use super::rules::{ImageOverride, ImageRules, check_each};
use crate::image_search::{DigestField, Fields, Form, KeyMatcher, Pattern, Rule, ValueMatcher};
use crate::{Diagnostic, ImageRef, Text};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "fields that are accepted without a meaning here")]
pub(super) struct RawConfig {
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
    /// Whether kbld resolves the new image; hydrant resolves it where it has no digest.
    #[serde(default, rename = "preresolved")]
    _preresolved: bool,
    tag_selection: Option<Value>,
    platform_selection: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RawRule {
    key_matcher: Option<RawKeyMatcher>,
    value_matcher: Option<RawValueMatcher>,
    update_strategy: Option<RawUpdateStrategy>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKeyMatcher {
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
struct RawValueMatcher {
    #[serde(default)]
    image: String,
    #[serde(default)]
    image_repo: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RawUpdateStrategy {
    none: Option<Empty>,
    entire_value: Option<Empty>,
    yaml: Option<RawNested>,
    json: Option<RawNested>,
    fields: Option<RawFields>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

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

impl RawConfig {
    pub(super) fn check(self) -> Result<ImageRules, Diagnostic> {
        for (field, is_set) in [("sources", !self.sources.is_empty()), ("destinations", !self.destinations.is_empty())]
        {
            if is_set {
                return Err(Diagnostic::new("building and relocating images is not supported")
                    .field(field)
                    .hint("build and push the images before they are pinned"));
            }
        }
        let keys = self.keys.into_iter().map(|name| Rule {
            key: Some(KeyMatcher::Name(name.into())),
            value: None,
            form: Form::Whole,
        });
        let rules = check_each("searchRules", self.search_rules, RawRule::check)?;
        let overrides = check_each("overrides", self.overrides, RawOverride::check)?;
        Ok(ImageRules { rules: rules.into_iter().chain(keys).collect(), overrides })
    }
}

impl RawOverride {
    fn check(self) -> Result<ImageOverride, Diagnostic> {
        for (field, is_set) in
            [("tagSelection", self.tag_selection.is_some()), ("platformSelection", self.platform_selection.is_some())]
        {
            if is_set {
                return Err(Diagnostic::new("selecting tags and platforms is not supported")
                    .field(field)
                    .hint("write the tag in `newImage`"));
            }
        }
        let matcher = value_matcher(&self.image, &self.image_repo)?;
        let image =
            ImageRef::parse(&self.new_image).map_err(|error| Diagnostic::new(error.to_string()).field("newImage"))?;
        Ok(ImageOverride { matcher, image })
    }
}

impl RawRule {
    fn check(self) -> Result<Rule, Diagnostic> {
        let value = self.value_matcher.map(|value| value_matcher(&value.image, &value.image_repo)).transpose()?;
        let key = self.key_matcher.map(RawKeyMatcher::check).transpose()?;
        if key.is_none() && value.is_none() {
            return Err(Diagnostic::new("missing field \"keyMatcher\" or \"valueMatcher\"")
                .hint("name the key or the value that the rule matches"));
        }
        let form = self.update_strategy.map_or(Ok(Form::Whole), RawUpdateStrategy::check)?;
        Ok(Rule { key, value, form })
    }
}

impl RawKeyMatcher {
    fn check(self) -> Result<KeyMatcher, Diagnostic> {
        let error = |message: &str| Err(Diagnostic::new(message).field("keyMatcher"));
        match (self.name.is_empty(), self.path.is_empty()) {
            (false, true) => Ok(KeyMatcher::Name(self.name.into())),
            (true, false) => check_each("path", self.path, RawStep::check).map(KeyMatcher::Path),
            (true, true) => error("missing field \"name\" or \"path\""),
            (false, false) => error("expected one of \"name\" and \"path\", found both"),
        }
    }
}

impl RawStep {
    fn check(self) -> Result<Pattern, Diagnostic> {
        match self {
            RawStep::Key(key) => Ok(Pattern::Key(key.into())),
            RawStep::Index(RawIndex { index: Some(index), all_indexes: false }) => Ok(Pattern::Index(index)),
            RawStep::Index(RawIndex { index: None, all_indexes: true }) => Ok(Pattern::Every),
            RawStep::Index(_) => Err(Diagnostic::new("expected a key, {index: N} or {allIndexes: true}")),
        }
    }
}

impl RawUpdateStrategy {
    fn check(self) -> Result<Form, Diagnostic> {
        let nested = |raw: RawNested| check_each("searchRules", raw.search_rules, RawRule::check);
        match (self.none, self.entire_value, self.yaml, self.json, self.fields) {
            (Some(Empty {}), None, None, None, None) => Ok(Form::Ignored),
            (None, Some(Empty {}), None, None, None) => Ok(Form::Whole),
            (None, None, Some(raw), None, None) => nested(raw).map(Form::Yaml),
            (None, None, None, Some(raw), None) => nested(raw).map(Form::Json),
            (None, None, None, None, Some(raw)) => Ok(Form::Fields(Fields {
                registry: raw.registry.map(Text::from),
                repository: raw.repository.into(),
                tag: raw.tag.into(),
                name: None,
                digest: raw.digest.map_or(DigestField::InTag, |key| DigestField::Named(key.into())),
            })),
            _ => {
                let message = "expected exactly one of none, entireValue, yaml, json and fields";
                Err(Diagnostic::new(message).field("updateStrategy"))
            }
        }
    }
}

fn value_matcher(image: &str, repository: &str) -> Result<ValueMatcher, Diagnostic> {
    match (image, repository) {
        ("", "") => Err(Diagnostic::new("missing field \"image\" or \"imageRepo\"")),
        (image, "") => Ok(ValueMatcher::Image(image.into())),
        ("", repository) => Ok(ValueMatcher::Repository(repository.into())),
        (_, _) => Err(Diagnostic::new("expected one of \"image\" and \"imageRepo\", found both")),
    }
}
