//! The built-in kinds and the lists in them that merge, from the OpenAPI data of Kubernetes v1.21.2 (which kustomize 5.x
//! uses). Types and fields without such a list below them are left out.

use super::Property;

/// Marks a property whose type has no merging list below it.
pub(super) const NO_TYPE: u16 = u16::MAX;

const fn object(name: &'static str, of: u16) -> Property {
    Property { name, of, list: false, map: false, keys: None }
}

const fn list(name: &'static str, of: u16) -> Property {
    Property { name, of, list: true, map: false, keys: None }
}

const fn merged(name: &'static str, of: u16, keys: &'static [&'static str]) -> Property {
    Property { name, of, list: true, map: false, keys: Some(keys) }
}

/// A kind: `apiVersion`, `kind`, the index of its type, and whether it certainly has no namespace.
pub(super) type Kind = (&'static str, &'static str, u16, bool);

/// The built-in kinds, sorted by `apiVersion` and `kind`.
#[rustfmt::skip]
pub(super) static KINDS: &[Kind] = &[
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", 0, true),
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfigurationList", 1, false),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", 2, true),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfigurationList", 3, false),
    ("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration", 4, true),
    ("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfigurationList", 5, false),
    ("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration", 6, true),
    ("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfigurationList", 7, false),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", 190, true),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinitionList", 191, false),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", 192, true),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinitionList", 193, false),
    ("apiregistration.k8s.io/v1", "APIService", 195, true),
    ("apiregistration.k8s.io/v1", "APIServiceList", 196, false),
    ("apiregistration.k8s.io/v1beta1", "APIService", 198, true),
    ("apiregistration.k8s.io/v1beta1", "APIServiceList", 199, false),
    ("apps/v1", "ControllerRevision", 8, false),
    ("apps/v1", "ControllerRevisionList", 9, false),
    ("apps/v1", "DaemonSet", 10, false),
    ("apps/v1", "DaemonSetList", 11, false),
    ("apps/v1", "Deployment", 14, false),
    ("apps/v1", "DeploymentList", 15, false),
    ("apps/v1", "ReplicaSet", 18, false),
    ("apps/v1", "ReplicaSetList", 19, false),
    ("apps/v1", "StatefulSet", 22, false),
    ("apps/v1", "StatefulSetList", 23, false),
    ("authentication.k8s.io/v1", "TokenRequest", 26, false),
    ("authentication.k8s.io/v1", "TokenReview", 27, false),
    ("authentication.k8s.io/v1beta1", "TokenReview", 28, false),
    ("authorization.k8s.io/v1", "LocalSubjectAccessReview", 29, false),
    ("authorization.k8s.io/v1", "SelfSubjectAccessReview", 30, false),
    ("authorization.k8s.io/v1", "SelfSubjectRulesReview", 31, false),
    ("authorization.k8s.io/v1", "SubjectAccessReview", 32, false),
    ("authorization.k8s.io/v1beta1", "LocalSubjectAccessReview", 33, false),
    ("authorization.k8s.io/v1beta1", "SelfSubjectAccessReview", 34, false),
    ("authorization.k8s.io/v1beta1", "SelfSubjectRulesReview", 35, false),
    ("authorization.k8s.io/v1beta1", "SubjectAccessReview", 36, false),
    ("autoscaling/v1", "HorizontalPodAutoscaler", 37, false),
    ("autoscaling/v1", "HorizontalPodAutoscalerList", 38, false),
    ("autoscaling/v1", "Scale", 39, false),
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler", 40, false),
    ("autoscaling/v2beta1", "HorizontalPodAutoscalerList", 41, false),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler", 42, false),
    ("autoscaling/v2beta2", "HorizontalPodAutoscalerList", 43, false),
    ("batch/v1", "CronJob", 44, false),
    ("batch/v1", "CronJobList", 45, false),
    ("batch/v1", "Job", 47, false),
    ("batch/v1", "JobList", 48, false),
    ("batch/v1beta1", "CronJob", 52, false),
    ("batch/v1beta1", "CronJobList", 53, false),
    ("certificates.k8s.io/v1", "CertificateSigningRequest", 56, true),
    ("certificates.k8s.io/v1", "CertificateSigningRequestList", 57, false),
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequest", 58, true),
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequestList", 59, false),
    ("coordination.k8s.io/v1", "Lease", 60, false),
    ("coordination.k8s.io/v1", "LeaseList", 61, false),
    ("coordination.k8s.io/v1beta1", "Lease", 62, false),
    ("coordination.k8s.io/v1beta1", "LeaseList", 63, false),
    ("discovery.k8s.io/v1", "EndpointSlice", 113, false),
    ("discovery.k8s.io/v1", "EndpointSliceList", 114, false),
    ("discovery.k8s.io/v1beta1", "EndpointSlice", 115, false),
    ("discovery.k8s.io/v1beta1", "EndpointSliceList", 116, false),
    ("events.k8s.io/v1", "Event", 117, false),
    ("events.k8s.io/v1", "EventList", 118, false),
    ("events.k8s.io/v1beta1", "Event", 119, false),
    ("events.k8s.io/v1beta1", "EventList", 120, false),
    ("extensions/v1beta1", "Ingress", 121, false),
    ("extensions/v1beta1", "IngressList", 122, false),
    ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema", 123, true),
    ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchemaList", 124, false),
    ("flowcontrol.apiserver.k8s.io/v1beta1", "PriorityLevelConfiguration", 125, true),
    ("flowcontrol.apiserver.k8s.io/v1beta1", "PriorityLevelConfigurationList", 126, false),
    ("networking.k8s.io/v1", "Ingress", 127, false),
    ("networking.k8s.io/v1", "IngressClass", 128, true),
    ("networking.k8s.io/v1", "IngressClassList", 129, false),
    ("networking.k8s.io/v1", "IngressList", 130, false),
    ("networking.k8s.io/v1", "NetworkPolicy", 131, false),
    ("networking.k8s.io/v1", "NetworkPolicyList", 132, false),
    ("networking.k8s.io/v1beta1", "Ingress", 133, false),
    ("networking.k8s.io/v1beta1", "IngressClass", 134, true),
    ("networking.k8s.io/v1beta1", "IngressClassList", 135, false),
    ("networking.k8s.io/v1beta1", "IngressList", 136, false),
    ("node.k8s.io/v1", "RuntimeClass", 137, true),
    ("node.k8s.io/v1", "RuntimeClassList", 138, false),
    ("node.k8s.io/v1beta1", "RuntimeClass", 139, true),
    ("node.k8s.io/v1beta1", "RuntimeClassList", 140, false),
    ("policy/v1", "PodDisruptionBudget", 141, false),
    ("policy/v1", "PodDisruptionBudgetList", 142, false),
    ("policy/v1beta1", "Eviction", 144, false),
    ("policy/v1beta1", "PodDisruptionBudget", 145, false),
    ("policy/v1beta1", "PodDisruptionBudgetList", 146, false),
    ("policy/v1beta1", "PodSecurityPolicy", 148, true),
    ("policy/v1beta1", "PodSecurityPolicyList", 149, false),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", 150, true),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", 151, true),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBindingList", 152, false),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleList", 153, false),
    ("rbac.authorization.k8s.io/v1", "Role", 154, false),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", 155, false),
    ("rbac.authorization.k8s.io/v1", "RoleBindingList", 156, false),
    ("rbac.authorization.k8s.io/v1", "RoleList", 157, false),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRole", 158, true),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding", 159, true),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBindingList", 160, false),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleList", 161, false),
    ("rbac.authorization.k8s.io/v1beta1", "Role", 162, false),
    ("rbac.authorization.k8s.io/v1beta1", "RoleBinding", 163, false),
    ("rbac.authorization.k8s.io/v1beta1", "RoleBindingList", 164, false),
    ("rbac.authorization.k8s.io/v1beta1", "RoleList", 165, false),
    ("scheduling.k8s.io/v1", "PriorityClass", 166, true),
    ("scheduling.k8s.io/v1", "PriorityClassList", 167, false),
    ("scheduling.k8s.io/v1beta1", "PriorityClass", 168, true),
    ("scheduling.k8s.io/v1beta1", "PriorityClassList", 169, false),
    ("storage.k8s.io/v1", "CSIDriver", 170, true),
    ("storage.k8s.io/v1", "CSIDriverList", 171, false),
    ("storage.k8s.io/v1", "CSINode", 172, true),
    ("storage.k8s.io/v1", "CSINodeList", 173, false),
    ("storage.k8s.io/v1", "StorageClass", 175, true),
    ("storage.k8s.io/v1", "StorageClassList", 176, false),
    ("storage.k8s.io/v1", "VolumeAttachment", 177, true),
    ("storage.k8s.io/v1", "VolumeAttachmentList", 178, false),
    ("storage.k8s.io/v1beta1", "CSIDriver", 179, true),
    ("storage.k8s.io/v1beta1", "CSIDriverList", 180, false),
    ("storage.k8s.io/v1beta1", "CSINode", 181, true),
    ("storage.k8s.io/v1beta1", "CSINodeList", 182, false),
    ("storage.k8s.io/v1beta1", "CSIStorageCapacity", 184, false),
    ("storage.k8s.io/v1beta1", "CSIStorageCapacityList", 185, false),
    ("storage.k8s.io/v1beta1", "StorageClass", 186, true),
    ("storage.k8s.io/v1beta1", "StorageClassList", 187, false),
    ("storage.k8s.io/v1beta1", "VolumeAttachment", 188, true),
    ("storage.k8s.io/v1beta1", "VolumeAttachmentList", 189, false),
    ("v1", "Binding", 64, false),
    ("v1", "ComponentStatus", 65, true),
    ("v1", "ComponentStatusList", 66, false),
    ("v1", "ConfigMap", 67, false),
    ("v1", "ConfigMapList", 68, false),
    ("v1", "Endpoints", 70, false),
    ("v1", "EndpointsList", 71, false),
    ("v1", "Event", 74, false),
    ("v1", "EventList", 75, false),
    ("v1", "LimitRange", 76, false),
    ("v1", "LimitRangeList", 77, false),
    ("v1", "Namespace", 78, true),
    ("v1", "NamespaceList", 79, false),
    ("v1", "Node", 81, true),
    ("v1", "NodeList", 82, false),
    ("v1", "NodeProxyOptions", NO_TYPE, true),
    ("v1", "PersistentVolume", 85, true),
    ("v1", "PersistentVolumeClaim", 86, false),
    ("v1", "PersistentVolumeClaimList", 87, false),
    ("v1", "PersistentVolumeList", 90, false),
    ("v1", "Pod", 91, false),
    ("v1", "PodList", 92, false),
    ("v1", "PodTemplate", 95, false),
    ("v1", "PodTemplateList", 96, false),
    ("v1", "ReplicationController", 98, false),
    ("v1", "ReplicationControllerList", 99, false),
    ("v1", "ResourceQuota", 102, false),
    ("v1", "ResourceQuotaList", 103, false),
    ("v1", "Secret", 104, false),
    ("v1", "SecretList", 105, false),
    ("v1", "Service", 106, false),
    ("v1", "ServiceAccount", 107, false),
    ("v1", "ServiceAccountList", 108, false),
    ("v1", "ServiceList", 109, false),
];

