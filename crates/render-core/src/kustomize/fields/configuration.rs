//! The field specs of all transformers: the defaults, and what `configurations:` files and `crds` add.

use manifest::{Diagnostic, Gvk, Node, Text};

use super::field_spec::{FieldSpec, kind_order, selects};
use crate::kustomize::decode::{Decode, IdPart, Strictness, decoded};
use crate::kustomize::kustomization::FieldSpecArgs;

const DEFAULTS: &str = include_str!("defaults.txt");

/// The fields that refer to objects of a kind.
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
    /// The fields that `namePrefix` changes.
    pub name_prefix: Vec<FieldSpec>,
    /// The fields that `nameSuffix` changes.
    pub name_suffix: Vec<FieldSpec>,
    /// The fields that `namespace` changes in addition to `metadata.namespace`.
    pub namespace: Vec<FieldSpec>,
    /// The fields that `commonLabels`, and `labels` with `includeSelectors`, change.
    pub common_labels: Vec<FieldSpec>,
    /// The fields that every entry of `labels` changes; empty by default.
    pub labels: Vec<FieldSpec>,
    /// The fields that `labels` with `includeTemplates` change.
    pub template_labels: Vec<FieldSpec>,
    /// The fields that `commonAnnotations` changes.
    pub common_annotations: Vec<FieldSpec>,
    /// The fields that hold names of other objects.
    pub name_reference: Vec<BackReferences>,
    /// The fields in which `$(VAR)` is replaced.
    pub var_reference: Vec<FieldSpec>,
    /// The fields that `images` changes.
    pub images: Vec<FieldSpec>,
    /// The fields that `replicas` changes.
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
    /// Returns an error if it has unknown fields or values of wrong types.
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
    /// Returns an error if both have a spec for the same field that differ in `create`.
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
    /// Returns an error if a spec for the same field differs in `create`.
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
    pub(crate) struct ConfigurationFile {
        /// The fields that `namePrefix` changes.
        "namePrefix" => name_prefix: Vec<FieldSpecArgs>,
        /// The fields that `nameSuffix` changes.
        "nameSuffix" => name_suffix: Vec<FieldSpecArgs>,
        /// The fields that `namespace` changes.
        "namespace" => namespace: Vec<FieldSpecArgs>,
        /// The fields that `commonLabels` changes.
        "commonLabels" => common_labels: Vec<FieldSpecArgs>,
        /// The fields that every entry of `labels` changes.
        "labels" => labels: Vec<FieldSpecArgs>,
        /// The fields that `labels` with `includeTemplates` change.
        "templateLabels" => template_labels: Vec<FieldSpecArgs>,
        /// The fields that `commonAnnotations` changes.
        "commonAnnotations" => common_annotations: Vec<FieldSpecArgs>,
        /// The fields that hold names of other objects.
        "nameReference" => name_reference: Vec<BackReferencesArgs>,
        /// The fields in which `$(VAR)` is replaced.
        "varReference" => var_reference: Vec<FieldSpecArgs>,
        /// The fields that `images` changes.
        "images" => images: Vec<FieldSpecArgs>,
        /// The fields that `replicas` changes.
        "replicas" => replicas: Vec<FieldSpecArgs>,
    }
}

decoded! {
    /// The fields that refer to objects of a kind, as a configuration file writes them.
    pub(crate) struct BackReferencesArgs {
        /// Group; any if empty.
        "group" => group: IdPart,
        /// Version; any if empty.
        "version" => version: IdPart,
        /// Kind; any if empty.
        "kind" => kind: IdPart,
        /// The fields.
        "fieldSpecs" => field_specs: Vec<FieldSpecArgs>,
    }
}

impl From<FieldSpecArgs> for FieldSpec {
    fn from(args: FieldSpecArgs) -> Self {
        let gvk = Gvk { group: args.group.0.into(), version: args.version.0.into(), kind: args.kind.0.into() };
        FieldSpec::new(gvk, args.path, args.create)
    }
}

impl From<BackReferencesArgs> for BackReferences {
    fn from(args: BackReferencesArgs) -> Self {
        let gvk = Gvk { group: args.group.0.into(), version: args.version.0.into(), kind: args.kind.0.into() };
        BackReferences { gvk, referrers: specs(args.field_specs) }
    }
}

/// The specs that a configuration writes.
pub(crate) fn specs(args: Vec<FieldSpecArgs>) -> Vec<FieldSpec> {
    args.into_iter().map(FieldSpec::from).collect()
}

/// Adds each of `incoming` that `specs` does not contain. Two specs are the same if their paths are equal and the
/// incoming kind selects the existing one.
///
/// # Errors
/// Returns an error if the existing spec differs in `create`; `name` is the section, for the message.
pub(crate) fn merge_all(specs: &mut Vec<FieldSpec>, incoming: Vec<FieldSpec>, name: &str) -> Result<(), Diagnostic> {
    for spec in incoming {
        match specs.iter().find(|known| known.path == spec.path && selects(&spec.gvk, &known.gvk)) {
            None => specs.push(spec),
            Some(known) if known.create == spec.create => {}
            Some(known) => {
                return Err(Diagnostic::new(format!(
                    "conflicting field specs for {}: one has create: {}, another has create: {}",
                    spec.path, spec.create, known.create
                ))
                .field(name)
                .hint("set the same `create` in both"));
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
}
