//! What a unit means for its branch as the branch is now: a commit, a note, nothing, or a refusal. Pure but for the objects it builds.

use std::collections::{BTreeMap, BTreeSet};

use git::source::Ancestry;
use git::{Change, ChangeKind, Edit, Mode, ObjectStore, filemode};
use git2::{ObjectType, Oid};

use crate::deliver::Ancestors;
use crate::metadata::{self, METADATA, Record};
use crate::notes::Note;
use crate::refusal::Refusal;
use crate::unit::Unit;

/// What Argo CD's hydrator writes beside its record. We may replace it; what we do not write stays, as the record does not list it.
const ARGO_CD_WRITES: &[&str] = &["manifest.yaml", "README.md"];

const NAMED_FILES: usize = 20;

/// The branch as it is found (or as an earlier unit of the same run leaves it).
pub(crate) struct Found<'a> {
    /// The tree of its commit; `None` for a branch that does not exist.
    pub tree: Option<Oid>,
    /// The note on its commit.
    pub note: &'a Note,
    /// For a topic branch: the hash over what the target holds of the unit.
    pub base: Option<&'a str>,
}

/// What is to happen.
pub(crate) enum Decision {
    /// A commit with this tree.
    Commit {
        /// The tree.
        tree: Oid,
        /// The changed files.
        changes: Vec<Change>,
        /// The record that the branch had.
        previous: Option<Box<Record>>,
    },
    /// Nothing but a note.
    Note,
    /// Nothing at all.
    Nothing,
    /// No.
    Refuse(Refusal),
}

/// Decides one unit. New objects are noted in `made`.
pub(crate) fn decide(
    store: &mut ObjectStore,
    unit: &Unit,
    found: &Found<'_>,
    ancestors: Ancestors<'_>,
    made: &mut Vec<Oid>,
) -> Result<Decision, git2::Error> {
    let Some(tree) = found.tree else {
        return build(store, unit, found, changes(unit, &There::new())?, None, made);
    };
    let record = match record(store, unit, tree)? {
        Ok(record) => record,
        Err(refusal) => return Ok(Decision::Refuse(refusal)),
    };
    if let Some(refusal) = older(unit, record.as_ref(), found.note, ancestors) {
        return Ok(Decision::Refuse(refusal));
    }
    let there = match files(store, unit, tree, record.as_ref()) {
        Ok(there) => there,
        Err(refusal) => return Ok(Decision::Refuse(refusal)),
    };
    let changes = changes(unit, &there)?;
    if let Some(record) = &record
        && changes.is_empty()
        && same_record(unit, record)
    {
        let known = found.note.sha(&unit.folder).unwrap_or(&record.source.dry_sha);
        return Ok(if known == unit.source.dry_sha { Decision::Nothing } else { Decision::Note });
    }
    if let Some(reason) = record.as_ref().and_then(|record| record.hold.clone())
        && unit.hold.is_none()
        && !unit.release
    {
        return Ok(Decision::Refuse(Refusal::Held { reason }));
    }
    build(store, unit, found, changes, record, made)
}

/// The record in the unit's folder, or why the folder may not be touched.
pub(crate) fn record(
    store: &ObjectStore,
    unit: &Unit,
    tree: Oid,
) -> Result<Result<Option<Record>, Refusal>, git2::Error> {
    let path = unit.in_branch(METADATA);
    let Some((id, _)) = store.entry(tree, &path) else {
        let files = foreign(store, unit, tree);
        return Ok(if files.is_empty() || unit.adopt { Ok(None) } else { Err(Refusal::UnmanagedFiles { files }) });
    };
    Ok(match Record::parse(&store.blob(id)?) {
        Ok(record) => Ok(Some(record)),
        Err(_) if unit.adopt => Ok(None),
        Err(error) => Err(Refusal::InvalidRecord { path, message: error.to_string() }),
    })
}

