//! The trait through which the engine reaches everything but files: remote repositories, downloads, programs. `delivery` implements it.

use std::sync::Arc;

use manifest::Diagnostic;

use crate::chart_values::ValueTrial;
use crate::repeatable::Repeatable;
use crate::run_cache::RunCache;

/// A request for a git repository at one revision.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RemoteRepository {
    /// The URL to fetch from, without `?ref=` and `//path`, and without credentials.
    pub url: String,
    /// Branch, tag or commit; the remote's default branch if absent.
    pub revision: Option<String>,
    /// Whether submodules are fetched too.
    pub submodules: bool,
    /// The time limit of the fetch, in seconds.
    pub timeout: u64,
}

impl RemoteRepository {
    /// Whether the URL names a repository on this machine: a path, or `file://`.
    pub fn is_local(&self) -> bool {
        match self.url.split_once("://") {
            Some((scheme, _)) => scheme.eq_ignore_ascii_case("file"),
            None => {
                let host = self.url.find(':').filter(|colon| self.url.find('/').is_none_or(|slash| *colon < slash));
                host.is_none()
            }
        }
    }
}

/// A request for a chart that is in no folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChartRequest {
    /// `https://…` for a repository with an `index.yaml` or an archive, `oci://…` for a registry, `@NAME` for a repository of helm's
    /// `repositories.yaml`.
    pub repository: String,
    /// The chart's name in the repository; empty where `repository` is the URL of an archive.
    pub name: String,
    /// The version or range by the rules of Masterminds/semver; the newest release if absent.
    pub version: Option<String>,
}

/// A chart of a [`ChartRequest`], readable through `Files`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedChart {
    /// The path of the archive, `NAME-VERSION.tgz`.
    pub archive: String,
    /// The path of a folder with the archive's files, named as the chart.
    pub folder: String,
    /// The version that was chosen.
    pub version: String,
}

impl ChartRequest {
    /// Returns the request for a chart by its address: `oci://HOST/PATH/NAME`, with a version after `:`, `https://REPOSITORY/NAME`, or the URL
    /// of an archive, which ends with `.tgz`.
    ///
    /// # Errors
    /// Another scheme, no name, or two versions.
    pub fn at(address: &str, version: Option<&str>) -> Result<ChartRequest, String> {
        let address = address.trim_end_matches('/');
        let version = version.filter(|version| !version.is_empty());
        let path = address.split(['?', '#']).next().unwrap_or_default();
        if !address.starts_with("oci://") && (path.ends_with(".tgz") || path.ends_with(".tar.gz")) {
            check_scheme(address)?;
            let (repository, name) = (address.to_owned(), String::new());
            return Ok(ChartRequest { repository, name, version: version.map(str::to_owned) });
        }
        let (repository, name) = address.rsplit_once('/').unwrap_or(("", address));
        match name.split_once(':').filter(|_| address.starts_with("oci://")) {
            Some((_, tag)) if version.is_some_and(|version| version != tag) => {
                Err(format!("invalid chart \"{address}\": it names version {tag}, and `version` is set, too"))
            }
            Some((name, tag)) => ChartRequest::named(repository, name, Some(&tag.replace('_', "+"))),
            None => ChartRequest::named(repository, name, version),
        }
    }

    /// Returns the request for a chart in a repository.
    ///
    /// # Errors
    /// Another scheme than `https`, `http` and `oci`, an invalid name.
    pub fn named(repository: &str, name: &str, version: Option<&str>) -> Result<ChartRequest, String> {
        let repository = repository.trim_end_matches('/');
        check_scheme(repository)?;
        if name.is_empty() || name.contains(['/', '\\', '@', ':']) || name.chars().any(char::is_whitespace) {
            return Err(format!("invalid chart name \"{name}\""));
        }
        let version = version.map(str::trim).filter(|version| !version.is_empty()).map(str::to_owned);
        Ok(ChartRequest { repository: repository.to_owned(), name: name.to_owned(), version })
    }

    /// Returns whether the chart is in an OCI registry.
    #[must_use]
    pub fn is_oci(&self) -> bool {
        self.repository.starts_with("oci://")
    }

    /// Returns whether the request is for the URL of an archive.
    #[must_use]
    pub fn is_archive(&self) -> bool {
        self.name.is_empty()
    }
}

fn check_scheme(repository: &str) -> Result<(), String> {
    let known = ["https://", "http://", "oci://"]
        .iter()
        .any(|scheme| repository.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')));
    let alias = repository.strip_prefix('@').or_else(|| repository.strip_prefix("alias:"));
    if known || alias.is_some_and(|alias| !alias.is_empty()) {
        return Ok(());
    }
    Err(format!("invalid chart repository \"{repository}\": expected https://, oci://, or @NAME of repositories.yaml"))
}

/// Returns a URL without user and password.
fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..authority].rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}://{}", &rest[host..])
}

impl std::fmt::Display for ChartRequest {
    /// Writes `oci://HOST/PATH/NAME` or `NAME of https://…`, and the version or range.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ChartRequest { repository, name, version } = self;
        let repository = &without_credentials(repository);
        match (self.is_archive(), self.is_oci()) {
            (true, _) => f.write_str(repository)?,
            (false, true) => write!(f, "{repository}/{name}")?,
            (false, false) => write!(f, "{name} of {repository}")?,
        }
        version.as_ref().map_or(Ok(()), |version| write!(f, " {version}"))
    }
}

