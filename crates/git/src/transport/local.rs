//! A repository on this machine: read and written in process through git2, with a compare-and-swap of the refs.
//!
//! Where the repository has hooks, the installed git receives the push, so that they run; a repository whose hooks cannot be run
//! is refused. A path where nothing is becomes a bare repository with the first push.

use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid, Repository, RepositoryInitOptions};

use super::process::Process;
use super::session::{Session, git};
use super::{Line, PushOptions, PushReport, RemoteRef, Transport, TransportError, Update};
use crate::pack::Pack;

const HOOKS: &[&str] = &[
    "pre-receive",
    "update",
    "post-receive",
    "post-update",
    "reference-transaction",
    "proc-receive",
    "push-to-checkout",
];

/// Opens what is at `path`, or stands ready to create it.
pub(super) fn open(path: &str) -> Result<Box<dyn Transport>, TransportError> {
    if path.is_empty() {
        return Err(TransportError::Url { url: path.to_owned(), words: "no repository is given".to_owned() });
    }
    let place = PathBuf::from(path);
    let repository = match exact(&place) {
        Ok(repository) => Some(repository),
        Err(error) if is_nothing(&place) && error.code() == ErrorCode::NotFound => None,
        Err(error) if error.code() == ErrorCode::NotFound => {
            return Err(TransportError::NotARepository { path: path.to_owned(), words: error.message().to_owned() });
        }
        Err(error) if error.code() == ErrorCode::Owner => {
            return Err(TransportError::Owner { path: path.to_owned(), words: error.message().to_owned() });
        }
        Err(error) => return Err(git(path, &error)),
    };
    if let Some(found) = &repository
        && needs_git(found)
    {
        return Ok(Box::new(Session::new(Process::here(path), path.to_owned())));
    }
    Ok(Box::new(Local { place, shown: path.to_owned(), repository }))
}

fn exact(place: &Path) -> Result<Repository, git2::Error> {
    Repository::open_ext(place, git2::RepositoryOpenFlags::NO_SEARCH, std::iter::empty::<&std::ffi::OsStr>())
}

