//! Images in the values of charts: where values express an image, and what to set so that they express another one.
//!
//! Pure, and a guess: templates are free in what they make of values. The pipeline renders the unit with each guess and compares.

use manifest::ImageRef;
use manifest::image_search::{Step, field};
use render_core::chart_values::{UsedValues, ValueChange};
use render_core::repeatable::ChartCall;
use serde_json::{Map, Value};

/// The keys of parts of an image, the usual ones first.
const REPOSITORY: &[&str] = &["repository", "imageRepository", "imageName", "image", "repo", "name"];
const TAG: &[&str] = &["tag", "imageTag"];
const REGISTRY: &[&str] = &["registry", "imageRegistry"];
const DIGEST: &[&str] = &["digest", "imageDigest", "sha", "sha256"];

/// How deep values are searched.
const DEEPEST: usize = 40;

/// The maximum number of places that are returned for an image.
const MOST: usize = 40;

/// A place in the values of a chart that may express an image.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ValueImage {
    /// How well it fits, the best first.
    pub(crate) fit: Fit,
    /// What to set.
    pub(crate) sets: Vec<ValueSet>,
}

/// How well a place fits an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// The values have the image's name and tag.
    Exact,
    /// The values have its name; the tag is empty, so it is the chart's version of the application.
    NoTag,
    /// The values have its name, and a part of its tag, or a part of its name.
    Part,
    /// The values have its tag alone.
    TagOnly,
    /// The values have a part of its tag alone.
    TagPart,
}

/// A value to be set.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ValueSet {
    chart: ChartCall,
    path: Vec<Step>,
    value: Value,
}

impl ValueSet {
    /// The path as text: `sidecars[0].image.tag`.
    pub(crate) fn path(&self) -> String {
        field(&self.path)
    }
}

/// Returns the places in the values of charts that may express the image `from`, with what to set so that they express `to`. The best come
/// first, and those of equal fit in the order of the values.
pub(crate) fn candidates(charts: &[UsedValues], from: &ImageRef, to: &ImageRef) -> Vec<ValueImage> {
    let mut found = Vec::new();
    for chart in charts {
        let mut search = Search { chart: &chart.chart, from, to, path: Vec::new(), found: &mut found };
        search.visit(&chart.values);
    }
    found.sort_by_key(|one: &ValueImage| one.fit);
    found.truncate(MOST);
    found
}

/// Returns what is set in the charts for all of `sets`. A list cannot be changed in one item, since that would drop the items that the chart
/// itself has, so it is set as a whole.
pub(crate) fn changes(charts: &[UsedValues], sets: &[ValueSet]) -> Vec<ValueChange> {
    let mut changed = charts.to_vec();
    for set in sets {
        if let Some(chart) = changed.iter_mut().find(|chart| chart.chart == set.chart) {
            put(&mut chart.values, &set.path, set.value.clone());
        }
    }
    let mut all: Vec<ValueChange> = Vec::new();
    for set in sets {
        let keys = set.path.iter().map_while(|step| match step {
            Step::Key(key) => Some(key.to_string()),
            Step::Index(_) => None,
        });
        let path: Vec<String> = keys.collect();
        let chart = changed.iter().find(|chart| chart.chart == set.chart);
        let value = chart.and_then(|chart| path.iter().try_fold(&chart.values, |value, key| value.get(key)));
        let change = value.map(|value| ValueChange { chart: set.chart.clone(), path, value: value.clone() });
        all.extend(change.filter(|change| !all.contains(change)));
    }
    all
}

/// Sets a value; nothing happens where a list has no such item.
fn put(target: &mut Value, path: &[Step], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        *target = value;
        return;
    };
    let inner = match first {
        Step::Index(index) => target.get_mut(*index),
        Step::Key(key) => {
            if !target.is_object() {
                *target = Value::Object(Map::new());
            }
            target.as_object_mut().map(|map| map.entry(key.as_str()).or_insert(Value::Null))
        }
    };
    if let Some(inner) = inner {
        put(inner, rest, value);
    }
}

struct Search<'a> {
    chart: &'a ChartCall,
    from: &'a ImageRef,
    to: &'a ImageRef,
    path: Vec<Step>,
    found: &'a mut Vec<ValueImage>,
}

