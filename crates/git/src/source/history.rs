//! Which of two commits is older, also in a shallow clone: the missing history is fetched from the clone's origin.
//!
//! Only commits are fetched (`filter tree:0`), only those that are not reachable from the older commit, and into a temporary store; the user's
//! clone is not changed. The result is exact. Let B be the boundary, the commits at which the clone's history is cut off. The origin has them
//! and their ancestors. So a commit that the origin does not have is an ancestor of none of them, and a commit that it has is an ancestor of one of
//! them if and only if it is a parent of a commit that is reachable from B and not from it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use git2::{Oid, Repository};

use super::ancestry::Ancestry;
use super::repository::SourceRepository;
use crate::config::GitConfig;
use crate::connection;
use crate::object_store::ObjectStore;
use crate::remote::Remote;
use crate::transport::{HistoryFetch, Transport};

/// A host's API that compares commits.
pub trait HistoryService {
    /// Returns whether `older` is `newer` or one of its ancestors; both are full commit ids.
    ///
    /// # Errors
    /// The host's, also for a commit that it does not have.
    fn is_ancestor(&self, older: &str, newer: &str) -> Result<bool, Box<dyn std::error::Error>>;
}

/// The history of a source repository, completed from its origin if the clone is shallow.
pub struct SourceHistory<'a> {
    source: &'a SourceRepository,
    origin: Option<Remote>,
    /// Used if fetching from the origin fails.
    service: Option<Box<dyn HistoryService + 'a>>,
    /// The connection to the origin, or why there is none. Opened for the first question that the clone cannot answer.
    fetched: RefCell<Option<Result<FetchedHistory, String>>>,
}

/// A connection to the origin, and the commits that were fetched over it.
struct FetchedHistory {
    transport: Box<dyn Transport>,
    store: ObjectStore,
}

impl<'a> SourceHistory<'a> {
    /// The history of `source`. `config` configures the connection to the origin, and `service` is used if that fails.
    pub fn new(
        source: &'a SourceRepository,
        config: &GitConfig,
        service: Option<Box<dyn HistoryService + 'a>>,
    ) -> Self {
        let origin = source.origin_url().map(|url| Remote::configured(&url, config));
        Self { source, origin, service, fetched: RefCell::new(None) }
    }

    /// Returns whether `older` is `newer` or one of its ancestors. Both are full ids.
    pub fn is_ancestor(&self, older: &str, newer: &str) -> Ancestry {
        let known = match self.source.is_ancestor(older, newer) {
            Ok(known) => known,
            Err(error) => return Ancestry::Unknown(error.to_string()),
        };
        let (Ancestry::Unknown(_), Ok(old), Ok(new)) = (&known, Oid::from_str(older), Oid::from_str(newer)) else {
            return known;
        };
        let boundary = match self.source.boundary(new) {
            Ok(boundary) if !boundary.is_empty() => boundary,
            _ => return known,
        };
        self.from_origin(old, &boundary).unwrap_or_else(|reason| self.from_service(older, &boundary, reason))
    }

    /// Fetches the commits between `older` and the boundary, and looks for `older` among their parents.
    fn from_origin(&self, older: Oid, boundary: &[Oid]) -> Result<Ancestry, String> {
        let Some(origin) = &self.origin else {
            return Err("this clone is shallow and has no remote named origin".to_owned());
        };
        let mut state = self.fetched.borrow_mut();
        let opened = state.get_or_insert_with(|| {
            let transport = connection::open(origin).map_err(|error| error.to_string())?;
            Ok(FetchedHistory { transport, store: ObjectStore::open().map_err(|error| error.to_string())? })
        });
        let fetched = opened.as_mut().map_err(|reason| reason.clone())?;
        // The commits of an earlier question may answer this one.
        if reaches(fetched.store.repository(), boundary, older) {
            return Ok(Ancestry::Ancestor);
        }
        match fetched.transport.fetch_since(boundary, older, fetched.store.repository()) {
            Ok(HistoryFetch::Fetched) if reaches(fetched.store.repository(), boundary, older) => Ok(Ancestry::Ancestor),
            Ok(HistoryFetch::Fetched | HistoryFetch::UnknownCommit) => Ok(Ancestry::NotAncestor),
            Err(error) => {
                let reason = format!("this clone is shallow, and its history could not be fetched: {error}");
                *state = Some(Err(reason.clone()));
                Err(reason)
            }
        }
    }

    /// Asks the host's API, which helps where there is a token but no permission to fetch. `reason` is why fetching failed.
    fn from_service(&self, older: &str, boundary: &[Oid], reason: String) -> Ancestry {
        let Some(service) = &self.service else { return Ancestry::Unknown(reason) };
        let mut answer = Ancestry::NotAncestor;
        for id in boundary {
            match service.is_ancestor(older, &id.to_string()) {
                Ok(true) => return Ancestry::Ancestor,
                Ok(false) => {}
                Err(error) => answer = Ancestry::Unknown(format!("{reason}; {error}")),
            }
        }
        answer
    }
}

/// Returns whether `target`, which may be missing, is a parent of a commit that is reachable from `tips` in `store`.
fn reaches(store: &Repository, tips: &[Oid], target: Oid) -> bool {
    let mut seen: BTreeSet<Oid> = tips.iter().copied().collect();
    let mut todo = tips.to_vec();
    while let Some(id) = todo.pop() {
        let Ok(commit) = store.find_commit(id) else { continue };
        for parent in commit.parent_ids() {
            if parent == target {
                return true;
            }
            if seen.insert(parent) {
                todo.push(parent);
            }
        }
    }
    false
}

impl SourceRepository {
    /// Returns the commits at which the history of `newer` ends in this clone.
    fn boundary(&self, newer: Oid) -> Result<Vec<Oid>, git2::Error> {
        let listed = std::fs::read_to_string(self.repository.commondir().join("shallow")).unwrap_or_default();
        let listed: BTreeSet<Oid> = listed.lines().filter_map(|line| Oid::from_str(line.trim()).ok()).collect();
        let mut found = Vec::new();
        let mut seen = BTreeSet::from([newer]);
        let mut todo = vec![newer];
        while let Some(id) = todo.pop() {
            if listed.contains(&id) {
                found.push(id);
                continue;
            }
            let parents = self.repository.find_commit(id)?.parent_ids().collect::<Vec<_>>();
            todo.extend(parents.into_iter().filter(|parent| seen.insert(*parent)));
        }
        found.sort_unstable();
        Ok(found)
    }
}
