//! Every risk: its id, severity, default, reason and source. `docs/risks.md` has the same table, which a test compares.

use super::model::{Action, Rule, Severity};

use Action::{Refuse, Warn};
use Severity::{High, Low, Medium};

const fn rule(
    id: &'static str,
    severity: Severity,
    default: Action,
    reason: &'static str,
    reference: &'static str,
) -> Rule {
    Rule { id, severity, default, reason, reference }
}

const APPS: &str = "https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/apps/validation/validation.go";
const CORE: &str = "https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go";
const BATCH: &str = "https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/batch/validation/validation.go";
const PODS: &str = "https://kubernetes.io/docs/concepts/security/pod-security-standards/";
const RBAC: &str = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/";
const PRUNE: &str = "https://argo-cd.readthedocs.io/en/stable/user-guide/auto_sync/#automatic-pruning";

/// All rules, in the order of the documentation.
pub static RULES: &[Rule] = &[
    // What the API server refuses.
    rule("immutable-selector", High, Refuse, "the API server refuses a change of a workload's selector", APPS),
    rule(
        "immutable-stateful-set",
        High,
        Refuse,
        "the API server refuses a change of a StatefulSet's claim templates, service name or pod management policy",
        APPS,
    ),
    rule(
        "immutable-job",
        Medium,
        Warn,
        "the API server refuses a change of a Job's template while the Job exists",
        BATCH,
    ),
    rule("immutable-cluster-ip", High, Refuse, "the API server refuses a change of a Service's cluster IP", CORE),
    rule(
        "immutable-claim",
        High,
        Refuse,
        "the API server refuses a change of a claim's storage class, access modes, volume mode, volume name or selector",
        CORE,
    ),
    rule("claim-shrinks", High, Refuse, "the API server refuses a smaller size of a claim", CORE),
    rule(
        "immutable-data",
        High,
        Refuse,
        "the API server refuses a change of a ConfigMap or Secret that is marked immutable",
        CORE,
    ),
    rule("immutable-secret-type", High, Refuse, "the API server refuses a change of a Secret's type", CORE),
    rule(
        "immutable-role-ref",
        High,
        Refuse,
        "the API server refuses a change of the role that a binding refers to",
        "https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/rbac/validation/validation.go",
    ),
    rule(
        "immutable-crd-scope",
        High,
        Refuse,
        "the API server refuses a change of a custom resource's scope",
        "https://github.com/kubernetes/apiextensions-apiserver/blob/master/pkg/apis/apiextensions/validation/validation.go",
    ),
    rule(
        "immutable-field",
        High,
        Refuse,
        "the API server refuses a change of this field",
        "https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/storage/validation/validation.go",
    ),
    rule(
        "name-too-long",
        High,
        Refuse,
        "the API server refuses a name that is longer than its kind allows",
        "https://kubernetes.io/docs/concepts/overview/working-with-objects/names/",
    ),
    rule(
        "annotations-too-large",
        High,
        Refuse,
        "the API server refuses annotations of more than 262,144 bytes",
        "https://github.com/kubernetes/apimachinery/blob/master/pkg/api/validation/objectmeta.go",
    ),
    rule(
        "object-too-large",
        High,
        Refuse,
        "etcd refuses an object of more than 1.5 MiB",
        "https://etcd.io/docs/v3.6/dev-guide/limit/",
    ),
    // What will be deleted.
    rule("deletes-namespace", High, Warn, "a deleted Namespace takes everything in it with it", PRUNE),
    rule("deletes-crd", High, Warn, "a deleted CustomResourceDefinition takes its custom resources with it", PRUNE),
    rule(
        "deletes-claim",
        High,
        Warn,
        "a deleted PersistentVolumeClaim takes its data with it, unless its volume is retained",
        "https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reclaiming",
    ),
    rule("deletes-volume", High, Warn, "a deleted PersistentVolume loses the way to its data", PRUNE),
    rule(
        "deletes-database",
        High,
        Warn,
        "the operator deletes the database or queue of a deleted custom resource",
        PRUNE,
    ),
    rule("deletes-stateful-set", Medium, Warn, "a deleted StatefulSet stops a stateful service", PRUNE),
    rule(
        "crd-version-removed",
        High,
        Warn,
        "custom resources that are stored in a removed version cannot be read",
        "https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/",
    ),
    // Permissions.
    rule("rbac-grows", Medium, Warn, "a role gets permissions that it did not have", RBAC),
    rule("rbac-wildcard", High, Warn, "a wildcard grants permissions for everything, of the future too", RBAC),
    rule("rbac-escalation", High, Warn, "escalate, bind and impersonate give every permission there is", RBAC),
    rule("rbac-secrets", High, Warn, "reading Secrets gives the permissions of whatever they belong to", RBAC),
    rule("rbac-cluster-admin", High, Warn, "cluster-admin may do everything in the cluster", RBAC),
    rule("rbac-public", High, Warn, "everyone, or everyone who is authenticated, gets the permissions", RBAC),
    // Workloads.
    rule(
        "limits-removed",
        Medium,
        Warn,
        "a container without limits can take the resources of its node",
        "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
    ),
    rule(
        "probe-removed",
        Medium,
        Warn,
        "a container without the probe gets traffic, or stays, when it does not work",
        "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
    ),
    rule(
        "replicas-zero",
        High,
        Warn,
        "without replicas the workload stops",
        "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#scaling-a-deployment",
    ),
    rule(
        "replicas-halved",
        Medium,
        Warn,
        "less than half of the replicas remain",
        "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#scaling-a-deployment",
    ),
    rule(
        "disruption-budget-removed",
        Medium,
        Warn,
        "without a PodDisruptionBudget a drained node may stop all pods at once",
        "https://kubernetes.io/docs/tasks/run-application/configure-pdb/",
    ),
    rule("privileged", High, Warn, "a privileged container controls its node", PODS),
    rule("host-namespace", High, Warn, "a pod in the node's namespaces sees the node's network or processes", PODS),
    rule("host-path", High, Warn, "a host path gives access to the node's files", PODS),
    rule("capabilities-added", Medium, Warn, "added capabilities give a container more rights on its node", PODS),
    // What becomes reachable.
    rule(
        "service-public",
        High,
        Warn,
        "the Service becomes reachable from outside of the cluster",
        "https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types",
    ),
    rule(
        "host-added",
        Medium,
        Warn,
        "a new host name is routed to the cluster",
        "https://kubernetes.io/docs/concepts/services-networking/ingress/",
    ),
    // Images.
    rule(
        "image-older",
        Medium,
        Warn,
        "the image goes back to an older version",
        "https://kubernetes.io/docs/concepts/containers/images/",
    ),
    rule(
        "image-moved",
        Medium,
        Warn,
        "the image comes from another repository",
        "https://kubernetes.io/docs/concepts/containers/images/",
    ),
    // What clients cannot take, or fight over.
    rule(
        "shared-object",
        High,
        Warn,
        "two units of one cluster deliver the same object, and overwrite each other",
        "https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/#fail-the-sync-if-a-shared-resource-is-found",
    ),
    rule(
        "namespace-missing",
        Medium,
        Warn,
        "no unit makes the namespace, although units make others",
        "https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/#create-namespace",
    ),
    rule(
        "generate-name",
        Medium,
        Warn,
        "Flux does not build an object without a name, and Argo CD makes a new one with every sync",
        "https://github.com/fluxcd/kustomize-controller/issues/1014",
    ),
    rule(
        "local-config",
        Medium,
        Warn,
        "Flux and kustomize leave out an object that is marked as local configuration",
        "https://github.com/kubernetes-sigs/kustomize/blob/master/api/konfig/general.go",
    ),
    rule(
        "skip-file-rendering",
        High,
        Warn,
        "Argo CD applies nothing of a file with the text `+argocd:skip-file-rendering`",
        "https://github.com/argoproj/argo-cd/blob/master/reposerver/repository/repository.go",
    ),
    rule(
        "folder-too-large",
        High,
        Warn,
        "Argo CD refuses a folder of more than 10 MB",
        "https://argo-cd.readthedocs.io/en/stable/operator-manual/high_availability/",
    ),
    rule(
        "last-applied-too-large",
        Medium,
        Warn,
        "client-side apply keeps the object in an annotation, for which it is too large; server-side apply is needed",
        "https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/#server-side-apply",
    ),
    rule(
        "selector-without-pods",
        Low,
        Warn,
        "the selector matches no pod of the unit",
        "https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
    ),
    rule(
        "reference-without-target",
        Low,
        Warn,
        "the object that is referred to is not in the unit",
        "https://kubernetes.io/docs/concepts/overview/working-with-objects/",
    ),
];

