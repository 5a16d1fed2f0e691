//! `Chart.yaml`, `requirements.yaml` and the lock files.

use gotemplate::strconv::quote;
use gotemplate::unicode::is_print;
use manifest::Node;

use super::decode::{DecodePath, Decoder, is_null};
use super::error::HelmError;
use super::{Semantics, yaml};
use crate::template_functions::semver::{Range, Version};

/// The content of `Chart.yaml`.
#[derive(Clone, Debug, Default)]
pub(super) struct Metadata {
    pub(super) api_version: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) kube_version: String,
    pub(super) chart_type: String,
    pub(super) deprecated: bool,
    pub(super) app_version: String,
    pub(super) description: String,
    pub(super) home: String,
    pub(super) icon: String,
    pub(super) condition: String,
    pub(super) tags: String,
    pub(super) keywords: Vec<String>,
    pub(super) sources: Vec<String>,
    pub(super) maintainers: Vec<Option<Maintainer>>,
    pub(super) annotations: Option<Vec<Annotation>>,
    /// The dependencies; `None` where the field is absent, which turns their processing off.
    pub(super) dependencies: Option<Vec<Option<Dependency>>>,
}

/// An annotation of a chart.
#[derive(Clone, Debug)]
pub(super) struct Annotation {
    pub(super) key: String,
    pub(super) value: String,
}

/// A maintainer of a chart.
#[derive(Clone, Debug, Default)]
pub(super) struct Maintainer {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) url: String,
}

/// A dependency of a chart.
#[derive(Clone, Debug, Default)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) repository: String,
    pub(super) condition: String,
    pub(super) tags: Vec<String>,
    pub(super) enabled: bool,
    pub(super) import_values: Vec<ImportValue>,
    /// The values were imported in this rendering.
    pub(super) imported: bool,
    pub(super) alias: String,
}

/// An entry of `import-values`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ImportValue {
    /// The name of a table in the child's `exports`.
    Export(String),
    /// A table of the child, and where it goes in the parent; `.` is the root.
    Table { child: String, parent: String },
}

/// Why a chart's metadata is refused, without the name of the file.
type Invalid = String;

impl Metadata {
    /// Reads `Chart.yaml` or `requirements.yaml` over what is there.
    pub(super) fn read(&mut self, text: &[u8]) -> Result<(), Invalid> {
        let node = yaml::read_node(text)?;
        let mut decoder = Decoder::default();
        self.decode(&node, &mut decoder);
        decoder.finish()
    }

    fn decode(&mut self, node: &Node, decoder: &mut Decoder) {
        let root = DecodePath { structure: "Metadata", fields: "" };
        for (key, value) in decoder.fields(node, root, "v2.Metadata").unwrap_or_default() {
            let name = key.to_lowercase();
            let at = |fields| DecodePath { structure: "Metadata", fields };
            let text = match name.as_str() {
                "apiversion" => Some(("apiVersion", &mut self.api_version)),
                "appversion" => Some(("appVersion", &mut self.app_version)),
                "condition" => Some(("condition", &mut self.condition)),
                "description" => Some(("description", &mut self.description)),
                "home" => Some(("home", &mut self.home)),
                "icon" => Some(("icon", &mut self.icon)),
                "kubeversion" => Some(("kubeVersion", &mut self.kube_version)),
                "name" => Some(("name", &mut self.name)),
                "tags" => Some(("tags", &mut self.tags)),
                "type" => Some(("type", &mut self.chart_type)),
                "version" => Some(("version", &mut self.version)),
                _ => None,
            };
            if let Some((field, target)) = text {
                decoder.text(value, at(field), target);
                continue;
            }
            match name.as_str() {
                "deprecated" => decoder.flag(value, at("deprecated"), &mut self.deprecated),
                "keywords" => decoder.texts(value, at("keywords"), &mut self.keywords),
                "sources" => decoder.texts(value, at("sources"), &mut self.sources),
                "annotations" => self.annotations = annotations(value, decoder),
                "maintainers" => {
                    if let Some(items) = decoder.items(value, at("maintainers"), "[]*v2.Maintainer") {
                        self.maintainers = items.iter().map(|item| maintainer(item, decoder)).collect();
                    }
                }
                "dependencies" => {
                    let items = decoder.items(value, at("dependencies"), "[]*v2.Dependency");
                    self.dependencies = items.map(|items| {
                        items.iter().map(|item| dependency(item, "Metadata", "dependencies", decoder)).collect()
                    });
                }
                _ => {}
            }
        }
    }

