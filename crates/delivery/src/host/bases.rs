//! The remote bases of a run, as folders that exist in this process alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use git::Remote;
use git::bases::{BaseRevision, BaseStore};
use manifest::Diagnostic;

use super::cache;
use super::commit_mount::CommitMount;
use crate::error::IntoDiagnostic as _;

/// The folder of all bases. Below it are a folder for each repository and in it one for each revision.
const MOUNTS: &str = "/.hydrant/bases/";

/// The bases that were opened, by the path of their root.
#[derive(Debug, Default)]
pub(super) struct Bases {
    open: RwLock<BTreeMap<String, Arc<CommitMount>>>,
}

/// A revision of a remote repository.
pub(super) struct Base<'a> {
    pub(super) remote: &'a Remote,
    /// The URL without credentials.
    pub(super) url: &'a str,
    pub(super) revision: BaseRevision<'a>,
}

impl Bases {
    /// The root of a base that is in the cache; `None` if it is not.
    pub(super) fn cached(&self, cache: &Path, base: &Base<'_>) -> Option<String> {
        let root = root(base);
        if self.at(&root).is_some() {
            return Some(root);
        }
        let store = BaseStore::new(cache::repository(cache, base.url));
        let files = store.files(base.revision, &root)?;
        let mount = CommitMount::new(files, base.url.to_owned(), Some(store.folder().to_owned()));
        self.open.write().unwrap_or_else(PoisonError::into_inner).insert(root.clone(), Arc::new(mount));
        Some(root)
    }

    /// The root of a base that is fetched.
    ///
    /// # Errors
    /// A base that cannot be fetched, and one that is refused.
    pub(super) fn fetched(&self, cache: &Path, base: &Base<'_>) -> Result<String, Diagnostic> {
        let store = BaseStore::new(cache::repository(cache, base.url));
        store.fetch(base.remote, base.revision).map_err(|error| error.into_diagnostic())?;
        self.cached(cache, base).ok_or_else(|| {
            Diagnostic::new(format!("the cache of {} is damaged", base.url))
                .hint(format!("remove {} and run again", store.folder().display()))
        })
    }

    /// The base that has the path.
    pub(super) fn at(&self, path: &str) -> Option<Arc<CommitMount>> {
        let below = path.strip_prefix(MOUNTS)?;
        let repository = below.find('/')?;
        let revision = below[repository + 1..].find('/').map_or(below.len(), |end| repository + 1 + end);
        let root = &path[..MOUNTS.len() + revision];
        self.open.read().unwrap_or_else(PoisonError::into_inner).get(root).cloned()
    }

    /// All bases.
    pub(super) fn all(&self) -> Vec<Arc<CommitMount>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// The path of a base's root. It differs for all URLs and revisions, and is readable in messages.
fn root(base: &Base<'_>) -> String {
    let address = base.url.split_once("://").map_or(base.url, |(_, address)| address);
    let readable = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') { c } else { '-' };
    let name: String = address.trim_matches('/').trim_end_matches(".git").chars().map(readable).take(60).collect();
    let hash = cache::sha256_hex(base.url.as_bytes());
    let end = if base.revision.submodules { "" } else { "-without-submodules" };
    format!("{MOUNTS}{}-{}/{}{end}", name.trim_start_matches('.'), &hash[..16], base.revision.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_url_and_revision_has_a_root_of_its_own() {
        let id = "0123456789012345678901234567890123456789";
        let mut roots = std::collections::BTreeSet::new();
        let urls = [
            "https://h/a/b",
            "https://h/a%2fb",
            "https://h/a-b",
            "https://h/a/b.git",
            "http://h/a/b",
            "../x",
            "..",
            "/srv/x",
            "",
        ];
        for url in urls {
            for submodules in [true, false] {
                let remote = Remote::new(url);
                let root = root(&Base { remote: &remote, url, revision: BaseRevision { id, submodules } });
                assert_eq!(render_core::files::join("/", &root), root, "{url}");
                assert_eq!(root.matches('/').count(), 4, "{root}");
                assert!(roots.insert(root), "{url}");
            }
        }
    }
}
