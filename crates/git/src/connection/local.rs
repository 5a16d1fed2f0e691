//! A repository on this machine, read and written in process through libgit2, with a compare-and-swap of the refs.
//!
//! A push to a repository with hooks or a work tree goes through the installed git, so that the hooks run. A path that does not exist becomes a
//! bare repository with the first push.

use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid, Repository, RepositoryInitOptions};
use net::InputTrust;

use super::process::ProcessChannel;
use super::session::Session;
use crate::error::TransportError;
use crate::format::UnsupportedFormat;
use crate::pack::Pack;
use crate::transport::{HistoryFetch, PushOptions, PushReport, RefUpdate, RemoteRef, Transport};

/// The reason for the other refs of an atomic push, as git gives it.
const ATOMIC_FAILURE: &str = "atomic push failure";

/// The hooks that a push runs.
const HOOKS: &[&str] = &[
    "pre-receive",
    "update",
    "post-receive",
    "post-update",
    "reference-transaction",
    "proc-receive",
    "push-to-checkout",
];

/// Opens the repository at `path`, or one that is created by the first push.
pub(super) fn open(path: &str, trust: InputTrust) -> Result<Box<dyn Transport>, TransportError> {
    if path.is_empty() {
        return Err(TransportError::InvalidUrl { url: String::new(), reason: "the URL is empty".to_owned() });
    }
    let folder = PathBuf::from(path);
    let repository = match open_exact(&folder) {
        Ok(repository) => Some(repository),
        Err(error) if is_vacant(&folder) && error.code() == ErrorCode::NotFound => None,
        Err(error) if error.code() == ErrorCode::NotFound => {
            return Err(TransportError::NotARepository { path: path.to_owned() });
        }
        Err(error) if error.code() == ErrorCode::Owner => {
            return Err(TransportError::UnsafeOwner { path: path.to_owned() });
        }
        Err(error) => return Err(open_error(path, error)),
    };
    if let Some(found) = &repository
        && needs_git(found)
    {
        return Ok(Box::new(Session::new(ProcessChannel::git(path, trust), path.to_owned(), None)));
    }
    Ok(Box::new(LocalRepository { folder, path: path.to_owned(), repository }))
}

fn open_error(path: &str, error: git2::Error) -> TransportError {
    match UnsupportedFormat::of(&error) {
        Some(format) => TransportError::UnsupportedFormat { url: path.to_owned(), format },
        None => TransportError::Git { location: path.to_owned(), source: error },
    }
}

fn open_exact(folder: &Path) -> Result<Repository, git2::Error> {
    Repository::open_ext(folder, git2::RepositoryOpenFlags::NO_SEARCH, std::iter::empty::<&std::ffi::OsStr>())
}

