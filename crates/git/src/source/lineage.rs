//! Which of two commits is older, also where the clone is shallow: the missing history is fetched from the clone's own origin.
//!
//! Only commits are fetched (`filter tree:0`), only those that the older commit does not have, and into a store of its own: the user's clone
//! is never changed. The answer is exact. Let B be the commits at which the clone's history is cut off. The origin has them and all that is
//! before them; so a commit that the origin does not have is before none of them, and one that it has is before one of them just if it is a
//! parent of a commit that B has and it has not.

use std::cell::RefCell;
use std::collections::BTreeSet;

use git2::{Oid, Repository};

use super::{Ancestry, Source};
use crate::access::Access;
use crate::object_store::ObjectStore;
use crate::remote::Remote;
use crate::transport::{self, Line, Transport, TransportError};

/// A host's API that compares commits.
pub trait HistoryService {
    /// Whether `older` is `newer` or one of its ancestors; both are commit ids.
    ///
    /// # Errors
    /// The host's, also for a commit that it does not have.
    fn is_ancestor(&self, older: &str, newer: &str) -> Result<bool, Box<dyn std::error::Error>>;
}

/// The history of a source repository, completed from its origin where that is needed.
pub struct Lineage<'a> {
    source: &'a Source,
    origin: Option<Remote>,
    /// Asked where the origin cannot be fetched from.
    host: Option<Box<dyn HistoryService + 'a>>,
    fetched: RefCell<Option<Result<Fetched, String>>>,
}

/// A connection to the origin, and what came over it.
struct Fetched {
    transport: Box<dyn Transport>,
    store: ObjectStore,
}

impl<'a> Lineage<'a> {
    /// The history of `source`. Nothing is asked before a shallow clone cannot answer. `access` says how the origin lets us in.
    pub fn new(source: &'a Source, access: &Access, host: Option<Box<dyn HistoryService + 'a>>) -> Self {
        let origin = source.origin_url().map(|url| access.remote(&url));
        Self { source, origin, host, fetched: RefCell::new(None) }
    }

    /// Whether `older` is `newer` or one of its ancestors. Both are full ids. What nobody can tell is [`Ancestry::Unknown`], with why.
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
        self.fetch(old, &boundary).unwrap_or_else(|words| self.ask(older, &boundary, words))
    }

    fn fetch(&self, older: Oid, boundary: &[Oid]) -> Result<Ancestry, String> {
        let Some(origin) = &self.origin else {
            return Err("this clone is shallow and has no remote called origin".to_owned());
        };
        let mut state = self.fetched.borrow_mut();
        let opened = state.get_or_insert_with(|| {
            let transport = transport::open(origin).map_err(|error| error.to_string())?;
            Ok(Fetched { transport, store: ObjectStore::open().map_err(|error| error.to_string())? })
        });
        let fetched = opened.as_mut().map_err(|words| words.clone())?;
        // What an earlier question brought may answer this one.
        if reaches(fetched.store.repository(), boundary, older) {
            return Ok(Ancestry::Ancestor);
        }
        let line = fetched.transport.since(boundary, older, fetched.store.repository());
        match line.map_err(|error: TransportError| error.to_string()) {
            Ok(Line::Fetched) if reaches(fetched.store.repository(), boundary, older) => Ok(Ancestry::Ancestor),
            Ok(Line::Fetched | Line::Unknown) => Ok(Ancestry::NotAncestor),
            Err(words) => {
                let words = format!("this clone is shallow, and its history could not be fetched: {words}");
                *state = Some(Err(words.clone()));
                Err(words)
            }
        }
    }

    /// The host compares commits too, for those who have a token and no way to fetch.
    fn ask(&self, older: &str, boundary: &[Oid], words: String) -> Ancestry {
        let Some(host) = &self.host else { return Ancestry::Unknown(words) };
        let mut answer = Ancestry::NotAncestor;
        for id in boundary {
            match host.is_ancestor(older, &id.to_string()) {
                Ok(true) => return Ancestry::Ancestor,
                Ok(false) => {}
                Err(error) => answer = Ancestry::Unknown(format!("{words}; {error}")),
            }
        }
        answer
    }
}

/// Whether the commits here lead from one of `tips` to `wanted`, which itself need not be here.
fn reaches(here: &Repository, tips: &[Oid], wanted: Oid) -> bool {
    let mut seen: BTreeSet<Oid> = tips.iter().copied().collect();
    let mut todo = tips.to_vec();
    while let Some(id) = todo.pop() {
        let Ok(commit) = here.find_commit(id) else { continue };
        for parent in commit.parent_ids() {
            if parent == wanted {
                return true;
            }
            if seen.insert(parent) {
                todo.push(parent);
            }
        }
    }
    false
}

impl Source {
    /// The commits at which the history of `newer` is cut off in this clone.
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