impl Search<'_> {
    fn visit(&mut self, value: &Value) {
        if self.path.len() > DEEPEST {
            return;
        }
        match value {
            Value::Object(map) => {
                self.mapping(map);
                for (key, value) in map {
                    self.enter(Step::Key(key.as_str().into()), value);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.enter(Step::Index(index), item);
                }
            }
            Value::String(text) => self.whole(text),
            _ => {}
        }
    }

    fn enter(&mut self, step: Step, value: &Value) {
        self.path.push(step);
        self.visit(value);
        self.path.pop();
    }

    /// Adds a place: keys below the current path, or the path itself for an empty key, with the values to set.
    fn add(&mut self, fit: Fit, sets: Vec<(&str, String)>) {
        let sets = sets.into_iter().map(|(key, text)| {
            let below = (!key.is_empty()).then(|| Step::Key(key.into()));
            let path = self.path.iter().cloned().chain(below).collect();
            ValueSet { chart: self.chart.clone(), path, value: Value::from(text) }
        });
        self.found.push(ValueImage { fit, sets: sets.collect() });
    }

    /// A text that is the whole reference.
    fn whole(&mut self, text: &str) {
        let Ok(image) = ImageRef::parse(text) else { return };
        if image.full_name() != self.from.full_name() || image.tag() != self.from.tag() {
            return;
        }
        // The output gets the digest, as everywhere; without a tag, the digest is the version.
        let to = if self.to.tag().is_some() { self.to.without_digest() } else { self.to.clone() };
        self.add(Fit::Exact, vec![("", to.to_string())]);
    }

    /// A mapping with the parts of a reference, or with its tag alone.
    fn mapping(&mut self, map: &Map<String, Value>) {
        match Parts::of(map, self.is_below_image()) {
            Some(parts) => self.parts(&parts),
            None => self.tag_alone(map),
        }
    }

    fn is_below_image(&self) -> bool {
        let ends = |key: &str| key.to_ascii_lowercase().trim_end_matches('s').ends_with("image");
        self.path.iter().rev().take(2).any(|step| matches!(step, Step::Key(key) if ends(key)))
    }

    fn parts(&mut self, parts: &Parts<'_>) {
        let Some(name) = parts.name_fit(self.from) else { return };
        let tag = parts.tag_fit(self.from);
        let fit = match (&name, &tag) {
            (_, TagFit::Other) => return,
            (NameFit::Whole, TagFit::Same) => Fit::Exact,
            (NameFit::Whole, TagFit::Empty) => Fit::NoTag,
            _ => Fit::Part,
        };
        let mut sets: Vec<(&str, String)> = Vec::new();
        if self.to.full_name() != self.from.full_name() {
            let Some(new) = parts.new_name(&name, self.to) else { return };
            sets.push((parts.repository_key, new.repository));
            sets.extend(parts.registry_key.zip(new.registry));
        }
        match (self.to.tag(), self.to.digest(), parts.digest_key) {
            (Some(to), _, digest_key) => {
                let Some(text) = tag.new_tag(to) else { return };
                sets.push((parts.tag_key, text));
                // The digest of the old image.
                sets.extend(digest_key.filter(|_| parts.has_digest).map(|key| (key, String::new())));
            }
            (None, Some(digest), Some(key)) => {
                let text = digest.as_str();
                let bare = text.strip_prefix("sha256:").filter(|_| key.starts_with("sha"));
                sets.push((key, bare.unwrap_or(text).to_owned()));
            }
            (None, _, _) => return,
        }
        self.add(fit, sets);
    }

    /// A tag whose repository is in a template.
    fn tag_alone(&mut self, map: &Map<String, Value>) {
        let (Some(old), Some(new)) = (self.from.tag(), self.to.tag()) else { return };
        if self.from.full_name() != self.to.full_name() {
            return;
        }
        let is_tag = |key: &str| {
            let key = key.to_ascii_lowercase();
            key.ends_with("tag") || key.ends_with("version")
        };
        for (key, value) in map.iter().filter(|(key, _)| is_tag(key)) {
            let fit = TagFit::of(&text(value).unwrap_or_default(), old);
            let is_part = match fit {
                TagFit::Same => false,
                TagFit::Within { .. } => true,
                TagFit::Empty if TAG.contains(&key.as_str()) => false,
                TagFit::Empty | TagFit::Other => continue,
            };
            if let Some(new) = fit.new_tag(new) {
                self.add(if is_part { Fit::TagPart } else { Fit::TagOnly }, vec![(key, new)]);
            }
        }
    }
}