/// The types, each with its properties sorted by name.
#[rustfmt::skip]
pub(super) static TYPES: &[&[Property]] = &[
    // 0: io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration
    &[object("metadata", 194), merged("webhooks", NO_TYPE, &["name"])],
    // 1: io.k8s.api.admissionregistration.v1.MutatingWebhookConfigurationList
    &[list("items", 0)],
    // 2: io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration
    &[object("metadata", 194), merged("webhooks", NO_TYPE, &["name"])],
    // 3: io.k8s.api.admissionregistration.v1.ValidatingWebhookConfigurationList
    &[list("items", 2)],
    // 4: io.k8s.api.admissionregistration.v1beta1.MutatingWebhookConfiguration
    &[object("metadata", 194), merged("webhooks", NO_TYPE, &["name"])],
    // 5: io.k8s.api.admissionregistration.v1beta1.MutatingWebhookConfigurationList
    &[list("items", 4)],
    // 6: io.k8s.api.admissionregistration.v1beta1.ValidatingWebhookConfiguration
    &[object("metadata", 194), merged("webhooks", NO_TYPE, &["name"])],
    // 7: io.k8s.api.admissionregistration.v1beta1.ValidatingWebhookConfigurationList
    &[list("items", 6)],
    // 8: io.k8s.api.apps.v1.ControllerRevision
    &[object("metadata", 194)],
    // 9: io.k8s.api.apps.v1.ControllerRevisionList
    &[list("items", 8)],
    // 10: io.k8s.api.apps.v1.DaemonSet
    &[object("metadata", 194), object("spec", 12), object("status", 13)],
    // 11: io.k8s.api.apps.v1.DaemonSetList
    &[list("items", 10)],
    // 12: io.k8s.api.apps.v1.DaemonSetSpec
    &[object("template", 97)],
    // 13: io.k8s.api.apps.v1.DaemonSetStatus
    &[merged("conditions", NO_TYPE, &["type"])],
    // 14: io.k8s.api.apps.v1.Deployment
    &[object("metadata", 194), object("spec", 16), object("status", 17)],
    // 15: io.k8s.api.apps.v1.DeploymentList
    &[list("items", 14)],
    // 16: io.k8s.api.apps.v1.DeploymentSpec
    &[object("template", 97)],
    // 17: io.k8s.api.apps.v1.DeploymentStatus
    &[merged("conditions", NO_TYPE, &["type"])],
    // 18: io.k8s.api.apps.v1.ReplicaSet
    &[object("metadata", 194), object("spec", 20), object("status", 21)],
    // 19: io.k8s.api.apps.v1.ReplicaSetList
    &[list("items", 18)],
    // 20: io.k8s.api.apps.v1.ReplicaSetSpec
    &[object("template", 97)],
    // 21: io.k8s.api.apps.v1.ReplicaSetStatus
    &[merged("conditions", NO_TYPE, &["type"])],
    // 22: io.k8s.api.apps.v1.StatefulSet
    &[object("metadata", 194), object("spec", 24), object("status", 25)],
    // 23: io.k8s.api.apps.v1.StatefulSetList
    &[list("items", 22)],
    // 24: io.k8s.api.apps.v1.StatefulSetSpec
    &[object("template", 97), list("volumeClaimTemplates", 86)],
    // 25: io.k8s.api.apps.v1.StatefulSetStatus
    &[merged("conditions", NO_TYPE, &["type"])],
    // 26: io.k8s.api.authentication.v1.TokenRequest
    &[object("metadata", 194)],
    // 27: io.k8s.api.authentication.v1.TokenReview
    &[object("metadata", 194)],
    // 28: io.k8s.api.authentication.v1beta1.TokenReview
    &[object("metadata", 194)],
    // 29: io.k8s.api.authorization.v1.LocalSubjectAccessReview
    &[object("metadata", 194)],
    // 30: io.k8s.api.authorization.v1.SelfSubjectAccessReview
    &[object("metadata", 194)],
    // 31: io.k8s.api.authorization.v1.SelfSubjectRulesReview
    &[object("metadata", 194)],
    // 32: io.k8s.api.authorization.v1.SubjectAccessReview
    &[object("metadata", 194)],
    // 33: io.k8s.api.authorization.v1beta1.LocalSubjectAccessReview
    &[object("metadata", 194)],
    // 34: io.k8s.api.authorization.v1beta1.SelfSubjectAccessReview
    &[object("metadata", 194)],
    // 35: io.k8s.api.authorization.v1beta1.SelfSubjectRulesReview
    &[object("metadata", 194)],
    // 36: io.k8s.api.authorization.v1beta1.SubjectAccessReview
    &[object("metadata", 194)],
    // 37: io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler
    &[object("metadata", 194)],
    // 38: io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerList
    &[list("items", 37)],
    // 39: io.k8s.api.autoscaling.v1.Scale
    &[object("metadata", 194)],
    // 40: io.k8s.api.autoscaling.v2beta1.HorizontalPodAutoscaler
    &[object("metadata", 194)],
    // 41: io.k8s.api.autoscaling.v2beta1.HorizontalPodAutoscalerList
    &[list("items", 40)],
    // 42: io.k8s.api.autoscaling.v2beta2.HorizontalPodAutoscaler
    &[object("metadata", 194)],
    // 43: io.k8s.api.autoscaling.v2beta2.HorizontalPodAutoscalerList
    &[list("items", 42)],
    // 44: io.k8s.api.batch.v1.CronJob
    &[object("metadata", 194), object("spec", 46)],
    // 45: io.k8s.api.batch.v1.CronJobList
    &[list("items", 44)],
    // 46: io.k8s.api.batch.v1.CronJobSpec
    &[object("jobTemplate", 51)],
    // 47: io.k8s.api.batch.v1.Job
    &[object("metadata", 194), object("spec", 49), object("status", 50)],
    // 48: io.k8s.api.batch.v1.JobList
    &[list("items", 47)],
    // 49: io.k8s.api.batch.v1.JobSpec
    &[object("template", 97)],
    // 50: io.k8s.api.batch.v1.JobStatus
    &[merged("conditions", NO_TYPE, &["type"])],
    // 51: io.k8s.api.batch.v1.JobTemplateSpec
    &[object("metadata", 194), object("spec", 49)],
    // 52: io.k8s.api.batch.v1beta1.CronJob
    &[object("metadata", 194), object("spec", 54)],
    // 53: io.k8s.api.batch.v1beta1.CronJobList
    &[list("items", 52)],
    // 54: io.k8s.api.batch.v1beta1.CronJobSpec
    &[object("jobTemplate", 55)],
    // 55: io.k8s.api.batch.v1beta1.JobTemplateSpec
    &[object("metadata", 194), object("spec", 49)],
    // 56: io.k8s.api.certificates.v1.CertificateSigningRequest
    &[object("metadata", 194)],
    // 57: io.k8s.api.certificates.v1.CertificateSigningRequestList
    &[list("items", 56)],
    // 58: io.k8s.api.certificates.v1beta1.CertificateSigningRequest
    &[object("metadata", 194)],
    // 59: io.k8s.api.certificates.v1beta1.CertificateSigningRequestList
    &[list("items", 58)],
    // 60: io.k8s.api.coordination.v1.Lease
    &[object("metadata", 194)],
    // 61: io.k8s.api.coordination.v1.LeaseList
    &[list("items", 60)],
    // 62: io.k8s.api.coordination.v1beta1.Lease
    &[object("metadata", 194)],
    // 63: io.k8s.api.coordination.v1beta1.LeaseList
    &[list("items", 62)],
    // 64: io.k8s.api.core.v1.Binding
    &[object("metadata", 194)],
    // 65: io.k8s.api.core.v1.ComponentStatus
    &[merged("conditions", NO_TYPE, &["type"]), object("metadata", 194)],
    // 66: io.k8s.api.core.v1.ComponentStatusList
    &[list("items", 65)],
    // 67: io.k8s.api.core.v1.ConfigMap
    &[object("metadata", 194)],
    // 68: io.k8s.api.core.v1.ConfigMapList
    &[list("items", 67)],
    // 69: io.k8s.api.core.v1.Container
    &[merged("env", NO_TYPE, &["name"]), merged("ports", NO_TYPE, &["containerPort", "protocol"]), merged("volumeDevices", NO_TYPE, &["devicePath"]), merged("volumeMounts", NO_TYPE, &["mountPath"])],
    // 70: io.k8s.api.core.v1.Endpoints
    &[object("metadata", 194)],
    // 71: io.k8s.api.core.v1.EndpointsList
    &[list("items", 70)],
    // 72: io.k8s.api.core.v1.EphemeralContainer
    &[merged("env", NO_TYPE, &["name"]), merged("volumeDevices", NO_TYPE, &["devicePath"]), merged("volumeMounts", NO_TYPE, &["mountPath"])],
    // 73: io.k8s.api.core.v1.EphemeralVolumeSource
    &[object("volumeClaimTemplate", 89)],
    // 74: io.k8s.api.core.v1.Event
    &[object("metadata", 194)],
    // 75: io.k8s.api.core.v1.EventList
    &[list("items", 74)],
    // 76: io.k8s.api.core.v1.LimitRange
    &[object("metadata", 194)],
    // 77: io.k8s.api.core.v1.LimitRangeList
    &[list("items", 76)],
    // 78: io.k8s.api.core.v1.Namespace
    &[object("metadata", 194), object("status", 80)],
    // 79: io.k8s.api.core.v1.NamespaceList
    &[list("items", 78)],
    // 80: io.k8s.api.core.v1.NamespaceStatus
    &[merged("conditions", NO_TYPE, &["type"])],
    // 81: io.k8s.api.core.v1.Node
    &[object("metadata", 194), object("spec", 83), object("status", 84)],
    // 82: io.k8s.api.core.v1.NodeList
    &[list("items", 81)],
    // 83: io.k8s.api.core.v1.NodeSpec
    &[merged("podCIDRs", NO_TYPE, &[])],
    // 84: io.k8s.api.core.v1.NodeStatus
    &[merged("addresses", NO_TYPE, &["type"]), merged("conditions", NO_TYPE, &["type"])],
    // 85: io.k8s.api.core.v1.PersistentVolume
    &[object("metadata", 194)],
    // 86: io.k8s.api.core.v1.PersistentVolumeClaim
    &[object("metadata", 194), object("status", 88)],
    // 87: io.k8s.api.core.v1.PersistentVolumeClaimList
    &[list("items", 86)],
    // 88: io.k8s.api.core.v1.PersistentVolumeClaimStatus
    &[merged("conditions", NO_TYPE, &["type"])],
    // 89: io.k8s.api.core.v1.PersistentVolumeClaimTemplate
    &[object("metadata", 194)],
    // 90: io.k8s.api.core.v1.PersistentVolumeList
    &[list("items", 85)],
    // 91: io.k8s.api.core.v1.Pod
    &[object("metadata", 194), object("spec", 93), object("status", 94)],
    // 92: io.k8s.api.core.v1.PodList
    &[list("items", 91)],
    // 93: io.k8s.api.core.v1.PodSpec
    &[merged("containers", 69, &["name"]), merged("ephemeralContainers", 72, &["name"]), merged("hostAliases", NO_TYPE, &["ip"]), merged("imagePullSecrets", NO_TYPE, &["name"]), merged("initContainers", 69, &["name"]), merged("topologySpreadConstraints", NO_TYPE, &["topologyKey", "whenUnsatisfiable"]), merged("volumes", 112, &["name"])],
    // 94: io.k8s.api.core.v1.PodStatus
    &[merged("conditions", NO_TYPE, &["type"]), merged("podIPs", NO_TYPE, &["ip"])],
    // 95: io.k8s.api.core.v1.PodTemplate
    &[object("metadata", 194), object("template", 97)],
    // 96: io.k8s.api.core.v1.PodTemplateList
    &[list("items", 95)],
    // 97: io.k8s.api.core.v1.PodTemplateSpec
    &[object("metadata", 194), object("spec", 93)],
    // 98: io.k8s.api.core.v1.ReplicationController
    &[object("metadata", 194), object("spec", 100), object("status", 101)],
    // 99: io.k8s.api.core.v1.ReplicationControllerList
    &[list("items", 98)],
    // 100: io.k8s.api.core.v1.ReplicationControllerSpec
    &[object("template", 97)],
    // 101: io.k8s.api.core.v1.ReplicationControllerStatus
    &[merged("conditions", NO_TYPE, &["type"])],
    // 102: io.k8s.api.core.v1.ResourceQuota
    &[object("metadata", 194)],
    // 103: io.k8s.api.core.v1.ResourceQuotaList
    &[list("items", 102)],
    // 104: io.k8s.api.core.v1.Secret
    &[object("metadata", 194)],
    // 105: io.k8s.api.core.v1.SecretList
    &[list("items", 104)],
    // 106: io.k8s.api.core.v1.Service
    &[object("metadata", 194), object("spec", 110), object("status", 111)],
    // 107: io.k8s.api.core.v1.ServiceAccount
    &[object("metadata", 194), merged("secrets", NO_TYPE, &["name"])],
    // 108: io.k8s.api.core.v1.ServiceAccountList
    &[list("items", 107)],
    // 109: io.k8s.api.core.v1.ServiceList
    &[list("items", 106)],
    // 110: io.k8s.api.core.v1.ServiceSpec
    &[merged("ports", NO_TYPE, &["port", "protocol"])],
    // 111: io.k8s.api.core.v1.ServiceStatus
    &[merged("conditions", NO_TYPE, &["type"])],
    // 112: io.k8s.api.core.v1.Volume
    &[object("ephemeral", 73)],
    // 113: io.k8s.api.discovery.v1.EndpointSlice
    &[object("metadata", 194)],
    // 114: io.k8s.api.discovery.v1.EndpointSliceList
    &[list("items", 113)],
    // 115: io.k8s.api.discovery.v1beta1.EndpointSlice
    &[object("metadata", 194)],
    // 116: io.k8s.api.discovery.v1beta1.EndpointSliceList
    &[list("items", 115)],
    // 117: io.k8s.api.events.v1.Event
    &[object("metadata", 194)],
    // 118: io.k8s.api.events.v1.EventList
    &[list("items", 117)],
    // 119: io.k8s.api.events.v1beta1.Event
    &[object("metadata", 194)],
    // 120: io.k8s.api.events.v1beta1.EventList
    &[list("items", 119)],
    // 121: io.k8s.api.extensions.v1beta1.Ingress
    &[object("metadata", 194)],
    // 122: io.k8s.api.extensions.v1beta1.IngressList
    &[list("items", 121)],
    // 123: io.k8s.api.flowcontrol.v1beta1.FlowSchema
    &[object("metadata", 194)],
    // 124: io.k8s.api.flowcontrol.v1beta1.FlowSchemaList
    &[list("items", 123)],
    // 125: io.k8s.api.flowcontrol.v1beta1.PriorityLevelConfiguration
    &[object("metadata", 194)],
    // 126: io.k8s.api.flowcontrol.v1beta1.PriorityLevelConfigurationList
    &[list("items", 125)],
    // 127: io.k8s.api.networking.v1.Ingress
    &[object("metadata", 194)],
    // 128: io.k8s.api.networking.v1.IngressClass
    &[object("metadata", 194)],
    // 129: io.k8s.api.networking.v1.IngressClassList
    &[list("items", 128)],
    // 130: io.k8s.api.networking.v1.IngressList
    &[list("items", 127)],
    // 131: io.k8s.api.networking.v1.NetworkPolicy
    &[object("metadata", 194)],
    // 132: io.k8s.api.networking.v1.NetworkPolicyList
    &[list("items", 131)],
    // 133: io.k8s.api.networking.v1beta1.Ingress
    &[object("metadata", 194)],
    // 134: io.k8s.api.networking.v1beta1.IngressClass
    &[object("metadata", 194)],
    // 135: io.k8s.api.networking.v1beta1.IngressClassList
    &[list("items", 134)],
    // 136: io.k8s.api.networking.v1beta1.IngressList
    &[list("items", 133)],
    // 137: io.k8s.api.node.v1.RuntimeClass
    &[object("metadata", 194)],
    // 138: io.k8s.api.node.v1.RuntimeClassList
    &[list("items", 137)],
    // 139: io.k8s.api.node.v1beta1.RuntimeClass
    &[object("metadata", 194)],
    // 140: io.k8s.api.node.v1beta1.RuntimeClassList
    &[list("items", 139)],
    // 141: io.k8s.api.policy.v1.PodDisruptionBudget
    &[object("metadata", 194), object("status", 143)],
    // 142: io.k8s.api.policy.v1.PodDisruptionBudgetList
    &[list("items", 141)],
    // 143: io.k8s.api.policy.v1.PodDisruptionBudgetStatus
    &[merged("conditions", NO_TYPE, &["type"])],
    // 144: io.k8s.api.policy.v1beta1.Eviction
    &[object("metadata", 194)],
    // 145: io.k8s.api.policy.v1beta1.PodDisruptionBudget
    &[object("metadata", 194), object("status", 147)],
    // 146: io.k8s.api.policy.v1beta1.PodDisruptionBudgetList
    &[list("items", 145)],
    // 147: io.k8s.api.policy.v1beta1.PodDisruptionBudgetStatus
    &[merged("conditions", NO_TYPE, &["type"])],
    // 148: io.k8s.api.policy.v1beta1.PodSecurityPolicy
    &[object("metadata", 194)],
    // 149: io.k8s.api.policy.v1beta1.PodSecurityPolicyList
    &[list("items", 148)],
    // 150: io.k8s.api.rbac.v1.ClusterRole
    &[object("metadata", 194)],
    // 151: io.k8s.api.rbac.v1.ClusterRoleBinding
    &[object("metadata", 194)],
    // 152: io.k8s.api.rbac.v1.ClusterRoleBindingList
    &[list("items", 151)],
    // 153: io.k8s.api.rbac.v1.ClusterRoleList
    &[list("items", 150)],
    // 154: io.k8s.api.rbac.v1.Role
    &[object("metadata", 194)],
    // 155: io.k8s.api.rbac.v1.RoleBinding
    &[object("metadata", 194)],
    // 156: io.k8s.api.rbac.v1.RoleBindingList
    &[list("items", 155)],
    // 157: io.k8s.api.rbac.v1.RoleList
    &[list("items", 154)],
    // 158: io.k8s.api.rbac.v1beta1.ClusterRole
    &[object("metadata", 194)],
    // 159: io.k8s.api.rbac.v1beta1.ClusterRoleBinding
    &[object("metadata", 194)],
    // 160: io.k8s.api.rbac.v1beta1.ClusterRoleBindingList
    &[list("items", 159)],
    // 161: io.k8s.api.rbac.v1beta1.ClusterRoleList
    &[list("items", 158)],
    // 162: io.k8s.api.rbac.v1beta1.Role
    &[object("metadata", 194)],
    // 163: io.k8s.api.rbac.v1beta1.RoleBinding
    &[object("metadata", 194)],
    // 164: io.k8s.api.rbac.v1beta1.RoleBindingList
    &[list("items", 163)],
    // 165: io.k8s.api.rbac.v1beta1.RoleList
    &[list("items", 162)],
    // 166: io.k8s.api.scheduling.v1.PriorityClass
    &[object("metadata", 194)],
    // 167: io.k8s.api.scheduling.v1.PriorityClassList
    &[list("items", 166)],
    // 168: io.k8s.api.scheduling.v1beta1.PriorityClass
    &[object("metadata", 194)],
    // 169: io.k8s.api.scheduling.v1beta1.PriorityClassList
    &[list("items", 168)],
    // 170: io.k8s.api.storage.v1.CSIDriver
    &[object("metadata", 194)],
    // 171: io.k8s.api.storage.v1.CSIDriverList
    &[list("items", 170)],
    // 172: io.k8s.api.storage.v1.CSINode
    &[object("metadata", 194), object("spec", 174)],
    // 173: io.k8s.api.storage.v1.CSINodeList
    &[list("items", 172)],
    // 174: io.k8s.api.storage.v1.CSINodeSpec
    &[merged("drivers", NO_TYPE, &["name"])],
    // 175: io.k8s.api.storage.v1.StorageClass
    &[object("metadata", 194)],
    // 176: io.k8s.api.storage.v1.StorageClassList
    &[list("items", 175)],
    // 177: io.k8s.api.storage.v1.VolumeAttachment
    &[object("metadata", 194)],
    // 178: io.k8s.api.storage.v1.VolumeAttachmentList
    &[list("items", 177)],
    // 179: io.k8s.api.storage.v1beta1.CSIDriver
    &[object("metadata", 194)],
    // 180: io.k8s.api.storage.v1beta1.CSIDriverList
    &[list("items", 179)],
    // 181: io.k8s.api.storage.v1beta1.CSINode
    &[object("metadata", 194), object("spec", 183)],
    // 182: io.k8s.api.storage.v1beta1.CSINodeList
    &[list("items", 181)],
    // 183: io.k8s.api.storage.v1beta1.CSINodeSpec
    &[merged("drivers", NO_TYPE, &["name"])],
    // 184: io.k8s.api.storage.v1beta1.CSIStorageCapacity
    &[object("metadata", 194)],
    // 185: io.k8s.api.storage.v1beta1.CSIStorageCapacityList
    &[list("items", 184)],
    // 186: io.k8s.api.storage.v1beta1.StorageClass
    &[object("metadata", 194)],
    // 187: io.k8s.api.storage.v1beta1.StorageClassList
    &[list("items", 186)],
    // 188: io.k8s.api.storage.v1beta1.VolumeAttachment
    &[object("metadata", 194)],
    // 189: io.k8s.api.storage.v1beta1.VolumeAttachmentList
    &[list("items", 188)],
    // 190: io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition
    &[object("metadata", 194)],
    // 191: io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionList
    &[list("items", 190)],
    // 192: io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1beta1.CustomResourceDefinition
    &[object("metadata", 194)],
    // 193: io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1beta1.CustomResourceDefinitionList
    &[list("items", 192)],
    // 194: io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta
    &[merged("finalizers", NO_TYPE, &[]), merged("ownerReferences", NO_TYPE, &["uid"])],
    // 195: io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService
    &[object("metadata", 194), object("status", 197)],
    // 196: io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceList
    &[list("items", 195)],
    // 197: io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceStatus
    &[merged("conditions", NO_TYPE, &["type"])],
    // 198: io.k8s.kube-aggregator.pkg.apis.apiregistration.v1beta1.APIService
    &[object("metadata", 194), object("status", 200)],
    // 199: io.k8s.kube-aggregator.pkg.apis.apiregistration.v1beta1.APIServiceList
    &[list("items", 198)],
    // 200: io.k8s.kube-aggregator.pkg.apis.apiregistration.v1beta1.APIServiceStatus
    &[merged("conditions", NO_TYPE, &["type"])],
];
