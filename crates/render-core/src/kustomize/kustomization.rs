//! kustomization.yaml as it is written, and what kustomize accepts as one.
//!
//! The fields are those of `types.Kustomization` of kustomize 5.8.1. What is read is decoded strictly (see
//! [`super::decode`]), then deprecated fields are moved to where they belong, as `FixKustomization` does.

use std::collections::BTreeMap;

use manifest::{Diagnostic, Node};

use super::decode::{Decode, Strictness, Written, decoded, mismatch};

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
        /// What goes before every name.
        "namePrefix" => name_prefix: String,
        /// What goes after every name.
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
        "patchesStrategicMerge" => patches_strategic_merge: Option<Vec<Written>>,
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
        /// Deprecated: values to put where `$(NAME)` stands.
        "vars" => vars: Option<Vec<Var>>,
        /// The order of the output.
        "sortOptions" => sort_options: Option<SortOptions>,
        /// Files, folders and remote bases.
        "resources" => resources: Option<Vec<Written>>,
        /// Folders of kind Component.
        "components" => components: Option<Vec<Written>>,
        /// Files with OpenAPI definitions of custom resources.
        "crds" => crds: Option<Vec<Written>>,
        /// Deprecated: as `resources`.
        "bases" => bases: Option<Vec<Written>>,
        /// ConfigMaps to generate.
        "configMapGenerator" => config_map_generator: Option<Vec<ConfigMapArgs>>,
        /// Secrets to generate.
        "secretGenerator" => secret_generator: Option<Vec<SecretArgs>>,
        /// What all Helm charts share.
        "helmGlobals" => helm_globals: Option<HelmGlobals>,
        /// Helm charts to render.
        "helmCharts" => helm_charts: Option<Vec<HelmChart>>,
        /// Deprecated: Helm charts in an older shape.
        "helmChartInflationGenerator" => helm_chart_inflation_generator: Option<Vec<HelmChartArgs>>,
        /// Options of all generators.
        "generatorOptions" => generator_options: Option<GeneratorOptions>,
        /// Files with field specs for the transformers.
        "configurations" => configurations: Option<Vec<Written>>,
        /// Generator plugins: files, folders or inline.
        "generators" => generators: Option<Vec<Written>>,
        /// Transformer plugins: files, folders or inline.
        "transformers" => transformers: Option<Vec<Written>>,
        /// Validator plugins: files, folders or inline.
        "validators" => validators: Option<Vec<Written>>,
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

decoded! {
    /// Labels and where they go.
    pub struct Label {
        /// The labels.
        "pairs" => pairs: BTreeMap<String, String>,
        /// Whether selectors (and templates) get them.
        "includeSelectors" => include_selectors: bool,
        /// Whether templates get them.
        "includeTemplates" => include_templates: bool,
        /// Further fields that get them.
        "fields" => fields: Vec<FieldSpecArgs>,
    }
}

decoded! {
    /// A field of objects of some kind, as configurations write it.
    pub struct FieldSpecArgs {
        /// Group; any where empty.
        "group" => group: String,
        /// Version; any where empty.
        "version" => version: String,
        /// Kind; any where empty.
        "kind" => kind: String,
        /// The path, its parts joined with `/`.
        "path" => path: String,
        /// Whether the field is made where it is missing.
        "create" => create: bool,
    }
}

decoded! {
    /// A patch: a file or inline, for the objects that its target selects or that it names itself.
    pub struct Patch {
        /// The file.
        "path" => path: String,
        /// The patch itself.
        "patch" => patch: String,
        /// The objects to patch.
        "target" => target: Option<Selector>,
        /// What the patch may change beside the content.
        "options" => options: Option<PatchOptions>,
    }
}

decoded! {
    /// What a patch may change beside the content.
    pub struct PatchOptions {
        /// Whether it may change names.
        "allowNameChange" => allow_name_change: bool,
        /// Whether it may change kinds.
        "allowKindChange" => allow_kind_change: bool,
    }
}

decoded! {
    /// Which objects: each part a regular expression for the whole value, any where empty.
    pub struct Selector {
        /// Group.
        "group" => group: String,
        /// Version.
        "version" => version: String,
        /// Kind.
        "kind" => kind: String,
        /// Name.
        "name" => name: String,
        /// Namespace.
        "namespace" => namespace: String,
        /// A Kubernetes selector over annotations.
        "annotationSelector" => annotation_selector: String,
        /// A Kubernetes selector over labels.
        "labelSelector" => label_selector: String,
    }
}

