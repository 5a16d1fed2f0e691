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
    /// The Skaffold config in each folder; `skaffold.yaml` where neither this nor `kustomize` is given.
    pub skaffold: Option<Template>,
    /// The modules of the Skaffold config to render; all where empty.
    #[serde(default)]
    pub modules: Vec<String>,
    /// A kustomization in each folder, rendered without Skaffold, such as `overlays/{environment}`.
    pub kustomize: Option<Template>,
    /// The environments that the service is delivered to; all where empty.
    #[serde(default)]
    pub environments: Vec<String>,
}

impl Service {
    fn glob(path: &str) -> Self {
        Service {
            path: path.to_owned(),
            name: None,
            skaffold: None,
            modules: Vec::new(),
            kustomize: None,
            environments: Vec::new(),
        }
    }

    fn checked<E: Error>(self) -> Result<Self, E> {
        if self.skaffold.is_some() && self.kustomize.is_some() {
            return Err(E::custom("`skaffold` and `kustomize` are both given; a service is rendered by one of them"));
        }
        if self.kustomize.is_some() && !self.modules.is_empty() {
            return Err(E::custom("`modules` are Skaffold's; they mean nothing beside `kustomize`"));
        }
        Ok(self)
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
        if services.is_empty() { Err(A::Error::custom("no service is named")) } else { Ok(Services(services)) }
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
