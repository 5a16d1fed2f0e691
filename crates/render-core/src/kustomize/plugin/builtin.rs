//! kustomize's own transformers, configured by objects.

use std::collections::BTreeMap;

use manifest::Diagnostic;

use super::config::decode;
use super::value_add;
use crate::kustomize::context::Context;
use crate::kustomize::decode::{LocatedText, decoded};
use crate::kustomize::fields::configuration::specs;
use crate::kustomize::kustomization::{
    FieldSpecArgs, Image, Metadata, Patch, PatchOptions, Replacement, Replica, Selector,
};
use crate::kustomize::object::resource::Resource;
use crate::kustomize::transform::namespace;
use crate::kustomize::transform::namespace::{Namespace, Subjects};
use crate::kustomize::transform::patch;
use crate::kustomize::transform::prefix_suffix;
use crate::kustomize::transform::prefix_suffix::End;
use crate::kustomize::transform::{annotations, images, labels, name_hash, replacements, replicas};

/// The kinds of `apiVersion: builtin` that transform.
pub const TRANSFORMERS: [&str; 14] = [
    "AnnotationsTransformer",
    "HashTransformer",
    "ImageTagTransformer",
    "LabelTransformer",
    "NamespaceTransformer",
    "PatchJson6902Transformer",
    "PatchStrategicMergeTransformer",
    "PatchTransformer",
    "PrefixSuffixTransformer",
    "PrefixTransformer",
    "ReplacementTransformer",
    "ReplicaCountTransformer",
    "SuffixTransformer",
    "ValueAddTransformer",
];

decoded! {
    /// The configuration of a LabelTransformer.
    pub(crate) struct LabelArgs {
        /// The labels.
        "labels" => labels: BTreeMap<String, String>,
        /// The fields that get them.
        "fieldSpecs" => field_specs: Vec<FieldSpecArgs>,
    }
}

decoded! {
    /// The configuration of an AnnotationsTransformer.
    pub(crate) struct AnnotationsArgs {
        /// The annotations.
        "annotations" => annotations: BTreeMap<String, String>,
        /// The fields that get them.
        "fieldSpecs" => field_specs: Vec<FieldSpecArgs>,
    }
}

decoded! {
    /// The configuration of an ImageTagTransformer.
    pub(crate) struct ImageTagArgs {
        /// An entry of `images`.
        "imageTag" => image_tag: Image,
        /// The fields that hold images, besides those in lists of containers.
        "fieldSpecs" => field_specs: Vec<FieldSpecArgs>,
    }
}

decoded! {
    /// The configuration of a NamespaceTransformer.
    pub(crate) struct NamespaceArgs {
        /// Holds the namespace.
        "metadata" => metadata: Metadata,
        /// Further fields that get it.
        "fieldSpecs" => field_specs: Vec<FieldSpecArgs>,
        /// Whether a namespace that is there stays.
        "unsetOnly" => unset_only: bool,
        /// `defaultOnly`, `allServiceAccounts` or `none`.
        "setRoleBindingSubjects" => subjects: String,
    }
}

decoded! {
    /// The configuration of a PrefixTransformer, a SuffixTransformer or both.
    pub(crate) struct AffixArgs {
        /// The prefix of the name.
        "prefix" => prefix: String,
        /// The suffix of the name.
        "suffix" => suffix: String,
        /// The fields that get it.
        "fieldSpecs" => field_specs: Option<Vec<FieldSpecArgs>>,
    }
}

decoded! {
    /// The configuration of a PatchJson6902Transformer.
    pub(crate) struct PatchJson6902Args {
        /// The object.
        "target" => target: Option<Selector>,
        /// The file that holds the operations.
        "path" => path: String,
        /// The operations.
        "jsonOp" => json_op: String,
    }
}

decoded! {
    /// The configuration of a PatchStrategicMergeTransformer.
    pub(crate) struct PatchStrategicMergeArgs {
        /// Files, or patches themselves.
        "paths" => paths: Vec<LocatedText>,
        /// Patches.
        "patches" => patches: String,
    }
}

decoded! {
    /// The configuration of a PatchTransformer.
    pub(crate) struct PatchArgs {
        /// The file.
        "path" => path: String,
        /// The patch itself.
        "patch" => patch: String,
        /// The objects to patch.
        "target" => target: Option<Selector>,
        /// Changes of name and kind that the patch may make.
        "options" => options: Option<PatchOptions>,
    }
}

decoded! {
    /// The configuration of a ReplacementTransformer.
    pub(crate) struct ReplacementArgs {
        /// The replacements.
        "replacements" => replacements: Vec<Replacement>,
    }
}

