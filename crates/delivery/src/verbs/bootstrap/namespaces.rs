//! Which objects of a unit name their namespace, for Flux: its `targetNamespace` replaces the namespaces of all objects.

use std::collections::BTreeMap;

use manifest::{Node, ObjectId};
use render_core::kustomize::is_builtin_with_namespace;

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::disk::DiskFiles;
use crate::pipeline::{Pipeline, SourceTree};
use crate::plan::{PinnedInputs, Plan};

/// Which objects of a unit name their namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Namespaces {
    /// Every object that needs a namespace names one.
    Named,
    /// No object names one.
    Absent,
    /// Some do: an object without one, and one with.
    Mixed { without: String, with: String },
}

/// Renders the units, without resolving images, and looks at their objects. By the units' names.
///
/// # Errors
/// What is wrong with any unit.
pub(super) fn of_units(plan: &Plan, ctx: &RunContext) -> Result<BTreeMap<String, Namespaces>, Failure> {
    let files = DiskFiles::default();
    let probe = Plan { pinned_inputs_only: true, ..plan.clone() };
    let mut pipeline = Pipeline::open(&probe, ctx, SourceTree { files: &files, revision: None })?;
    let mut units = plan.units.clone();
    // The artifacts' names stand for their images, so that no registry is queried.
    units.iter_mut().for_each(|unit| unit.pinned_inputs = Some(PinnedInputs::default()));
    let loaded = pipeline.load(units)?;
    let rendered = pipeline.render(loaded)?;
    Ok(rendered.iter().map(|one| (one.unit.name(), of_objects(&one.output.objects))).collect())
}

fn of_objects(objects: &[Node]) -> Namespaces {
    let ids = || objects.iter().map(ObjectId::of);
    let without = ids().find(|id| id.namespace.is_empty() && is_builtin_with_namespace(&id.gvk));
    let with = ids().find(|id| !id.namespace.is_empty());
    match (without, with) {
        (None, _) => Namespaces::Named,
        (Some(_), None) => Namespaces::Absent,
        (Some(without), Some(with)) => Namespaces::Mixed { without: without.to_string(), with: with.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Namespaces {
        of_objects(&manifest::yaml::read_objects(text.as_bytes()).expect("the objects are valid"))
    }

    #[test]
    fn only_objects_that_need_a_namespace_count() {
        let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\n";
        let issuer = "---\napiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {name: a}\n";
        let map = |namespace: &str| format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a{namespace}}}\n");
        assert_eq!(of(&format!("{role}{issuer}")), Namespaces::Named);
        assert_eq!(of(&format!("{role}{issuer}{}", map(", namespace: web"))), Namespaces::Named);
        assert_eq!(of(&format!("{role}{}", map(""))), Namespaces::Absent);
        assert!(matches!(of(&format!("{}{}", map(", namespace: web"), map(""))), Namespaces::Mixed { .. }));
    }
}
