//! `random` and `seed` of charts: what happens to functions whose results differ from run to run.

use schemars::JsonSchema;
use serde::Deserialize;

/// What happens to functions of charts whose results differ from run to run (`randAlphaNum`, `genCA`, `now`).
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum RandomValues {
    /// A result that reaches the output is an error.
    #[default]
    Refuse,
    /// Results are derived from `seed`, chart, release, namespace and the place of the call.
    Stable,
    /// Results are those that the branch has; new ones are drawn where it has none.
    Keep,
}

/// How random values of charts are made, for some units.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ChartRandom {
    /// What happens to functions of charts whose results differ from run to run; they are refused where absent.
    pub random: Option<RandomValues>,
    /// The secret that `random: stable` derives values from. Knowledge of it is enough to compute them.
    pub seed: Option<SeedSource>,
}

/// Where the seed of `random: stable` is: one of both.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub enum SeedSource {
    /// The environment variable that has it.
    Env(String),
    /// The file that has it, below the folder of `hydrant.yaml` or absolute. A line break at its end is not part of it.
    File(String),
}