/// A scalar as templates print it.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A mapping with the parts of an image.
struct Parts<'v> {
    registry_key: Option<&'static str>,
    registry: Option<&'v str>,
    repository_key: &'static str,
    repository: &'v str,
    tag_key: &'static str,
    /// Empty if there is none.
    tag: String,
    digest_key: Option<&'static str>,
    has_digest: bool,
}

/// How the name in values fits that of an image.
enum NameFit {
    Whole,
    /// This text, such as a registry of all images, comes before it.
    After(String),
}

/// How the tag in values fits that of an image.
enum TagFit {
    Same,
    Empty,
    /// The tag has these texts before and after it.
    Within {
        before: String,
        after: String,
    },
    Other,
}

/// A name in separate fields.
struct NewName {
    registry: Option<String>,
    repository: String,
}

impl<'v> Parts<'v> {
    fn of(map: &'v Map<String, Value>, is_below_image: bool) -> Option<Parts<'v>> {
        let present = |keys: &'static [&'static str]| keys.iter().copied().find(|key| map.contains_key(*key));
        let string = |key: &str| map.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let is_name = |text: &str| ImageRef::parse(text).is_ok_and(|image| image.name() == text);
        let tag_key = present(TAG);
        let repository_key = REPOSITORY.iter().copied().find(|key| {
            let is_usual = match *key {
                "name" | "repo" => is_below_image,
                // An image without a tag beside it is the whole reference.
                "image" => tag_key.is_some(),
                _ => true,
            };
            is_usual && string(key).is_some_and(is_name)
        })?;
        let registry_key = present(REGISTRY);
        let digest_key = present(DIGEST);
        Some(Parts {
            registry_key,
            registry: registry_key.and_then(string),
            repository_key,
            repository: string(repository_key)?,
            tag_key: tag_key.unwrap_or(if repository_key.starts_with("image") { "imageTag" } else { "tag" }),
            tag: tag_key.and_then(|key| map.get(key)).and_then(text).unwrap_or_default(),
            digest_key,
            has_digest: digest_key.and_then(string).is_some(),
        })
    }

    fn name_fit(&self, image: &ImageRef) -> Option<NameFit> {
        let written = match self.registry {
            Some(registry) => format!("{registry}/{}", self.repository),
            None => self.repository.to_owned(),
        };
        let full = image.full_name();
        if ImageRef::parse(&written).is_ok_and(|own| own.full_name() == full) {
            return Some(NameFit::Whole);
        }
        let before = image.name().strip_suffix(self.repository)?.strip_suffix('/')?;
        Some(NameFit::After(before.to_owned()))
    }

    fn tag_fit(&self, image: &ImageRef) -> TagFit {
        // A tag may have a digest: `1.2@sha256:…`.
        TagFit::of(self.tag.split('@').next().unwrap_or_default(), image.tag().unwrap_or_default())
    }

    fn new_name(&self, fit: &NameFit, to: &ImageRef) -> Option<NewName> {
        Some(match fit {
            NameFit::Whole if self.registry.is_some() => {
                NewName { registry: Some(to.registry().to_owned()), repository: to.repository() }
            }
            NameFit::Whole => NewName { registry: None, repository: to.name().to_owned() },
            NameFit::After(before) => {
                let repository = to.name().strip_prefix(before.as_str())?.strip_prefix('/')?;
                NewName { registry: None, repository: repository.to_owned() }
            }
        })
    }
}

impl TagFit {
    fn of(own: &str, tag: &str) -> TagFit {
        match tag.split_once(own) {
            _ if own == tag => TagFit::Same,
            _ if own.is_empty() => TagFit::Empty,
            Some((before, after)) => TagFit::Within { before: before.to_owned(), after: after.to_owned() },
            None => TagFit::Other,
        }
    }

