//! API versions that Kubernetes deprecates or no longer serves, with what replaces them.

use manifest::Gvk;

use super::builtin;
use crate::KubernetesVersion;

/// The page that names them.
pub(super) const GUIDE: &str = "https://kubernetes.io/docs/reference/using-api/deprecation-guide/";

/// What was removed before the oldest version whose schemas are known ("Deprecated API Migration Guide" of Kubernetes): API version,
/// kinds (all where empty), the version of Kubernetes that no longer serves it, and its replacement.
const REMOVED: &[Removed] = &[
    Removed::new("extensions/v1beta1", &["Deployment", "DaemonSet", "ReplicaSet"], 16, Some("apps/v1")),
    Removed::new("extensions/v1beta1", &["NetworkPolicy"], 16, Some("networking.k8s.io/v1")),
    Removed::new("extensions/v1beta1", &["Ingress"], 22, Some("networking.k8s.io/v1")),
    Removed::new("extensions/v1beta1", &["PodSecurityPolicy"], 16, None),
    Removed::new("apps/v1beta1", &[], 16, Some("apps/v1")),
    Removed::new("apps/v1beta2", &[], 16, Some("apps/v1")),
    Removed::new(
        "admissionregistration.k8s.io/v1beta1",
        &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
        22,
        Some("admissionregistration.k8s.io/v1"),
    ),
    Removed::new("apiextensions.k8s.io/v1beta1", &[], 22, Some("apiextensions.k8s.io/v1")),
    Removed::new("apiregistration.k8s.io/v1beta1", &[], 22, Some("apiregistration.k8s.io/v1")),
    Removed::new("authentication.k8s.io/v1beta1", &["TokenReview"], 22, Some("authentication.k8s.io/v1")),
    Removed::new("authorization.k8s.io/v1beta1", &[], 22, Some("authorization.k8s.io/v1")),
    Removed::new("certificates.k8s.io/v1beta1", &["CertificateSigningRequest"], 22, Some("certificates.k8s.io/v1")),
    Removed::new("coordination.k8s.io/v1beta1", &["Lease"], 22, Some("coordination.k8s.io/v1")),
    Removed::new("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], 22, Some("networking.k8s.io/v1")),
    Removed::new("rbac.authorization.k8s.io/v1beta1", &[], 22, Some("rbac.authorization.k8s.io/v1")),
    Removed::new("rbac.authorization.k8s.io/v1alpha1", &[], 22, Some("rbac.authorization.k8s.io/v1")),
    Removed::new("scheduling.k8s.io/v1beta1", &["PriorityClass"], 22, Some("scheduling.k8s.io/v1")),
    Removed::new(
        "storage.k8s.io/v1beta1",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
        22,
        Some("storage.k8s.io/v1"),
    ),
    Removed::new("batch/v2alpha1", &["CronJob"], 21, Some("batch/v1")),
    Removed::new("batch/v1beta1", &["CronJob"], 25, Some("batch/v1")),
    Removed::new("discovery.k8s.io/v1beta1", &["EndpointSlice"], 25, Some("discovery.k8s.io/v1")),
    Removed::new("events.k8s.io/v1beta1", &["Event"], 25, Some("events.k8s.io/v1")),
    Removed::new("autoscaling/v2beta1", &["HorizontalPodAutoscaler"], 25, Some("autoscaling/v2")),
    Removed::new("policy/v1beta1", &["PodDisruptionBudget"], 25, Some("policy/v1")),
    Removed::new("policy/v1beta1", &["PodSecurityPolicy"], 25, None),
    Removed::new("node.k8s.io/v1beta1", &["RuntimeClass"], 25, Some("node.k8s.io/v1")),
    Removed::new("settings.k8s.io/v1alpha1", &["PodPreset"], 20, None),
];

/// Stable kinds that are deprecated, since which version, and the replacement.
const DEPRECATED: &[(&str, u8, &str)] = &[("/v1/Endpoints", 33, "EndpointSlice of discovery.k8s.io/v1")];

struct Removed {
    api_version: &'static str,
    kinds: &'static [&'static str],
    minor: u8,
    replacement: Option<&'static str>,
}

impl Removed {
    const fn new(
        api_version: &'static str,
        kinds: &'static [&'static str],
        minor: u8,
        replacement: Option<&'static str>,
    ) -> Self {
        Removed { api_version, kinds, minor, replacement }
    }
}

/// Why a version of Kubernetes does not serve an object, or will not do so for long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiProblem {
    /// The id of the check.
    pub(super) id: &'static str,
    /// What is wrong.
    pub(super) message: String,
    /// What to use.
    pub(super) hint: Option<String>,
}

fn key(gvk: &Gvk) -> String {
    format!("{}/{}/{}", gvk.group, gvk.version, gvk.kind)
}

/// Returns why `version` does not serve an object of Kubernetes; absent if it is of another API.
pub(super) fn not_served(gvk: &Gvk, version: KubernetesVersion) -> Option<ApiProblem> {
    let api_version = gvk.api_version();
    let removed = |message: String, replacement: Option<String>| ApiProblem {
        id: "removed-api",
        message,
        hint: replacement.map(|api| format!("use {api}")),
    };
    let is_meant = |one: &&Removed| {
        one.api_version == api_version && (one.kinds.is_empty() || one.kinds.contains(&gvk.kind.as_str()))
    };
    if let Some(one) = REMOVED.iter().find(is_meant) {
        let message = format!("{} of {api_version} is not served since Kubernetes 1.{}", gvk.kind, one.minor);
        return Some(removed(message, one.replacement.map(str::to_owned)));
    }
    if let Some((first, last)) = builtin::served(&key(gvk)) {
        let message = if version < first {
            format!("{} of {api_version} is served from Kubernetes {first}, not by {version}", gvk.kind)
        } else {
            format!("{} of {api_version} is served until Kubernetes {last}, not by {version}", gvk.kind)
        };
        return Some(removed(message, replacement(gvk, version)));
    }
    let is_own = builtin::has_group(&gvk.group) && (!gvk.group.is_empty() || gvk.version == "v1");
    is_own.then(|| unknown_kind(gvk, version))
}

