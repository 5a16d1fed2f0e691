//! Field specs: which fields of which kinds a transformer changes, and the walk to them.
//!
//! The defaults are kustomize 5.8.1's (`field_spec/defaults.txt`); `configurations:` files and `crds` add to them.

use manifest::{Data, Diagnostic, Gvk, Map, Node, Scalar, Tag, Text};

use super::decode::{Decode, Strictness, decoded};
use super::kustomization::FieldSpecArgs;
use super::scalar::is_null;
use super::shared;

const DEFAULTS: &str = include_str!("field_spec/defaults.txt");

/// A path into the objects of some kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSpec {
    /// The kinds it applies to; an empty part stands for any.
    pub gvk: Gvk,
    /// The path as written, parts separated by `/` (`\/` for a slash inside a part, `[]` after a list's name).
    pub path: Text,
    /// Whether missing parts of the path are made.
    pub create: bool,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    name: Text,
    list: bool,
}

/// What is put at the end of a path that is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    /// Nothing: only what exists is changed.
    Nothing,
    /// An empty mapping.
    Map,
    /// An empty scalar, to be set by the caller.
    Scalar,
}

impl FieldSpec {
    /// A spec for the kinds that `gvk` selects.
    pub fn new(gvk: Gvk, path: impl Into<Text>, create: bool) -> Self {
        let path = path.into();
        let steps = split_path(&path, '/').into_iter().map(Step::new).collect();
        FieldSpec { gvk, path, create, steps }
    }

    /// Whether it applies to objects of this kind.
    pub fn applies_to(&self, gvk: &Gvk) -> bool {
        selects(&self.gvk, gvk)
    }

    /// The ways to the nodes at the path that are there already, if the spec applies to `gvk`.
    pub fn places(&self, gvk: &Gvk, object: &Node) -> Vec<Vec<shared::Step>> {
        let mut found = Vec::new();
        if self.applies_to(gvk) {
            ways(object, &self.steps, &mut Vec::new(), &mut found);
        }
        found
    }

    /// Calls `set` on every node at the path, if the spec applies to `gvk`, the object's kind. Null nodes before the
    /// path's end stop the walk, lists are walked element by element.
    ///
    /// # Errors
    /// Where a scalar stands before the path's end, a part of the path is empty or an index, or `set` fails.
    pub fn apply(
        &self,
        gvk: &Gvk,
        object: &mut Node,
        make: Make,
        set: &mut dyn FnMut(&mut Node) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        if !self.applies_to(gvk) {
            return Ok(());
        }
        let make = if self.create { make } else { Make::Nothing };
        walk(object, &self.steps, make, set).map_err(|found| found.field(self.path.replace('/', ".")))
    }
}

/// The ways from `node` along `steps` to what stands there already.
fn ways(node: &Node, steps: &[Step], way: &mut Vec<shared::Step>, found: &mut Vec<Vec<shared::Step>>) {
    let Some((step, rest)) = steps.split_first() else {
        found.push(way.clone());
        return;
    };
    match &node.data {
        Data::Scalar(_) => {}
        Data::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                way.push(shared::Step::Index(index));
                ways(item, steps, way, found);
                way.pop();
            }
        }
        Data::Map(map) => {
            if let Some(field) = map.get(&step.name) {
                way.push(shared::Step::Key(step.name.clone()));
                ways(field, rest, way, found);
                way.pop();
            }
        }
    }
}

impl Step {
    fn new(part: String) -> Self {
        match part.strip_suffix("[]") {
            Some(name) => Step { name: name.into(), list: true },
            None => Step { name: part.into(), list: false },
        }
    }
}

/// Whether `selector` (empty parts stand for any) selects `gvk`.
pub fn selects(selector: &Gvk, gvk: &Gvk) -> bool {
    let part = |wanted: &Text, found: &Text| wanted.is_empty() || wanted == found;
    part(&selector.kind, &gvk.kind) && part(&selector.group, &gvk.group) && part(&selector.version, &gvk.version)
}

/// Splits a path at `delimiter`, except where a backslash stands before it; one delimiter at the start is passed over.
pub fn split_path(path: &str, delimiter: char) -> Vec<String> {
    let mut parts: Vec<&str> = path.split(delimiter).collect();
    if parts.len() > 1 && parts[0].is_empty() {
        parts.remove(0);
    }
    let mut result: Vec<String> = Vec::with_capacity(parts.len());
    for part in parts {
        match result.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(delimiter);
                last.push_str(part);
            }
            _ => result.push(part.to_owned()),
        }
    }
    result
}

