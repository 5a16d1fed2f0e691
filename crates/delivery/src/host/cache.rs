//! The cache of remote bases: a folder with git's objects for each repository, a file for each download.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The root of the cache: `hydrant` in `$XDG_CACHE_HOME` or `~/.cache`; the system's temporary folder where
/// there is no home.
pub(super) fn folder() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    base.unwrap_or_else(std::env::temp_dir).join("hydrant")
}

/// The folder for the objects of the repository at `url`, whether it exists or not.
pub(super) fn repository(cache: &Path, url: &str) -> PathBuf {
    cache.join("repositories").join(sha256_hex(url.as_bytes()))
}

/// The path of a download with this content.
pub(super) fn file(cache: &Path, digest: &str) -> PathBuf {
    cache.join("files").join(digest.replace(':', "-"))
}

/// `sha256:…` of the bytes.
pub(super) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", sha256_hex(bytes))
}

/// The SHA-256 of the bytes in hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