decoded! {
    /// The configuration of a ReplicaCountTransformer.
    pub(crate) struct ReplicaCountArgs {
        /// Name and count.
        "replica" => replica: Replica,
        /// The fields that get the count.
        "fieldSpecs" => field_specs: Vec<FieldSpecArgs>,
    }
}

/// Runs the transformer that `config` names by its kind.
///
/// # Errors
/// Returns an error if the kind is unknown, and the errors of the kind.
pub(super) fn transform(
    resources: &mut Vec<Resource>,
    config: &Resource,
    context: Context<'_>,
) -> Result<(), Diagnostic> {
    match config.kind() {
        "LabelTransformer" => {
            let args: LabelArgs = decode(config)?;
            labels::apply(resources, &args.labels, &specs(args.field_specs), context.budget)
        }
        "AnnotationsTransformer" => {
            let args: AnnotationsArgs = decode(config)?;
            annotations::apply(resources, &args.annotations, &specs(args.field_specs), context.budget)
        }
        "ImageTagTransformer" => {
            let args: ImageTagArgs = decode(config)?;
            images::apply(resources, &[args.image_tag], &specs(args.field_specs), context.budget)
        }
        "HashTransformer" => name_hash::apply(resources, context.schema),
        "NamespaceTransformer" => set_namespace(resources, config, context),
        "PrefixTransformer" => affix(resources, config, &[End::Prefix], context),
        "SuffixTransformer" => affix(resources, config, &[End::Suffix], context),
        "PrefixSuffixTransformer" => affix(resources, config, &[End::Prefix, End::Suffix], context),
        "PatchTransformer" => {
            let args: PatchArgs = decode(config)?;
            let PatchArgs { path, patch, target, options, at } = args;
            patch::apply(resources, &Patch { path, patch, target, options, at }, context)
        }
        "PatchJson6902Transformer" => {
            let args: PatchJson6902Args = decode(config)?;
            let PatchJson6902Args { path, json_op, target, at } = args;
            patch::json6902(resources, &Patch { path, patch: json_op, target, options: None, at }, context)
        }
        "PatchStrategicMergeTransformer" => strategic_merge(resources, config, context),
        "ReplacementTransformer" => {
            let args: ReplacementArgs = decode(config)?;
            replacements::apply(resources, &args.replacements, context)
        }
        "ReplicaCountTransformer" => {
            let args: ReplicaCountArgs = decode(config)?;
            replicas::apply(resources, &[args.replica], &specs(args.field_specs), context.budget)
        }
        "ValueAddTransformer" => value_add::transform(resources, config, context),
        other => Err(Diagnostic::new(format!("unknown built-in transformer {other:?}"))
            .field("kind")
            .hint(format!("use one of {}", TRANSFORMERS.join(", ")))),
    }
}

fn set_namespace(resources: &mut [Resource], config: &Resource, context: Context<'_>) -> Result<(), Diagnostic> {
    let args: NamespaceArgs = decode(config)?;
    let subjects = match args.subjects.as_str() {
        "" | "defaultOnly" => Subjects::Default,
        "allServiceAccounts" => Subjects::ServiceAccounts,
        "none" => Subjects::None,
        other => {
            return Err(Diagnostic::new(format!("invalid setRoleBindingSubjects {other:?}"))
                .field("setRoleBindingSubjects")
                .hint("use defaultOnly, allServiceAccounts or none"));
        }
    };
    let namespace = Namespace { name: args.metadata.namespace, unset_only: args.unset_only, subjects };
    namespace::apply(resources, &namespace, &specs(args.field_specs), context)
}

fn affix(resources: &mut [Resource], config: &Resource, ends: &[End], context: Context<'_>) -> Result<(), Diagnostic> {
    let args: AffixArgs = decode(config)?;
    let Some(field_specs) = args.field_specs else {
        return Err(Diagnostic::new("missing field \"fieldSpecs\"")
            .field("fieldSpecs")
            .hint("add `fieldSpecs: [{path: metadata/name}]`"));
    };
    let specs = specs(field_specs);
    for end in ends {
        let text = if *end == End::Prefix { &args.prefix } else { &args.suffix };
        prefix_suffix::apply(resources, *end, text, &specs, context)?;
    }
    Ok(())
}

fn strategic_merge(resources: &mut Vec<Resource>, config: &Resource, context: Context<'_>) -> Result<(), Diagnostic> {
    let args: PatchStrategicMergeArgs = decode(config)?;
    let mut patches = patch::load(&args.paths, context)?;
    let inline = patch::read(&args.patches, None)?;
    patch::warn(&inline, context);
    patches.extend(inline);
    patch::strategic_merge_all(resources, &patches, context)
}