fn walk(
    node: &mut Node,
    steps: &[Step],
    make: Make,
    set: &mut dyn FnMut(&mut Node) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    let Some((step, rest)) = steps.split_first() else { return set(node) };
    match &mut node.data {
        Data::Scalar(scalar) if is_null(scalar) => Ok(()),
        Data::Scalar(_) => {
            Err(Diagnostic::new(format!("a mapping or list is wanted above {:?}, but it is a scalar", step.name)))
        }
        Data::Seq(items) => items.iter_mut().try_for_each(|item| walk(item, steps, make, set)),
        Data::Map(map) => walk_map(map, step, rest, make, set),
    }
}

fn walk_map(
    map: &mut Map,
    step: &Step,
    rest: &[Step],
    make: Make,
    set: &mut dyn FnMut(&mut Node) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    if step.name.is_empty() {
        return Err(Diagnostic::new("the path has an empty part"));
    }
    if step.name == "-" || step.name == "*" || step.name.parse::<i64>().is_ok() {
        return Err(Diagnostic::new(format!("{:?} is a list's index, but a mapping stands there", step.name)));
    }
    let wanted = if step.list || make == Make::Nothing {
        step.list.then(|| Data::Seq(Vec::new()))
    } else if rest.is_empty() && make == Make::Scalar {
        Some(Data::Scalar(Scalar { tag: Tag::Implicit, ..Scalar::plain("") }))
    } else {
        Some(Data::Map(Map::default()))
    };
    let Some(field) = map.get_mut(&step.name) else {
        return match wanted {
            Some(data) if !step.list => {
                walk(map.get_or_insert_with(&step.name, || Node { data, ..Node::default() }), rest, make, set)
            }
            _ => Ok(()),
        };
    };
    if let (Data::Scalar(scalar), Some(data)) = (&field.data, wanted)
        && is_null(scalar)
    {
        field.data = data;
    }
    walk(field, rest, make, set)
}

/// Which fields name objects of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackReferences {
    /// The kind that is named; an empty part stands for any.
    pub gvk: Gvk,
    /// The fields that name it.
    pub referrers: Vec<FieldSpec>,
}

/// The field specs of all transformers: the defaults, and what `configurations:` files and `crds` add.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// What `namePrefix` changes.
    pub name_prefix: Vec<FieldSpec>,
    /// What `nameSuffix` changes.
    pub name_suffix: Vec<FieldSpec>,
    /// What `namespace` changes besides `metadata.namespace`.
    pub namespace: Vec<FieldSpec>,
    /// What `commonLabels` and `labels` with `includeSelectors` change.
    pub common_labels: Vec<FieldSpec>,
    /// What every entry of `labels` changes; empty by default.
    pub labels: Vec<FieldSpec>,
    /// What `labels` with `includeTemplates` change.
    pub template_labels: Vec<FieldSpec>,
    /// What `commonAnnotations` changes.
    pub common_annotations: Vec<FieldSpec>,
    /// Which fields are names of other objects.
    pub name_reference: Vec<BackReferences>,
    /// Where `$(VAR)` is replaced.
    pub var_reference: Vec<FieldSpec>,
    /// What `images` changes.
    pub images: Vec<FieldSpec>,
    /// What `replicas` changes.
    pub replicas: Vec<FieldSpec>,
}

