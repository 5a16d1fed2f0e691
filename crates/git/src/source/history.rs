//! Which of two commits is older, also in a shallow clone: the missing history is fetched from the clone's origin.
//!
//! Only commits are fetched (`filter tree:0`), only those that are not reachable from the older commit, and into a temporary store; the user's
//! clone is not changed. The result is exact. Let B be the boundary, the commits at which the clone's history is cut off. The origin has them
//! and their ancestors. So a commit that the origin does not have is an ancestor of none of them, and a commit that it has is an ancestor of one of
//! them if and only if it is a parent of a commit that is reachable from B and not from it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use git2::Oid;

use super::ancestors::{Ancestors, PartialAncestors};
use super::ancestry::Ancestry;
use super::error::SourceError;
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

/// The history of a source repository, completed from its origin if the clone is shallow. It is walked once, however many commits are
/// compared with the same newer one.
pub struct SourceHistory<'a> {
    source: &'a SourceRepository,
    /// By the newer commit.
    ancestors: RefCell<BTreeMap<Oid, Ancestors<'a>>>,
    /// By the newer commit.
    boundaries: RefCell<BTreeMap<Oid, Boundary>>,
    origin: Option<Remote>,
    /// Used if fetching from the origin fails.
    service: Option<Box<dyn HistoryService + 'a>>,
    /// The connection to the origin, or why there is none. Opened for the first question that the clone cannot answer.
    fetched: RefCell<Option<Result<FetchedHistory, String>>>,
}

/// Where the history of a commit ends in a shallow clone.
struct Boundary {
    commits: Vec<Oid>,
    /// The ancestors of `commits`, as far as they were fetched.
    fetched: PartialAncestors,
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
        Self {
            source,
            ancestors: RefCell::default(),
            boundaries: RefCell::default(),
            origin,
            service,
            fetched: RefCell::new(None),
        }
    }

    /// Returns whether `older` is `newer` or one of its ancestors. Both are full ids.
    pub fn is_ancestor(&self, older: &str, newer: &str) -> Ancestry {
        let known = match self.is_local_ancestor(older, newer) {
            Ok(known) => known,
            Err(error) => return Ancestry::Unknown(error.to_string()),
        };
        let (Ancestry::Unknown(_), Ok(old), Ok(new)) = (&known, Oid::from_str(older), Oid::from_str(newer)) else {
            return known;
        };
        let mut boundaries = self.boundaries.borrow_mut();
        let boundary = boundaries.entry(new).or_insert_with(|| {
            let commits = self.source.boundary(new).unwrap_or_default();
            Boundary { fetched: PartialAncestors::of(&commits), commits }
        });
        if boundary.commits.is_empty() {
            return known;
        }
        self.ask_origin(old, boundary).unwrap_or_else(|reason| self.ask_service(older, &boundary.commits, reason))
    }

    /// [`SourceHistory::is_ancestor`] as far as the clone has the history. In a shallow clone, anything else is [`Ancestry::Unknown`].
    ///
    /// # Errors
    /// libgit2's error, in a clone that is not shallow.
    pub fn is_local_ancestor(&self, older: &str, newer: &str) -> Result<Ancestry, SourceError> {
        if older == newer {
            return Ok(Ancestry::Ancestor);
        }
        let (Ok(old), Ok(new)) = (Oid::from_str(older), Oid::from_str(newer)) else {
            return Ok(Ancestry::Unknown("invalid commit id".to_owned()));
        };
        let has = |id| self.source.repository.find_commit(id).is_ok();
        if !has(new) {
            return Ok(Ancestry::Unknown(format!("commit {newer} not found in this clone")));
        }
        let shallow = || Ancestry::Unknown("this clone is shallow".to_owned());
        if !has(old) {
            // In a complete history, a missing commit cannot be an ancestor.
            return Ok(if self.source.is_shallow() { shallow() } else { Ancestry::NotAncestor });
        }
        match self.reaches(old, new) {
            Ok(true) => Ok(Ancestry::Ancestor),
            _ if self.source.is_shallow() => Ok(shallow()),
            Ok(false) => Ok(Ancestry::NotAncestor),
            Err(error) => Err(self.source.git(error)),
        }
    }

    /// Returns how many commits of the clone the walks have read.
    pub fn commits_walked(&self) -> usize {
        self.ancestors.borrow().values().map(Ancestors::walked).sum()
    }

    fn reaches(&self, older: Oid, newer: Oid) -> Result<bool, git2::Error> {
        let mut ancestors = self.ancestors.borrow_mut();
        ancestors.entry(newer).or_insert_with(|| Ancestors::of(&self.source.repository, &[newer])).contain(older)
    }

    /// Fetches the commits between `older` and the boundary, and looks for `older` among their parents.
    fn ask_origin(&self, older: Oid, boundary: &mut Boundary) -> Result<Ancestry, String> {
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
        if boundary.fetched.contain(older, fetched.store.repository()) {
            return Ok(Ancestry::Ancestor);
        }
        match fetched.transport.fetch_since(&boundary.commits, older, fetched.store.repository()) {
            Ok(HistoryFetch::Fetched) if boundary.fetched.contain(older, fetched.store.repository()) => {
                Ok(Ancestry::Ancestor)
            }
            Ok(HistoryFetch::Fetched | HistoryFetch::UnknownCommit) => Ok(Ancestry::NotAncestor),
            Err(error) => {
                let reason = format!("this clone is shallow, and its history could not be fetched: {error}");
                *state = Some(Err(reason.clone()));
                Err(reason)
            }
        }
    }

    /// Asks the host's API, which helps where there is a token but no permission to fetch. `reason` is why fetching failed.
    fn ask_service(&self, older: &str, boundary: &[Oid], reason: String) -> Ancestry {
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
