//! The way to a repository and back: refs, the tips' trees, blobs on demand, and a push of many refs.
//!
//! One set of functions ([`Transport`]) over smart HTTP ([`http`]), `ssh` ([`process`]) and local repositories ([`local`]). It is our own
//! because libgit2's has no `atomic`, no `filter` and no depth over `file://`: see docs/decisions.

mod channel;
mod fetch;
mod http;
mod local;
mod pkt;
mod process;
mod push;
mod refs;
mod session;
mod ssh;
pub(crate) mod wording;

pub(crate) use ssh::percent_decoded;

use std::collections::BTreeMap;

use git2::{Oid, Repository};

use crate::pack::Pack;
use crate::remote::Remote;

/// Why a remote could not be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TransportError {
    /// The URL is of no kind that we speak.
    #[error("{url}: {words}: give an https://, ssh:// or file:// URL, or a path")]
    Url {
        /// The URL without credentials.
        url: String,
        /// What is wrong with it.
        words: String,
    },
    /// A path where something stands that is no repository.
    #[error("{path}: exists and is not a git repository: choose another path, or remove it ({words})")]
    NotARepository {
        /// The path.
        path: String,
        /// libgit2's words.
        words: String,
    },
    /// A repository of another user's, which git refuses too.
    #[error("{path}: {words}: run `git config --global --add safe.directory {path}`")]
    Owner {
        /// The path.
        path: String,
        /// libgit2's words.
        words: String,
    },
    /// The other side could not be reached or stopped talking.
    #[error("{url}: {words}: check the address and the network, then run it again")]
    Unreachable {
        /// The URL without credentials.
        url: String,
        /// The words of the layer below.
        words: String,
    },
    /// The other side does not know us or does not let us in.
    #[error(
        "{url}: {words}: check the credentials (HYDRANT_GIT_TOKEN, GITHUB_TOKEN, a credential helper or ssh key) and their rights"
    )]
    Denied {
        /// The URL without credentials.
        url: String,
        /// The server's words.
        words: String,
    },
    /// The other side answered with an error.
    #[error("{url}: {words}: check that the URL is that of a git repository")]
    Server {
        /// The URL without credentials.
        url: String,
        /// The server's words.
        words: String,
    },
    /// The other side said something that git's protocol does not know.
    #[error(
        "{url}: not git's protocol: {words}: check that the URL is that of a git repository and no proxy answers for it"
    )]
    Protocol {
        /// The URL without credentials.
        url: String,
        /// What was unexpected.
        words: String,
    },
    /// The server lacks something that was asked for.
    #[error("{url}: the server does not take {what}: {advice}")]
    Lacks {
        /// The URL without credentials.
        url: String,
        /// The capability.
        what: String,
        /// What to do instead.
        advice: String,
    },
    /// git's objects, here or in a local repository.
    #[error("{place}: git: {words}: check the repository with `git fsck`")]
    Git {
        /// The repository.
        place: String,
        /// libgit2's words.
        words: String,
    },
}

impl TransportError {
    /// Whether trying again may help, without a change of the input.
    pub fn is_outside(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Denied { .. } | Self::Server { .. } | Self::Protocol { .. })
    }
}

/// A branch, tag or note of the remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteRef {
    /// The full name, `refs/heads/…`.
    pub name: String,
    /// What it points to.
    pub id: Oid,
}

/// One ref that a push moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The full name.
    pub name: String,
    /// What it must point to now; `None` where it must not exist.
    pub old: Option<Oid>,
    /// What it is to point to; `None` where it is to be deleted.
    pub new: Option<Oid>,
}

/// What a push carries besides its refs.
#[derive(Clone, Debug, Default)]
pub struct PushOptions {
    /// All refs or none.
    pub atomic: bool,
    /// `-o` of `git push`.
    pub options: Vec<String>,
}

/// What the server said of a push.
#[derive(Clone, Debug, Default)]
pub struct PushReport {
    /// One entry an update, in their order: taken, or the server's words.
    pub refs: Vec<Result<(), String>>,
    /// What the server said to the person who pushes, a line each.
    pub words: Vec<String>,
    /// Commits that have another id there than here, because the other side made them anew.
    pub renamed: BTreeMap<Oid, Oid>,
}

/// What a repository has of a commit's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// It does not have the commit at all.
    Unknown,
    /// Every commit that the tips have and the commit has not was brought.
    Fetched,
}

/// The way to a repository.
pub trait Transport {
    /// The refs whose names begin with one of `prefixes`, sorted by name.
    fn list(&mut self, prefixes: &[String]) -> Result<Vec<RemoteRef>, TransportError>;

    /// Brings the commits `tips` and their trees into `here`, with `depth` commits of history and without blobs where the server can leave them out.
    fn fetch(&mut self, tips: &[Oid], depth: u32, here: &Repository) -> Result<(), TransportError>;

    /// Brings the history of `tips` down to what `commit` reaches into `here`, commits alone where the server can leave the rest out.
    fn since(&mut self, tips: &[Oid], commit: Oid, here: &Repository) -> Result<Line, TransportError>;

    /// Brings single objects into `here`.
    fn objects(&mut self, ids: &[Oid], here: &Repository) -> Result<(), TransportError>;

    /// Whether commits that are pushed get another id there.
    fn renames(&self) -> bool {
        false
    }

    /// Moves, makes and deletes refs. `pack` holds what the new commits need and the remote lacks. A lost connection is an error: what was taken is unknown then.
    fn push(
        &mut self,
        updates: &[Update],
        pack: &Pack<'_>,
        options: &PushOptions,
    ) -> Result<PushReport, TransportError>;
}

/// Finds the way to `remote`. Nothing is created: a local path that does not exist stands for an empty repository until the first push.
///
/// # Errors
/// A URL of no kind that we speak, and a local path that is no repository.
pub fn open(remote: &Remote) -> Result<Box<dyn Transport>, TransportError> {
    let url = remote.url.trim();
    if url.starts_with("http://") || url.starts_with("https://") {
        return Ok(Box::new(session::Session::new(http::Http::open(remote)?, remote.shown())));
    }
    if let Some(target) = ssh::Target::parse(url) {
        return Ok(Box::new(session::Session::new(process::Process::ssh(remote, target?), remote.shown())));
    }
    match url.split_once("://") {
        None => local::open(url),
        Some(("file", path)) => local::open(&ssh::percent_decoded(path)),
        Some((scheme, _)) => Err(TransportError::Url {
            url: remote.shown(),
            words: format!("{scheme}:// is not a way to a repository that hydrant knows"),
        }),
    }
}
