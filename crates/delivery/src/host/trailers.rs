//! The names of the trailers in the commits that hydrant makes.

/// The service of a commit.
pub const SERVICE: &str = "Hydrant-service";
/// The environment of a commit.
pub const ENVIRONMENT: &str = "Hydrant-environment";
/// The repository that the commit was rendered from.
pub const SOURCE_REPOSITORY: &str = "Hydrant-source-repository";
/// The commit that it was rendered from.
pub const SOURCE_COMMIT: &str = "Hydrant-source-commit";
/// The commit of the branch whose content a rollback put back.
pub const ROLLBACK: &str = "Hydrant-rollback-to";
/// The environment that a promotion took its images from.
pub const PROMOTED: &str = "Hydrant-promoted-from";
/// Where an image comes from by its own words: name, source, revision; one trailer an image that says.
pub const IMAGE_SOURCE: &str = "Hydrant-image-source";
/// What lies between the source commits of an image and of the one whose place it takes; one trailer an image that changed.
pub const IMAGE_CHANGES: &str = "Hydrant-image-changes";
/// One image, as it stands in the manifest; one trailer an image.
pub const IMAGE: &str = "Hydrant-image";

/// The CI run that delivered.
pub const RUN: &str = "Hydrant-run";
