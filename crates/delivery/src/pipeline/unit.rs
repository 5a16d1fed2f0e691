//! A unit at each stage of the pipeline: one type per stage, which owns the data of the previous one.

use committer::{ImageSignature, KeptDelivery, OutsideFolder};
use manifest::Diagnostic;
use render_core::kustomize;
use render_core::skaffold::Build;

use super::file_set::UnitFiles;
use super::output::Output;
use super::skaffold::LoadedSkaffold;
use crate::host::branches::OnBranch;
use crate::host::recorded_files::ReadPaths;
use crate::images::assign::AssignedImages;
use crate::images::digests::ImageRequest;
use crate::images::origins::ImageOrigin;
use crate::plan::{PlannedUnit, Release};

/// A unit whose source has been read as far as it can be before images are resolved.
#[derive(Debug)]
pub(crate) struct LoadedUnit {
    /// The unit.
    pub(crate) unit: PlannedUnit,
    /// What is rendered.
    pub(crate) source: LoadedSource,
    /// What was read.
    pub(crate) inputs: ReadPaths,
}

/// The source of a loaded unit.
#[derive(Debug)]
pub(crate) enum LoadedSource {
    /// A Skaffold config with its artifacts and their tags.
    Skaffold(Box<LoadedSkaffold>),
    /// A kustomization.
    Kustomize {
        /// Its folder, absolute.
        folder: String,
        /// The options of `kustomize build`.
        options: kustomize::Options,
    },
    /// Files of plain YAML, absolute.
    Manifests(Vec<String>),
    /// A Helm chart.
    Helm(Release),
}

impl LoadedUnit {
    /// The artifacts that the unit's source builds, with their tags.
    pub(crate) fn builds(&self) -> &[Build] {
        match &self.source {
            LoadedSource::Skaffold(skaffold) => &skaffold.builds,
            LoadedSource::Kustomize { .. } | LoadedSource::Helm(_) | LoadedSource::Manifests(_) => &[],
        }
    }

    /// The images whose digests are needed before the unit is rendered.
    pub(crate) fn image_requests(&self) -> Vec<ImageRequest> {
        match &self.source {
            LoadedSource::Skaffold(skaffold) => skaffold.image_requests(&self.unit),
            LoadedSource::Kustomize { .. } | LoadedSource::Helm(_) | LoadedSource::Manifests(_) => Vec::new(),
        }
    }
}

/// A rendered unit, with the images of its source.
#[derive(Clone, Debug)]
pub struct RenderedUnit {
    /// The unit.
    pub unit: PlannedUnit,
    /// What rendering gave.
    pub output: Output,
}

/// A rendered unit whose images have their digests.
#[derive(Clone, Debug)]
pub struct PinnedUnit {
    /// The unit.
    pub unit: PlannedUnit,
    /// What rendering gave, images pinned.
    pub output: Output,
    /// Every image as it is in the objects, sorted, each once.
    pub images: Vec<String>,
}

/// A pinned unit that passed all checks.
#[derive(Clone, Debug)]
pub struct CheckedUnit {
    /// The unit.
    pub unit: PlannedUnit,
    /// What rendering gave, images pinned.
    pub output: Output,
    /// Every image as it is in the objects, sorted, each once.
    pub images: Vec<String>,
    /// The folders outside of the source repository that it was rendered from, sorted.
    pub outside: Vec<OutsideFolder>,
    /// The signatures of its images that were verified, sorted.
    pub signatures: Vec<ImageSignature>,
}

/// A checked unit as files.
pub struct PrintedUnit {
    /// The unit.
    pub unit: PlannedUnit,
    /// The files on its branch.
    pub files: UnitFiles,
    /// Every image as it is in the files, sorted, each once.
    pub images: Vec<String>,
    /// What the unit runs instead of the images of its source.
    pub(crate) assigned: AssignedImages,
    /// The delivery whose random values were kept.
    pub(crate) kept_from: Option<KeptDelivery>,
    /// The source repository and revision of each image that names them, sorted; empty unless they were requested.
    pub origins: Vec<ImageOrigin>,
    /// Findings that do not stop the run.
    pub warnings: Vec<Diagnostic>,
    /// What the source's own programs wrote to stderr.
    pub stderr: Vec<u8>,
    /// The folders outside of the source repository that it was rendered from, sorted.
    pub outside: Vec<OutsideFolder>,
    /// The signatures of its images that were verified, sorted.
    pub signatures: Vec<ImageSignature>,
}

impl OnBranch for PrintedUnit {
    fn repository(&self) -> &git::RemoteUrl {
        self.unit.repository()
    }

    fn branch(&self) -> &str {
        self.unit.branch()
    }

    fn folder(&self) -> String {
        self.unit.folder()
    }

    fn topic(&self) -> Option<&str> {
        self.unit.topic()
    }
}