    /// Replaces white space, removes what cannot be printed, and checks the rules of `Chart.yaml`.
    pub(super) fn validate(&mut self, semantics: Semantics) -> Result<(), HelmError> {
        let texts = [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.icon,
            &mut self.condition,
            &mut self.tags,
            &mut self.app_version,
            &mut self.kube_version,
        ];
        texts.into_iter().chain(&mut self.sources).chain(&mut self.keywords).for_each(sanitize);
        self.check_names(semantics)?;
        for maintainer in &mut self.maintainers {
            let Some(maintainer) = maintainer else {
                return invalid("maintainers must not contain empty or null nodes");
            };
            [&mut maintainer.name, &mut maintainer.email, &mut maintainer.url].into_iter().for_each(sanitize);
        }
        self.validate_dependencies()
    }

    fn check_names(&self, semantics: Semantics) -> Result<(), HelmError> {
        if self.api_version.is_empty() {
            return invalid("chart.metadata.apiVersion is required");
        }
        if self.name.is_empty() {
            return invalid("chart.metadata.name is required");
        }
        if semantics != Semantics::V3_17 && matches!(self.name.as_str(), "." | "..") {
            return invalid(format!("chart.metadata.name {} is not allowed", quote(self.name.as_bytes())));
        }
        if self.name.contains('/') {
            return invalid(format!("chart.metadata.name {} is invalid", quote(self.name.as_bytes())));
        }
        if self.version.is_empty() {
            return invalid("chart.metadata.version is required");
        }
        if Version::parse(&self.version).is_err() {
            return invalid(format!("chart.metadata.version {} is invalid", quote(self.version.as_bytes())));
        }
        if !matches!(self.chart_type.as_str(), "" | "application" | "library") {
            return invalid("chart.metadata.type must be application or library");
        }
        Ok(())
    }

    fn validate_dependencies(&mut self) -> Result<(), HelmError> {
        let mut names: Vec<String> = Vec::new();
        for dependency in self.dependencies.iter_mut().flatten() {
            let Some(dependency) = dependency else {
                return invalid("dependencies must not contain empty or null nodes");
            };
            let texts =
                [&mut dependency.name, &mut dependency.version, &mut dependency.repository, &mut dependency.condition];
            texts.into_iter().chain(&mut dependency.tags).for_each(sanitize);
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            if !dependency.alias.bytes().all(allowed) {
                return invalid(format!(
                    "dependency {} has disallowed characters in the alias",
                    quote(dependency.name.as_bytes())
                ));
            }
            let key = dependency.effective_name();
            if names.iter().any(|name| name == key) {
                return invalid(format!("more than one dependency with name or alias {}", quote(key.as_bytes())));
            }
            names.push(key.to_owned());
        }
        Ok(())
    }

    /// Returns whether the chart only defines templates for others.
    pub(super) fn is_library(&self) -> bool {
        self.chart_type.eq_ignore_ascii_case("library")
    }

    /// Returns the dependencies that `Chart.yaml` declares.
    pub(super) fn declared(&self) -> impl Iterator<Item = &Dependency> {
        self.dependencies.iter().flatten().flatten()
    }
}

impl Dependency {
    /// Returns the alias, or the name.
    pub(super) fn effective_name(&self) -> &str {
        if self.alias.is_empty() { &self.name } else { &self.alias }
    }
}

/// Returns the API version that `Chart.yaml` declares.
pub(super) fn api_version(text: &[u8]) -> Result<String, Invalid> {
    let node = yaml::read_node(text)?;
    let mut decoder = Decoder::default();
    let mut version = String::new();
    let root = DecodePath { structure: "chartBase", fields: "" };
    for (key, value) in decoder.fields(&node, root, "loader.chartBase").unwrap_or_default() {
        if key.eq_ignore_ascii_case("apiVersion") {
            decoder.text(value, DecodePath { fields: "apiVersion", ..root }, &mut version);
        }
    }
    decoder.finish()?;
    Ok(version)
}

/// The content of `Chart.lock` or `requirements.lock`.
#[derive(Clone, Debug, Default)]
pub(super) struct LockContent {
    pub(super) digest: String,
    pub(super) dependencies: Vec<Dependency>,
}

/// Checks that a lock file can be read.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_lock(text: &[u8]) -> Result<(), Invalid> {
    read_lock(text).map(drop)
}

