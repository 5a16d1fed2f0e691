//! `buildMetadata`: what is written into every object at the end of a build.

use manifest::{Diagnostic, Gvk};

use crate::kustomize::budget::Budget;
use crate::kustomize::fields::field_spec::FieldSpec;
use crate::kustomize::kustomization::Kustomization;
use crate::kustomize::object::annotations;
use crate::kustomize::object::resource::Resource;
use crate::kustomize::options::Options;
use crate::kustomize::transform::labels;

/// The build metadata that is written into every object, from `buildMetadata` and the command line.
pub(crate) struct BuildMetadata {
    origins: bool,
    transformations: bool,
    managed_by: bool,
}

impl BuildMetadata {
    /// Reads `buildMetadata` of the root kustomization and the options; that of bases is ignored, as in kustomize.
    pub(crate) fn of(kustomization: &Kustomization, options: &Options) -> Self {
        let says = |name: &str| kustomization.build_metadata.iter().flatten().any(|one| one == name);
        BuildMetadata {
            origins: says("originAnnotations"),
            transformations: says("transformerAnnotations"),
            managed_by: says("managedByLabel") || options.managed_by_label,
        }
    }

    /// Whether origins are recorded during the build.
    pub(crate) fn keeps_origins(&self) -> bool {
        self.origins || self.transformations
    }

    /// Writes it, and tidies every object's annotations.
    ///
    /// # Errors
    /// Labels that are not a mapping.
    pub(crate) fn finish(&self, resources: &mut [Resource], budget: &Budget) -> Result<(), Diagnostic> {
        if self.managed_by {
            let label = [("app.kubernetes.io/managed-by".to_owned(), "kustomize-v5.8.1".to_owned())];
            let spec = FieldSpec::new(Gvk::default(), "metadata/labels", true);
            labels::apply(resources, &label.into(), &[spec], budget)?;
        }
        for resource in resources {
            annotations::finish(resource, self.origins, self.transformations);
        }
        Ok(())
    }
}
