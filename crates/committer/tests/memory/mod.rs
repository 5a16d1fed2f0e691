//! A repository in memory, and transports to it that lose answers on request.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use git::{HistoryFetch, Pack, PushOptions, PushReport, RefUpdate, RemoteRef, Transport, TransportError};
use git2::{Oid, Repository};

/// A server: refs in memory, and a store for the objects.
#[derive(Clone)]
pub struct Server(Rc<RefCell<State>>);

struct State {
    refs: BTreeMap<String, Oid>,
    objects: Repository,
    kind: Kind,
    _folder: tempfile::TempDir,
}

/// What a server can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Everything.
    Atomic,
    /// No atomic pushes.
    NotAtomic,
    /// Atomic pushes, of branches alone.
    OnlyBranches,
    /// Atomic pushes, but no notes.
    NoNotes,
}

impl Kind {
    fn takes(self, name: &str) -> bool {
        match self {
            Self::Atomic | Self::NotAtomic => true,
            Self::OnlyBranches => name.starts_with("refs/heads/"),
            Self::NoNotes => !name.starts_with("refs/notes/"),
        }
    }
}

/// What happens to the answer of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is lost before the server has the push.
    LostRequest,
    /// The server takes the push, and its answer is lost.
    LostAnswer,
}

/// A connection to a server.
pub struct Connection {
    server: Server,
    /// Faults by the number of the push, from 0.
    faults: BTreeMap<usize, Fault>,
    pushes: usize,
    lent: bool,
}

impl Server {
    /// An empty repository.
    pub fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let objects = Repository::init_bare(folder.path()).unwrap();
        Self(Rc::new(RefCell::new(State { refs: BTreeMap::new(), objects, kind, _folder: folder })))
    }

    pub fn connect(&self) -> Connection {
        self.connect_with(BTreeMap::new())
    }

    pub fn connect_with(&self, faults: BTreeMap<usize, Fault>) -> Connection {
        Connection { server: self.clone(), faults, pushes: 0, lent: false }
    }

    /// Sets all refs. The objects stay.
    pub fn reset(&self, refs: &BTreeMap<String, Oid>) {
        self.0.borrow_mut().refs.clone_from(refs);
    }

    pub fn refs(&self) -> BTreeMap<String, Oid> {
        self.0.borrow().refs.clone()
    }

    /// The commit of a branch.
    pub fn head(&self, branch: &str) -> Option<Oid> {
        self.0.borrow().refs.get(&format!("refs/heads/{branch}")).copied()
    }

    /// A file of a branch.
    pub fn file(&self, branch: &str, path: &str) -> Option<String> {
        let head = self.head(branch)?;
        let state = self.0.borrow();
        let tree = state.objects.find_commit(head).unwrap().tree().unwrap();
        let entry = tree.get_path(path.as_ref()).ok()?;
        let blob = state.objects.find_blob(entry.id()).unwrap();
        Some(String::from_utf8(blob.content().to_vec()).unwrap())
    }

    /// The commits of a branch.
    pub fn history(&self, branch: &str) -> BTreeSet<String> {
        let state = self.0.borrow();
        let mut walk = state.objects.revwalk().unwrap();
        if let Some(head) = state.refs.get(&format!("refs/heads/{branch}")) {
            walk.push(*head).unwrap();
        }
        walk.map(|id| id.unwrap().to_string()).collect()
    }

    /// A person's commit that writes a file.
    pub fn commit(&self, branch: &str, path: &str, text: &str) {
        let mut state = self.0.borrow_mut();
        let name = format!("refs/heads/{branch}");
        let new = {
            let parent = state.refs.get(&name).map(|&id| state.objects.find_commit(id).unwrap());
            let tree = parent.as_ref().map(|parent| parent.tree().unwrap());
            let blob = state.objects.blob(text.as_bytes()).unwrap();
            let mut builder = state.objects.treebuilder(tree.as_ref()).unwrap();
            builder.insert(path, blob, 0o100_644).unwrap();
            let tree = state.objects.find_tree(builder.write().unwrap()).unwrap();
            let who = git2::Signature::new("Ann", "ann@example.com", &git2::Time::new(1, 0)).unwrap();
            let parents: Vec<_> = parent.iter().collect();
            state.objects.commit(None, &who, &who, "by hand", &tree, &parents).unwrap()
        };
        state.refs.insert(name, new);
    }
}

