//! What the engine may ask of the world besides files: a remote base, a download, a program. `delivery` answers.

use manifest::Diagnostic;

/// A git repository to be had at one revision.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RemoteRepository {
    /// The URL to fetch from, without `?ref=` and `//path`; no credentials in it.
    pub url: String,
    /// Branch, tag or commit; the remote's default branch where absent.
    pub revision: Option<String>,
    /// Whether submodules are fetched too.
    pub submodules: bool,
    /// Seconds until the fetch is given up.
    pub timeout: u64,
}

/// A program to run to its end. Nothing secret belongs in `arguments`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The program, by name or path, then its arguments.
    pub arguments: Vec<String>,
    /// The folder it runs in.
    pub folder: String,
    /// Environment variables set on top of the process's own.
    pub variables: Vec<(String, String)>,
    /// What it reads from standard input.
    pub input: Vec<u8>,
}

/// What a program left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    /// Its exit status; absent where a signal ended it.
    pub status: Option<i32>,
    /// What it wrote to standard output.
    pub output: Vec<u8>,
    /// What it wrote to standard error.
    pub errors: Vec<u8>,
}

/// The world outside the files.
pub trait Outside: Sync {
    /// Makes a repository's tree at a revision readable through `Files` and returns its root folder.
    ///
    /// # Errors
    /// Where it cannot be fetched, or may not be (`--locked` and not pinned).
    fn repository(&self, wanted: &RemoteRepository) -> Result<String, Diagnostic>;

    /// The bytes behind an `https` URL.
    ///
    /// # Errors
    /// Where they cannot be had, or may not be.
    fn download(&self, url: &str) -> Result<Vec<u8>, Diagnostic>;

    /// Runs a program to its end.
    ///
    /// # Errors
    /// Where it cannot be started; a status other than 0 is no error here.
    fn run(&self, program: &Program) -> Result<Finished, Diagnostic>;

    /// An empty folder of this run's own, readable through `Files`, removed at its end.
    ///
    /// # Errors
    /// Where it cannot be made.
    fn scratch(&self) -> Result<String, Diagnostic>;
}

/// A world that has nothing and refuses everything: for tests, and for whatever must not reach out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Outside for Nothing {
    fn repository(&self, wanted: &RemoteRepository) -> Result<String, Diagnostic> {
        Err(Diagnostic::new(format!("{} cannot be fetched here", wanted.url)))
    }

    fn download(&self, url: &str) -> Result<Vec<u8>, Diagnostic> {
        Err(Diagnostic::new(format!("{url} cannot be downloaded here")))
    }

    fn run(&self, program: &Program) -> Result<Finished, Diagnostic> {
        Err(Diagnostic::new(format!("{} cannot be run here", program.arguments.join(" "))))
    }

    fn scratch(&self) -> Result<String, Diagnostic> {
        Err(Diagnostic::new("there is no folder to write to here"))
    }
}
