//! A unit that is ready to be pushed.

use crate::images::origins::ImageOrigin;
use crate::plan::PlannedUnit;

/// A unit that is ready to be pushed.
pub(crate) struct PreparedUnit {
    /// The unit.
    pub(crate) unit: PlannedUnit,
    /// Its files, record and commit message.
    pub(crate) content: committer::Unit,
    /// The subject of its commit.
    pub(crate) subject: String,
    /// The images in it, sorted, for the report.
    pub(crate) images: Vec<String>,
    /// The image assignments that end with this delivery, for people.
    pub(crate) ended: Vec<String>,
    /// The sources of the images that name them, where that was requested.
    pub(crate) origins: Vec<ImageOrigin>,
}
