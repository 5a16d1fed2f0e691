//! The trait through which the engine reaches everything but files: remote repositories, downloads, programs. `delivery` implements it.

use manifest::Diagnostic;

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
    /// The source: an exec function, a hook, a command in a template.
    #[default]
    Source,
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
