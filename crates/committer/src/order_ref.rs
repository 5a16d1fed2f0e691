//! The order of deliveries: the source commit that each unit was last delivered from, in a ref of the destination repository.
//!
//! Every delivery that writes a commit or a note moves this ref in the same atomic push, with the id that it read as a condition. So of two
//! deliveries that overlap one loses, reads again, and sees the other, also if that one only confirmed unchanged output. The ref does not
//! depend on the branch's commits: it survives commits by people, deliveries of other units, merges and squashes.
//!
//! The ref's tree has a blob for each unit, at the hash of its branch and folder with a fan-out of two digits. Units that were delivered from
//! one source commit share a blob. See docs/decisions/order-of-deliveries.md.

use std::collections::BTreeMap;

use git::{Edit, Mode, ObjectStore};
use git2::{ObjectType, Oid};
use serde::{Deserialize, Serialize};

use crate::unit::Unit;

/// The ref.
pub(crate) const ORDER: &str = "refs/hydrant/order";

/// What a unit was last delivered from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The source repository.
    #[serde(rename = "repoURL", default)]
    pub repo_url: String,
    /// The source commit.
    #[serde(rename = "drySha", default)]
    pub dry_sha: String,
}

/// The blob with a unit's entry in the ref's tree.
pub(crate) fn find(store: &ObjectStore, tree: Oid, unit: &Unit) -> Option<Oid> {
    store.entry(tree, &path(unit).ok()?).map(|(id, _)| id)
}

/// Reads a unit's entry. The blob must be in the store.
pub(crate) fn read(store: &ObjectStore, tree: Oid, unit: &Unit) -> Result<Option<Entry>, git2::Error> {
    let Some(blob) = find(store, tree, unit) else { return Ok(None) };
    Ok(serde_json::from_slice(&store.blob(blob)?).ok())
}

/// Writes the ref's tree with the entries of `units` added or replaced; those of retired units are removed. New objects are added to `objects`.
pub(crate) fn write<'u>(
    store: &ObjectStore,
    tree: Option<Oid>,
    units: impl Iterator<Item = &'u Unit>,
    objects: &mut Vec<Oid>,
) -> Result<Oid, git2::Error> {
    let mut edits = BTreeMap::new();
    for unit in units {
        if unit.retirement.is_some() {
            edits.insert(path(unit)?, Edit::Remove);
            continue;
        }
        let entry = Entry { repo_url: unit.source.repo_url.clone(), dry_sha: unit.source.dry_sha.clone() };
        let bytes = serde_json::to_vec(&entry).unwrap_or_default();
        let blob = store.write(ObjectType::Blob, &bytes, objects)?;
        edits.insert(path(unit)?, Edit::Put(blob, Mode::Regular));
    }
    match store.edit(tree, &edits, objects)? {
        Some(tree) => Ok(tree),
        None => store.empty_tree(objects),
    }
}

fn path(unit: &Unit) -> Result<String, git2::Error> {
    let id = Oid::hash_object(ObjectType::Blob, format!("{}\n{}", unit.branch, unit.folder).as_bytes())?.to_string();
    Ok(format!("{}/{}", &id[..2], &id[2..]))
}