/// The rule of an id.
pub fn find(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_is_well_formed() {
        let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), RULES.len(), "an id is twice in the table");
        for rule in RULES {
            assert!(rule.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", rule.id);
            assert!(rule.reference.starts_with("https://"), "{}", rule.id);
            assert!(!rule.reason.ends_with('.') && !rule.reason.is_empty(), "{}", rule.id);
            // What was delivered yesterday is refused only where the API server refuses it anyway.
            let certain = rule.reason.contains("refuses");
            assert!(rule.default != Action::Refuse || certain, "{}", rule.id);
        }
    }

    /// Every id that the code adds, as a string, is in the table, and every id of the table is in the code.
    #[test]
    fn the_code_has_every_id() {
        let sources = [
            include_str!("deletions.rs"),
            include_str!("exposure.rs"),
            include_str!("files.rs"),
            include_str!("images.rs"),
            include_str!("immutable.rs"),
            include_str!("mod.rs"),
            include_str!("objects.rs"),
            include_str!("rbac.rs"),
            include_str!("references.rs"),
            include_str!("units.rs"),
            include_str!("workloads.rs"),
        ];
        for start in ["add(\"", "report(\"", "risk(\""] {
            for id in sources.iter().flat_map(|source| source.split(start).skip(1)) {
                let id = id.split('"').next().unwrap_or_default();
                assert!(find(id).is_some(), "{id} is not in the table");
            }
        }
        for rule in RULES {
            let quoted = format!("\"{}\"", rule.id);
            assert!(sources.iter().any(|source| source.contains(&quoted)), "{} is not in the code", rule.id);
        }
    }
}
