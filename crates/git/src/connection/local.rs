//! A repository on this machine, read and written in process through libgit2, with a compare-and-swap of the refs.
//!
//! A push to a repository with hooks or a work tree goes through the installed git, so that the hooks run. A path that does not exist becomes a
//! bare repository with the first push.

use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid, Repository};
use net::InputTrust;

use super::create::{Creation, create, is_vacant, open_exact};
use super::process::ProcessChannel;
use super::session::Session;
use super::transaction::{stale, stale_info, swap};
use crate::error::TransportError;
use crate::format::UnsupportedFormat;
use crate::pack::Pack;
use crate::transport::{ATOMIC_FAILURE, HistoryFetch, PushOptions, PushReport, RefUpdate, RemoteRef, Transport};

/// The number of times that the refs are read if notes and the like change meanwhile.
const MAX_SCANS: u32 = 10;

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
        Err(error) if is_vacant(&folder) && error.code() == ErrorCode::NotFound => may_be_created(&folder)
            .then_some(None)
            .ok_or_else(|| TransportError::NoRepository { path: path.to_owned() })?,
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

/// Whether the first push creates a repository at a path: an existing empty folder, or a name in an existing folder. A path
/// whose folder does not exist is a mistake.
fn may_be_created(folder: &Path) -> bool {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.is_dir() || parent.is_dir()
}

fn open_error(path: &str, error: git2::Error) -> TransportError {
    match UnsupportedFormat::of(&error) {
        Some(format) => TransportError::UnsupportedFormat { url: path.to_owned(), format },
        None => TransportError::Git { location: path.to_owned(), source: error },
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

    /// Creates the repository if there is none, with this push in it. Returns the report if that was the push.
    fn create(&mut self, updates: &[RefUpdate], pack: &Pack<'_>) -> Result<Option<PushReport>, TransportError> {
        if self.repository.is_some() {
            return Ok(None);
        }
        if updates.iter().any(|update| update.old.is_some()) {
            // What was read is gone. The push is late, and its report says so.
            let stale = |update: &RefUpdate| update.old.map(|_| stale_info(update, None));
            return Ok(Some(PushReport::not_sent(updates, updates.iter().map(stale).collect())));
        }
        let created = updates.iter().filter(|update| update.new.is_some()).cloned().collect::<Vec<_>>();
        let (repository, report) = match create(&self.folder, &created, pack)? {
            Creation::Created(repository) => {
                (repository, Some(PushReport::new(updates, updates.iter().map(|_| Ok(())))))
            }
            Creation::Exists(repository) => (repository, None),
        };
        self.repository = Some(repository);
        Ok(report)
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
        for _ in 0..MAX_SCANS {
            let before = records(repository, prefixes);
            found = scan(repository, &wanted).map_err(|error| self.error(error))?;
            if before == records(repository, prefixes) {
                break;
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
        if let Some(report) = self.create(updates, pack)? {
            return Ok(report);
        }
        let missing = || TransportError::NotARepository { path: path.clone() };
        let repository = self.repository.as_ref().ok_or_else(missing)?;
        // Nothing is written by a push that cannot succeed.
        let stale: Vec<Option<String>> =
            updates.iter().map(|update| stale(repository, update).unwrap_or_default()).collect();
        if stale.iter().all(Option::is_some) || options.atomic && stale.iter().any(Option::is_some) {
            return Ok(PushReport::not_sent(updates, stale));
        }
        repository
            .odb()
            .and_then(|odb| pack.store(&odb))
            .map_err(|source| TransportError::Git { location: path, source })?;
        let results = if options.atomic { update_all(repository, updates) } else { update_each(repository, updates) };
        Ok(PushReport::new(updates, results))
    }
}

/// The refs with these prefixes, which are read one after the other.
fn scan(repository: &Repository, wanted: &Prefixes<'_>) -> Result<Vec<RemoteRef>, git2::Error> {
    let mut found = Vec::new();
    for reference in repository.references()? {
        let reference = reference?;
        let name = String::from_utf8_lossy(reference.name_bytes()).into_owned();
        if let Some(id) = reference.target()
            && wanted.has_prefix_of(&name)
        {
            found.push(RemoteRef { name, id });
        }
    }
    Ok(found)
}

/// The refs among these names that are not branches: notes and the like, which one push writes together with branches. If they did not change
/// during a scan of all refs, no such push ended during it.
fn records(repository: &Repository, names: &[String]) -> Vec<Option<Oid>> {
    let records = names.iter().filter(|name| !name.starts_with("refs/heads/"));
    records.map(|name| repository.refname_to_id(name).ok()).collect()
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
