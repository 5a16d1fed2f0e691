//! `overrides`: fields for the units that match.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::Deserializer;

use super::environments::{Cluster, Environment, glob_matches};
use super::names::Names;
use super::{ChartRandom, Destination, Policy, Review, Template};

/// Fields for some units. They replace those of the environment and of the file; of several overrides, the last that sets a field wins.
#[derive(Clone, Debug)]
pub struct Override {
    /// The units.
    pub matches: Match,
    /// The fields.
    pub fields: Environment,
}

/// The units of an override: those that fit every field that is given.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Match {
    /// A service, a glob of services, or a list of them; all where absent.
    #[serde(default)]
    pub service: Names,
    /// An environment, a glob of environments, or a list of them; all where absent.
    #[serde(default)]
    pub environment: Names,
}

impl Match {
    /// Whether a unit is meant.
    pub fn fits(&self, service: &str, environment: &str) -> bool {
        let fits =
            |names: &Names, name: &str| names.0.is_empty() || names.0.iter().any(|glob| glob_matches(glob, name));
        fits(&self.service, service) && fits(&self.environment, environment)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "Override")]
struct Written {
    /// The units that these fields are for.
    r#match: Match,
    /// The registry and path of the images that the Skaffold config builds.
    default_repo: Option<String>,
    /// Skaffold's `--namespace`, and that of Helm releases.
    namespace: Option<Template>,
    /// How a change gets onto the branch.
    review: Option<Review>,
    /// The destination; its fields replace those of the environment and of the file.
    #[serde(default)]
    destination: Destination,
    /// The policy; its fields replace those of the environment and of the file.
    #[serde(default)]
    policy: Policy,
    /// The cluster; its fields replace those of the environment.
    #[serde(default)]
    cluster: Cluster,
    /// How random values of charts are made; its fields replace those of the service, the environment and the file.
    #[serde(default)]
    helm: ChartRandom,
    /// Values for `${NAME}` in the output, in addition to those of the environment.
    variables: Option<std::collections::BTreeMap<String, String>>,
}

impl<'de> Deserialize<'de> for Override {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { r#match, default_repo, namespace, review, destination, policy, cluster, helm, variables } =
            Written::deserialize(deserializer)?;
        let fields = Environment {
            default_repo,
            namespace,
            review,
            destination,
            policy,
            cluster,
            helm,
            variables,
            ..Environment::default()
        };
        Ok(Override { matches: r#match, fields })
    }
}

impl JsonSchema for Override {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Written::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Written::json_schema(generator)
    }
}