/// The files that make a branch or folder without a record another's.
fn foreign(store: &ObjectStore, unit: &Unit, tree: Oid) -> Vec<String> {
    if unit.folder.is_empty() {
        return store.paths(tree, NAMED_FILES);
    }
    match store.entry(tree, &unit.folder) {
        Some((id, 0o040_000)) => store.paths(id, NAMED_FILES).into_iter().map(|path| unit.in_branch(&path)).collect(),
        Some(_) => vec![unit.folder.clone()],
        None => {
            let all = store.paths(tree, usize::MAX);
            let delivered = all.iter().any(|path| path == METADATA || path.ends_with(&format!("/{METADATA}")));
            if delivered { Vec::new() } else { all.into_iter().take(NAMED_FILES).collect() }
        }
    }
}

/// Whether the branch holds what must not be replaced by ours.
pub(crate) fn older(unit: &Unit, record: Option<&Record>, note: &Note, ancestors: Ancestors<'_>) -> Option<Refusal> {
    let record = &record?.source;
    let (theirs, ours) = (repository(&record.repo_url), repository(&unit.source.repo_url));
    if !theirs.is_empty() && !ours.is_empty() && theirs != ours {
        let refusal = Refusal::OtherSource { recorded: record.repo_url.clone(), ours: unit.source.repo_url.clone() };
        return (!unit.adopt).then_some(refusal);
    }
    let recorded = note.sha(&unit.folder).unwrap_or(&record.dry_sha).to_owned();
    let ours = unit.source.dry_sha.clone();
    if recorded.is_empty() || recorded == ours || unit.allow_older {
        return None;
    }
    match ancestors(&recorded, &ours) {
        Ancestry::Ancestor => None,
        Ancestry::NotAncestor => Some(Refusal::Older { recorded, ours }),
        Ancestry::Unknown(reason) => Some(Refusal::UnknownAncestry { recorded, ours, reason }),
    }
}

/// A repository's URL without what does not tell repositories apart: scheme, user, port of the scheme, `.git`, a slash at the end.
fn repository(url: &str) -> String {
    let clean = git::source::without_credentials(url.trim());
    let rest = match clean.split_once("://") {
        Some((_, rest)) => rest.rsplit_once('@').map_or(rest, |(_, rest)| rest).to_owned(),
        None => match clean.split_once(':') {
            Some((host, path)) if !host.contains('/') => {
                let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
                format!("{host}/{}", path.trim_start_matches('/'))
            }
            _ => clean,
        },
    };
    let rest = rest.trim_end_matches('/');
    rest.strip_suffix(".git").unwrap_or(rest).to_lowercase()
}

/// What stands now at the paths that are ours, of this delivery or of the last one. An entry that is a folder has no place here.
type There = BTreeMap<String, (Oid, i32)>;

fn files(store: &ObjectStore, unit: &Unit, tree: Oid, record: Option<&Record>) -> Result<There, Refusal> {
    let owned: BTreeSet<String> = owned(record).iter().map(|path| unit.in_branch(path)).collect();
    let ours: BTreeSet<String> = unit.files.keys().map(|path| unit.in_branch(path)).collect();
    let mut there = There::new();
    let removable = record.is_some_and(|record| record.files.is_some());
    let paths = if removable { owned.union(&ours).collect() } else { ours.iter().collect::<BTreeSet<_>>() };
    for path in paths {
        match store.entry(tree, path) {
            Some((id, 0o040_000)) if ours.contains(path) => {
                // A folder stands where a file goes: it goes away only where every file in it is ours.
                let below = store.paths(id, usize::MAX);
                let strange = below.iter().map(|tail| format!("{path}/{tail}")).find(|file| !owned.contains(file));
                if let Some(path) = strange {
                    return Err(Refusal::UnmanagedFile { path });
                }
            }
            Some((_, 0o040_000)) => {}
            Some(entry) => {
                if !owned.contains(path) && !unit.adopt && !same(unit, path, entry) {
                    return Err(Refusal::UnmanagedFile { path: path.clone() });
                }
                there.insert(path.clone(), entry);
            }
            None if ours.contains(path) => {
                if let Some(file) = file_on_the_way(store, tree, path).filter(|file| !owned.contains(file)) {
                    return Err(Refusal::UnmanagedFile { path: file });
                }
            }
            None => {}
        }
    }
    Ok(there)
}

fn same(unit: &Unit, path: &str, (id, mode): (Oid, i32)) -> bool {
    unit.file(path).is_some_and(|file| {
        filemode(file.mode) == mode && Oid::hash_object(ObjectType::Blob, &file.bytes).is_ok_and(|ours| ours == id)
    })
}

