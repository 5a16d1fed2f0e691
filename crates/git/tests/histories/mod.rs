//! A small history, and shallow clones of it.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use std::path::Path;

use git::source::SourceRepository;
use git2::{Oid, Repository, Signature, Time};

pub fn commit(repository: &Repository, parents: &[Oid], text: &str) -> Oid {
    let who = Signature::new("Ada", "ada@example.com", &Time::new(1_700_000_000, 0)).unwrap();
    let mut builder = repository.treebuilder(None).unwrap();
    builder.insert("a", repository.blob(text.as_bytes()).unwrap(), 0o100_644).unwrap();
    let tree = repository.find_tree(builder.write().unwrap()).unwrap();
    let parents: Vec<_> = parents.iter().map(|&id| repository.find_commit(id).unwrap()).collect();
    repository.commit(None, &who, &who, text, &tree, &parents.iter().collect::<Vec<_>>()).unwrap()
}

/// `old - middle - new` and `side`, which comes after `old` alone; `main` is `new`, `later` comes after it.
pub struct History {
    pub old: Oid,
    pub middle: Oid,
    pub new: Oid,
    pub side: Oid,
    pub later: Oid,
}

pub fn history(path: &Path) -> History {
    let repository = Repository::open_bare(path).unwrap();
    let old = commit(&repository, &[], "old");
    let middle = commit(&repository, &[old], "middle");
    let new = commit(&repository, &[middle], "new");
    let side = commit(&repository, &[old], "side");
    let later = commit(&repository, &[new], "later");
    for (name, id) in [("main", new), ("side", side), ("later", later)] {
        repository.reference(&format!("refs/heads/{name}"), id, true, "test").unwrap();
    }
    History { old, middle, new, side, later }
}

/// A clone of depth 1 of `main`, made by hand, so that no git is needed.
pub fn shallow(at: &Path, from: &Path, url: &str, tip: Oid) -> SourceRepository {
    let (here, there) = (Repository::init(at).unwrap(), Repository::open_bare(from).unwrap());
    let (from, to) = (there.odb().unwrap(), here.odb().unwrap());
    let found = there.find_commit(tip).unwrap();
    let blob = found.tree().unwrap().get(0).unwrap().id();
    for id in [tip, found.tree_id(), blob] {
        let object = from.read(id).unwrap();
        to.write(object.kind(), object.data()).unwrap();
    }
    std::fs::write(here.path().join("shallow"), format!("{tip}\n")).unwrap();
    here.remote("origin", url).unwrap();
    here.reference("refs/heads/main", tip, true, "test").unwrap();
    here.set_head("refs/heads/main").unwrap();
    SourceRepository::discover(at).unwrap()
}