/// Reads a lock file.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read_lock(text: &[u8]) -> Result<LockContent, Invalid> {
    let node = yaml::read_node(text)?;
    let mut decoder = Decoder::default();
    let mut lock = LockContent::default();
    let root = DecodePath { structure: "Lock", fields: "" };
    for (key, value) in decoder.fields(&node, root, "v2.Lock").unwrap_or_default() {
        match key.to_lowercase().as_str() {
            "digest" => decoder.text(value, DecodePath { fields: "digest", ..root }, &mut lock.digest),
            "dependencies" => {
                let items = decoder.items(value, DecodePath { fields: "dependencies", ..root }, "[]*v2.Dependency");
                for item in items.unwrap_or_default() {
                    lock.dependencies.extend(dependency(item, "Lock", "dependencies", &mut decoder));
                }
            }
            _ => {}
        }
    }
    decoder.finish().map(|()| lock)
}

/// Returns whether a version is in a range; a text that is no version or no range matches nothing.
pub(super) fn in_range(range: &str, version: &str) -> bool {
    match (Range::parse(range), Version::parse(version)) {
        (Ok(range), Ok(version)) => range.contains(&version),
        _ => false,
    }
}

fn invalid<T>(message: impl AsRef<str>) -> Result<T, HelmError> {
    Err(HelmError::new(format!("validation: {}", message.as_ref())))
}

/// Makes every white space a blank and removes what cannot be printed.
fn sanitize(text: &mut String) {
    let keeps = |c: char| c.is_ascii_graphic() || c == ' ';
    if !text.chars().all(keeps) {
        let clean = |c: char| if c.is_whitespace() { Some(' ') } else { is_print(c).then_some(c) };
        *text = text.chars().filter_map(clean).collect();
    }
}

fn annotations(node: &Node, decoder: &mut Decoder) -> Option<Vec<Annotation>> {
    let place = DecodePath { structure: "Metadata", fields: "annotations" };
    let fields = decoder.fields(node, place, "map[string]string")?;
    let mut annotations = Vec::new();
    for (key, value) in fields {
        let mut text = String::new();
        decoder.text(value, place, &mut text);
        annotations.push(Annotation { key, value: text });
    }
    Some(annotations)
}

fn maintainer(node: &Node, decoder: &mut Decoder) -> Option<Maintainer> {
    let outer = DecodePath { structure: "Metadata", fields: "maintainers" };
    if is_null(node) {
        return None;
    }
    let mut maintainer = Maintainer::default();
    for (key, value) in decoder.fields(node, outer, "v2.Maintainer").unwrap_or_default() {
        let (fields, target) = match key.to_lowercase().as_str() {
            "name" => ("maintainers.name", &mut maintainer.name),
            "email" => ("maintainers.email", &mut maintainer.email),
            "url" => ("maintainers.url", &mut maintainer.url),
            _ => continue,
        };
        decoder.text(value, DecodePath { structure: "Maintainer", fields }, target);
    }
    Some(maintainer)
}

fn dependency(node: &Node, structure: &'static str, outer: &'static str, decoder: &mut Decoder) -> Option<Dependency> {
    if is_null(node) {
        return None;
    }
    let mut dependency = Dependency::default();
    let fields = decoder.fields(node, DecodePath { structure, fields: outer }, "v2.Dependency");
    for (key, value) in fields.unwrap_or_default() {
        let name = key.to_lowercase();
        let path = format!("{outer}.{name}");
        let place = DecodePath { structure: "Dependency", fields: &path };
        match name.as_str() {
            "name" => decoder.text(value, place, &mut dependency.name),
            "version" => decoder.text(value, place, &mut dependency.version),
            "repository" => decoder.text(value, place, &mut dependency.repository),
            "condition" => decoder.text(value, place, &mut dependency.condition),
            "alias" => decoder.text(value, place, &mut dependency.alias),
            "enabled" => decoder.flag(value, place, &mut dependency.enabled),
            "tags" => decoder.texts(value, place, &mut dependency.tags),
            "import-values" => {
                let items = decoder.items(value, place, "[]interface {}").unwrap_or_default();
                dependency.import_values = items.iter().filter_map(import_value).collect();
            }
            _ => {}
        }
    }
    Some(dependency)
}

/// Reads an entry of `import-values`; other kinds than strings and maps have no effect.
fn import_value(node: &Node) -> Option<ImportValue> {
    match yaml::value_of(node).ok()? {
        gotemplate::Value::String(name) => Some(ImportValue::Export(name.to_string())),
        gotemplate::Value::Map(map) => {
            let field = |key: &[u8]| map.get(key).map_or("<nil>".to_owned(), |value| value.to_string());
            Some(ImportValue::Table { child: field(b"child"), parent: field(b"parent") })
        }
        _ => None,
    }
}