/// A program to run. Secrets do not belong in `arguments`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The program, by name or path, then its arguments.
    pub arguments: Vec<String>,
    /// Its working directory.
    pub folder: String,
    /// Environment variables set in addition to those that every program gets.
    pub variables: Vec<(String, String)>,
    /// Its standard input.
    pub input: Vec<u8>,
    /// Who decides what it does.
    pub kind: ProgramKind,
}

/// Who decides what a program does, and with that which permission it needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProgramKind {
    /// The source: an exec function, a command in a template, a command that lists dependencies.
    #[default]
    Source,
    /// The source: a hook of a Skaffold config.
    Hook,
    /// helm, which renders a chart.
    Helm,
}

/// The result of a program that has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProgramOutput {
    /// The exit status; absent if a signal ended the program.
    pub status: Option<i32>,
    /// The bytes written to standard output.
    pub stdout: Vec<u8>,
    /// The bytes written to standard error.
    pub stderr: Vec<u8>,
}

/// Fills a buffer with random bytes, or says why it cannot.
pub type DrawRandom = fn(&mut [u8]) -> Result<(), String>;

/// How charts are rendered.
#[derive(Clone, Debug, Default)]
pub struct ChartSettings {
    /// The helm program that renders them; where absent, they are rendered in this process if they can be.
    pub program: Option<String>,
    /// The version of helm whose results are reproduced, such as `3.17`; the newest one where absent.
    pub semantics: Option<String>,
    /// The current time, seconds and nanoseconds since 1970; where absent, functions that read it fail.
    pub now: Option<(i64, u32)>,
    /// The source of random bytes; where absent, functions that need them fail.
    pub random: Option<DrawRandom>,
    /// The environment's `TZ`.
    pub time_zone: Option<String>,
    /// Derives random values and the time, instead of `random` and `now`; the local time zone is UTC then.
    pub repeatable: Option<Arc<Repeatable>>,
    /// Values that are tried, and where those of the charts are recorded.
    pub trial: Option<Arc<ValueTrial>>,
    /// The charts that the run has loaded.
    pub cache: RunCache,
}

/// Access to everything outside of [`Files`](crate::files::Files): remote repositories, downloads, programs.
pub trait Host: Sync {
    /// Makes the tree of a repository at a revision readable through `Files`. Returns its root folder.
    ///
    /// # Errors
    /// Returns an error if it cannot be fetched, or must not be (`--locked` and not in the lock file).
    fn repository(&self, request: &RemoteRepository) -> Result<String, Diagnostic>;

    /// Returns the root of the remote repository that `path` lies in; `None` if it lies in none.
    fn repository_root(&self, _path: &str) -> Option<String> {
        None
    }

    /// Returns the bytes at an `https` URL.
    ///
    /// # Errors
    /// Returns an error if they cannot be downloaded, or must not be.
    fn download(&self, url: &str) -> Result<Vec<u8>, Diagnostic>;

    /// Makes a chart of a repository or registry readable through `Files`.
    ///
    /// # Errors
    /// Returns an error if it cannot be fetched, is not the locked one, or must not be fetched.
    fn chart(&self, request: &ChartRequest) -> Result<FetchedChart, Diagnostic> {
        Err(Diagnostic::new(format!("cannot fetch chart {request}: chart repositories are not available here")))
    }

    /// Returns the URL of the chart repository that has a name in helm's `repositories.yaml`.
    ///
    /// # Errors
    /// Returns an error if there is none, or it must not be read.
    fn chart_repository(&self, name: &str) -> Result<String, Diagnostic> {
        Err(Diagnostic::new(format!("chart repository \"{name}\" not found")))
    }

    /// Runs a program until it ends.
    ///
    /// # Errors
    /// Returns an error if it cannot be started. An exit status other than 0 is not an error here.
    fn run(&self, program: &Program) -> Result<ProgramOutput, Diagnostic>;

    /// Returns how charts are rendered.
    fn charts(&self) -> ChartSettings {
        ChartSettings::default()
    }

    /// Returns an empty folder for this run, readable through `Files` and removed at the end of the run.
    ///
    /// # Errors
    /// Returns an error if it cannot be created.
    fn scratch(&self) -> Result<String, Diagnostic>;
}

/// A host that refuses every request: for tests, and for rendering without network and programs.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl Host for NoHost {
    fn repository(&self, request: &RemoteRepository) -> Result<String, Diagnostic> {
        Err(Diagnostic::new(format!("cannot fetch {}: remote repositories are not available here", request.url)))
    }

    fn download(&self, url: &str) -> Result<Vec<u8>, Diagnostic> {
        Err(Diagnostic::new(format!("cannot download {url}: downloads are not available here")))
    }

    fn run(&self, program: &Program) -> Result<ProgramOutput, Diagnostic> {
        Err(Diagnostic::new(format!("cannot run {}: programs are not available here", program.arguments.join(" "))))
    }

    fn scratch(&self) -> Result<String, Diagnostic> {
        Err(Diagnostic::new("cannot create a temporary directory here"))
    }
}
