//! The git note on a delivered commit: the newest source commit with the same output.
//!
//! Ref and body are those of Argo CD's hydrator: `refs/notes/hydrator.metadata`, `{"drySha":"…"}`, on every commit that a delivery writes. If
//! several units share a branch, `drySha` is the newest source commit of any of them, and the additional key `folders` has that of each;
//! readers of Argo CD's format ignore it.

use std::collections::BTreeMap;

use git::{Edit, ObjectStore};
use git2::{ObjectType, Oid};
use serde::{Deserialize, Serialize};

/// The ref with the notes that announce deliveries to Argo CD and GitOps Promoter.
pub const NOTES: &str = "refs/notes/hydrator.metadata";

/// A flat tree of notes with more entries than this gets folders of two digits (git's fan-out).
const FLAT: usize = 256;

/// The deepest fan-out that is read and written.
const MAX_FOLDERS: usize = 3;

/// The content of a note.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    /// The source commit.
    #[serde(rename = "drySha", default)]
    pub dry_sha: String,
    /// The source commit of each unit of a shared branch, by its folder.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub folders: BTreeMap<String, String>,
}

impl Note {
    /// Parses a note; an invalid one is empty.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// The source commit of a folder. A note without folders (Argo CD's, or that of a branch with one unit) holds for all of them.
    pub(crate) fn sha(&self, folder: &str) -> Option<&str> {
        let sha = if self.folders.is_empty() { Some(&self.dry_sha) } else { self.folders.get(folder) };
        sha.map(String::as_str).filter(|sha| !sha.is_empty())
    }

    /// The note with `sha` as the source commit of a folder, and `newest` as the one of the branch as a whole.
    pub(crate) fn with(mut self, folder: &str, sha: &str, newest: &str) -> Self {
        if !folder.is_empty() && self.folders.is_empty() && !self.dry_sha.is_empty() {
            self.folders.insert(String::new(), self.dry_sha.clone());
        }
        if folder.is_empty() && self.folders.is_empty() {
            sha.clone_into(&mut self.dry_sha);
        } else {
            self.folders.insert(folder.to_owned(), sha.to_owned());
            newest.clone_into(&mut self.dry_sha);
        }
        self
    }

    /// The note without the source commit of a folder; empty if it has no other one.
    pub(crate) fn without(mut self, folder: &str) -> Self {
        self.folders.remove(folder);
        if self.folders.is_empty() { Self::default() } else { self }
    }

    /// The note of a commit that later ones of the same delivery follow: without folders, which would make the notes of a branch with many
    /// units grow quadratically.
    pub(crate) fn without_folders(&self) -> Self {
        Self { dry_sha: self.dry_sha.clone(), folders: BTreeMap::new() }
    }

    /// The body: compact JSON without a newline.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// Finds the note on `commit` in a tree of notes, at any fan-out. Returns its path and blob.
pub(crate) fn find(store: &ObjectStore, tree: Oid, commit: Oid) -> Option<(String, Oid)> {
    let mut paths = (0..=MAX_FOLDERS).map(|folders| fanned_out(commit, folders));
    paths.find_map(|path| store.entry(tree, &path).map(|(blob, _)| (path, blob)))
}

/// Writes a tree of notes with these notes added or replaced.
pub(crate) fn write(
    store: &ObjectStore,
    tree: Option<Oid>,
    notes: &BTreeMap<Oid, Note>,
    made: &mut Vec<Oid>,
) -> Result<Oid, git2::Error> {
    let mut edits = BTreeMap::new();
    let large = tree.is_none() && notes.len() > FLAT;
    for (&commit, note) in notes {
        let blob = store.write(ObjectType::Blob, &note.to_bytes(), made)?;
        let known = tree.and_then(|tree| find(store, tree, commit)).map(|(path, _)| path);
        let path = known.unwrap_or_else(|| match large {
            true => fanned_out(commit, 1),
            false => new_path(store, tree, commit),
        });
        edits.insert(path, Edit::Put(blob, git::Mode::Regular));
    }
    match store.edit(tree, &edits, made)? {
        Some(id) => Ok(id),
        None => store.empty_tree(made),
    }
}

/// The path of a new note: below the folder of its first two digits if the tree has such folders or is large.
fn new_path(store: &ObjectStore, tree: Option<Oid>, commit: Oid) -> String {
    let mut folders = 0;
    let mut here = tree;
    while folders < MAX_FOLDERS
        && let Some(found) = here.and_then(|id| store.tree(id))
        && (found.entries().len() > FLAT || found.has_folders())
    {
        let id = commit.to_string();
        here = found.entry(&id[folders * 2..folders * 2 + 2]).map(|entry| entry.id);
        folders += 1;
    }
    fanned_out(commit, folders)
}

/// The path of a note below this many folders of two digits each.
fn fanned_out(commit: Oid, folders: usize) -> String {
    let id = commit.to_string();
    let folder = |index: usize| format!("{}/", &id[index * 2..index * 2 + 2]);
    (0..folders).map(folder).chain([id[folders * 2..].to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(number: usize) -> Oid {
        Oid::hash_object(ObjectType::Blob, number.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn the_body_is_argo_cds() {
        let note = Note::default().with("", "abc", "abc");
        assert_eq!(note.to_bytes(), br#"{"drySha":"abc"}"#);
        assert_eq!(Note::parse(br#"{"drySha":"abc","later":1}"#), note);
        assert_eq!(note.sha("cart"), Some("abc"), "Argo CD's note is about all folders");
        let shared = note.with("cart", "def", "def");
        assert_eq!((shared.sha("cart"), shared.sha("shop"), shared.sha("")), (Some("def"), None, Some("abc")));
        let back = shared.with("cart", "old", "def");
        assert_eq!((back.sha("cart"), back.dry_sha.as_str()), (Some("old"), "def"));
        assert_eq!(back.without_folders().to_bytes(), br#"{"drySha":"def"}"#);
    }

    #[test]
    fn many_first_notes_are_split_at_once() {
        let store = ObjectStore::open().unwrap();
        let mut made = Vec::new();
        let notes: BTreeMap<Oid, Note> =
            (0..600).map(|number| (commit(number), Note::default().with("", &format!("sha{number}"), ""))).collect();
        let tree = write(&store, None, &notes, &mut made).unwrap();
        for (id, note) in &notes {
            let (path, blob) = find(&store, tree, *id).unwrap();
            assert_eq!(Note::parse(&store.blob(blob).unwrap()), *note);
            assert!(path.chars().nth(2) == Some('/') && path.len() == 41, "{path}");
        }
        // The same notes again are the same tree.
        assert_eq!(write(&store, Some(tree), &notes, &mut made).unwrap(), tree);
    }

    #[test]
    fn many_notes_are_split_and_found_again() {
        let store = ObjectStore::open().unwrap();
        let mut tree = None;
        let mut made = Vec::new();
        for number in 0..600 {
            let note = Note::default().with("", &format!("sha{number}"), "");
            tree = Some(write(&store, tree, &BTreeMap::from([(commit(number), note)]), &mut made).unwrap());
        }
        let tree = tree.unwrap();
        for number in 0..600 {
            let (path, blob) = find(&store, tree, commit(number)).unwrap();
            assert_eq!(Note::parse(&store.blob(blob).unwrap()).dry_sha, format!("sha{number}"));
            assert_eq!(path.contains('/'), number > 256, "{number}");
        }
    }
}