    /// What to write so that the template makes this tag.
    fn new_tag(&self, tag: &str) -> Option<String> {
        match self {
            TagFit::Within { before, after } => {
                let own = tag.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?;
                (!own.is_empty()).then(|| own.to_owned())
            }
            TagFit::Same | TagFit::Empty | TagFit::Other => Some(tag.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn image(text: &str) -> ImageRef {
        ImageRef::parse(text).expect("the reference is valid")
    }

    /// What is set for each place, as `path=value`, the best first.
    fn sets(values: Value, from: &str, to: &str) -> Vec<String> {
        let charts = [UsedValues { chart: ChartCall::default(), values }];
        let found = candidates(&charts, &image(from), &image(to)).into_iter();
        let text = |set: &ValueSet| format!("{}={}", set.path(), set.value.as_str().unwrap_or_default());
        found.map(|one| one.sets.iter().map(text).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn values_with_the_parts_of_an_image_are_found() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let table = [
            (json!({"image": {"repository": "r.io/web", "tag": "1"}}), "r.io/web:1", "r.io/web:2", "image.tag=2"),
            (json!({"image": {"repository": "r.io/web"}}), "r.io/web:1", "r.io/web:2", "image.tag=2"),
            (json!({"image": {"repository": "r.io/web", "tag": 1.5}}), "r.io/web:1.5", "r.io/web:2", "image.tag=2"),
            (
                json!({"image": {"registry": "docker.io", "repository": "library/nginx", "tag": "1", "digest": "sha256:old"}}),
                "nginx:1",
                "r.io/x:2",
                "image.repository=x image.registry=r.io image.tag=2 image.digest=",
            ),
            (
                json!({"image": {"repository": "acme/web", "tag": "1"}}),
                "r.io/acme/web:1",
                "r.io/acme/shop:2",
                "image.repository=acme/shop image.tag=2",
            ),
            (
                json!({"image": {"repository": "web", "tag": "1"}}),
                "r.io/web:v1-slim",
                "r.io/web:v2-slim",
                "image.tag=2",
            ),
            (json!({"image": "web", "imageTag": "1"}), "web:1", "web:2", "imageTag=2"),
            (json!({"a": [{"image": "web:1"}]}), "web:1", "r.io/web:2", "a[0].image=r.io/web:2"),
            (json!({"kubectl": {"version": "1.30"}}), "r.io/kubectl:1.30", "r.io/kubectl:1.31", "kubectl.version=1.31"),
            (json!({"image": {"name": "web", "tag": "1"}}), "web:1", "web:2", "image.tag=2"),
        ];
        for (values, from, to, expected) in table {
            assert_eq!(sets(values.clone(), from, to).first().map(String::as_str), Some(expected), "{values}");
        }
        let pinned = json!({"image": {"repository": "web", "tag": "1", "sha": ""}});
        assert_eq!(sets(pinned, "web:1", &format!("web@{digest}")), [format!("image.sha={}", "a".repeat(64))]);
    }

    #[test]
    fn values_of_other_images_are_not_found() {
        let others = [
            json!({"image": {"repository": "r.io/other", "tag": "1"}}),
            json!({"image": {"repository": "r.io/web", "tag": "7"}}),
            json!({"source": {"repository": "https://git.example/web", "tag": "1"}, "name": "web"}),
            json!({"image": null, "tag": null, "list": [1, null, true]}),
        ];
        for values in others {
            let found = sets(values.clone(), "r.io/web:1", "r.io/shop:2");
            assert!(found.is_empty(), "{values}: {found:?}");
        }
        // A template that adds the name cannot make another one.
        assert!(sets(json!({"image": {"repository": "web", "tag": "1"}}), "r.io/web:1", "other.io/web:2").is_empty());
    }

    #[test]
    fn an_item_of_a_list_is_set_with_the_whole_list() {
        let values = json!({"a": {"list": [{"image": "x:1"}, {"image": "y:1"}]}});
        let charts = [UsedValues { chart: ChartCall::default(), values }];
        let mut sets = Vec::new();
        for (from, to) in [("x:1", "x:2"), ("y:1", "y:3")] {
            sets.extend(candidates(&charts, &image(from), &image(to)).remove(0).sets);
        }
        let changes = changes(&charts, &sets);
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].path, ["a", "list"]);
        assert_eq!(changes[0].value, json!([{"image": "x:2"}, {"image": "y:3"}]));
    }
}