decoded! {
    /// What an image becomes.
    pub struct Image {
        /// The image's name in the objects, without tag and digest.
        "name" => name: String,
        /// Its new name.
        "newName" => new_name: String,
        /// What goes after its tag.
        "tagSuffix" => tag_suffix: String,
        /// Its new tag.
        "newTag" => new_tag: String,
        /// Its new digest.
        "digest" => digest: String,
    }
}

decoded! {
    /// A value and the fields that get it, or the file that says so.
    pub struct Replacement {
        /// The field whose value is taken.
        "source" => source: Option<ReplacementSource>,
        /// The fields that get it.
        "targets" => targets: Option<Vec<ReplacementTarget>>,
        /// The value itself, where no source is named.
        "sourceValue" => source_value: Option<String>,
        /// A file of replacements.
        "path" => path: String,
    }
}

decoded! {
    /// The field whose value is taken.
    pub struct ReplacementSource {
        /// Group.
        "group" => group: String,
        /// Version.
        "version" => version: String,
        /// Kind.
        "kind" => kind: String,
        /// Name.
        "name" => name: String,
        /// Namespace.
        "namespace" => namespace: String,
        /// The field; `metadata.name` where empty.
        "fieldPath" => field_path: String,
        /// Which part of the value.
        "options" => options: Option<FieldOptions>,
    }
}

decoded! {
    /// The fields that get a value.
    pub struct ReplacementTarget {
        /// The objects.
        "select" => select: Option<Selector>,
        /// Those of them that are left out.
        "reject" => reject: Option<Vec<Selector>>,
        /// The fields in them.
        "fieldPaths" => field_paths: Option<Vec<String>>,
        /// Which part of the field, and whether it is made.
        "options" => options: Option<FieldOptions>,
    }
}

decoded! {
    /// Which part of a value a replacement takes or sets.
    pub struct FieldOptions {
        /// What separates the parts.
        "delimiter" => delimiter: String,
        /// Which part, from 0.
        "index" => index: i64,
        /// How the value is encoded.
        "encoding" => encoding: String,
        /// Whether a missing field is made.
        "create" => create: bool,
    }
}

decoded! {
    /// A replica count.
    pub struct Replica {
        /// The object's name.
        "name" => name: String,
        /// How many.
        "count" => count: i64,
    }
}

decoded! {
    /// A value to put where `$(NAME)` stands.
    pub struct Var {
        /// The name.
        "name" => name: String,
        /// The object it comes from.
        "objref" => objref: VarTarget,
        /// The field it comes from.
        "fieldref" => fieldref: VarField,
    }
}

decoded! {
    /// The object that a var comes from.
    pub struct VarTarget {
        /// Group and version, together.
        "apiVersion" => api_version: String,
        /// Group.
        "group" => group: String,
        /// Version.
        "version" => version: String,
        /// Kind.
        "kind" => kind: String,
        /// Name, as it was first.
        "name" => name: String,
        /// Namespace; any where empty.
        "namespace" => namespace: String,
    }
}

decoded! {
    /// The field that a var comes from.
    pub struct VarField {
        /// The path; `metadata.name` where empty.
        "fieldPath" => field_path: String,
    }
}

decoded! {
    /// The order of the output.
    pub struct SortOptions {
        /// `legacy` or `fifo`.
        "order" => order: String,
        /// Which kinds come first and last.
        "legacySortOptions" => legacy: Option<LegacySortOptions>,
    }
}

decoded! {
    /// Which kinds come first and last.
    pub struct LegacySortOptions {
        /// The kinds that come first, in order.
        "orderFirst" => order_first: Vec<String>,
        /// The kinds that come last, in order.
        "orderLast" => order_last: Vec<String>,
    }
}

decoded! {
    /// A ConfigMap to generate.
    pub struct ConfigMapArgs {
        /// Its namespace.
        "namespace" => namespace: String,
        /// Its name.
        "name" => name: String,
        /// `create`, `replace` or `merge`.
        "behavior" => behavior: String,
        /// `KEY=VALUE` pairs.
        "literals" => literals: Vec<Written>,
        /// Files, as `PATH` or `KEY=PATH`.
        "files" => files: Vec<Written>,
        /// Files of `KEY=VALUE` lines.
        "envs" => envs: Vec<Written>,
        /// Deprecated: one such file.
        "env" => env: Written,
        /// Labels, annotations and the like.
        "options" => options: Option<GeneratorOptions>,
    }
}

