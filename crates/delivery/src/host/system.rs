//! The engine's access to the host besides files: programs, downloads, remote bases, temporary folders.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use git::source::SourceRepository;
use manifest::{Diagnostic, Errors};
use net::child::{self, Purpose};
use render_core::files::Files;
use render_core::host::{
    ChartRequest, ChartSettings, FetchedChart, Host, Program, ProgramKind, ProgramOutput, RemoteRepository,
};
use render_core::run_cache::RunCache;

use super::charts::{ChartAccess, Charts};
use super::child_output;
use super::commit_mount::CommitMount;
use super::context::RunContext;
use super::disk::DiskFiles;
use super::host_files::HostFiles;
use super::permissions::Permissions;
use super::program_files::{Mount, ProgramFiles};
use super::remotes;
pub use super::remotes::Remotes;
use crate::error::IntoDiagnostic;
use crate::lock::{LockedChart, LockedRemote};

/// The machine that hydrant runs on.
#[derive(Debug, Default)]
pub struct SystemHost {
    scratch: Mutex<Vec<tempfile::TempDir>>,
    remotes: remotes::Fetched,
    remote_charts: Charts,
    permissions: Permissions,
    /// The folder outside of which nothing of the source is read; absent where the source is trusted.
    confined: Option<String>,
    revision: Option<SourceRevision>,
    charts: ChartChoice,
    clock: HostClock,
    /// What the units of a run share.
    cache: RunCache,
}

/// The clock that charts read.
#[derive(Debug, Default)]
struct HostClock {
    /// Seconds since 1970, and nanoseconds; the machine's clock where absent.
    now: Option<(i64, u32)>,
    /// The environment's `TZ`.
    time_zone: Option<String>,
}

fn system_time() -> (i64, u32) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (i64::try_from(now.as_secs()).unwrap_or_default(), now.subsec_nanos())
}

/// A revision of the source that is rendered without a checkout.
#[derive(Debug)]
struct SourceRevision {
    /// A folder of the source.
    folder: String,
    revision: String,
    /// Its files, for programs.
    mount: OnceLock<Result<Arc<CommitMount>, Diagnostic>>,
}

impl SourceRevision {
    fn mount(&self) -> Result<Arc<CommitMount>, Diagnostic> {
        let open = || {
            let source =
                SourceRepository::discover(Path::new(&self.folder)).map_err(IntoDiagnostic::into_diagnostic)?;
            let files = source.files(&self.revision).map_err(IntoDiagnostic::into_diagnostic)?;
            Ok(Arc::new(CommitMount::new(files, format!("the source at {}", self.revision), None)))
        };
        self.mount.get_or_init(open).clone()
    }
}

/// What the config says about the rendering of charts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChartChoice {
    /// The helm program that renders charts; where absent, they are rendered in this process if they can be.
    pub program: Option<String>,
    /// The version of helm whose results are reproduced.
    pub semantics: Option<String>,
}

impl ChartChoice {
    /// Returns the version of helm whose results are reproduced in this process; none where a program renders charts.
    #[must_use]
    pub fn rendered_semantics(&self) -> Option<String> {
        let default = || render_core::helm::Semantics::default().name().to_owned();
        self.program.is_none().then(|| self.semantics.clone().unwrap_or_else(default))
    }
}

impl SystemHost {
    /// Renders charts as the config says.
    #[must_use]
    pub fn with_charts(self, charts: ChartChoice) -> Self {
        SystemHost { charts, ..self }
    }

    /// Reads the clock and the time zone of a run.
    #[must_use]
    pub fn with_clock_of(self, ctx: &RunContext) -> Self {
        let now = ctx.now.map(|now| (now.seconds, ctx.nanoseconds));
        SystemHost { clock: HostClock { now, time_zone: ctx.variables.get("TZ").cloned() }, ..self }
    }

    /// A host that gets remote bases from `remotes` and starts programs as `permissions` say. The default fetches every requested base
    /// and starts no program that the source configures.
    pub fn new(remotes: Remotes, permissions: Permissions) -> Self {
        let access = ChartAccess { trust: permissions.trust, ..ChartAccess::default() };
        let remote_charts = Charts::new(access, remotes.source.clone(), remotes.cache.clone());
        let remotes = remotes::Fetched::new(remotes, permissions.trust);
        SystemHost { remotes, remote_charts, permissions, ..SystemHost::default() }
    }

    /// The host with these ways to chart repositories and registries.
    #[must_use]
    pub fn with_chart_access(self, access: ChartAccess) -> Self {
        let Remotes { source, cache, .. } = self.remotes.settings().clone();
        SystemHost { remote_charts: Charts::new(access, source, cache), ..self }
    }

    /// The remote charts that were used so far, for the lock file.
    pub fn used_charts(&self) -> Vec<LockedChart> {
        self.remote_charts.used()
    }

    /// The files of the source, and of the remote bases that this host has fetched or will fetch.
    pub fn files<'a>(&'a self, source: &'a dyn Files) -> HostFiles<'a> {
        HostFiles::new(source, self.remotes.bases(), &self.remote_charts, self.confined.as_deref())
    }