/// Whether the folder does not exist or is empty.
fn is_vacant(folder: &Path) -> bool {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// Whether a push must go through git: there are hooks, or a work tree.
fn needs_git(repository: &Repository) -> bool {
    !repository.is_bare() || hooks(repository)
}

fn hooks(repository: &Repository) -> bool {
    let configured = repository.config().and_then(|config| config.get_path("core.hooksPath"));
    let folder = configured.unwrap_or_else(|_| repository.commondir().join("hooks"));
    HOOKS.iter().any(|name| executable(&folder.join(name)))
}

#[cfg(unix)]
fn executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn executable(path: &Path) -> bool {
    path.is_file()
}

/// A bare repository without hooks, or the folder for one.
struct LocalRepository {
    folder: PathBuf,
    path: String,
    repository: Option<Repository>,
}

impl LocalRepository {
    fn error(&self, source: git2::Error) -> TransportError {
        TransportError::Git { location: self.path.clone(), source }
    }

    fn create(&mut self) -> Result<&Repository, TransportError> {
        if self.repository.is_none() {
            let mut options = RepositoryInitOptions::new();
            options.bare(true).mkpath(true).external_template(false).initial_head("main");
            let made = Repository::init_opts(&self.folder, &options).map_err(|error| self.error(error))?;
            self.repository = Some(made);
        }
        self.repository.as_ref().ok_or_else(|| TransportError::NotARepository { path: self.path.clone() })
    }

    /// Makes the objects of this repository readable through `store`.
    fn add_alternate(&self, store: &Repository) -> Result<(), TransportError> {
        let Some(repository) = &self.repository else { return Ok(()) };
        let objects = repository.commondir().join("objects");
        let odb = store.odb().map_err(|error| self.error(error))?;
        odb.add_disk_alternate(&objects.to_string_lossy()).map_err(|error| self.error(error))?;
        odb.refresh().map_err(|error| self.error(error))
    }
}

impl Transport for LocalRepository {
    fn list_refs(&mut self, prefixes: &[String]) -> Result<Vec<RemoteRef>, TransportError> {
        // Reopened to see what other processes wrote or packed since.
        if let Ok(repository) = open_exact(&self.folder) {
            self.repository = Some(repository);
        }
        let Some(repository) = &self.repository else { return Ok(Vec::new()) };
        let wanted = Prefixes::new(prefixes);
        let mut found = Vec::new();
        for reference in repository.references().map_err(|error| self.error(error))? {
            let reference = reference.map_err(|error| self.error(error))?;
            let name = String::from_utf8_lossy(reference.name_bytes()).into_owned();
            if let Some(id) = reference.target()
                && wanted.has_prefix_of(&name)
            {
                found.push(RemoteRef { name, id });
            }
        }
        if prefixes.iter().any(|prefix| prefix == "HEAD")
            && let Ok(id) = repository.refname_to_id("HEAD")
        {
            found.push(RemoteRef { name: "HEAD".to_owned(), id });
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    fn fetch(&mut self, _tips: &[Oid], _depth: u32, store: &Repository) -> Result<(), TransportError> {
        self.add_alternate(store)
    }

    fn fetch_since(&mut self, _tips: &[Oid], commit: Oid, store: &Repository) -> Result<HistoryFetch, TransportError> {
        let missing = || TransportError::NotARepository { path: self.path.clone() };
        let repository = self.repository.as_ref().ok_or_else(missing)?;
        if repository.is_shallow() {
            let message = "the remote repository is a shallow clone".to_owned();
            return Err(TransportError::Server { url: self.path.clone(), message });
        }
        self.add_alternate(store)?;
        Ok(if repository.find_commit(commit).is_ok() { HistoryFetch::Fetched } else { HistoryFetch::UnknownCommit })
    }

    fn fetch_objects(&mut self, _ids: &[Oid], store: &Repository) -> Result<(), TransportError> {
        self.add_alternate(store)
    }

    fn push(
        &mut self,
        updates: &[RefUpdate],
        pack: &Pack<'_>,
        options: &PushOptions,
    ) -> Result<PushReport, TransportError> {
        if !options.options.is_empty() {
            return Err(TransportError::Unsupported {
                url: self.path.clone(),
                capability: "push options".to_owned(),
                hint: "push without options to a local repository that has no hooks".to_owned(),
            });
        }
        let path = self.path.clone();
        let repository = self.create()?;
        // Nothing is written by a push that cannot succeed.
        let stale: Vec<Option<String>> = updates.iter().map(|update| stale(repository, update)).collect();
        if stale.iter().all(Option::is_some) || options.atomic && stale.iter().any(Option::is_some) {
            let results = stale.into_iter().map(|reason| Err(reason.unwrap_or_else(|| ATOMIC_FAILURE.to_owned())));
            return Ok(PushReport::new(updates, results));
        }
        repository
            .odb()
            .and_then(|odb| pack.store(&odb))
            .map_err(|source| TransportError::Git { location: path, source })?;
        let results = if options.atomic { update_all(repository, updates) } else { update_each(repository, updates) };
        Ok(PushReport::new(updates, results))
    }
}

/// Prefixes, for asking about many names.
struct Prefixes<'a> {
    /// Sorted, and none of them begins with another one.
    sorted: Vec<&'a str>,
}

impl<'a> Prefixes<'a> {
    fn new(prefixes: &'a [String]) -> Self {
        let mut sorted: Vec<&str> = prefixes.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        sorted.dedup_by(|longer, prefix| longer.starts_with(*prefix));
        Prefixes { sorted }
    }

    fn has_prefix_of(&self, name: &str) -> bool {
        let after = self.sorted.partition_point(|prefix| *prefix <= name);
        after > 0 && name.starts_with(self.sorted[after - 1])
    }
}

fn update_each(repository: &Repository, updates: &[RefUpdate]) -> Vec<Result<(), String>> {
    updates
        .iter()
        .map(|update| swap(repository, std::slice::from_ref(update)).map_err(|failure| failure.reason))
        .collect()
}

fn update_all(repository: &Repository, updates: &[RefUpdate]) -> Vec<Result<(), String>> {
    match swap(repository, updates) {
        Ok(()) => vec![Ok(()); updates.len()],
        Err(failure) => {
            let reason =
                |index| if index == failure.index { failure.reason.clone() } else { ATOMIC_FAILURE.to_owned() };
            (0..updates.len()).map(|index| Err(reason(index))).collect()
        }
    }
}

/// Returns how the ref differs from what the update expects; `None` if it does not.
fn stale(repository: &Repository, update: &RefUpdate) -> Option<String> {
    let now = match repository.refname_to_id(&update.name) {
        Ok(id) => Some(id),
        Err(error) if error.code() == ErrorCode::NotFound => None,
        Err(error) => return Some(error.message().to_owned()),
    };
    let (expected, found) = (shown(update.old), shown(now));
    (now != update.old).then(|| format!("stale info: expected {} at {expected}, found {found}", update.name))
}

fn shown(id: Option<Oid>) -> String {
    id.map_or_else(|| "no ref".to_owned(), |id| id.to_string())
}

/// Why a transaction failed.
struct TransactionFailure {
    /// The update that failed.
    index: usize,
    reason: String,
}

/// Locks all refs, compares each with its expected value, and writes them.
fn swap(repository: &Repository, updates: &[RefUpdate]) -> Result<(), TransactionFailure> {
    let failed = |index: usize, error: &git2::Error| TransactionFailure { index, reason: error.message().to_owned() };
    let mut transaction = repository.transaction().map_err(|error| failed(0, &error))?;
    for (index, update) in updates.iter().enumerate() {
        let locked = transaction.lock_ref(&update.name);
        locked.map_err(|error| {
            let reason = format!("cannot lock ref {}: {}", update.name, error.message());
            TransactionFailure { index, reason }
        })?;
        if let Some(reason) = stale(repository, update) {
            return Err(TransactionFailure { index, reason });
        }
    }
    for (index, update) in updates.iter().enumerate() {
        let signature = git2::Signature::new("hydrant", "hydrant@localhost", &git2::Time::new(0, 0));
        let signature = signature.map_err(|error| failed(index, &error))?;
        let set = match update.new {
            Some(new) => transaction.set_target(&update.name, new, Some(&signature), "push by hydrant"),
            None => transaction.remove(&update.name),
        };
        set.map_err(|error| failed(index, &error))?;
    }
    transaction.commit().map_err(|error| failed(0, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_of_prefixes_are_enough() {
        let prefixes = ["refs/heads/a/", "refs/heads/a", "refs/heads/ab", "refs/tags/v1", "HEAD"].map(str::to_owned);
        let wanted = Prefixes::new(&prefixes);
        assert_eq!(wanted.sorted, ["HEAD", "refs/heads/a", "refs/tags/v1"]);
        for name in ["refs/heads/a", "refs/heads/ac", "refs/heads/abc", "refs/tags/v1.2", "refs/heads/a/b", "HEAD"] {
            assert!(wanted.has_prefix_of(name), "{name}");
        }
        for name in ["refs/heads/", "refs/heads/b", "refs/tags/v", "refs/tags/v2", "A", ""] {
            assert!(!wanted.has_prefix_of(name), "{name}");
        }
        assert!(!Prefixes::new(&[]).has_prefix_of("refs/heads/a"));
        assert!(Prefixes::new(&[String::new()]).has_prefix_of("refs/heads/a"));
    }
}