/// Nothing there, or an empty folder.
fn is_nothing(place: &Path) -> bool {
    match std::fs::read_dir(place) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// Whether only git itself does a push right: hooks, or a work tree that shows the branch.
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

/// A bare repository without hooks, or a place for one.
struct Local {
    place: PathBuf,
    shown: String,
    repository: Option<Repository>,
}

impl Local {
    fn failed(&self, error: &git2::Error) -> TransportError {
        git(&self.shown, error)
    }

    fn create(&mut self) -> Result<&Repository, TransportError> {
        if self.repository.is_none() {
            let mut options = RepositoryInitOptions::new();
            options.bare(true).mkpath(true).external_template(false).initial_head("main");
            let made = Repository::init_opts(&self.place, &options).map_err(|error| self.failed(&error))?;
            self.repository = Some(made);
        }
        self.repository.as_ref().ok_or_else(|| TransportError::NotARepository {
            path: self.shown.clone(),
            words: "it could not be created".to_owned(),
        })
    }

    fn alternate(&self, here: &Repository) -> Result<(), TransportError> {
        let Some(repository) = &self.repository else { return Ok(()) };
        let objects = repository.commondir().join("objects");
        let odb = here.odb().map_err(|error| self.failed(&error))?;
        odb.add_disk_alternate(&objects.to_string_lossy()).map_err(|error| self.failed(&error))?;
        odb.refresh().map_err(|error| self.failed(&error))
    }
}

impl Transport for Local {
    fn list(&mut self, prefixes: &[String]) -> Result<Vec<RemoteRef>, TransportError> {
        // Opened anew, so that what another process packed or wrote meanwhile is seen.
        if let Ok(repository) = exact(&self.place) {
            self.repository = Some(repository);
        }
        let Some(repository) = &self.repository else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for reference in repository.references().map_err(|error| self.failed(&error))? {
            let reference = reference.map_err(|error| self.failed(&error))?;
            let name = String::from_utf8_lossy(reference.name_bytes()).into_owned();
            if let Some(id) = reference.target()
                && prefixes.iter().any(|prefix| name.starts_with(prefix))
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

    fn fetch(&mut self, _tips: &[Oid], _depth: u32, here: &Repository) -> Result<(), TransportError> {
        self.alternate(here)
    }

    fn since(&mut self, _tips: &[Oid], commit: Oid, here: &Repository) -> Result<Line, TransportError> {
        let none = || TransportError::NotARepository { path: self.shown.clone(), words: "nothing is there".to_owned() };
        let repository = self.repository.as_ref().ok_or_else(none)?;
        if repository.is_shallow() {
            let words = "its own history is cut off (a shallow clone)".to_owned();
            return Err(TransportError::Server { url: self.shown.clone(), words });
        }
        self.alternate(here)?;
        Ok(if repository.find_commit(commit).is_ok() { Line::Fetched } else { Line::Unknown })
    }

    fn objects(&mut self, _ids: &[Oid], here: &Repository) -> Result<(), TransportError> {
        self.alternate(here)
    }

    fn push(
        &mut self,
        updates: &[Update],
        pack: &Pack<'_>,
        options: &PushOptions,
    ) -> Result<PushReport, TransportError> {
        if !options.options.is_empty() {
            return Err(TransportError::Lacks {
                url: self.shown.clone(),
                what: "push options".to_owned(),
                advice: "it is a folder without hooks, so nobody would read them".to_owned(),
            });
        }
        let shown = self.shown.clone();
        let repository = self.create()?;
        // A push that has lost already leaves nothing behind.
        let stale: Vec<Option<String>> = updates.iter().map(|update| stale(repository, update)).collect();
        if stale.iter().all(Option::is_some) || options.atomic && stale.iter().any(Option::is_some) {
            let words = |words: Option<String>| Err(words.unwrap_or_else(|| "atomic push failure".to_owned()));
            return Ok(PushReport { refs: stale.into_iter().map(words).collect(), ..PushReport::default() });
        }
        repository.odb().and_then(|odb| pack.store(&odb)).map_err(|error| git(&shown, &error))?;
        let refs = if options.atomic { together(repository, updates) } else { one_by_one(repository, updates) };
        Ok(PushReport { refs, ..PushReport::default() })
    }
}

fn one_by_one(repository: &Repository, updates: &[Update]) -> Vec<Result<(), String>> {
    updates.iter().map(|update| swap(repository, std::slice::from_ref(update)).map_err(|(_, words)| words)).collect()
}

fn together(repository: &Repository, updates: &[Update]) -> Vec<Result<(), String>> {
    match swap(repository, updates) {
        Ok(()) => vec![Ok(()); updates.len()],
        Err((failed, words)) => {
            let others = |index| if index == failed { words.clone() } else { "atomic push failure".to_owned() };
            (0..updates.len()).map(|index| Err(others(index))).collect()
        }
    }
}

/// Why the ref is not what the update expects; `None` where it is.
fn stale(repository: &Repository, update: &Update) -> Option<String> {
    let now = match repository.refname_to_id(&update.name) {
        Ok(id) => Some(id),
        Err(error) if error.code() == ErrorCode::NotFound => None,
        Err(error) => return Some(error.message().to_owned()),
    };
    let shown = now.map_or_else(|| "nothing".to_owned(), |id| id.to_string());
    (now != update.old).then(|| format!("{} is no longer what it was: it is {shown}", update.name))
}

/// Locks all refs, compares each with what it must be, and writes. The error names the update that failed.
fn swap(repository: &Repository, updates: &[Update]) -> Result<(), (usize, String)> {
    let words = |error: &git2::Error| error.message().to_owned();
    let mut transaction = repository.transaction().map_err(|error| (0, words(&error)))?;
    for (index, update) in updates.iter().enumerate() {
        let locked = transaction.lock_ref(&update.name);
        locked.map_err(|error| (index, format!("cannot lock ref {}: {}", update.name, words(&error))))?;
        if let Some(words) = stale(repository, update) {
            return Err((index, words));
        }
    }
    for (index, update) in updates.iter().enumerate() {
        let signature = git2::Signature::new("hydrant", "hydrant@localhost", &git2::Time::new(0, 0));
        let signature = signature.map_err(|error| (index, words(&error)))?;
        let set = match update.new {
            Some(new) => transaction.set_target(&update.name, new, Some(&signature), "push by hydrant"),
            None => transaction.remove(&update.name),
        };
        set.map_err(|error| (index, words(&error)))?;
    }
    transaction.commit().map_err(|error| (0, words(&error)))
}
