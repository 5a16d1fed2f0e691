//! kustomization.yaml as it is written, and what kustomize accepts as one.
//!
//! The fields are those of `types.Kustomization` of kustomize 5.8.1. What is read is decoded strictly (see
//! `decode`), then deprecated fields are moved to where they belong, as `FixKustomization` does.

use std::collections::BTreeMap;

use manifest::{Diagnostic, Node};

use crate::kustomize::decode::{Decode, LocatedText, Strictness, decoded, mismatch};

mod deprecated;
mod entries;
mod generators;
mod helm;
mod misplaced;

pub use self::entries::{
    FieldOptions, FieldSpecArgs, Image, Label, LegacySortOptions, Patch, PatchOptions, Replacement, ReplacementSource,
    ReplacementTarget, Replica, Selector, SortOptions, Var, VarField, VarTarget,
};
pub use self::generators::{ConfigMapArgs, GeneratorOptions, SecretArgs};
pub use self::helm::{HelmChart, HelmChartArgs, HelmGlobals};

/// The names under which a kustomization is found in a folder, in the order in which kustomize looks.
pub const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

const API_VERSION: &str = "kustomize.config.k8s.io/v1beta1";
const COMPONENT_API_VERSION: &str = "kustomize.config.k8s.io/v1alpha1";

decoded! {
    /// A kustomization.yaml.
    pub struct Kustomization {
        /// `Kustomization` or `Component`.
        "kind" => kind: String,
        /// The version that belongs to the kind.
        "apiVersion" => api_version: String,
        /// Its own metadata; nothing follows from it.
        "metadata" => metadata: Option<Metadata>,
        /// `path` or `version` of the Kubernetes schema to use.
        "openapi" => openapi: Option<BTreeMap<String, String>>,
        /// The prefix of every name.
        "namePrefix" => name_prefix: String,
        /// The suffix of every name.
        "nameSuffix" => name_suffix: String,
        /// The namespace of every object that can have one.
        "namespace" => namespace: String,
        /// Deprecated: labels for objects, templates and selectors.
        "commonLabels" => common_labels: Option<BTreeMap<String, String>>,
        /// Labels and where they go.
        "labels" => labels: Option<Vec<Label>>,
        /// Annotations of every object and template.
        "commonAnnotations" => common_annotations: Option<BTreeMap<String, String>>,
        /// Deprecated: strategic-merge patches, as files or inline.
        "patchesStrategicMerge" => patches_strategic_merge: Option<Vec<LocatedText>>,
        /// Deprecated: JSON 6902 patches.
        "patchesJson6902" => patches_json6902: Option<Vec<Patch>>,
        /// Patches of either kind.
        "patches" => patches: Option<Vec<Patch>>,
        /// New names, tags and digests of images.
        "images" => images: Option<Vec<Image>>,
        /// Deprecated spelling of `images`.
        "imageTags" => image_tags: Option<Vec<Image>>,
        /// Values copied from field to field.
        "replacements" => replacements: Option<Vec<Replacement>>,
        /// Replica counts by name.
        "replicas" => replicas: Option<Vec<Replica>>,
        /// Deprecated: values that replace `$(NAME)`.
        "vars" => vars: Option<Vec<Var>>,
        /// The order of the output.
        "sortOptions" => sort_options: Option<SortOptions>,
        /// Files, folders and remote bases.
        "resources" => resources: Option<Vec<LocatedText>>,
        /// Folders of kind Component.
        "components" => components: Option<Vec<LocatedText>>,
        /// Files with OpenAPI definitions of custom resources.
        "crds" => crds: Option<Vec<LocatedText>>,
        /// Deprecated: as `resources`.
        "bases" => bases: Option<Vec<LocatedText>>,
        /// ConfigMaps to generate.
        "configMapGenerator" => config_map_generator: Option<Vec<ConfigMapArgs>>,
        /// Secrets to generate.
        "secretGenerator" => secret_generator: Option<Vec<SecretArgs>>,
        /// The settings that all Helm charts share.
        "helmGlobals" => helm_globals: Option<HelmGlobals>,
        /// Helm charts to render.
        "helmCharts" => helm_charts: Option<Vec<HelmChart>>,
        /// Deprecated: Helm charts in an older shape.
        "helmChartInflationGenerator" => helm_chart_inflation_generator: Option<Vec<HelmChartArgs>>,
        /// Options of all generators.
        "generatorOptions" => generator_options: Option<GeneratorOptions>,
        /// Files with field specs for the transformers.
        "configurations" => configurations: Option<Vec<LocatedText>>,
        /// Generator plugins: files, folders or inline.
        "generators" => generators: Option<Vec<LocatedText>>,
        /// Transformer plugins: files, folders or inline.
        "transformers" => transformers: Option<Vec<LocatedText>>,
        /// Validator plugins: files, folders or inline.
        "validators" => validators: Option<Vec<LocatedText>>,
        /// `originAnnotations`, `transformerAnnotations`, `managedByLabel`.
        "buildMetadata" => build_metadata: Option<Vec<String>>,
    }
}

