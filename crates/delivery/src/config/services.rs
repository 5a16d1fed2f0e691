//! `services`: a glob, or a list of globs and mappings.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};

use super::Template;
use super::renderers::{HelmEntry, Kustomize, OneOrMany};

/// The entries of `services`, at least one.
#[derive(Clone, Debug)]
pub struct Services(pub Vec<Service>);

/// One entry: what is rendered, and how. With `path`, every folder that matches is a service, and the other fields are
/// relative to it. Without, the path that names the renderer is a pattern with captures (`apps/{service}/overlays/{environment}`), and every match
/// is a unit.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("anyOf" = [
    { "required": ["path"] },
    { "required": ["skaffold"] },
    { "required": ["kustomize"] },
    { "required": ["helm"] },
    { "required": ["manifests"] },
]))]
pub struct Service {
    /// A folder, or a glob of folders, below the folder of `hydrant.yaml`. A folder's name is the service's name.
    pub path: Option<String>,
    /// Another name for the service; only where `path` matches one folder.
    pub name: Option<String>,
    /// The service's name, where a pattern does not capture it as `{service}`.
    pub service: Option<String>,
    /// The Skaffold config in each folder; `skaffold.yaml` where neither this nor another renderer is given. Without `path`, a pattern.
    pub skaffold: Option<Template>,
    /// The modules of the Skaffold config to render; all where empty.
    #[serde(default)]
    pub modules: Vec<String>,
    /// A kustomization in each folder, rendered without Skaffold, such as `overlays/{environment}`. Without `path`, a pattern.
    pub kustomize: Option<Kustomize>,
    /// A Helm chart in each folder, rendered without Skaffold. A text is a pattern of charts, without `path`.
    pub helm: Option<HelmEntry>,
    /// Files of values relative to the chart that the pattern in `helm` matches, or a list of them, of which the last wins.
    #[serde(default)]
    pub values: OneOrMany,
    /// Files of plain YAML: a pattern such as `raw/{service}/{environment}/**/*.yaml`, or a list of patterns; without `path`.
    #[serde(default)]
    pub manifests: OneOrMany,
    /// The namespace of the service's units, as `environments.*.namespace`.
    pub namespace: Option<Template>,
    /// The environments that the service is delivered to; all where empty.
    #[serde(default)]
    pub environments: Vec<String>,
}

/// What renders the units of an entry.
#[derive(Clone, Copy, Debug)]
pub enum Renderer<'a> {
    /// Skaffold, by the config of this name; `skaffold.yaml` where absent.
    Skaffold(Option<&'a Template>),
    /// kustomize.
    Kustomize(&'a Kustomize),
    /// Helm.
    Helm(&'a HelmEntry),
    /// Nothing: files of plain YAML.
    Manifests(&'a [Template]),
}

impl Service {
    /// An entry of a path alone.
    pub(crate) fn glob(path: &str) -> Self {
        Service { path: Some(path.to_owned()), ..Service::default() }
    }

    /// What renders the entry's units.
    pub fn renderer(&self) -> Renderer<'_> {
        match (&self.kustomize, &self.helm, self.manifests.0.as_slice()) {
            (Some(kustomize), ..) => Renderer::Kustomize(kustomize),
            (None, Some(helm), _) => Renderer::Helm(helm),
            (None, None, []) => Renderer::Skaffold(self.skaffold.as_ref()),
            (None, None, manifests) => Renderer::Manifests(manifests),
        }
    }

    /// Every template of the entry but those that are patterns.
    pub(super) fn templates(&self) -> Vec<&Template> {
        let mut all: Vec<&Template> = self.namespace.iter().chain(&self.values.0).collect();
        if let Some(HelmEntry::Chart(helm)) = &self.helm {
            all.extend(helm.templates());
            all.extend(helm.chart.iter().filter(|_| self.path.is_some() || helm.is_remote()));
        }
        if self.path.is_some() {
            all.extend(self.skaffold.iter().chain(self.kustomize.as_ref().map(|one| &one.path)));
        }
        all
    }

    fn checked<E: Error>(self) -> Result<Self, E> {
        self.check_fields().map_err(E::custom)?;
        Ok(self)
    }

    /// Whether the fields fit each other.
    fn check_fields(&self) -> Result<(), String> {
        let given = [
            ("skaffold", self.skaffold.is_some()),
            ("kustomize", self.kustomize.is_some()),
            ("helm", self.helm.is_some()),
            ("manifests", !self.manifests.0.is_empty()),
        ];
        let given: Vec<&str> = given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect();
        let pattern = self.path.is_none();
        match given.as_slice() {
            [one, other, ..] => return Err(format!("`{one}` and `{other}` exclude each other")),
            [] if pattern => {
                return Err(
                    "missing field `path`, or a pattern in `kustomize`, `skaffold`, `helm` or `manifests`".to_owned()
                );
            }
            ["manifests"] if !pattern => {
                return Err(
                    "`manifests` is a pattern, without `path`: write `manifests: FOLDER/{service}/*.yaml`".to_owned()
                );
            }
            [one] if *one != "skaffold" && !self.modules.is_empty() => {
                return Err(format!("`modules` requires `skaffold`, found `{one}`"));
            }
            _ => {}
        }
        match &self.helm {
            Some(HelmEntry::Pattern(_)) if !pattern => {
                return Err("with `path`, `helm` is a mapping: write `helm: {chart: FOLDER}`".to_owned());
            }
            Some(HelmEntry::Pattern(_)) => {}
            _ if !self.values.0.is_empty() => {
                return Err(
                    "`values` belongs beside `helm: PATTERN`; in a mapping, write `helm: {values: …}`".to_owned()
                );
            }
            _ => {}
        }
        if let Some(HelmEntry::Chart(helm)) = &self.helm {
            helm.check_fields()?;
        }
        match (pattern, &self.name, &self.service) {
            (true, Some(_), _) => Err("`name` requires `path`; beside a pattern, write `service`".to_owned()),
            (false, _, Some(_)) => Err("`service` belongs to a pattern; beside `path`, write `name`".to_owned()),
            _ => Ok(()),
        }
    }
}

impl<'de> Deserialize<'de> for Services {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ServicesVisitor)
    }
}

struct ServicesVisitor;

impl<'de> Visitor<'de> for ServicesVisitor {
    type Value = Services;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a glob of folders, or a list of them")
    }

    fn visit_str<E: Error>(self, path: &str) -> Result<Services, E> {
        Ok(Services(vec![Service::glob(path)]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Services, A::Error> {
        let mut services = Vec::new();
        while let Some(Item(service)) = items.next_element()? {
            services.push(service);
        }
        if services.is_empty() {
            Err(A::Error::custom("expected at least one service"))
        } else {
            Ok(Services(services))
        }
    }
}

struct Item(Service);

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a glob of folders, or a mapping with `path` or a pattern")
    }

    fn visit_str<E: Error>(self, path: &str) -> Result<Item, E> {
        Ok(Item(Service::glob(path)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Item, A::Error> {
        Service::deserialize(MapAccessDeserializer::new(map)).and_then(Service::checked).map(Item)
    }
}

impl JsonSchema for Services {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Services".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let service = generator.subschema_for::<Service>();
        let glob = json_schema!({ "type": "string", "description": "A glob of folders, each with a skaffold.yaml." });
        json_schema!({ "oneOf": [
            glob,
            { "type": "array", "minItems": 1, "items": { "oneOf": [glob, service] } },
        ] })
    }
}