impl Configuration {
    /// kustomize's defaults.
    pub fn defaults() -> Self {
        let mut all = Configuration::default();
        let mut section = "";
        for line in DEFAULTS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[') {
                section = name.trim_end_matches(']');
            } else if let Some(gvk) = line.strip_prefix("to ") {
                all.name_reference.push(BackReferences { gvk: default_gvk(gvk), referrers: Vec::new() });
            } else if let (Some(specs), Some(spec)) = (all.section(section), default_spec(line)) {
                specs.push(spec);
            }
        }
        all
    }

    /// The specs of a section of the defaults; in `nameReference` those of the kind that was opened last.
    fn section(&mut self, name: &str) -> Option<&mut Vec<FieldSpec>> {
        match name {
            "namePrefix" => Some(&mut self.name_prefix),
            "nameSuffix" => Some(&mut self.name_suffix),
            "namespace" => Some(&mut self.namespace),
            "commonLabels" => Some(&mut self.common_labels),
            "labels" => Some(&mut self.labels),
            "templateLabels" => Some(&mut self.template_labels),
            "commonAnnotations" => Some(&mut self.common_annotations),
            "nameReference" => self.name_reference.last_mut().map(|last| &mut last.referrers),
            "varReference" => Some(&mut self.var_reference),
            "images" => Some(&mut self.images),
            "replicas" => Some(&mut self.replicas),
            _ => None,
        }
    }

    /// Reads a `configurations:` file.
    ///
    /// # Errors
    /// Where it has unknown fields or values of wrong types.
    pub fn read(document: &Node) -> Result<Self, Diagnostic> {
        let file = ConfigurationFile::decode(document, Strictness::StrictFields)?;
        let mut all = Configuration {
            name_prefix: specs(file.name_prefix),
            name_suffix: specs(file.name_suffix),
            namespace: specs(file.namespace),
            common_labels: specs(file.common_labels),
            labels: specs(file.labels),
            template_labels: specs(file.template_labels),
            common_annotations: specs(file.common_annotations),
            name_reference: file.name_reference.into_iter().map(BackReferences::from).collect(),
            var_reference: specs(file.var_reference),
            images: specs(file.images),
            replicas: specs(file.replicas),
        };
        all.sort();
        Ok(all)
    }

    /// Adds what `other` has and this has not, and sorts each list by kind.
    ///
    /// # Errors
    /// Where both have a spec for the same field that differ in `create`.
    pub fn merge(mut self, other: Configuration) -> Result<Self, Diagnostic> {
        merge_all(&mut self.name_prefix, other.name_prefix, "namePrefix")?;
        merge_all(&mut self.name_suffix, other.name_suffix, "nameSuffix")?;
        merge_all(&mut self.namespace, other.namespace, "namespace")?;
        merge_all(&mut self.common_annotations, other.common_annotations, "commonAnnotations")?;
        merge_all(&mut self.common_labels, other.common_labels, "commonLabels")?;
        merge_all(&mut self.labels, other.labels, "labels")?;
        merge_all(&mut self.template_labels, other.template_labels, "templateLabels")?;
        merge_all(&mut self.var_reference, other.var_reference, "varReference")?;
        merge_all(&mut self.images, other.images, "images")?;
        merge_all(&mut self.replicas, other.replicas, "replicas")?;
        for incoming in other.name_reference {
            self.add_reference(incoming)?;
        }
        self.sort();
        Ok(self)
    }

    /// Adds the fields that name a kind.
    ///
    /// # Errors
    /// Where a spec for the same field differs in `create`.
    pub fn add_reference(&mut self, incoming: BackReferences) -> Result<(), Diagnostic> {
        let mut found = false;
        for known in self.name_reference.iter_mut().filter(|known| known.gvk == incoming.gvk) {
            merge_all(&mut known.referrers, incoming.referrers.clone(), "nameReference")?;
            found = true;
        }
        if !found {
            self.name_reference.push(incoming);
        }
        Ok(())
    }

    fn sort(&mut self) {
        for specs in [
            &mut self.name_prefix,
            &mut self.name_suffix,
            &mut self.namespace,
            &mut self.common_labels,
            &mut self.labels,
            &mut self.template_labels,
            &mut self.common_annotations,
            &mut self.var_reference,
            &mut self.images,
            &mut self.replicas,
        ] {
            specs.sort_by_cached_key(|spec| kind_order(&spec.gvk));
        }
        self.name_reference.sort_by_cached_key(|known| kind_order(&known.gvk));
    }
}

decoded! {
    /// A file that `configurations` names.
    pub struct ConfigurationFile {
        /// What `namePrefix` changes.
        "namePrefix" => name_prefix: Vec<FieldSpecArgs>,
        /// What `nameSuffix` changes.
        "nameSuffix" => name_suffix: Vec<FieldSpecArgs>,
        /// What `namespace` changes.
        "namespace" => namespace: Vec<FieldSpecArgs>,
        /// What `commonLabels` changes.
        "commonLabels" => common_labels: Vec<FieldSpecArgs>,
        /// What every entry of `labels` changes.
        "labels" => labels: Vec<FieldSpecArgs>,
        /// What `labels` with `includeTemplates` change.
        "templateLabels" => template_labels: Vec<FieldSpecArgs>,
        /// What `commonAnnotations` changes.
        "commonAnnotations" => common_annotations: Vec<FieldSpecArgs>,
        /// Which fields are names of other objects.
        "nameReference" => name_reference: Vec<BackReferencesArgs>,
        /// Where `$(VAR)` is replaced.
        "varReference" => var_reference: Vec<FieldSpecArgs>,
        /// What `images` changes.
        "images" => images: Vec<FieldSpecArgs>,
        /// What `replicas` changes.
        "replicas" => replicas: Vec<FieldSpecArgs>,
    }
}

