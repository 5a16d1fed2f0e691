//! What rendering a unit gives, whatever renders it.

use committer::KeptDelivery;
use manifest::{Diagnostic, ImageRef, Node};
use render_core::skaffold::Build;

use super::file_set::Style;
use super::object_fields::ObjectField;
use crate::host::recorded_files::ReadPaths;
use crate::images::assign::AssignedImages;

/// What rendering a unit gave.
#[derive(Clone, Debug)]
pub struct Output {
    /// The objects in the order they are printed.
    pub objects: Vec<Node>,
    /// The tool whose YAML style they are printed in.
    pub style: Style,
    /// The images that the source builds, as they are in the objects.
    pub builds: Vec<Build>,
    /// What became of those images: the reference of the source, and what is in the objects.
    pub(crate) build_sources: Vec<BuildSource>,
    /// What the unit runs instead of the images of its source.
    pub(crate) assigned: AssignedImages,
    /// The delivery whose random values were kept.
    pub(crate) kept_from: Option<KeptDelivery>,
    /// The fields with random values that were generated for the unit.
    pub(crate) generated: Vec<ObjectField>,
    /// What was read.
    pub inputs: ReadPaths,
    /// Findings that do not stop the run.
    pub warnings: Vec<Diagnostic>,
    /// What the source's own programs wrote to stderr.
    pub stderr: Vec<u8>,
}

/// An image that the source builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BuildSource {
    /// The artifact's name in the Skaffold config.
    pub(crate) artifact: String,
    /// The reference of the source: by its tag policy, without a digest from a registry. A name alone if the tag is not known.
    pub(crate) source: ImageRef,
    /// Whether the source's tag is known.
    pub(crate) has_tag: bool,
    /// What is in the objects, perhaps without its digest.
    pub(crate) becomes: ImageRef,
    /// The image's name in the environment that is promoted, in full.
    pub(crate) promoted_name: Option<String>,
}

impl BuildSource {
    /// The image's name in the source, in full.
    pub(crate) fn name(&self) -> String {
        self.source.full_name()
    }

    /// Whether an image of the objects is this one.
    pub(crate) fn is(&self, image: &ImageRef) -> bool {
        image.full_name() == self.becomes.full_name() && image.tag() == self.becomes.tag()
    }
}

impl Output {
    /// The output of a source that builds no images.
    pub(crate) fn of_objects(objects: Vec<Node>, style: Style, warnings: Vec<Diagnostic>) -> Self {
        let (builds, stderr) = (Vec::new(), Vec::new());
        let (build_sources, assigned) = (Vec::new(), AssignedImages::default());
        let (kept_from, generated, inputs) = (None, Vec::new(), ReadPaths::default());
        Output { objects, style, builds, build_sources, assigned, kept_from, generated, inputs, warnings, stderr }
    }

    /// The images that the source builds, as references.
    pub(crate) fn built_images(&self) -> Vec<ImageRef> {
        self.builds.iter().filter_map(|build| ImageRef::parse(&build.tag).ok()).collect()
    }
}
