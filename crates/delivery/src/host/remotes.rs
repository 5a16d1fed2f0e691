//! Remote bases and files: fetched once a run, kept by commit, checked against the lock file if it is used.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use git::Remote;
use git::bases::{self, BaseRevision};
use manifest::Diagnostic;
use net::InputTrust;
use render_core::host::RemoteRepository;

use super::bases::{Base, Bases};
use super::{cache, download};
use crate::error::IntoDiagnostic as _;
use crate::lock::{Lock, LockMode, LockedRemote};

/// How remote bases and files are had.
#[derive(Clone, Debug, Default)]
pub struct Remotes {
    /// The source of the commits: the remotes, only the lock file (without network access), or both.
    pub source: LockMode,
    /// What is pinned, as far as it is read.
    pub lock: Lock,
    /// The cache folder; `hydrant` in the user's cache folder where absent.
    pub cache: Option<PathBuf>,
}

/// The answer to a question that is asked once.
pub(super) type Answer<T> = Arc<OnceLock<Result<T, Diagnostic>>>;

/// Every remote base and file of this run, each fetched once however many units name it.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    remotes: Remotes,
    trust: InputTrust,
    repositories: Mutex<BTreeMap<RemoteRepository, Answer<String>>>,
    files: Mutex<BTreeMap<String, Answer<Vec<u8>>>>,
    used: Mutex<BTreeMap<(String, Option<String>), String>>,
    bases: Bases,
}

impl Fetched {
    pub(super) fn new(remotes: Remotes, trust: InputTrust) -> Self {
        Fetched { remotes, trust, ..Fetched::default() }
    }

    pub(super) fn settings(&self) -> &Remotes {
        &self.remotes
    }

    pub(super) fn used(&self) -> Vec<LockedRemote> {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = |((url, revision), commit): (&(String, Option<String>), &String)| LockedRemote {
            url: url.clone(),
            revision: revision.clone(),
            commit: commit.clone(),
        };
        used.iter().map(entry).collect()
    }

    /// The bases that were opened.
    pub(super) fn bases(&self) -> &Bases {
        &self.bases
    }

    /// The folder with the files of a repository at a revision.
    pub(super) fn repository(&self, wanted: &RemoteRepository) -> Result<String, Diagnostic> {
        once(&self.repositories, wanted, || self.fetch(wanted))
    }

    /// The bytes behind a URL.
    pub(super) fn file(&self, url: &str) -> Result<Vec<u8>, Diagnostic> {
        once(&self.files, &url.to_owned(), || self.download(url))
    }

    fn fetch(&self, wanted: &RemoteRepository) -> Result<String, Diagnostic> {
        let shown = download::shown(&wanted.url);
        let deadline = Instant::now().checked_add(Duration::from_secs(wanted.timeout));
        let remote = Remote { deadline, trust: self.trust, ..Remote::new(wanted.url.clone()) };
        let revision = wanted.revision.as_deref();
        let id = match self.pinned(&shown, revision)? {
            Some(commit) => commit,
            None => bases::resolve(&remote, revision).map_err(|error| error.into_diagnostic())?,
        };
        let base =
            Base { remote: &remote, url: &shown, revision: BaseRevision { id: &id, submodules: wanted.submodules } };
        let root = match self.bases.cached(&self.cache(), &base) {
            Some(root) => root,
            None => {
                self.opening(&shown, "its commit is pinned, but not in the cache of this machine")?;
                self.bases.fetched(&self.cache(), &base)?
            }
        };
        self.note(shown, wanted.revision.clone(), id);
        Ok(root)
    }

    fn download(&self, url: &str) -> Result<Vec<u8>, Diagnostic> {
        let shown = download::shown(url);
        let unwritable =
            |place: &Path, error: &std::io::Error| Diagnostic::new(format!("{}: {error}", place.display()));
        let pinned = self.pinned(&shown, None)?;
        if let Some(digest) = &pinned {
            let bytes = net::bounded::read_file(&cache::file(&self.cache(), digest)).ok();
            if let Some(bytes) = bytes.filter(|bytes| cache::digest(bytes) == *digest) {
                self.note(shown, None, digest.clone());
                return Ok(bytes);
            }
            self.opening(&shown, "its content is pinned, but not in the cache of this machine")?;
        }
        let bytes = download::download(url, self.trust)?;
        let digest = cache::digest(&bytes);
        if pinned.as_ref().is_some_and(|pinned| *pinned != digest) {
            let expected = pinned.unwrap_or_default();
            let message = format!("{shown} has changed: expected {expected}, found {digest}");
            return Err(Diagnostic::new(message).hint("give --update to lock the new content"));
        }
        let place = cache::file(&self.cache(), &digest);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        }
        crate::host::disk::write_whole(&place, &bytes).map_err(|error| unwritable(&place, &error))?;
        self.note(shown, None, digest);
        Ok(bytes)
    }

    /// What the lock says, as far as it is read.
    fn pinned(&self, url: &str, revision: Option<&str>) -> Result<Option<String>, Diagnostic> {
        let known = match &self.remotes.source {
            LockMode::Ignore => None,
            LockMode::Write(refresh) if refresh.concerns_remote(url) => None,
            LockMode::Locked | LockMode::Write(_) => self.remotes.lock.commit(url, revision),
        };
        match known {
            Some(commit) => Ok(Some(commit.to_owned())),
            None => self.opening(&at(url, revision), "it is not in the lock file").map(|()| None),
        }
    }

    /// Returns an error where only the lock file may be used.
    fn opening(&self, what: &str, why: &str) -> Result<(), Diagnostic> {
        if !self.remotes.source.is_locked() {
            return Ok(());
        }
        Err(Diagnostic::new(format!("cannot fetch {what}: --locked forbids it, and {why}"))
            .hint("run the same command with --lock to fetch it, and commit the lock file"))
    }

    fn note(&self, url: String, revision: Option<String>, commit: String) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).insert((url, revision), commit);
    }

    fn cache(&self) -> PathBuf {
        self.remotes.cache.clone().unwrap_or_else(cache::folder)
    }
}

fn at(url: &str, revision: Option<&str>) -> String {
    revision.map_or_else(|| url.to_owned(), |revision| format!("{url} at {revision}"))
}

/// The answer to `key`: the first caller computes it, concurrent callers wait for it.
pub(super) fn once<K: Ord + Clone, T: Clone>(
    known: &Mutex<BTreeMap<K, Answer<T>>>,
    key: &K,
    work: impl FnOnce() -> Result<T, Diagnostic>,
) -> Result<T, Diagnostic> {
    let slot = match known.lock().unwrap_or_else(PoisonError::into_inner).entry(key.clone()) {
        Entry::Occupied(entry) => entry.get().clone(),
        Entry::Vacant(entry) => entry.insert(Answer::default()).clone(),
    };
    slot.get_or_init(work).clone()
}
