//! Remote charts: fetched once a run, kept by digest, checked against the lock file.
//!
//! A chart that the lock file has is the locked one in every mode, and verified by its digest at each use. One that it does not have is resolved, and
//! refused where only the lock file may be used.

mod helm_config;
mod index;
mod mount;
mod oci;
mod repository;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use manifest::{Diagnostic, Digest};
use net::InputTrust;
use registry::RegistryOptions;
use render_core::helm::versions::NoVersion;
use render_core::helm::{Chart, Semantics};
use render_core::host::{ChartRequest, FetchedChart};

use super::cache;
use super::download::shown;
use super::remotes::{Answer, once};
use crate::lock::{Lock, LockMode, LockedChart};
pub(crate) use mount::ChartMount;
use oci::Registries;
use repository::Repositories;

/// The largest archive in bytes: helm's limit for the files in it.
const ARCHIVE_LIMIT: usize = 100 << 20;

/// Whether a path is of a remote chart.
pub(crate) fn is_in_remote_chart(path: &str) -> bool {
    path.starts_with(mount::MOUNTS)
}

/// How chart repositories and registries are accessed.
#[derive(Clone, Debug)]
pub struct ChartAccess {
    /// How registries are queried; the proxies come from `variables`.
    pub registries: RegistryOptions,
    /// The environment's variables, which name helm's and docker's files.
    pub variables: BTreeMap<String, String>,
    /// Whether the run's input is trusted; if not, no credentials are used and only public addresses are connected to.
    pub trust: InputTrust,
    /// The content of the lock file, or why it cannot be read; it is read in every mode.
    pub lock: Result<Lock, Diagnostic>,
}

impl Default for ChartAccess {
    fn default() -> Self {
        ChartAccess {
            registries: RegistryOptions::standard(),
            variables: BTreeMap::new(),
            trust: InputTrust::Trusted,
            lock: Ok(Lock::default()),
        }
    }
}

/// Every remote chart of this run, each fetched once however many units name it.
#[derive(Default)]
pub(super) struct Charts {
    access: ChartAccess,
    mode: LockMode,
    cache: Option<PathBuf>,
    fetched: Mutex<BTreeMap<ChartRequest, Answer<FetchedChart>>>,
    used: Mutex<Vec<LockedChart>>,
    mounts: RwLock<BTreeMap<String, Arc<ChartMount>>>,
    repositories: Repositories,
    registries: Registries,
}

impl std::fmt::Debug for Charts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Charts").field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// A request whose repository is a URL.
struct Request {
    repository: String,
    name: String,
    version: Option<String>,
}

/// The content of a chart.
struct Content {
    version: String,
    /// The digest that is locked.
    digest: String,
    archive: Vec<u8>,
}

impl Charts {
    pub(super) fn new(access: ChartAccess, mode: LockMode, cache: Option<PathBuf>) -> Self {
        Charts { access, mode, cache, ..Charts::default() }
    }

    /// The charts that were used so far, for the lock file.
    pub(super) fn used(&self) -> Vec<LockedChart> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The chart that has the path.
    pub(super) fn at(&self, path: &str) -> Option<Arc<ChartMount>> {
        let below = path.strip_prefix(mount::MOUNTS)?;
        let root = &path[..mount::MOUNTS.len() + below.find('/').unwrap_or(below.len())];
        self.mounts.read().unwrap_or_else(PoisonError::into_inner).get(root).cloned()
    }