decoded! {
    /// A Secret to generate.
    pub struct SecretArgs {
        /// Its namespace.
        "namespace" => namespace: String,
        /// Its name.
        "name" => name: String,
        /// `create`, `replace` or `merge`.
        "behavior" => behavior: String,
        /// `KEY=VALUE` pairs.
        "literals" => literals: Vec<Written>,
        /// Files, as `PATH` or `KEY=PATH`.
        "files" => files: Vec<Written>,
        /// Files of `KEY=VALUE` lines.
        "envs" => envs: Vec<Written>,
        /// Deprecated: one such file.
        "env" => env: Written,
        /// Labels, annotations and the like.
        "options" => options: Option<GeneratorOptions>,
        /// The Secret's type; `Opaque` where empty.
        "type" => secret_type: String,
    }
}

decoded! {
    /// What a generator does beside the data.
    pub struct GeneratorOptions {
        /// Labels of the generated object.
        "labels" => labels: Option<BTreeMap<String, String>>,
        /// Annotations of the generated object.
        "annotations" => annotations: Option<BTreeMap<String, String>>,
        /// Whether the name stays without a hash.
        "disableNameSuffixHash" => disable_name_suffix_hash: bool,
        /// Whether the object says that it is immutable.
        "immutable" => immutable: bool,
    }
}

decoded! {
    /// What all Helm charts share.
    pub struct HelmGlobals {
        /// The folder that holds charts; `charts` where empty.
        "chartHome" => chart_home: String,
        /// Helm's configuration folder.
        "configHome" => config_home: String,
    }
}

decoded! {
    /// A Helm chart to render.
    pub struct HelmChart {
        /// The chart.
        "name" => name: String,
        /// Its version.
        "version" => version: String,
        /// The repository it comes from.
        "repo" => repo: String,
        /// The release's name.
        "releaseName" => release_name: String,
        /// The release's namespace.
        "namespace" => namespace: String,
        /// Values files after the first.
        "additionalValuesFiles" => additional_values_files: Vec<String>,
        /// The values file.
        "valuesFile" => values_file: String,
        /// Values.
        "valuesInline" => values_inline: Option<Node>,
        /// `override`, `replace` or `merge`.
        "valuesMerge" => values_merge: String,
        /// Whether CRDs are rendered.
        "includeCRDs" => include_crds: bool,
        /// Whether hooks are left out.
        "skipHooks" => skip_hooks: bool,
        /// API versions that the chart may count on.
        "apiVersions" => api_versions: Vec<String>,
        /// The Kubernetes version that the chart may count on.
        "kubeVersion" => kube_version: String,
        /// A template for the release's name.
        "nameTemplate" => name_template: String,
        /// Whether tests are left out.
        "skipTests" => skip_tests: bool,
        /// Whether helm is run with `--debug`.
        "debug" => debug: bool,
        /// Whether pre-releases are taken.
        "devel" => devel: bool,
    }
}

decoded! {
    /// A Helm chart in the older shape.
    pub struct HelmChartArgs {
        /// The chart.
        "chartName" => chart_name: String,
        /// Its version.
        "chartVersion" => chart_version: String,
        /// The repository it comes from.
        "chartRepoUrl" => chart_repo_url: String,
        /// The folder that holds charts.
        "chartHome" => chart_home: String,
        /// Not used by kustomize.
        "chartRepoName" => chart_repo_name: String,
        /// Not used by kustomize.
        "helmBin" => helm_bin: String,
        /// Helm's configuration folder.
        "helmHome" => helm_home: String,
        /// The values file.
        "values" => values: String,
        /// Values.
        "valuesLocal" => values_local: Option<Node>,
        /// `override`, `replace` or `merge`.
        "valuesMerge" => values_merge: String,
        /// The release's name.
        "releaseName" => release_name: String,
        /// Not used by kustomize.
        "releaseNamespace" => release_namespace: String,
        /// Not used by kustomize.
        "extraArgs" => extra_args: Vec<String>,
    }
}

