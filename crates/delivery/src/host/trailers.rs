//! The names of the trailers in the commits that hydrant makes.

/// The service of a commit.
pub const SERVICE: &str = "Hydrant-service";
/// The environment of a commit.
pub const ENVIRONMENT: &str = "Hydrant-environment";
/// The repository that the commit was rendered from.
pub const SOURCE_REPOSITORY: &str = "Hydrant-source-repository";
/// The commit that it was rendered from.
pub const SOURCE_COMMIT: &str = "Hydrant-source-commit";
/// The commit of the branch whose content a rollback restored.
pub const ROLLBACK: &str = "Hydrant-rollback-to";
/// The environment that a promotion took its images from.
pub const PROMOTED: &str = "Hydrant-promoted-from";
/// The source of an image by its labels: name, source, revision; one trailer for each image that names it.
pub const IMAGE_SOURCE: &str = "Hydrant-image-source";
/// The changes between the source commits of an image and of the one that it replaces; one trailer for each changed image.
pub const IMAGE_CHANGES: &str = "Hydrant-image-changes";
/// An image as it is in the manifest; one trailer for each.
pub const IMAGE: &str = "Hydrant-image";

/// The CI run that delivered.
pub const RUN: &str = "Hydrant-run";
