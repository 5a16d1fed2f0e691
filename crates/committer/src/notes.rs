//! The git note that says up to which source commit an unchanged branch is current.
//!
//! Ref and body are Argo CD's: `refs/notes/hydrator.metadata`, `{"drySha":"…"}` on the delivered commit. Where several units share a branch,
//! the key `folders` of ours tells each one's source commit; readers of Argo CD's format pass over it.

use std::collections::BTreeMap;

use git::{Edit, ObjectStore};
use git2::{ObjectType, Oid};
use serde::{Deserialize, Serialize};

/// The ref.
pub(crate) const NOTES: &str = "refs/notes/hydrator.metadata";

/// A flat tree of notes that has more entries than this gets folders of two digits, as git makes them.
const FLAT: usize = 256;

/// What a note says.
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
    /// Reads a note; what is none says nothing.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// The source commit that the note tells for a folder.
    pub(crate) fn sha(&self, folder: &str) -> Option<&str> {
        let sha = if folder.is_empty() { Some(&self.dry_sha) } else { self.folders.get(folder) };
        sha.map(String::as_str).filter(|sha| !sha.is_empty())
    }

    /// The note with another source commit for a folder.
    pub(crate) fn with(mut self, folder: &str, sha: &str) -> Self {
        sha.clone_into(&mut self.dry_sha);
        if !folder.is_empty() {
            self.folders.insert(folder.to_owned(), sha.to_owned());
        }
        self
    }

    /// The body: compact JSON without a newline.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// The blob of the note on `commit` in a tree of notes, and its path there, whatever folders git has split the ids into.
pub(crate) fn find(store: &ObjectStore, tree: Oid, commit: Oid) -> Option<(String, Oid)> {
    let id = commit.to_string();
    let mut path = String::new();
    for depth in 0..=3 {
        let rest = &id[depth * 2..];
        if let Some((blob, _)) = store.entry(tree, &format!("{path}{rest}")) {
            return Some((format!("{path}{rest}"), blob));
        }
        path = format!("{path}{}/", &id[depth * 2..depth * 2 + 2]);
    }
    None
}

/// The tree of notes with these bodies on these commits.
pub(crate) fn write(
    store: &ObjectStore,
    tree: Option<Oid>,
    notes: &BTreeMap<Oid, Note>,
    made: &mut Vec<Oid>,
) -> Result<Oid, git2::Error> {
    let mut edits = BTreeMap::new();
    for (&commit, note) in notes {
        let blob = store.write(ObjectType::Blob, &note.to_bytes(), made)?;
        let known = tree.and_then(|tree| find(store, tree, commit)).map(|(path, _)| path);
        let path = known.unwrap_or_else(|| place(store, tree, commit));
        edits.insert(path, Edit::Put(blob, git::Mode::Regular));
    }
    match store.edit(tree, &edits, made)? {
        Some(id) => Ok(id),
        None => store.empty_tree(made),
    }
}

/// Where a new note goes: below the folder of its first two digits where the tree has such folders or has grown large.
fn place(store: &ObjectStore, tree: Option<Oid>, commit: Oid) -> String {
    let id = commit.to_string();
    let mut prefix = String::new();
    let mut here = tree;
    for depth in 0..3 {
        let Some(found) = here.and_then(|id| store.repository().find_tree(id).ok()) else { break };
        let split = found.len() > FLAT || found.iter().any(|entry| entry.kind() == Some(ObjectType::Tree));
        if !split {
            break;
        }
        let digits = &id[depth * 2..depth * 2 + 2];
        prefix = format!("{prefix}{digits}/");
        here = found.get_name(digits).map(|entry| entry.id());
    }
    let taken = prefix.len() / 3 * 2;
    format!("{prefix}{}", &id[taken..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(number: usize) -> Oid {
        Oid::hash_object(ObjectType::Blob, number.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn the_body_is_argo_cds() {
        let note = Note::default().with("", "abc");
        assert_eq!(note.to_bytes(), br#"{"drySha":"abc"}"#);
        assert_eq!(Note::parse(br#"{"drySha":"abc","later":1}"#), note);
        let shared = note.with("cart", "def");
        assert_eq!((shared.sha("cart"), shared.sha("shop"), shared.sha("")), (Some("def"), None, Some("def")));
    }

    #[test]
    fn many_notes_are_split_and_found_again() {
        let store = ObjectStore::open().unwrap();
        let mut tree = None;
        let mut made = Vec::new();
        for number in 0..600 {
            let note = Note::default().with("", &format!("sha{number}"));
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