    /// The host with a revision of the source in `folder`. A program gets the files of the revision in a temporary folder, not those of the
    /// work tree.
    #[must_use]
    pub(crate) fn at_revision(mut self, folder: &str, revision: Option<&str>) -> Self {
        self.revision = revision.map(|revision| SourceRevision {
            folder: folder.to_owned(),
            revision: revision.to_owned(),
            mount: OnceLock::new(),
        });
        self
    }

    /// The host with a source in `folder`. If the source is not trusted, no file outside of its repository is read; without a repository, none
    /// outside of the folder.
    #[must_use]
    pub fn with_source(mut self, folder: &str) -> Self {
        if self.permissions.trust.is_untrusted() {
            let repository = SourceRepository::discover(Path::new(folder)).ok();
            let root = repository.map(|repository| repository.root().display().to_string());
            let folder = || DiskFiles::default().real(folder).unwrap_or_else(|_| folder.to_owned());
            self.confined = Some(root.unwrap_or_else(folder));
        }
        self
    }

    /// Fails if a remote base was read whose objects in the cache are damaged. An engine may have taken a file that it could not read for one
    /// that does not exist.
    ///
    /// # Errors
    /// Every damaged base.
    pub fn check_bases(&self) -> Result<(), Errors> {
        Errors::check(self.remotes.bases().all().iter().filter_map(|base| base.damage()).collect())
    }

    /// The remote bases and files that were used so far, for the lock file, sorted.
    pub fn fetched(&self) -> Vec<LockedRemote> {
        self.remotes.used()
    }
}

impl Host for SystemHost {
    fn repository(&self, wanted: &RemoteRepository) -> Result<String, Diagnostic> {
        self.remotes.repository(wanted)
    }

    fn repository_root(&self, path: &str) -> Option<String> {
        let chart = self.remote_charts.at(path).map(|chart| chart.root().to_owned());
        chart.or_else(|| self.remotes.bases().at(path).map(|base| base.root().to_owned()))
    }

    fn download(&self, url: &str) -> Result<Vec<u8>, Diagnostic> {
        self.remotes.file(url)
    }

    fn charts(&self) -> ChartSettings {
        let ChartChoice { program, semantics } = self.charts.clone();
        ChartSettings {
            program,
            semantics,
            now: Some(self.clock.now.unwrap_or_else(system_time)),
            random: Some(|bytes| getrandom::fill(bytes).map_err(|error| error.to_string())),
            time_zone: self.clock.time_zone.clone(),
            repeatable: None,
            trial: None,
            cache: self.cache.clone(),
        }
    }

    fn chart(&self, request: &ChartRequest) -> Result<FetchedChart, Diagnostic> {
        self.remote_charts.get(request)
    }

    fn chart_repository(&self, name: &str) -> Result<String, Diagnostic> {
        self.remote_charts.repository_of_name(name)
    }

    fn run(&self, program: &Program) -> Result<ProgramOutput, Diagnostic> {
        self.permissions.check(program)?;
        let mut mounts: Vec<Arc<dyn Mount>> = Vec::new();
        mounts.extend(self.remotes.bases().all().into_iter().map(|base| base as Arc<dyn Mount>));
        mounts.extend(self.remote_charts.all().into_iter().map(|chart| chart as Arc<dyn Mount>));
        if let Some(revision) = &self.revision {
            mounts.push(revision.mount()?);
        }
        let files = ProgramFiles::of(program, &mounts)?;
        let program = files.program(program);
        let (name, arguments) =
            program.arguments.split_first().ok_or_else(|| Diagnostic::new("missing name of the program"))?;
        let purpose = match program.kind {
            ProgramKind::Source | ProgramKind::Hook => Purpose::Source,
            ProgramKind::Helm => Purpose::Helm,
        };
        let child = child::command(name, purpose)
            .args(arguments)
            .current_dir(&program.folder)
            .envs(program.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| not_started(name, &error))?;
        let finished = child_output::wait(child, &program.input);
        let finished = finished.map_err(|error| Diagnostic::new(format!("cannot run {name}: {error}")))?;
        let stderr = files.stderr(finished.stderr);
        Ok(ProgramOutput { status: finished.status.code(), stdout: finished.stdout, stderr })
    }

    fn scratch(&self) -> Result<String, Diagnostic> {
        let refused =
            |error: &dyn std::fmt::Display| Diagnostic::new(format!("cannot create a temporary folder: {error}"));
        let folder = tempfile::tempdir().map_err(|error| refused(&error))?;
        let real = folder.path().canonicalize().map_err(|error| refused(&error))?;
        let path = crate::host::disk::absolute(&real).map_err(|error| refused(&error))?;
        self.scratch.lock().unwrap_or_else(PoisonError::into_inner).push(folder);
        Ok(path)
    }
}

fn not_started(name: &str, error: &std::io::Error) -> Diagnostic {
    let found = Diagnostic::new(format!("cannot run {name}: {error}"));
    match error.kind() {
        std::io::ErrorKind::NotFound => found.hint(format!("install {name}, or add its folder to PATH")),
        _ => found,
    }
}
