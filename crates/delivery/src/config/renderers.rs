//! The renderers of `services`: a kustomization, a chart, and their options.

use std::borrow::Cow;
use std::fmt;

use render_core::helm::Semantics;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};

use super::random::{RandomValues, SeedSource};
use super::template::Template;

/// A kustomization: its folder, or a mapping with the options of `kustomize build`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kustomize {
    /// The kustomization's folder.
    pub path: Template,
    /// Whether `helmCharts` are rendered (`--enable-helm`).
    pub helm: bool,
    /// Whether generators and transformers that are programs or containers are known (`--enable-alpha-plugins`).
    pub alpha_plugins: bool,
    /// Whether files outside the kustomization's folder may be read (`--load-restrictor`).
    pub load_restrictor: LoadRestrictor,
}

/// Which files a kustomization may read.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
pub enum LoadRestrictor {
    /// Files in the kustomization's folder or below, as kustomize does by default.
    #[default]
    #[serde(rename = "LoadRestrictionsRootOnly")]
    RootOnly,
    /// All files of the repository.
    #[serde(rename = "LoadRestrictionsNone")]
    None,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct KustomizeMapping {
    /// The kustomization's folder: as `kustomize` itself, where that is a text.
    path: Template,
    /// Whether `helmCharts` are rendered (`--enable-helm`).
    #[serde(default)]
    helm: bool,
    /// Whether generators and transformers that are programs or containers are known (`--enable-alpha-plugins`).
    #[serde(default)]
    alpha_plugins: bool,
    /// Which files may be read (`--load-restrictor`).
    #[serde(default)]
    load_restrictor: LoadRestrictor,
}

/// `helm`: a pattern of charts, or a mapping.
#[derive(Clone, Debug)]
pub enum HelmEntry {
    /// Charts, as a pattern such as `charts/{service}`.
    Pattern(Template),
    /// One chart with its settings.
    Chart(Box<Helm>),
}

/// A Helm chart.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(transform = with_helm_spellings)]
pub struct Helm {
    /// The chart's folder below the service's, the service's own where absent. Or a remote chart: `oci://HOST/PATH/NAME`,
    /// `https://REPOSITORY/NAME`, the URL of an archive (`https://…/NAME.tgz`), or with `repository` a name.
    pub chart: Option<Template>,
    /// The repository of a remote chart: the URL that has `index.yaml`, `oci://HOST/PATH`, or `@NAME` of helm's `repositories.yaml`.
    #[serde(alias = "repo")]
    pub repository: Option<Template>,
    /// The version of a remote chart, or a range such as `9.x` or `>=1.2 <2`; the newest release where absent. `${NAME}` is a variable of
    /// the unit.
    pub version: Option<String>,
    /// The release's name; the service's where absent.
    #[serde(alias = "releaseName")]
    pub release: Option<Template>,
    /// A file of values below the service's folder, or a list of them, of which the last wins.
    #[serde(default)]
    pub values: OneOrMany,
    /// Values that win over those of files, as a file of values has them.
    pub values_inline: Option<serde_json::Map<String, serde_json::Value>>,
    /// Values that win over all others: a mapping from helm's keys (`image.tag`) to values, or a list of `KEY=VALUE`, each as helm's
    /// `--set` reads it. `${NAME}` is a variable of the unit.
    #[serde(default)]
    pub set: SetValues,
    /// Whether the chart's custom resource definitions are delivered; they are where absent.
    #[serde(alias = "includeCRDs")]
    pub include_crds: Option<bool>,
    /// Whether the objects of `helm test` are delivered; they are not where absent.
    pub tests: Option<bool>,
    /// The opposite of `tests`, as helm's `--skip-tests`.
    pub skip_tests: Option<bool>,
    /// What happens to hooks; they are kept where absent.
    pub hooks: Option<Hooks>,
    /// A kustomization that gets the chart's output as a resource: its folder below the service's.
    pub kustomize: Option<Template>,
    /// The cluster's version for the chart (`.Capabilities.KubeVersion`); helm's default where absent.
    pub kube_version: Option<String>,
    /// Additional API versions for the chart (`.Capabilities.APIVersions`).
    #[serde(default)]
    pub api_versions: Vec<String>,
    /// The helm program that renders the chart; it is rendered in this process where absent.
    pub program: Option<String>,
    /// The version of helm whose results are reproduced: 4.3 (where absent), 4.1, 3.22 or 3.17.
    pub semantics: Option<HelmVersion>,
    /// What happens to functions of the chart whose results differ from run to run; they are refused where absent.
    pub random: Option<RandomValues>,
    /// The secret that `random: stable` derives values from. Knowledge of it is enough to compute them.
    pub seed: Option<SeedSource>,
}

/// What happens to the hooks of a chart, the objects with the annotation `helm.sh/hook`, those of `helm test` left out.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Hooks {
    /// They are delivered like other objects: Argo CD runs them as its own hooks, Flux and `kubectl apply` apply them once.
    #[default]
    Keep,
    /// They are left out, as with helm's `--no-hooks`.
    Drop,
    /// A chart with hooks is an error that names them.
    Refuse,
}

