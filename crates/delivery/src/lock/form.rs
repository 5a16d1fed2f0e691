//! The format of the lock file, for the parser and for editors.

use manifest::{Diagnostic, Digest, ImageRef};
use registry::platform::PlatformError;
use schemars::JsonSchema;
use serde::Deserialize;

use super::entry::LockedImage;

/// The content of the file: digests of images, commits of remote bases.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct RawLock {
    /// Always `hydrant/v1`.
    #[schemars(extend("const" = "hydrant/v1"))]
    pub(super) api_version: String,
    /// Always `Lock`.
    #[schemars(extend("const" = "Lock"))]
    pub(super) kind: String,
    /// The images, sorted by reference and platform.
    #[serde(default)]
    pub(super) images: Vec<RawImage>,
    /// The remote bases and files, sorted by URL and revision.
    #[serde(default)]
    pub(super) remotes: Vec<RawRemote>,
    /// The remote charts, sorted by repository, name and range.
    #[serde(default)]
    pub(super) charts: Vec<RawChart>,
}

/// An image.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawImage {
    /// What was looked up, in full, such as `docker.io/library/nginx:1.27`.
    reference: String,
    /// `os/arch` or `os/arch/variant`, where the manifest of that platform was requested; the whole image (index) where absent.
    platform: Option<String>,
    /// The digest, such as `sha256:…`.
    #[schemars(regex(pattern = "^[a-z0-9]+([+._-][a-z0-9]+)*:[0-9a-f]{32,}$"))]
    digest: String,
    /// When it was resolved, RFC 3339 in UTC.
    #[schemars(extend("format" = "date-time"))]
    resolved: String,
    /// Which host answered.
    from: String,
}

/// A remote base or file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRemote {
    /// The URL, without credentials.
    pub(super) url: String,
    /// Branch, tag or commit as it is written in the kustomization; the remote's default branch where absent.
    pub(super) revision: Option<String>,
    /// The commit; of a file the digest.
    pub(super) commit: String,
}

/// A remote chart.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawChart {
    /// The repository's URL without credentials, or the URL of an archive.
    pub(super) repository: String,
    /// The chart's name in the repository.
    #[serde(default)]
    pub(super) name: String,
    /// The version or range as it is written; the newest release where absent.
    pub(super) range: Option<String>,
    /// The version.
    pub(super) version: String,
    /// The digest of the archive; in an OCI registry, of the manifest.
    #[schemars(regex(pattern = "^sha(256|384|512):[0-9a-f]{64,}$"))]
    pub(super) digest: String,
}

/// The JSON Schema of the file, draft 2020-12.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(RawLock)
}

impl RawImage {
    /// The entry, its parts understood.
    pub(super) fn check(self) -> Result<LockedImage, Diagnostic> {
        let field = |message: String| Diagnostic::new(message).field("images");
        let image = ImageRef::parse(&self.reference).map_err(|error| field(error.to_string()))?;
        let digest = Digest::parse(&self.digest).map_err(|reason| field(format!("{}: {reason}", self.reference)))?;
        let platform = self.platform.map(|text| text.parse()).transpose();
        Ok(LockedImage {
            reference: image.lookup(),
            platform: platform.map_err(|error: PlatformError| field(error.to_string()))?,
            digest,
            resolved: self.resolved,
            from: self.from,
        })
    }
}