impl Connection {
    /// Makes the server's objects readable in `here`, of which a connection serves one.
    fn lend(&mut self, here: &Repository) {
        if std::mem::replace(&mut self.lent, true) {
            return;
        }
        let objects = self.server.0.borrow().objects.path().join("objects");
        let odb = here.odb().unwrap();
        odb.add_disk_alternate(objects.to_str().unwrap()).unwrap();
    }

    fn unreachable() -> TransportError {
        TransportError::unreachable("memory", "connection lost")
    }
}

impl State {
    fn apply(&mut self, updates: &[RefUpdate], atomic: bool) -> Vec<Result<(), String>> {
        let refused = |state: &Self, update: &RefUpdate| {
            let stale = state.refs.get(&update.name).copied() != update.old;
            if !state.kind.takes(&update.name) { Some("hook declined") } else { stale.then_some("stale info") }
        };
        if atomic && updates.iter().any(|update| refused(self, update).is_some()) {
            let answer = |update| Err(refused(self, update).unwrap_or("atomic push failure").to_owned());
            return updates.iter().map(answer).collect();
        }
        let mut answers = Vec::new();
        for update in updates {
            answers.push(match (refused(self, update), update.new) {
                (Some(message), _) => Err(message.to_owned()),
                (None, Some(new)) => {
                    self.refs.insert(update.name.clone(), new);
                    Ok(())
                }
                (None, None) => {
                    self.refs.remove(&update.name);
                    Ok(())
                }
            });
        }
        answers
    }
}

impl Transport for Connection {
    fn list_refs(&mut self, prefixes: &[String]) -> Result<Vec<RemoteRef>, TransportError> {
        let refs = self.server.refs().into_iter();
        let found = refs.filter(|(name, _)| prefixes.iter().any(|prefix| name.starts_with(prefix)));
        Ok(found.map(|(name, id)| RemoteRef { name, id }).collect())
    }

    fn fetch(&mut self, _tips: &[Oid], _depth: u32, here: &Repository) -> Result<(), TransportError> {
        self.lend(here);
        Ok(())
    }

    fn fetch_since(&mut self, _tips: &[Oid], _commit: Oid, here: &Repository) -> Result<HistoryFetch, TransportError> {
        self.lend(here);
        Ok(HistoryFetch::Fetched)
    }

    fn fetch_objects(&mut self, _ids: &[Oid], here: &Repository) -> Result<(), TransportError> {
        self.lend(here);
        Ok(())
    }

    fn push(
        &mut self,
        updates: &[RefUpdate],
        pack: &Pack<'_>,
        options: &PushOptions,
    ) -> Result<PushReport, TransportError> {
        let fault = self.faults.get(&self.pushes).copied();
        self.pushes += 1;
        if fault == Some(Fault::LostRequest) {
            return Err(Self::unreachable());
        }
        let mut state = self.server.0.borrow_mut();
        if options.atomic && state.kind == Kind::NotAtomic {
            let (url, capability) = ("memory".to_owned(), "atomic".to_owned());
            return Err(TransportError::Unsupported { url, capability, hint: String::new() });
        }
        pack.store(&state.objects.odb().unwrap()).unwrap();
        let results = state.apply(updates, options.atomic);
        if fault == Some(Fault::LostAnswer) {
            return Err(Self::unreachable());
        }
        Ok(PushReport::new(updates, results))
    }
}
