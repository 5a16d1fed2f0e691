//! `Chart.yaml`.

use gotemplate::{List, Map, Value};

use super::error::HelmError;
use super::objects::KubeVersion;
use super::yaml;
use super::{RenderOptions, Semantics};
use crate::template_functions::json;
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
    app_version: String,
    description: String,
    home: String,
    icon: String,
    condition: String,
    tags: String,
    keywords: Vec<String>,
    sources: Vec<String>,
    maintainers: Vec<[String; 3]>,
    annotations: Option<Vec<(String, String)>>,
    has_dependencies: bool,
}

impl Metadata {
    pub(super) fn read(text: &[u8]) -> Result<Metadata, HelmError> {
        let failed = |error: String| HelmError::new(format!("cannot load Chart.yaml: {error}"));
        let map = match yaml::read(text).map_err(failed)? {
            Value::Map(map) => map,
            Value::Nil => Map::default(),
            other => return Err(failed(super::maps::not_a_map(&other))),
        };
        let text = |key: &str| map.get(key.as_bytes()).map(|value| scalar_text(&value)).unwrap_or_default();
        let annotations = match map.get(b"annotations") {
            Some(Value::Map(map)) => {
                Some(map.entries().iter().map(|(key, value)| (key.to_string(), scalar_text(value))).collect())
            }
            _ => None,
        };
        Ok(Metadata {
            api_version: text("apiVersion"),
            name: text("name"),
            version: text("version"),
            kube_version: text("kubeVersion"),
            chart_type: text("type"),
            deprecated: matches!(map.get(b"deprecated"), Some(Value::Bool(true))),
            app_version: text("appVersion"),
            description: text("description"),
            home: text("home"),
            icon: text("icon"),
            condition: text("condition"),
            tags: text("tags"),
            keywords: texts(&map, "keywords").map_err(failed)?,
            sources: texts(&map, "sources").map_err(failed)?,
            maintainers: maintainers(&map),
            annotations,
            has_dependencies: matches!(map.get(b"dependencies"), Some(Value::List(list)) if !list.is_empty()),
        })
    }

    pub(super) fn check(&self, options: &RenderOptions) -> Result<(), HelmError> {
        match self.api_version.as_str() {
            "" | "v1" | "v2" => {}
            "v3" => return Err(HelmError::new("invalid chart apiVersion")),
            _ => return Err(HelmError::new("unsupported chart version")),
        }
        let invalid = |message: String| Err(HelmError::new(format!("validation: {message}")));
        for (value, name) in [(&self.name, "name"), (&self.version, "version")] {
            if value.is_empty() {
                return invalid(format!("chart.metadata.{name} is required"));
            }
        }
        if self.name == "." || self.name == ".." {
            return invalid(format!("chart.metadata.name {:?} is not allowed", self.name));
        }
        if self.name.contains(['/', '\\']) {
            return invalid(format!("chart.metadata.name {:?} is invalid", self.name));
        }
        if Version::parse(&self.version).is_err() {
            return invalid(format!("chart.metadata.version {:?} is invalid", self.version));
        }
        match self.chart_type.as_str() {
            "" | "application" => {}
            "library" => return Err(HelmError::new("library charts are not installable")),
            _ => return invalid("chart.metadata.type must be application or library".to_owned()),
        }
        if self.has_dependencies {
            return Err(HelmError::unsupported("a chart with dependencies"));
        }
        self.check_kube_version(options)
    }

    fn check_kube_version(&self, options: &RenderOptions) -> Result<(), HelmError> {
        let kube = options.kube_version.clone().unwrap_or_default();
        let fits = |range: &str| match (Range::parse(range), Version::parse(kube.normalized())) {
            (Ok(range), Ok(version)) => range.contains(&version),
            _ => false,
        };
        if self.kube_version.is_empty() || fits(&self.kube_version) {
            return Ok(());
        }
        Err(HelmError::rendering(format!(
            "chart requires kubeVersion: {} which is incompatible with Kubernetes {}",
            self.kube_version,
            kube.normalized()
        )))
    }

