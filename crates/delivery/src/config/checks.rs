//! `policy.schemas`, `policy.crds` and `policy.risks`: what happens to findings in objects.

use checks::Severity;
use schemars::JsonSchema;
use serde::Deserialize;

/// What happens to an object that its schema does not allow.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum SchemaPolicy {
    /// The unit is not delivered.
    Refuse,
    /// It is reported.
    #[default]
    Warn,
    /// Schemas are not checked.
    Off,
}

impl SchemaPolicy {
    /// The value as it is written.
    pub fn name(self) -> &'static str {
        match self {
            SchemaPolicy::Refuse => "refuse",
            SchemaPolicy::Warn => "warn",
            SchemaPolicy::Off => "off",
        }
    }
}

/// What happens to a unit with a risk.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum RiskPolicy {
    /// The unit is not delivered.
    Refuse,
    /// The unit goes through review, even if it would be pushed.
    Ask,
    /// It is reported.
    Warn,
    /// It is not reported.
    Off,
}

impl RiskPolicy {
    /// The severity of a finding; absent if it is not reported.
    pub fn severity(self) -> Option<Severity> {
        match self {
            RiskPolicy::Refuse => Some(Severity::Refuse),
            RiskPolicy::Ask => Some(Severity::Ask),
            RiskPolicy::Warn => Some(Severity::Warn),
            RiskPolicy::Off => None,
        }
    }
}
