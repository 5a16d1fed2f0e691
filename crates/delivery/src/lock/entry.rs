//! The entries of the lock file.

use manifest::Digest;
use registry::Platform;

/// What one image reference was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedImage {
    /// The full reference that was looked up (`ImageRef::lookup`), such as `docker.io/library/nginx:1.27`.
    pub reference: String,
    /// The requested platform; the whole image (index) where absent.
    pub platform: Option<Platform>,
    /// The digest.
    pub digest: Digest,
    /// When it was resolved, RFC 3339 in UTC.
    pub resolved: String,
    /// Which host answered, such as `registry-1.docker.io` or a mirror.
    pub from: String,
}

/// The commit or digest that a revision of a remote base resolved to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedRemote {
    /// The repository's URL, without credentials.
    pub url: String,
    /// Branch, tag or commit as it is written in the kustomization; the remote's default branch where absent.
    pub revision: Option<String>,
    /// The commit.
    pub commit: String,
}

/// The version and content that a remote chart resolved to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedChart {
    /// The repository's URL without credentials: `https://…`, `oci://…`, or the URL of an archive.
    pub repository: String,
    /// The chart's name in the repository; empty for the URL of an archive.
    pub name: String,
    /// The version or range as it is written; the newest release where absent.
    pub range: Option<String>,
    /// The version.
    pub version: String,
    /// The digest of the archive; in an OCI registry, of the manifest.
    pub digest: String,
}
