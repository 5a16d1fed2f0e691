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
    wording: Wording,
    rules: Rules,
    /// The number of refs in each push that the server received.
    pushes: Vec<usize>,
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

/// The messages of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wording {
    /// As git does: the ref that is at fault has a reason, the others of an atomic push have another one.
    Git,
    /// As JGit does.
    JGit,
    /// As go-git does: the same reason for a stale ref and the others.
    GoGit,
    /// One reason for every ref of a push that is rejected, which no client knows.
    Same(&'static str),
    /// A reason for each ref that no client knows.
    Named,
}

impl Wording {
    /// The reason for a ref of a rejected push: it is refused, stale, or there because of the others.
    fn reason(self, name: &str, fault: Option<Cause>) -> String {
        match (self, fault) {
            (Self::Git, Some(Cause::Refused)) => "hook declined".to_owned(),
            (Self::Git, Some(Cause::Stale)) => "stale info".to_owned(),
            (Self::Git, None) => "atomic push failure".to_owned(),
            (Self::JGit, Some(Cause::Refused)) => "rejected by a rule".to_owned(),
            (Self::JGit, Some(Cause::Stale)) => "invalid old id sent".to_owned(),
            (Self::JGit, None) => "transaction aborted".to_owned(),
            (Self::GoGit, _) => "reference has changed concurrently".to_owned(),
            (Self::Same(reason), _) => reason.to_owned(),
            (Self::Named, Some(Cause::Refused)) => format!("no {name} today"),
            (Self::Named, Some(Cause::Stale)) => format!("{name} is elsewhere"),
            (Self::Named, None) => format!("{name} was left alone"),
        }
    }
}

/// Why a server rejects a ref.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Refused,
    Stale,
}

/// What a server refuses.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Branches that no push may update.
    pub protected: BTreeSet<String>,
    /// The maximum number of branches in a push, and whether all refs count.
    pub limit: Option<(usize, bool)>,
    /// A rejected push is answered as a whole, also if it is not atomic (a pre-receive hook).
    pub whole: bool,
    /// What such a hook prints.
    pub messages: Vec<String>,
    /// Branches that stay locked for this number of pushes.
    pub locked: BTreeMap<String, usize>,
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
        let (wording, rules) = (Wording::Git, Rules::default());
        let state = State { refs: BTreeMap::new(), objects, kind, wording, rules, pushes: Vec::new(), _folder: folder };
        Self(Rc::new(RefCell::new(state)))
    }

    /// Sets the messages of the server.
    pub fn with_wording(self, wording: Wording) -> Self {
        self.0.borrow_mut().wording = wording;
        self
    }

    /// Sets what the server refuses from now on.
    pub fn set_rules(&self, rules: Rules) {
        self.0.borrow_mut().rules = rules;
    }

    /// The number of refs in each push that the server received since the last call.
    pub fn take_pushes(&self) -> Vec<usize> {
        std::mem::take(&mut self.0.borrow_mut().pushes)
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
    /// Why the server rejects a ref.
    fn cause(&self, update: &RefUpdate) -> Option<Cause> {
        let is_protected = self.rules.protected.iter().any(|branch| update.name == format!("refs/heads/{branch}"));
        if is_protected || !self.kind.takes(&update.name) || update.old.is_none() && self.is_in_the_way(&update.name) {
            return Some(Cause::Refused);
        }
        (self.refs.get(&update.name).copied() != update.old).then_some(Cause::Stale)
    }

    /// Whether another branch is in the folder of the name, or the name in the folder of another branch.
    fn is_in_the_way(&self, name: &str) -> bool {
        let nested = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
        self.refs.keys().any(|other| nested(other, name) || nested(name, other))
    }

    /// Git's message if a branch of the push is locked.
    fn locked(&mut self, updates: &[RefUpdate]) -> Option<(usize, String)> {
        for (index, update) in updates.iter().enumerate() {
            let branch = update.name.strip_prefix("refs/heads/").unwrap_or_default();
            let Some(left) = self.rules.locked.get_mut(branch).filter(|left| **left > 0) else { continue };
            *left -= 1;
            let name = &update.name;
            let message = format!("cannot lock ref '{name}': Unable to create '/srv/a.git/{name}.lock': File exists.");
            return Some((index, message));
        }
        None
    }

    /// The message about a push of too many refs.
    fn excess(&self, updates: &[RefUpdate]) -> Option<String> {
        let (most, counts_all) = self.rules.limit?;
        let counted = updates.iter().filter(|update| counts_all || update.name.starts_with("refs/heads/")).count();
        (counted > most).then(|| format!("Pushes can not update more than {most} branches or tags"))
    }

    /// Updates the refs. Returns the answer for each, and the messages to the user.
    fn apply(&mut self, updates: &[RefUpdate], atomic: bool) -> PushReport {
        if let Some(message) = self.excess(updates) {
            let results = updates.iter().map(|_| Err("pre-receive hook declined".to_owned()));
            return PushReport { messages: vec![message], ..PushReport::new(updates, results) };
        }
        if let Some((locked, message)) = self.locked(updates) {
            let answer = |index| Err(if index == locked { message.clone() } else { "atomic push failure".to_owned() });
            return PushReport::new(updates, (0..updates.len()).map(answer).collect::<Vec<_>>());
        }
        let causes: Vec<Option<Cause>> = updates.iter().map(|update| self.cause(update)).collect();
        let refused = causes.contains(&Some(Cause::Refused));
        if atomic && causes.iter().any(Option::is_some) || self.rules.whole && refused {
            let answer = |(update, cause): (&RefUpdate, &Option<Cause>)| match self.rules.whole && refused {
                true => Err("pre-receive hook declined".to_owned()),
                false => Err(self.wording.reason(&update.name, *cause)),
            };
            let report = PushReport::new(updates, updates.iter().zip(&causes).map(answer).collect::<Vec<_>>());
            return PushReport { messages: self.rules.messages.clone(), ..report };
        }
        let mut answers = Vec::new();
        for (update, cause) in updates.iter().zip(causes) {
            match (cause, update.new) {
                (Some(cause), _) => answers.push(Err(self.wording.reason(&update.name, Some(cause)))),
                (None, Some(new)) => {
                    self.refs.insert(update.name.clone(), new);
                    answers.push(Ok(()));
                }
                (None, None) => {
                    self.refs.remove(&update.name);
                    answers.push(Ok(()));
                }
            }
        }
        PushReport::new(updates, answers)
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
        state.pushes.push(updates.len());
        pack.store(&state.objects.odb().unwrap()).unwrap();
        let report = state.apply(updates, options.atomic);
        if fault == Some(Fault::LostAnswer) {
            return Err(Self::unreachable());
        }
        Ok(report)
    }
}
