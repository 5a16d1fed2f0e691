//! What is known of the built-in kinds: scope, list types, merge keys.

use manifest::Gvk;

/// The Kubernetes schema of one build: the built-in one or the one that `openapi` names.
#[derive(Clone, Debug, Default)]
pub struct Schema {}

impl Schema {
    /// Whether objects of the kind certainly have no namespace (kustomize: `IsCertainlyClusterScoped`).
    pub fn is_cluster_scoped(&self, gvk: &Gvk) -> bool {
        // The table comes with the merge code; until then the handful every cluster has.
        matches!(gvk.kind.as_str(), "Namespace" | "ClusterRole" | "ClusterRoleBinding" | "CustomResourceDefinition")
    }
}
