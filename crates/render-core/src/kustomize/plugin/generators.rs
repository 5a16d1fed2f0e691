//! kustomize's own generators, configured by objects.

use manifest::{Diagnostic, Node, Scalar};

use super::config::decode;
use super::helm;
use crate::kustomize::context::Context;
use crate::kustomize::decode::decoded;
use crate::kustomize::generate::{config_map, secret};
use crate::kustomize::kustomization::{ConfigMapArgs, HelmChart, HelmGlobals, Metadata, SecretArgs};
use crate::kustomize::object::resource::Resource;

/// The kinds of `apiVersion: builtin` that generate.
pub const GENERATORS: [&str; 4] =
    ["ConfigMapGenerator", "HelmChartInflationGenerator", "IAMPolicyGenerator", "SecretGenerator"];

decoded! {
    /// The fields that every configuration has.
    pub(crate) struct Named {
        /// Name and namespace.
        "metadata" => metadata: Metadata,
    }
}

decoded! {
    /// The configuration of an IAMPolicyGenerator.
    pub(crate) struct IamPolicyArgs {
        /// The cloud; `gke` is the only one.
        "cloud" => cloud: String,
        /// The account in Kubernetes.
        "kubernetesService" => kubernetes: KubernetesAccount,
        /// The account in the cloud.
        "serviceAccount" => account: CloudAccount,
    }
}

decoded! {
    /// An account in Kubernetes.
    pub(crate) struct KubernetesAccount {
        /// Its name.
        "name" => name: String,
        /// Its namespace.
        "namespace" => namespace: String,
    }
}

decoded! {
    /// An account in a cloud.
    pub(crate) struct CloudAccount {
        /// Its name.
        "name" => name: String,
        /// Its project.
        "projectId" => project: String,
    }
}

/// Runs the generator that `config` names by its kind.
///
/// # Errors
/// Returns an error if the kind is unknown, and the errors of the kind.
pub(super) fn generate(config: &Resource, context: Context<'_>) -> Result<Vec<Resource>, Diagnostic> {
    match config.kind() {
        "ConfigMapGenerator" => {
            let mut args: ConfigMapArgs = decode(config)?;
            name_after(config, &mut args.name, &mut args.namespace)?;
            config_map::generate(context.io, context.dir, &args, None).map(|one| vec![one])
        }
        "SecretGenerator" => {
            let mut args: SecretArgs = decode(config)?;
            name_after(config, &mut args.name, &mut args.namespace)?;
            secret::generate(context.io, context.dir, &args, None).map(|one| vec![one])
        }
        "HelmChartInflationGenerator" => {
            let (chart, globals): (HelmChart, HelmGlobals) = (decode(config)?, decode(config)?);
            helm::generate(&chart, &globals, context)
        }
        "IAMPolicyGenerator" => service_account(&decode(config)?).map(|one| vec![one]),
        other => Err(Diagnostic::new(format!("unknown built-in generator {other:?}"))
            .field("kind")
            .hint(format!("use one of {}", GENERATORS.join(", ")))),
    }
}

/// Takes name and namespace from the configuration's metadata where it does not give them itself.
fn name_after(config: &Resource, name: &mut String, namespace: &mut String) -> Result<(), Diagnostic> {
    let named: Named = decode(config)?;
    if name.is_empty() {
        *name = named.metadata.name;
    }
    if namespace.is_empty() {
        *namespace = named.metadata.namespace;
    }
    Ok(())
}

/// The ServiceAccount that stands for a cloud account.
fn service_account(args: &IamPolicyArgs) -> Result<Resource, Diagnostic> {
    if args.cloud != "gke" {
        return Err(Diagnostic::new(format!("unsupported cloud {:?}", args.cloud)).field("cloud").hint("use gke"));
    }
    let account = format!("{}@{}.iam.gserviceaccount.com", args.account.name, args.account.project);
    let plain = |text: &str| Node::from(Scalar::plain(text));
    let mut annotations = Node::map();
    let mut metadata = Node::map();
    let mut object = Node::map();
    if let Some(map) = annotations.as_map_mut() {
        map.set("iam.gke.io/gcp-service-account", plain(&account));
    }
    if let Some(map) = metadata.as_map_mut() {
        map.set("annotations", annotations);
        map.set("name", plain(&args.kubernetes.name));
        if !args.kubernetes.namespace.is_empty() {
            map.set("namespace", plain(&args.kubernetes.namespace));
        }
    }
    if let Some(map) = object.as_map_mut() {
        map.set("apiVersion", plain("v1"));
        map.set("kind", plain("ServiceAccount"));
        map.set("metadata", metadata);
    }
    Ok(Resource::new(object))
}
