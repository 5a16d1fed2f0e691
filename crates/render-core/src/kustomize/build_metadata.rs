//! `buildMetadata`: what is written into every object at the end of a build.

use manifest::{Diagnostic, Gvk};

use super::annotations;
use super::field_spec::FieldSpec;
use super::kustomization::Kustomization;
use super::options::Options;
use super::resource::Resource;
use super::transform::labels;

/// What `buildMetadata` and the command line ask to be written into every object.
pub struct BuildMetadata {
    origins: bool,
    transformations: bool,
    managed_by: bool,
}

impl BuildMetadata {
    /// What the kustomization that is built and the command line say; what its bases say does not count.
    pub fn of(kustomization: &Kustomization, options: &Options) -> Self {
        let says = |name: &str| kustomization.build_metadata.iter().flatten().any(|one| one == name);
        BuildMetadata {
            origins: says("originAnnotations"),
            transformations: says("transformerAnnotations"),
            managed_by: says("managedByLabel") || options.managed_by_label,
        }
    }

    /// Whether origins are noted on the way.
    pub fn keeps_origins(&self) -> bool {
        self.origins || self.transformations
    }

    /// Writes it, and tidies every object's annotations.
    ///
    /// # Errors
    /// Labels that are no mapping.
    pub fn finish(&self, resources: &mut [Resource]) -> Result<(), Diagnostic> {
        if self.managed_by {
            let label = [("app.kubernetes.io/managed-by".to_owned(), "kustomize-v5.8.1".to_owned())];
            let spec = FieldSpec::new(Gvk::default(), "metadata/labels", true);
            labels::apply(resources, &label.into(), &[spec])?;
        }
        for resource in resources {
            annotations::finish(resource, self.origins, self.transformations);
        }
        Ok(())
    }
}
