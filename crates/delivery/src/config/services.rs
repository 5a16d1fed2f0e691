//! `services`: a glob, or a list of globs and mappings.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};

use super::Template;

/// The entries of `services`, at least one.
#[derive(Clone, Debug)]
pub struct Services(pub Vec<Service>);

/// One entry: folders, and how each is rendered.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Service {
    /// A folder, or a glob of folders, below the folder of `hydrant.yaml`. A folder's name is the service's name.
    pub path: String,
    /// Another name for the service; only where `path` matches one folder.
    pub name: Option<String>,
    /// The Skaffold config in each folder; `skaffold.yaml` where neither this nor `kustomize` nor `helm` is given.
    pub skaffold: Option<Template>,
    /// The modules of the Skaffold config to render; all where empty.
    #[serde(default)]
    pub modules: Vec<String>,
    /// A kustomization in each folder, rendered without Skaffold, such as `overlays/{environment}`.
    pub kustomize: Option<Template>,
    /// A Helm chart in each folder, rendered without Skaffold by the user's own `helm`.
    pub helm: Option<Helm>,
    /// The environments that the service is delivered to; all where empty.
    #[serde(default)]
    pub environments: Vec<String>,
}

/// A Helm chart.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Helm {
    /// The chart's folder below the service's; the service's own where absent.
    pub chart: Option<Template>,
    /// The release's name; the service's where absent.
    pub release: Option<Template>,
    /// A file of values below the service's folder, or a list of them, of which the last wins.
    #[serde(default)]
    pub values: OneOrMany,
    /// Whether the chart's custom resource definitions are delivered; they are where absent.
    pub include_crds: Option<bool>,
    /// Whether the objects of `helm test` are delivered; they are not where absent.
    pub tests: Option<bool>,
    /// The cluster's version for the chart (`.Capabilities.KubeVersion`); helm's default where absent.
    pub kube_version: Option<String>,
    /// Additional API versions for the chart (`.Capabilities.APIVersions`).
    #[serde(default)]
    pub api_versions: Vec<String>,
}

/// A text or a list of texts.
#[derive(Clone, Debug, Default)]
pub struct OneOrMany(pub Vec<Template>);

impl Service {
    /// An entry of a path alone.
    pub(crate) fn glob(path: &str) -> Self {
        Service {
            path: path.to_owned(),
            name: None,
            skaffold: None,
            modules: Vec::new(),
            kustomize: None,
            helm: None,
            environments: Vec::new(),
        }
    }

    fn checked<E: Error>(self) -> Result<Self, E> {
        let given = [
            ("skaffold", self.skaffold.is_some()),
            ("kustomize", self.kustomize.is_some()),
            ("helm", self.helm.is_some()),
        ];
        let given: Vec<&str> = given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect();
        match given.as_slice() {
            [one, other, ..] => {
                let message = format!("`{one}` and `{other}` exclude each other");
                Err(E::custom(message))
            }
            [one] if *one != "skaffold" && !self.modules.is_empty() => {
                Err(E::custom(format!("`modules` requires `skaffold`, found `{one}`")))
            }
            _ => Ok(self),
        }
    }
}

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
        f.write_str("a glob of folders, or a mapping with `path`")
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