decoded! {
    /// Which fields name objects of a kind, as a configuration writes it.
    pub struct BackReferencesArgs {
        /// Group; any where empty.
        "group" => group: String,
        /// Version; any where empty.
        "version" => version: String,
        /// Kind; any where empty.
        "kind" => kind: String,
        /// The fields.
        "fieldSpecs" => field_specs: Vec<FieldSpecArgs>,
    }
}

impl From<FieldSpecArgs> for FieldSpec {
    fn from(args: FieldSpecArgs) -> Self {
        let gvk = Gvk { group: args.group.into(), version: args.version.into(), kind: args.kind.into() };
        FieldSpec::new(gvk, args.path, args.create)
    }
}

impl From<BackReferencesArgs> for BackReferences {
    fn from(args: BackReferencesArgs) -> Self {
        let gvk = Gvk { group: args.group.into(), version: args.version.into(), kind: args.kind.into() };
        BackReferences { gvk, referrers: specs(args.field_specs) }
    }
}

/// The specs that a configuration writes.
pub fn specs(args: Vec<FieldSpecArgs>) -> Vec<FieldSpec> {
    args.into_iter().map(FieldSpec::from).collect()
}

/// Adds each of `incoming` that `specs` has not: a spec is there already where one with the same path is selected by
/// the incoming kind.
///
/// # Errors
/// Where the one that is there differs in `create`; `name` is the section, for the message.
pub fn merge_all(specs: &mut Vec<FieldSpec>, incoming: Vec<FieldSpec>, name: &str) -> Result<(), Diagnostic> {
    for spec in incoming {
        match specs.iter().find(|known| known.path == spec.path && selects(&spec.gvk, &known.gvk)) {
            None => specs.push(spec),
            Some(known) if known.create == spec.create => {}
            Some(known) => {
                return Err(Diagnostic::new(format!(
                    "the field spec for {} says create: {}, another for the same path says create: {}",
                    spec.path, spec.create, known.create
                ))
                .field(name)
                .hint("Give both the same `create`."));
            }
        }
    }
    Ok(())
}

fn default_spec(line: &'static str) -> Option<FieldSpec> {
    let mut parts = line.split(' ');
    let gvk = default_gvk(parts.next()?);
    let path = Text::new_static(parts.next()?);
    Some(FieldSpec::new(gvk, path, parts.next() == Some("create")))
}

fn default_gvk(text: &'static str) -> Gvk {
    let mut parts = text.split('|').map(|part| Text::new_static(if part == "-" { "" } else { part }));
    let mut next = || parts.next().unwrap_or_default();
    Gvk { group: next(), version: next(), kind: next() }
}

const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// A sort key: the place of the kind in kustomize's list of kinds, then `group_version_kind` with `~G`, `~V` and `~K`
/// for empty parts (kustomize: `Gvk.IsLessThan`).
pub fn kind_order(gvk: &Gvk) -> (usize, String) {
    let place = match FIRST.iter().position(|kind| *kind == gvk.kind) {
        Some(index) => index,
        None => FIRST.len() + LAST.iter().position(|kind| *kind == gvk.kind).map_or(0, |index| index + 1),
    };
    let or = |part: &Text, absent: &str| if part.is_empty() { absent.to_owned() } else { part.to_string() };
    (place, format!("{}_{}_{}", or(&gvk.group, "~G"), or(&gvk.version, "~V"), or(&gvk.kind, "~K")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_complete_and_sorted() {
        let all = Configuration::defaults();
        let mut sorted = all.clone();
        sorted.sort();
        assert_eq!(all, sorted);
        assert_eq!(all.common_labels.len(), 32);
        assert_eq!(all.template_labels.len(), 10);
        assert_eq!(all.name_reference.len(), 16);
        assert_eq!(all.var_reference.len(), 72);
        assert_eq!(all.name_reference.iter().map(|known| known.referrers.len()).sum::<usize>(), 167);
    }

    #[test]
    fn a_path_is_split_at_unescaped_slashes() {
        assert_eq!(split_path("/a/b\\/c/d[]", '/'), ["a", "b/c", "d[]"]);
        assert_eq!(split_path("", '/'), [""]);
    }
}
