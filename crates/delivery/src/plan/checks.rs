//! Which checks apply to a unit's objects.

use std::collections::BTreeMap;

use checks::KubernetesVersion;
use manifest::Diagnostic;
use render_core::files::join;

use super::context::UnitContext;
use crate::config::{RiskPolicy, SchemaPolicy};

/// Which checks apply to a unit's objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlannedChecks {
    /// What happens to an object that its schema does not allow.
    pub schemas: SchemaPolicy,
    /// The version of Kubernetes whose schemas apply.
    pub kubernetes: KubernetesVersion,
    /// Whether the config sets that version; the newest known one applies where it does not.
    pub is_kubernetes_set: bool,
    /// Files and folders with definitions of custom resources in addition to those of the source, absolute.
    pub crds: Vec<String>,
    /// What happens to risks, by id.
    pub risks: BTreeMap<String, RiskPolicy>,
}

impl UnitContext<'_> {
    /// Decides by the overrides, the environment and the file.
    ///
    /// # Errors
    /// A version of Kubernetes that is not known.
    pub(super) fn checks(&self) -> Result<PlannedChecks, Diagnostic> {
        let general = &self.config.policy;
        let kubernetes = self.first(|fields| fields.cluster.kubernetes.clone());
        let version = kubernetes.as_ref().map(|set| {
            set.value.parse::<KubernetesVersion>().map_err(|unknown| {
                let hint = unknown.hint();
                Diagnostic::new(unknown.to_string()).field(format!("{}.cluster.kubernetes", set.field)).hint(hint)
            })
        });
        let crds = self.value(|fields| fields.policy.crds.clone()).or_else(|| general.crds.clone()).unwrap_or_default();
        let mut risks = general.risks.clone();
        // The first level wins, so it comes last.
        for level in self.levels.iter().rev() {
            risks.extend(level.fields.policy.risks.clone());
        }
        if let Some(unknown) = risks.keys().find(|id| checks::risks::find(id).is_none()) {
            let message = format!("unknown risk \"{unknown}\"");
            return Err(Diagnostic::new(message).field("policy.risks").hint("use an id of docs/risks.md"));
        }
        Ok(PlannedChecks {
            schemas: self.value(|fields| fields.policy.schemas).or(general.schemas).unwrap_or_default(),
            is_kubernetes_set: version.is_some(),
            kubernetes: version.transpose()?.unwrap_or_default(),
            crds: crds.iter().map(|path| join(self.root, path)).collect(),
            risks,
        })
    }
}
