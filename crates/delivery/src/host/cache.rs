//! The cache of remote bases: a folder for each commit, a file for each download; entries never change.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The root of the cache: `hydrant` in `$XDG_CACHE_HOME` or `~/.cache`; the system's temporary folder where
/// there is no home.
pub(super) fn folder() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    base.unwrap_or_else(std::env::temp_dir).join("hydrant")
}

/// The folder for the files of a commit of `url`, whether it exists or not.
pub(super) fn commit(cache: &Path, url: &str, commit: &str, submodules: bool) -> PathBuf {
    let kind = if submodules { "bases-with-submodules" } else { "bases" };
    cache.join(kind).join(&hex(url.as_bytes())[..32]).join(commit)
}

/// The path of a download with this content.
pub(super) fn file(cache: &Path, digest: &str) -> PathBuf {
    cache.join("files").join(digest.replace(':', "-"))
}

/// `sha256:…` of the bytes.
pub(super) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(bytes))
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Fills a new folder next to `place` by `fill` and renames it there, so that no reader sees it incomplete. A folder that another process
/// created first is not an error: both have the same content.
///
/// # Errors
/// `fill`'s, and the disk's through `disk`.
pub(super) fn fill<E>(
    place: &Path,
    fill: impl FnOnce(&Path) -> Result<(), E>,
    disk: impl Fn(io::Error) -> E,
) -> Result<(), E> {
    let parent = place.parent().unwrap_or(place);
    fs::create_dir_all(parent).map_err(&disk)?;
    let new = tempfile::Builder::new().prefix(".new-").tempdir_in(parent).map_err(&disk)?;
    let inner = new.path().join("files");
    fs::create_dir(&inner).map_err(&disk)?;
    fill(&inner)?;
    match fs::rename(&inner, place) {
        Err(error) if !place.exists() => Err(disk(error)),
        _ => Ok(()),
    }
}