    /// All charts.
    pub(super) fn all(&self) -> Vec<Arc<ChartMount>> {
        self.mounts.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The chart of a request.
    ///
    /// # Errors
    /// A chart that cannot be fetched, that is not the locked one, or that must not be fetched.
    pub(super) fn get(&self, request: &ChartRequest) -> Result<FetchedChart, Diagnostic> {
        once(&self.fetched, request, || self.fetch(request))
    }

    /// The URL of a repository that has a name in helm's `repositories.yaml`.
    ///
    /// # Errors
    /// A name that it does not have.
    pub(super) fn repository_of_name(&self, name: &str) -> Result<String, Diagnostic> {
        self.repositories.url(&self.access, &format!("@{name}"))
    }

    fn fetch(&self, request: &ChartRequest) -> Result<FetchedChart, Diagnostic> {
        let request = Request {
            repository: self.repositories.url(&self.access, &request.repository)?,
            name: request.name.clone(),
            version: request.version.clone(),
        };
        let locked = self.locked(&request)?;
        let content = match &locked {
            Some(locked) => match self.cached(&request, locked) {
                Some(content) => content,
                None => {
                    self.opening(&request, "it is locked, but not in the cache of this machine")?;
                    self.download(&request, Some(locked))?
                }
            },
            None => {
                self.opening(&request, "it is not in the lock file")?;
                self.download(&request, None)?
            }
        };
        let Content { version, digest, archive } = content;
        let name = if request.name.is_empty() { "chart" } else { &request.name };
        let mount = ChartMount::new(&cache::digest(&archive), name, &version, archive.into());
        let fetched = FetchedChart { archive: mount.archive(), folder: mount.folder(), version: version.clone() };
        let root = super::program_files::Mount::root(&mount).to_owned();
        self.mounts.write().unwrap_or_else(PoisonError::into_inner).entry(root).or_insert_with(|| Arc::new(mount));
        self.used.lock().unwrap_or_else(PoisonError::into_inner).push(LockedChart {
            repository: shown(&request.repository),
            name: request.name,
            range: request.version,
            version,
            digest,
        });
        Ok(fetched)
    }

    /// What the lock file says.
    fn locked(&self, request: &Request) -> Result<Option<LockedChart>, Diagnostic> {
        let lock = self.access.lock.as_ref().map_err(Clone::clone)?;
        let known = lock.chart(&shown(&request.repository), &request.name, request.range());
        let refreshed = matches!(&self.mode, LockMode::Write(refresh) if refresh.concerns_chart(request.called()));
        Ok(known.filter(|_| !refreshed).cloned())
    }

    /// Returns an error where only the lock file may be used.
    fn opening(&self, request: &Request, why: &str) -> Result<(), Diagnostic> {
        if !self.mode.is_locked() {
            return Ok(());
        }
        Err(Diagnostic::new(format!("cannot fetch chart {request}: --locked forbids it, and {why}"))
            .hint("run the same command with --lock to fetch it, and commit the lock file"))
    }

    /// The locked content, if the cache of this machine has it.
    fn cached(&self, request: &Request, locked: &LockedChart) -> Option<Content> {
        let manifest = self.cached_file(&locked.digest)?;
        let archive =
            if request.is_oci() { self.cached_file(oci::layer(request, &manifest).ok()?.as_str())? } else { manifest };
        Some(Content { version: locked.version.clone(), digest: locked.digest.clone(), archive })
    }

    fn cached_file(&self, digest: &str) -> Option<Vec<u8>> {
        let bytes = fs::read(cache::file(&self.cache(), digest)).ok()?;
        (cache::digest(&bytes) == digest).then_some(bytes)
    }

    fn download(&self, request: &Request, locked: Option<&LockedChart>) -> Result<Content, Diagnostic> {
        let named = |error: Diagnostic| {
            let names = error.message.contains(&request.name) || error.message.contains(&shown(&request.repository));
            let message = if names { error.message } else { format!("chart {request}: {}", error.message) };
            Diagnostic { message, ..error }
        };
        let content = match (request.is_oci(), request.name.is_empty()) {
            (true, _) => self.registry_content(request, locked),
            (false, true) => self.url_content(request, locked),
            (false, false) => self.repository_content(request, locked),
        };
        content.map_err(named)
    }

    fn repository_content(&self, request: &Request, locked: Option<&LockedChart>) -> Result<Content, Diagnostic> {
        let version = locked.map(|locked| locked.version.as_str());
        let found = self.repositories.find(&self.access, request, version)?;
        if let (Some(locked), Some(digest)) = (locked, &found.digest)
            && locked.digest != *digest
        {
            return Err(request.changed(locked, digest));
        }
        let cached = found.digest.as_ref().and_then(|digest| self.cached_file(digest));
        let archive = match cached {
            Some(archive) => archive,
            None => self.repositories.archive(&self.access, &request.repository, &found)?,
        };
        let digest = cache::digest(&archive);
        match (locked, found.digest) {
            (Some(locked), _) if locked.digest != digest => return Err(request.changed(locked, &digest)),
            (None, Some(expected)) if expected != digest => {
                let place = format!("{} {} of {}", request.name, found.version, shown(&request.repository));
                let message = format!("the archive of {place} has digest {digest}, expected {expected} of the index");
                return Err(Diagnostic::new(message));
            }
            _ => {}
        }
        self.keep(&digest, &archive)?;
        Ok(Content { version: found.version, digest, archive })
    }

    fn url_content(&self, request: &Request, locked: Option<&LockedChart>) -> Result<Content, Diagnostic> {
        let archive = self.repositories.archive_at(&self.access, &request.repository)?;
        let digest = cache::digest(&archive);
        if let Some(locked) = locked.filter(|locked| locked.digest != digest) {
            return Err(request.changed(locked, &digest));
        }
        let chart = Chart::from_archive(&archive, &shown(&request.repository), Semantics::default());
        let chart = chart.map_err(|error| Diagnostic::new(error.to_string()))?;
        let version = chart.version().to_owned();
        if let Some(range) = request.range()
            && render_core::helm::versions::choose(Some(range), &[&version]).is_err()
        {
            return Err(Diagnostic::new(format!("{request} has version {version}")).hint("correct `version`"));
        }
        self.keep(&digest, &archive)?;
        Ok(Content { version, digest, archive })
    }

    fn registry_content(&self, request: &Request, locked: Option<&LockedChart>) -> Result<Content, Diagnostic> {
        let pinned = locked.and_then(|locked| Some((locked.version.as_str(), Digest::parse(&locked.digest).ok()?)));
        let pinned = pinned.as_ref().map(|(version, digest)| (*version, digest));
        let found = self.registries.find(&self.access, request, pinned)?;
        let layer = oci::layer(request, &found.bytes)?;
        let archive = match self.cached_file(layer.as_str()) {
            Some(archive) => archive,
            None => self.registries.archive(&self.access, request, &layer)?,
        };
        self.keep(layer.as_str(), &archive)?;
        self.keep(found.digest.as_str(), &found.bytes)?;
        Ok(Content { version: found.version, digest: found.digest.to_string(), archive })
    }

    /// Writes a file into the cache.
    fn keep(&self, digest: &str, bytes: &[u8]) -> Result<(), Diagnostic> {
        let place = cache::file(&self.cache(), digest);
        let unwritable =
            |place: &Path, error: &std::io::Error| Diagnostic::new(format!("{}: {error}", place.display()));
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        }
        crate::host::disk::write_whole(&place, bytes).map_err(|error| unwritable(&place, &error))
    }