fn unknown_kind(gvk: &Gvk, version: KubernetesVersion) -> ApiProblem {
    let elsewhere: Vec<&str> =
        builtin::objects(version).filter(|key| key.rsplit('/').next() == Some(gvk.kind.as_str())).collect();
    let in_group = builtin::objects(version).filter_map(|key| {
        let (group, rest) = key.split_once('/')?;
        (group == gvk.group).then(|| rest.split_once('/').map(|(_, kind)| kind))?
    });
    let hint = match elsewhere.first() {
        Some(key) => {
            let api = key.rsplit_once('/').map_or(*key, |(api, _)| api);
            Some(format!("use {}", api.trim_start_matches('/')))
        }
        None => super::suggest::nearest(&gvk.kind, in_group).map(|kind| format!("use {kind}")),
    };
    let message = format!("unknown kind {} of {} in Kubernetes {version}", gvk.kind, gvk.api_version());
    ApiProblem { id: "unknown-kind", message, hint }
}

/// Returns that an object which `version` serves is deprecated: a stable version of its API is served too.
pub(super) fn deprecated(gvk: &Gvk, version: KubernetesVersion) -> Option<ApiProblem> {
    let problem = |since: &str, replacement: String| ApiProblem {
        id: "deprecated-api",
        message: format!("{} of {} is deprecated{since}", gvk.kind, gvk.api_version()),
        hint: Some(format!("use {replacement}")),
    };
    let own = key(gvk);
    if let Some((_, minor, replacement)) =
        DEPRECATED.iter().find(|(key, minor, _)| *key == own && version.minor() >= *minor)
    {
        return Some(problem(&format!(" since Kubernetes 1.{minor}"), (*replacement).to_owned()));
    }
    if !is_prerelease(&gvk.version) {
        return None;
    }
    replacement(gvk, version).filter(|api| !is_prerelease(api)).map(|api| problem("", api))
}

fn is_prerelease(version: &str) -> bool {
    version.contains("alpha") || version.contains("beta")
}

/// The most stable and newest API version of the same kind in the same group that `version` serves.
fn replacement(gvk: &Gvk, version: KubernetesVersion) -> Option<String> {
    let same = |key: &&str| {
        let mut parts = key.split('/');
        parts.next() == Some(gvk.group.as_str()) && parts.nth(1) == Some(gvk.kind.as_str())
    };
    let api = |key: &str| key.rsplit_once('/').map(|(api, _)| api.trim_start_matches('/').to_owned());
    let rank = |api: &String| {
        let stability = if api.contains("alpha") {
            0
        } else if api.contains("beta") {
            1
        } else {
            2
        };
        (stability, api.clone())
    };
    builtin::objects(version).filter(same).filter_map(api).max_by_key(rank).filter(|api| *api != gvk.api_version())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_are_replaced() {
        let problem = |api: &str, kind: &str, version: &str| {
            let (gvk, version) = (Gvk::new(api, kind), version.parse().unwrap());
            let problem = not_served(&gvk, version).unwrap();
            format!("{}: {}; {}", problem.id, problem.message, problem.hint.unwrap_or_default())
        };
        assert_eq!(
            problem("extensions/v1beta1", "Ingress", "1.33"),
            "removed-api: Ingress of extensions/v1beta1 is not served since Kubernetes 1.22; use networking.k8s.io/v1"
        );
        assert_eq!(
            problem("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", "1.33"),
            "removed-api: FlowSchema of flowcontrol.apiserver.k8s.io/v1beta3 is served until Kubernetes 1.31, not by 1.33; use flowcontrol.apiserver.k8s.io/v1"
        );
        assert_eq!(
            problem("apps/v1", "Deploymnet", "1.33"),
            "unknown-kind: unknown kind Deploymnet of apps/v1 in Kubernetes 1.33; use Deployment"
        );
        assert_eq!(
            problem("v1", "Deployment", "1.33"),
            "unknown-kind: unknown kind Deployment of v1 in Kubernetes 1.33; use apps/v1"
        );
        assert_eq!(not_served(&Gvk::new("example.com/v1", "Deployment"), KubernetesVersion::NEWEST), None);
    }

    #[test]
    fn beta_versions_with_a_stable_one_are_deprecated() {
        let problem = |api: &str, kind: &str, version: &str| deprecated(&Gvk::new(api, kind), version.parse().unwrap());
        let hint = problem("networking.k8s.io/v1beta1", "IPAddress", "1.34").and_then(|problem| problem.hint);
        assert_eq!(hint.as_deref(), Some("use networking.k8s.io/v1"));
        assert_eq!(problem("networking.k8s.io/v1beta1", "IPAddress", "1.31"), None);
        assert_eq!(problem("apps/v1", "Deployment", "1.34"), None);
        assert!(problem("v1", "Endpoints", "1.33").is_some());
        assert!(problem("v1", "Endpoints", "1.32").is_none());
    }
}