impl Hooks {
    /// Returns the value as it is written.
    pub fn name(self) -> &'static str {
        match self {
            Hooks::Keep => "keep",
            Hooks::Drop => "drop",
            Hooks::Refuse => "refuse",
        }
    }
}

impl Helm {
    /// Whether the chart is not in the repository.
    pub fn is_remote(&self) -> bool {
        self.repository.is_some() || self.chart.as_ref().is_some_and(|chart| is_remote_chart(chart.text()))
    }

    /// Every template of the mapping but `chart`, which may be a pattern.
    pub(super) fn templates(&self) -> impl Iterator<Item = &Template> {
        let all = [&self.repository, &self.release, &self.kustomize];
        all.into_iter().flatten().chain(&self.values.0)
    }

    /// Whether the fields fit each other.
    pub(super) fn check_fields(&self) -> Result<(), String> {
        if self.tests.is_some() && self.skip_tests.is_some() {
            return Err("`tests` and `skipTests` exclude each other".to_owned());
        }
        match (&self.chart, &self.repository, &self.version) {
            (None, Some(_), _) => Err("`repository` requires `chart`, the name of the chart".to_owned()),
            (Some(chart), Some(_), _) if is_remote_chart(chart.text()) => {
                Err(format!("`repository` is set, and `chart: {}` is a URL: remove one", chart.text()))
            }
            (_, None, Some(_)) if !self.is_remote() => Err("`version` requires a remote chart: write `repository`, \
                or `chart: oci://HOST/PATH/NAME`; the version of a chart in a folder is that of its Chart.yaml"
                .to_owned()),
            _ => Ok(()),
        }
    }
}

/// Whether the text of `chart` names a chart that is not in the repository.
fn is_remote_chart(chart: &str) -> bool {
    chart.contains("://")
}

/// Adds the names that helm has for fields to the schema.
fn with_helm_spellings(schema: &mut Schema) {
    let Some(properties) = schema.get_mut("properties").and_then(|properties| properties.as_object_mut()) else {
        return;
    };
    for (name, helm) in [("includeCrds", "includeCRDs"), ("release", "releaseName"), ("repository", "repo")] {
        if let Some(property) = properties.get(name).cloned() {
            properties.insert(helm.to_owned(), property);
        }
    }
}

/// Values as helm's `--set` takes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetValues(pub Vec<String>);

impl<'de> Deserialize<'de> for SetValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SetValuesVisitor)
    }
}

struct SetValuesVisitor;

