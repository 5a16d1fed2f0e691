//! What rendering a unit gives, whatever renders it.

use manifest::{Diagnostic, ImageRef, Node};
use render_core::skaffold::Build;

use super::file_set::Style;
use crate::host::recorded_files::ReadPaths;

/// What rendering a unit gave.
#[derive(Clone, Debug)]
pub struct Output {
    /// The objects in the order they are printed.
    pub objects: Vec<Node>,
    /// The tool whose YAML style they are printed in.
    pub style: Style,
    /// The images that the source builds, as they are in the objects.
    pub builds: Vec<Build>,
    /// What was read.
    pub inputs: ReadPaths,
    /// Findings that do not stop the run.
    pub warnings: Vec<Diagnostic>,
    /// What the source's own programs wrote to stderr.
    pub stderr: Vec<u8>,
}

impl Output {
    /// The output of a source that builds no images.
    pub(crate) fn of_objects(objects: Vec<Node>, style: Style, warnings: Vec<Diagnostic>) -> Self {
        let (builds, stderr) = (Vec::new(), Vec::new());
        Output { objects, style, builds, inputs: ReadPaths::default(), warnings, stderr }
    }

    /// The images that the source builds, as references.
    pub(crate) fn built_images(&self) -> Vec<ImageRef> {
        self.builds.iter().filter_map(|build| ImageRef::parse(&build.tag).ok()).collect()
    }
}
