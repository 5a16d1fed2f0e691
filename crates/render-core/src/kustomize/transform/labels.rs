//! `commonLabels` and `labels`.

use std::collections::BTreeMap;

use manifest::{Diagnostic, Gvk, Node, Text};

use super::super::field_spec::{Configuration, FieldSpec, Make, merge_all, specs};
use super::super::kustomization::Label;
use super::super::resource::Resource;
use super::set::set_entry;

impl Label {
    /// Which fields get the labels.
    ///
    /// # Errors
    /// Where two specs for one path disagree on `create`.
    pub fn specs(&self, configuration: &Configuration) -> Result<Vec<FieldSpec>, Diagnostic> {
        let mut specs = specs(self.fields.clone());
        merge_all(&mut specs, configuration.labels.clone(), "labels.fields")?;
        if self.include_selectors {
            merge_all(&mut specs, configuration.common_labels.clone(), "labels.fields")?;
            return Ok(specs);
        }
        if self.include_templates {
            merge_all(&mut specs, configuration.template_labels.clone(), "labels.fields")?;
        }
        let metadata = FieldSpec::new(Gvk::default(), Text::new_static("metadata/labels"), true);
        merge_all(&mut specs, vec![metadata], "labels.fields")?;
        Ok(specs)
    }
}

/// Sets the labels in the fields of `specs`.
///
/// # Errors
/// Where something that is no mapping stands in the way.
pub fn apply(
    resources: &mut [Resource],
    pairs: &BTreeMap<String, String>,
    specs: &[FieldSpec],
) -> Result<(), Diagnostic> {
    for resource in resources {
        let gvk = resource.gvk();
        for spec in specs.iter().filter(|spec| spec.applies_to(&gvk)) {
            let set = &mut |node: &mut Node| pairs.iter().try_for_each(|(key, value)| set_entry(node, key, value));
            if !pairs.is_empty() {
                spec.apply(&gvk, &mut resource.node, Make::Map, set).map_err(|found| resource.blame(found))?;
            }
        }
    }
    Ok(())
}