decoded! {
    /// The metadata of a kustomization or of a plugin's configuration.
    pub struct Metadata {
        /// Its name.
        "name" => name: String,
        /// Its namespace.
        "namespace" => namespace: String,
        /// Its labels.
        "labels" => labels: BTreeMap<String, String>,
        /// Its annotations.
        "annotations" => annotations: BTreeMap<String, String>,
    }
}

impl Kustomization {
    /// Decodes a kustomization.yaml's first document, checks kind and version and moves deprecated fields to where they
    /// belong. What is deprecated but used is added to `warnings`.
    ///
    /// # Errors
    /// Fields that kustomize does not know, values of another type, a wrong kind or version, and an empty file.
    pub fn read(document: &Node, warnings: &mut Vec<Diagnostic>) -> Result<Self, Diagnostic> {
        if document.as_map().is_none() && !crate::kustomize::decode::is_null(document) {
            return Err(mismatch(document, "a mapping"));
        }
        let mut decoded = Kustomization::decode(document, Strictness::Strict)
            .map_err(|error| misplaced::misplaced(error, Kustomization::FIELDS))?;
        warnings.extend(decoded.deprecated());
        decoded.modernise();
        if decoded.is_empty() {
            return Err(Diagnostic::new("the kustomization is empty").hint("add an entry to `resources`"));
        }
        decoded.check_kind(document)?;
        Ok(decoded)
    }

    /// Whether it is of kind Component.
    pub fn is_component(&self) -> bool {
        self.kind == "Component"
    }

    fn expected_api_version(&self) -> &'static str {
        if self.is_component() { COMPONENT_API_VERSION } else { API_VERSION }
    }

    /// Whether there is nothing but kind and version. An empty list is something, an empty string is not.
    fn is_empty(&self) -> bool {
        let strings = [&self.name_prefix, &self.name_suffix, &self.namespace];
        let present = [
            self.metadata.is_some(),
            self.openapi.is_some(),
            self.common_labels.is_some(),
            self.labels.is_some(),
            self.common_annotations.is_some(),
            self.patches_strategic_merge.is_some(),
            self.patches_json6902.is_some(),
            self.patches.is_some(),
            self.images.is_some(),
            self.replacements.is_some(),
            self.replicas.is_some(),
            self.vars.is_some(),
            self.sort_options.is_some(),
            self.resources.is_some(),
            self.components.is_some(),
            self.crds.is_some(),
            self.config_map_generator.is_some(),
            self.secret_generator.is_some(),
            self.helm_globals.is_some(),
            self.helm_charts.is_some(),
            self.generator_options.is_some(),
            self.configurations.is_some(),
            self.generators.is_some(),
            self.transformers.is_some(),
            self.validators.is_some(),
            self.build_metadata.is_some(),
        ];
        strings.iter().all(|text| text.is_empty()) && !present.contains(&true)
    }

    fn check_kind(&self, document: &Node) -> Result<(), Diagnostic> {
        let place = |field| document.get(field).map_or(document.at, |node| node.at);
        if self.kind != "Kustomization" && self.kind != "Component" {
            return Err(Diagnostic::new("expected Kustomization or Component").field("kind").at(place("kind")));
        }
        if self.api_version != self.expected_api_version() {
            let message = format!("expected {} for kind {}", self.expected_api_version(), self.kind);
            return Err(Diagnostic::new(message).field("apiVersion").at(place("apiVersion")));
        }
        Ok(())
    }
}