impl<'de> Visitor<'de> for SetValuesVisitor {
    type Value = SetValues;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping from keys to values, or a list of KEY=VALUE")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<SetValues, E> {
        checked_set(text.to_owned()).map(|one| SetValues(vec![one]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<SetValues, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element::<String>()? {
            all.push(checked_set(item)?);
        }
        Ok(SetValues(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SetValues, A::Error> {
        let mut all = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, Option<String>>()? {
            all.push(format!("{key}={}", value.as_deref().unwrap_or("null")));
        }
        Ok(SetValues(all))
    }
}

fn checked_set<E: Error>(text: String) -> Result<String, E> {
    if text.contains('=') { Ok(text) } else { Err(E::custom(format!("expected KEY=VALUE, found \"{text}\""))) }
}

impl JsonSchema for SetValues {
    fn schema_name() -> Cow<'static, str> {
        "SetValues".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let scalar = json_schema!({ "type": ["string", "number", "boolean", "null"] });
        json_schema!({ "oneOf": [
            { "type": "string", "pattern": "=" },
            { "type": "array", "items": { "type": "string", "pattern": "=" } },
            { "type": "object", "additionalProperties": scalar },
        ] })
    }
}

/// How charts are rendered: those of Helm units, kustomizations and Skaffold configs.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Charts {
    /// The helm program that renders charts; they are rendered in this process where absent.
    pub program: Option<String>,
    /// The version of helm whose results are reproduced: 4.3 (where absent), 4.1, 3.22 or 3.17.
    pub semantics: Option<HelmVersion>,
    /// What happens to functions of charts whose results differ from run to run; they are refused where absent.
    pub random: Option<RandomValues>,
    /// The secret that `random: stable` derives values from. Knowledge of it is enough to compute them.
    pub seed: Option<SeedSource>,
}

/// A version of helm whose results can be reproduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HelmVersion(Semantics);

impl HelmVersion {
    /// Returns the version as it is written, such as `4.3`.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

impl<'de> Deserialize<'de> for HelmVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HelmVersionVisitor)
    }
}

struct HelmVersionVisitor;

impl Visitor<'_> for HelmVersionVisitor {
    type Value = HelmVersion;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a version of helm: 4.3, 4.1, 3.22 or 3.17")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<HelmVersion, E> {
        text.parse().map(HelmVersion).map_err(E::custom)
    }

    // Without quotes, YAML reads a number.
    fn visit_f64<E: Error>(self, number: f64) -> Result<HelmVersion, E> {
        self.visit_str(&number.to_string())
    }
}

impl JsonSchema for HelmVersion {
    fn schema_name() -> Cow<'static, str> {
        "HelmVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"enum": ["4.3", "4.1", "3.22", "3.17", 4.3, 4.1, 3.22, 3.17]})
    }
}

/// A text or a list of texts.
#[derive(Clone, Debug, Default)]
pub struct OneOrMany(pub Vec<Template>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor)
    }
}

struct OneOrManyVisitor;

impl<'de> Visitor<'de> for OneOrManyVisitor {
    type Value = OneOrMany;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file, or a list of them")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<OneOrMany, E> {
        Ok(OneOrMany(vec![Template::try_from(text.to_owned()).map_err(E::custom)?]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OneOrMany, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(OneOrMany(all))
    }
}

impl JsonSchema for OneOrMany {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OneOrMany".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "oneOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
    }
}

impl<'de> Deserialize<'de> for Kustomize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KustomizeVisitor;

        impl<'de> Visitor<'de> for KustomizeVisitor {
            type Value = Kustomize;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the folder of a kustomization, or a mapping with `path`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Kustomize, E> {
                Template::try_from(text.to_owned()).map(Kustomize::from).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Kustomize, A::Error> {
                let KustomizeMapping { path, helm, alpha_plugins, load_restrictor } =
                    KustomizeMapping::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Kustomize { path, helm, alpha_plugins, load_restrictor })
            }
        }

        deserializer.deserialize_any(KustomizeVisitor)
    }
}

impl From<Template> for Kustomize {
    /// A kustomization without options.
    fn from(path: Template) -> Self {
        Kustomize { path, helm: false, alpha_plugins: false, load_restrictor: LoadRestrictor::RootOnly }
    }
}

impl JsonSchema for Kustomize {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Kustomize".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mapping = generator.subschema_for::<KustomizeMapping>();
        json_schema!({ "oneOf": [{ "type": "string" }, mapping] })
    }
}

impl<'de> Deserialize<'de> for HelmEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HelmVisitor;

        impl<'de> Visitor<'de> for HelmVisitor {
            type Value = HelmEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a pattern of charts, or a mapping with fields of a chart")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<HelmEntry, E> {
                Template::try_from(text.to_owned()).map(HelmEntry::Pattern).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<HelmEntry, A::Error> {
                Helm::deserialize(MapAccessDeserializer::new(map)).map(|helm| HelmEntry::Chart(Box::new(helm)))
            }
        }

        deserializer.deserialize_any(HelmVisitor)
    }
}

impl JsonSchema for HelmEntry {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HelmEntry".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let chart = generator.subschema_for::<Helm>();
        json_schema!({ "oneOf": [{ "type": "string" }, chart] })
    }
}