    fn cache(&self) -> PathBuf {
        self.cache.clone().unwrap_or_else(cache::folder)
    }
}

impl std::fmt::Display for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (repository, name, version) = (shown(&self.repository), self.name.clone(), self.version.clone());
        ChartRequest { repository, name, version }.fmt(f)
    }
}

impl Request {
    fn is_oci(&self) -> bool {
        self.repository.starts_with("oci://")
    }

    /// The name by which `hydrant update` means the chart: of the URL of an archive, the URL.
    fn called(&self) -> &str {
        if self.name.is_empty() { &self.repository } else { &self.name }
    }

    fn range(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// What `hydrant update` calls the chart.
    fn update_hint(&self) -> String {
        format!("run `hydrant update {}`", shown(self.called()))
    }

    fn changed(&self, locked: &LockedChart, found: &str) -> Diagnostic {
        let message = format!(
            "chart {} {} of {} has changed: expected {} of the lock file, found {found}",
            self.name,
            locked.version,
            shown(&self.repository),
            locked.digest
        );
        Diagnostic::new(message).hint(format!("{} to lock the new content, if you trust it", self.update_hint()))
    }

    /// The error for a locked version that the repository no longer has.
    fn vanished(&self, version: &str, matching: &[&str]) -> Diagnostic {
        let names: Vec<&str> = matching.iter().take(5).copied().collect();
        let others = match (self.range(), names.as_slice()) {
            (_, []) => String::new(),
            (Some(range), [one]) => format!("; {one} satisfies \"{range}\""),
            (Some(range), several) => format!("; {} satisfy \"{range}\"", several.join(" and ")),
            (None, several) => format!("; it has {}", several.join(" and ")),
        };
        let message = format!(
            "the locked version {version} of {} was removed from {}{others}",
            self.name,
            shown(&self.repository)
        );
        Diagnostic::new(message).hint(format!("{} to choose a version again", self.update_hint()))
    }

    /// The error for a range that no version satisfies.
    fn no_version(&self, why: &NoVersion) -> Diagnostic {
        let (name, place, range) = (&self.name, shown(&self.repository), self.range().unwrap_or("*"));
        match why {
            NoVersion::InvalidRange(error) => {
                Diagnostic::new(format!("invalid version \"{range}\" of chart {name}: {error}"))
                    .hint("write a version, or a range such as 1.x, ~1.2 or >=1.2 <2")
            }
            NoVersion::None => Diagnostic::new(format!("chart {name} has no version in {place}")),
            NoVersion::Unsatisfied { below, above, pre_release } => {
                let message = format!("no version of chart {name} in {place} satisfies \"{range}\"");
                let near: Vec<&str> = [below, above].into_iter().flatten().map(String::as_str).collect();
                let message = match near.as_slice() {
                    [] => message,
                    [one] => format!("{message}: the nearest is {one}"),
                    several => format!("{message}: the nearest are {}", several.join(" and ")),
                };
                match pre_release {
                    Some(pre) => Diagnostic::new(message)
                        .hint(format!("write `version: {pre}`, or a range that names a pre-release, to take it")),
                    None => Diagnostic::new(message),
                }
            }
        }
    }
}