impl Kustomization {
    /// Decodes a kustomization.yaml's first document, checks kind and version and moves deprecated fields to where they
    /// belong. What is deprecated but used is added to `warnings`.
    ///
    /// # Errors
    /// Fields that kustomize does not know, values of another type, a wrong kind or version, and nothing at all.
    pub fn read(document: &Node, warnings: &mut Vec<Diagnostic>) -> Result<Self, Diagnostic> {
        if document.as_map().is_none() && !super::decode::is_null(document) {
            return Err(mismatch(document, "a mapping"));
        }
        let mut decoded = Kustomization::decode(document, Strictness::Strict)?;
        warnings.extend(decoded.deprecated());
        decoded.modernise();
        if decoded.is_empty() {
            return Err(Diagnostic::new("the kustomization is empty").hint("List something under `resources`."));
        }
        decoded.check_kind(document)?;
        Ok(decoded)
    }

    /// Whether it is of kind Component.
    pub fn is_component(&self) -> bool {
        self.kind == "Component"
    }

    /// kustomize's own warnings, word for word, about the deprecated fields that are used.
    fn deprecated(&self) -> Vec<Diagnostic> {
        let fields = [
            ("bases", "resources", self.bases.is_some(), ""),
            ("commonLabels", "labels", self.common_labels.is_some(), ""),
            ("imageTags", "images", self.image_tags.is_some(), ""),
            ("patchesJson6902", "patches", self.patches_json6902.is_some(), ""),
            ("patchesStrategicMerge", "patches", self.patches_strategic_merge.is_some(), ""),
            ("vars", "replacements", self.vars.is_some(), "[EXPERIMENTAL] "),
        ];
        let used = fields.into_iter().filter(|(_, _, used, _)| *used);
        used.map(|(old, new, _, mark)| {
            Diagnostic::new(format!(
                "# Warning: '{old}' is deprecated. Please use '{new}' instead. \
                 {mark}Run 'kustomize edit fix' to update your Kustomization automatically."
            ))
        })
        .collect()
    }

    /// Moves the content of deprecated fields to where it belongs (`FixKustomization`).
    fn modernise(&mut self) {
        if self.kind.is_empty() {
            "Kustomization".clone_into(&mut self.kind);
        }
        if self.api_version.is_empty() {
            self.wanted_api_version().clone_into(&mut self.api_version);
        }
        append(&mut self.resources, self.bases.take());
        append(&mut self.images, self.image_tags.take());
        for args in self.config_map_generator.iter_mut().flatten() {
            move_env(&mut args.envs, &mut args.env);
        }
        for args in self.secret_generator.iter_mut().flatten() {
            move_env(&mut args.envs, &mut args.env);
        }
        self.modernise_helm();
    }

    fn modernise_helm(&mut self) {
        let old = self.helm_chart_inflation_generator.take().unwrap_or_default();
        let mut globals = HelmGlobals::default();
        for args in &old {
            if !args.helm_home.is_empty() {
                globals.config_home.clone_from(&args.helm_home);
            }
            if !args.chart_home.is_empty() {
                globals.chart_home.clone_from(&args.chart_home);
            }
        }
        if self.helm_globals.is_none() && !(globals.chart_home.is_empty() && globals.config_home.is_empty()) {
            self.helm_globals = Some(globals);
        }
        if !old.is_empty() {
            append(&mut self.helm_charts, Some(old.into_iter().map(HelmChartArgs::into_chart).collect()));
        }
    }

    fn wanted_api_version(&self) -> &'static str {
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
            return Err(Diagnostic::new("must be Kustomization or Component").field("kind").at(place("kind")));
        }
        if self.api_version != self.wanted_api_version() {
            let message = format!("must be {} for kind {}", self.wanted_api_version(), self.kind);
            return Err(Diagnostic::new(message).field("apiVersion").at(place("apiVersion")));
        }
        Ok(())
    }
}

impl HelmChartArgs {
    fn into_chart(self) -> HelmChart {
        HelmChart {
            name: self.chart_name,
            version: self.chart_version,
            repo: self.chart_repo_url,
            values_file: self.values,
            values_inline: self.values_local,
            values_merge: self.values_merge,
            release_name: self.release_name,
            at: self.at,
            ..HelmChart::default()
        }
    }
}

/// Adds a deprecated list to the one that took its place; an empty one leaves it absent.
fn append<T>(list: &mut Option<Vec<T>>, more: Option<Vec<T>>) {
    if let Some(more) = more.filter(|more| !more.is_empty()) {
        list.get_or_insert_with(Vec::new).extend(more);
    }
}

fn move_env(envs: &mut Vec<Written>, env: &mut Written) {
    if !env.text.is_empty() {
        envs.push(std::mem::take(env));
    }
}
