//! The interface to a remote repository: list refs, fetch objects, push.
//!
//! [`crate::open`] returns an implementation for a URL. Other crates add their own, such as one whose commits a host's API makes.

use std::collections::{BTreeMap, BTreeSet};

use git2::{Oid, Repository};

use crate::error::TransportError;
use crate::pack::Pack;

/// The reason for the other refs of an atomic push, as git gives it.
pub(crate) const ATOMIC_FAILURE: &str = "atomic push failure";

/// A ref of the remote repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteRef {
    /// The full name, such as `refs/heads/main`.
    pub name: String,
    /// The object that it points to.
    pub id: Oid,
}

/// A change of one ref in a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefUpdate {
    /// The full name.
    pub name: String,
    /// The expected current value; `None` if the ref must not exist.
    pub old: Option<Oid>,
    /// The new value; `None` deletes the ref.
    pub new: Option<Oid>,
}

/// Options of a push.
#[derive(Clone, Debug, Default)]
pub struct PushOptions {
    /// Update all refs or none.
    pub atomic: bool,
    /// Options for the server (`git push -o`).
    pub options: Vec<String>,
}

/// The result of a push for one ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefStatus {
    /// The full name.
    pub name: String,
    /// Whether the ref was updated; otherwise the server's reason.
    pub result: Result<(), String>,
}

/// The result of a push.
#[derive(Clone, Debug, Default)]
pub struct PushReport {
    /// One entry for each update, in their order.
    pub statuses: Vec<RefStatus>,
    /// The server's messages to the user, one per line.
    pub messages: Vec<String>,
    /// The refs that were read and are not at the expected value. Their results say the same. Nothing was sent for them.
    pub stale: BTreeSet<String>,
    /// Commits that the remote stored under another id, by their local id.
    pub rewritten: BTreeMap<Oid, Oid>,
}

impl PushReport {
    /// A report with one result for each update.
    pub fn new(updates: &[RefUpdate], results: impl IntoIterator<Item = Result<(), String>>) -> Self {
        let status = |(update, result): (&RefUpdate, _)| RefStatus { name: update.name.clone(), result };
        Self { statuses: updates.iter().zip(results).map(status).collect(), ..Self::default() }
    }

    /// The report of a push that was not sent: these refs, at least one, were read and are not at the expected value.
    pub(crate) fn not_sent(updates: &[RefUpdate], stale: Vec<Option<String>>) -> Self {
        let names = updates.iter().map(|update| update.name.clone());
        let is_stale: BTreeSet<String> =
            names.zip(&stale).filter(|(_, reason)| reason.is_some()).map(|(name, _)| name).collect();
        let results = stale.into_iter().map(|reason| Err(reason.unwrap_or_else(|| ATOMIC_FAILURE.to_owned())));
        Self { stale: is_stale, ..Self::new(updates, results) }
    }
}

/// The result of [`Transport::fetch_since`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryFetch {
    /// The remote repository does not have the commit.
    UnknownCommit,
    /// All commits that are reachable from the tips and not from the commit were fetched.
    Fetched,
}

/// A connection to a remote repository.
pub trait Transport {
    /// Returns the refs whose names start with one of `prefixes`, sorted by name.
    ///
    /// # Errors
    /// [`TransportError`], here and in all other methods.
    fn list_refs(&mut self, prefixes: &[String]) -> Result<Vec<RemoteRef>, TransportError>;

    /// Fetches the commits `tips` and their trees into `store`, with `depth` commits of history, and without blobs if the server supports filters.
    ///
    /// # Errors
    /// See [`Transport::list_refs`].
    fn fetch(&mut self, tips: &[Oid], depth: u32, store: &Repository) -> Result<(), TransportError>;

    /// Fetches the commits that are reachable from `tips` and not from `commit` into `store`, without trees if the server supports filters.
    ///
    /// # Errors
    /// See [`Transport::list_refs`].
    fn fetch_since(&mut self, tips: &[Oid], commit: Oid, store: &Repository) -> Result<HistoryFetch, TransportError>;

    /// Fetches single objects into `store`.
    ///
    /// # Errors
    /// See [`Transport::list_refs`].
    fn fetch_objects(&mut self, ids: &[Oid], store: &Repository) -> Result<(), TransportError>;

    /// Returns whether the remote stores pushed commits under another id.
    fn rewrites_commits(&self) -> bool {
        false
    }

    /// Creates, moves and deletes refs. `pack` holds the objects that the new values need and the remote lacks.
    ///
    /// # Errors
    /// See [`Transport::list_refs`]. After [`TransportError::Unreachable`] the push may have been accepted.
    fn push(
        &mut self,
        updates: &[RefUpdate],
        pack: &Pack<'_>,
        options: &PushOptions,
    ) -> Result<PushReport, TransportError>;
}
