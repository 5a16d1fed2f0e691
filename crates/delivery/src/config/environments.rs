//! `environments`: a mapping from names to the fields of each environment, in the order of the file.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use serde_saphyr::Spanned;

use super::glob::Glob;
use super::{ChartRandom, Destination, Policy, Review, Template};

/// The environments by name, at least one, in the order of the file.
#[derive(Clone, Debug)]
pub struct Environments(pub Vec<(String, Environment)>);

/// What is special about one environment.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Environment {
    /// The environment whose fields apply where this one sets none.
    pub like: Option<String>,
    /// The Skaffold profiles; the one of the environment's own name where absent and where the config has it.
    pub profile: Option<Profiles>,
    /// Skaffold's `--default-repo`.
    pub default_repo: Option<String>,
    /// Skaffold's `--namespace`, and that of Helm releases.
    pub namespace: Option<Template>,
    /// How a change gets onto the branch.
    pub review: Option<Review>,
    /// What decides which images run here; `source` where absent.
    pub images: Option<ImageSource>,
    /// Which source commits may be delivered; only newer ones where absent.
    pub order: Option<Order>,
    /// The environment that this one is promoted from.
    #[schemars(with = "Option<String>")]
    pub after: Option<Spanned<String>>,
    /// The destination of this environment, which replaces fields of the file's `destination`.
    #[serde(default)]
    pub destination: Destination,
    /// The policy of this environment, which replaces fields of the file's `policy`.
    #[serde(default)]
    pub policy: Policy,
    /// The cluster that the environment runs in, as `hydrant bootstrap` writes it.
    #[serde(default)]
    pub cluster: Cluster,
    /// How random values of charts are made.
    #[serde(default)]
    pub helm: ChartRandom,
    /// Values for `${NAME}` in the output, by Flux's rules for `postBuild`. Where any is set, a variable without a value is an error.
    pub variables: Option<std::collections::BTreeMap<String, String>>,
}

/// The cluster of an environment.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Cluster {
    /// The cluster's name in Argo CD.
    pub name: Option<Template>,
    /// The URL of the cluster's API server in Argo CD; `https://kubernetes.default.svc` where neither this nor `name` is set.
    pub server: Option<Template>,
    /// The namespace of objects that name none: Argo CD's `destination.namespace`, Flux's `targetNamespace`.
    pub namespace: Option<Template>,
    /// The version of Kubernetes whose schemas apply, such as `"1.33"`; the newest known one where absent.
    pub kubernetes: Option<String>,
}

impl Environments {
    /// What the file says of an environment: under its own name, else under the first pattern (`pr-*`) that matches it.
    pub fn get(&self, name: &str) -> Option<&(String, Environment)> {
        let own = self.0.iter().find(|(key, _)| key == name && !is_pattern(key));
        own.or_else(|| self.0.iter().find(|(key, _)| is_pattern(key) && glob_matches(key, name)))
    }

    /// The names that are written in full, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str()).filter(|name| !is_pattern(name))
    }
}

/// Whether the name of an environment or a service stands for several.
pub fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

/// Whether a glob matches a whole name. An invalid glob matches nothing; the config's are checked when it is read.
pub fn glob_matches(glob: &str, name: &str) -> bool {
    glob == name || Glob::new(glob, false).is_ok_and(|glob| glob.is_match(name))
}

impl Environment {
    /// Every template of the environment.
    pub(super) fn templates(&self) -> Vec<&Template> {
        let Cluster { name, server, namespace, kubernetes: _ } = &self.cluster;
        let own = [&self.namespace, name, server, namespace];
        let mut all: Vec<&Template> = own.into_iter().flatten().collect();
        all.extend(self.destination.templates());
        all.extend(self.review.iter().flat_map(|review| review.request.templates()));
        all
    }
}

/// Which source commits may follow on the one that was delivered last.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The same or a newer one.
    #[default]
    Newer,
    /// Any: the last delivery counts. For branches that are force-pushed.
    Any,
}

/// What decides which images run in an environment.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum ImageSource {
    /// The tags in the source or its tag policy; an image that a command was given lasts until the source names another one.
    #[default]
    Source,
    /// Promotions and images that a command was given. A delivery keeps the images that are recorded.
    Promoted,
}

/// One profile or several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profiles(pub Vec<String>);

impl<'de> Deserialize<'de> for Profiles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ProfilesVisitor;

        impl<'de> Visitor<'de> for ProfilesVisitor {
            type Value = Profiles;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a profile's name, or a list of them")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Profiles, E> {
                Ok(Profiles(name.split(',').map(|name| name.trim().to_owned()).collect()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Profiles, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = items.next_element()? {
                    names.push(name);
                }
                Ok(Profiles(names))
            }
        }

        deserializer.deserialize_any(ProfilesVisitor)
    }
}

impl<'de> Deserialize<'de> for Environments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EnvironmentsVisitor;

        impl<'de> Visitor<'de> for EnvironmentsVisitor {
            type Value = Environments;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping from the environments' names to what is special about each (`{}` for nothing)")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Environments, A::Error> {
                let mut found: Vec<(String, Environment)> = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    let special: Option<Environment> = map.next_value()?;
                    found.push((name, special.unwrap_or_default()));
                }
                if found.is_empty() {
                    Err(A::Error::custom("no environment is named"))
                } else {
                    Ok(Environments(found))
                }
            }
        }

        deserializer.deserialize_map(EnvironmentsVisitor)
    }
}

impl JsonSchema for Profiles {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Profiles".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "oneOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
    }
}

impl JsonSchema for Environments {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Environments".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let environment = generator.subschema_for::<Environment>();
        json_schema!({
            "type": "object",
            "minProperties": 1,
            "additionalProperties": { "anyOf": [environment, { "type": "null" }] },
        })
    }
}