    /// Returns `.Chart`.
    pub(super) fn object(&self) -> Map {
        let list =
            |items: &[String]| Value::List(items.iter().map(|item| Value::from(item.as_str())).collect::<List>());
        let maintainer = |fields: &[String; 3]| {
            let names = ["Name", "Email", "URL"];
            Value::Map(names.into_iter().zip(fields).map(|(name, value)| (name, Value::from(value.as_str()))).collect())
        };
        let annotations = match &self.annotations {
            None => Map::nil(&gotemplate::types::STRING_MAP),
            Some(entries) => {
                let entries = entries.iter().map(|(key, value)| (key.as_str().into(), value.as_str().into()));
                Map::new(&gotemplate::types::STRING_MAP, entries.collect())
            }
        };
        let texts = [
            ("APIVersion", if self.api_version.is_empty() { "v1" } else { &self.api_version }),
            ("AppVersion", &self.app_version),
            ("Condition", &self.condition),
            ("Description", &self.description),
            ("Home", &self.home),
            ("Icon", &self.icon),
            ("KubeVersion", &self.kube_version),
            ("Name", &self.name),
            ("Tags", &self.tags),
            ("Type", &self.chart_type),
            ("Version", &self.version),
        ];
        let map: Map = texts.map(|(name, value)| (name, Value::from(value))).into_iter().collect();
        map.insert("Annotations", annotations.into());
        map.insert("Dependencies", Value::List(List::from_iter([])));
        map.insert("Deprecated", Value::Bool(self.deprecated));
        map.insert("IsRoot", Value::Bool(true));
        map.insert("Keywords", list(&self.keywords));
        map.insert("Maintainers", Value::List(self.maintainers.iter().map(maintainer).collect()));
        map.insert("Sources", list(&self.sources));
        map
    }
}

/// Returns a scalar as the text that it is converted to for a field of strings.
pub(super) fn scalar_text(value: &Value) -> String {
    match value {
        Value::Nil => String::new(),
        Value::Float(value) => json::float(*value),
        other => other.to_string(),
    }
}

fn texts(map: &Map, key: &str) -> Result<Vec<String>, String> {
    match map.get(key.as_bytes()) {
        None | Some(Value::Nil) => Ok(Vec::new()),
        Some(Value::List(list)) => Ok(list.iter().map(scalar_text).collect()),
        Some(other) => Err(format!(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go struct field Metadata.{key} of type []string",
            super::maps::json_kind(&other)
        )),
    }
}

fn maintainers(map: &Map) -> Vec<[String; 3]> {
    let Some(Value::List(list)) = map.get(b"maintainers") else { return Vec::new() };
    let read = |item: &Value| match item {
        Value::Map(map) => ["name", "email", "url"]
            .map(|key| map.get(key.as_bytes()).map(|value| scalar_text(&value)).unwrap_or_default()),
        _ => Default::default(),
    };
    list.iter().map(read).collect()
}

/// Reads a Kubernetes version as `--kube-version` does.
impl KubeVersion {
    /// Reads a version.
    ///
    /// # Errors
    /// helm's text.
    pub fn parse(written: &str, semantics: Semantics) -> Result<KubeVersion, HelmError> {
        let _ = semantics;
        let failed = |why: String| HelmError::new(format!("invalid kube version '{written}': {why}"));
        let body = written.strip_prefix('v').unwrap_or(written);
        let parts = |text: &str| {
            text.split(['-', '+']).next().unwrap_or_default().split('.').map(str::to_owned).collect::<Vec<_>>()
        };
        let numbers = parts(body);
        if !numbers.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(failed(format!("could not parse {written:?} as version")));
        }
        if numbers.len() < 2 {
            return Err(failed(format!("illegal version string {written:?}")));
        }
        Ok(KubeVersion::new(format!("v{body}"), &numbers))
    }
}