fn file_on_the_way(store: &ObjectStore, tree: Oid, path: &str) -> Option<String> {
    let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
    folders
        .filter(|folder| store.entry(tree, folder).is_some_and(|(_, mode)| mode != 0o040_000))
        .map(str::to_owned)
        .next()
}

/// The files that the last delivery wrote, relative to its folder.
pub(crate) fn owned(record: Option<&Record>) -> Vec<String> {
    match record {
        Some(Record { files: Some(files), .. }) => files.clone(),
        Some(Record { files: None, .. }) => ARGO_CD_WRITES.iter().map(|&path| path.to_owned()).collect(),
        None => Vec::new(),
    }
}

fn same_record(unit: &Unit, record: &Record) -> bool {
    let files_known = record.files.as_ref().is_none_or(|files| files.iter().eq(unit.files.keys()));
    // A hold that is to be set or released is a change by itself.
    let hold = record.hold == unit.hold || (unit.hold.is_none() && !unit.release);
    files_known && hold && repository(&record.source.repo_url) == repository(&unit.source.repo_url)
}

/// What differs between the unit's files and what stands there, sorted by path.
fn changes(unit: &Unit, there: &There) -> Result<Vec<Change>, git2::Error> {
    let mut changes = Vec::new();
    let mut kept = BTreeSet::new();
    for (path, file) in &unit.files {
        let path = unit.in_branch(path);
        let now = (Oid::hash_object(ObjectType::Blob, &file.bytes)?, filemode(file.mode));
        match there.get(&path) {
            Some(&entry) if entry == now => {}
            Some(_) => changes.push(Change { path: path.clone(), kind: ChangeKind::Modified }),
            None => changes.push(Change { path: path.clone(), kind: ChangeKind::Added }),
        }
        kept.insert(path);
    }
    let gone = there.keys().filter(|path| !kept.contains(*path));
    changes.extend(gone.map(|path| Change { path: path.clone(), kind: ChangeKind::Removed }));
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(changes)
}

fn build(
    store: &mut ObjectStore,
    unit: &Unit,
    found: &Found<'_>,
    changes: Vec<Change>,
    previous: Option<Record>,
    made: &mut Vec<Oid>,
) -> Result<Decision, git2::Error> {
    let mut edits = BTreeMap::new();
    for change in &changes {
        let edit = match unit.file(&change.path) {
            Some(file) if change.kind != ChangeKind::Removed => Edit::Put(store.share(&file.bytes, made)?, file.mode),
            _ => Edit::Remove,
        };
        edits.insert(change.path.clone(), edit);
    }
    let blob = store.write(ObjectType::Blob, &new_record(unit, found.base)?.to_bytes(), made)?;
    edits.insert(unit.in_branch(METADATA), Edit::Put(blob, Mode::Regular));
    let tree = match store.edit(found.tree, &edits, made)? {
        Some(tree) => tree,
        None => store.empty_tree(made)?,
    };
    Ok(Decision::Commit { tree, changes, previous: previous.map(Box::new) })
}

fn new_record(unit: &Unit, base: Option<&str>) -> Result<Record, git2::Error> {
    let mut entries = Vec::with_capacity(unit.files.len());
    for (path, file) in &unit.files {
        entries.push((path.as_str(), Oid::hash_object(ObjectType::Blob, &file.bytes)?, filemode(file.mode)));
    }
    Ok(Record {
        source: unit.source.clone(),
        files: Some(unit.files.keys().cloned().collect()),
        content: Some(metadata::content(entries.into_iter())?),
        images: unit.images.clone(),
        promoted_from: unit.promoted_from.clone(),
        base: base.map(str::to_owned),
        hold: unit.hold.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repository_has_many_urls() {
        for url in [
            "https://github.com/acme/shop.git",
            "https://token@github.com/Acme/shop",
            "git@github.com:acme/shop.git",
            "ssh://git@github.com/acme/shop/",
        ] {
            assert_eq!(repository(url), "github.com/acme/shop", "{url}");
        }
        assert_ne!(repository("/srv/a"), repository("/srv/b"));
    }
}
