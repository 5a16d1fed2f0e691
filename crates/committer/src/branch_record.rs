//! The record in the root of a branch whose units are in folders.
//!
//! Argo CD's hydrator always writes one, and GitOps Promoter reads a branch's source commit from it. It names the newest source commit of any
//! unit of the branch and lists no files; a unit's own record is in its folder.
//!
//! | unit | the record in the root |
//! | --- | --- |
//! | in the branch's root | is the unit's own |
//! | pushed to its branch, or to the topic branch `BRANCH-next` | is written |
//! | pushed to `BRANCH-next/FOLDER`, or reviewed there (several promotions of one branch) | is left alone |
//! | reviewed on any other topic branch | is left alone, since two requests that change it would conflict; another tool's is removed |

use std::collections::BTreeMap;

use git::{Edit, Mode, ObjectStore};
use git2::{ObjectType, Oid};

use crate::metadata::{METADATA, Record, SourceRecord};
use crate::options::Ancestors;
use crate::order;
use crate::unit::Unit;

/// The file that Argo CD's hydrator writes beside a record, with the commands that render the files again.
pub(crate) const README: &str = "README.md";

/// The title of that file.
const README_TITLE: &[u8] = b"# Manifest Hydration";

/// What a unit's commit does about the record in the branch's root.
enum Rule {
    Write,
    Keep,
    RemoveForeign,
}

impl Rule {
    fn of(unit: &Unit) -> Self {
        let branch = unit.topic.as_ref().map_or(&unit.branch, |topic| &topic.branch);
        if unit.folder.is_empty() || branch.ends_with(&format!("-next/{}", unit.folder)) {
            Self::Keep
        } else if unit.topic.is_some() && *branch != format!("{}-next", unit.branch) {
            Self::RemoveForeign
        } else {
            Self::Write
        }
    }
}

/// The edits of the branch's root that go with a unit's commit on `tree`. New objects are added to `objects`. The blobs of the root's record
/// and README must be in the store.
pub(crate) fn edits(
    store: &ObjectStore,
    unit: &Unit,
    tree: Option<Oid>,
    ancestors: Ancestors<'_>,
    objects: &mut Vec<Oid>,
) -> Result<BTreeMap<String, Edit>, git2::Error> {
    let mut edits = BTreeMap::new();
    let rule = Rule::of(unit);
    let old = match tree {
        _ if matches!(rule, Rule::Keep) => return Ok(edits),
        Some(tree) => RootRecord::read(store, tree)?,
        None => RootRecord::None,
    };
    if let (RootRecord::Foreign(_), Some(tree)) = (&old, tree)
        && is_hydration_readme(store, tree, README)
    {
        edits.insert(README.to_owned(), Edit::Remove);
    }
    let recorded = match (&rule, &old) {
        (_, RootRecord::Unit) => return Ok(BTreeMap::new()),
        (Rule::RemoveForeign, RootRecord::Foreign(_)) => {
            edits.insert(METADATA.to_owned(), Edit::Remove);
            return Ok(edits);
        }
        (Rule::RemoveForeign | Rule::Keep, _) => return Ok(edits),
        (Rule::Write, RootRecord::None) => "",
        (Rule::Write, RootRecord::Shared(source) | RootRecord::Foreign(source)) => &source.dry_sha,
    };
    if order::is_newest(unit, recorded, || tree.is_none_or(|tree| is_alone(store, unit, tree)), ancestors) {
        let blob = store.write(ObjectType::Blob, &new_record(unit).to_bytes(), objects)?;
        edits.insert(METADATA.to_owned(), Edit::Put(blob, Mode::Regular));
    }
    Ok(edits)
}

/// The record in the root of a tree.
enum RootRecord {
    None,
    /// That of a unit in the root, or an invalid one.
    Unit,
    /// That of a branch that units share.
    Shared(Box<SourceRecord>),
    /// That of another tool.
    Foreign(Box<SourceRecord>),
}

impl RootRecord {
    fn read(store: &ObjectStore, tree: Oid) -> Result<Self, git2::Error> {
        let Some((id, _)) = store.entry(tree, METADATA) else { return Ok(Self::None) };
        Ok(match Record::parse(&store.blob(id)?) {
            Ok(record) if record.shared => Self::Shared(Box::new(record.source)),
            Ok(record) if record.files.is_none() => Self::Foreign(Box::new(record.source)),
            Ok(_) | Err(_) => Self::Unit,
        })
    }
}

/// Whether no other unit has its record in the tree.
pub(crate) fn is_alone(store: &ObjectStore, unit: &Unit, tree: Oid) -> bool {
    let own = unit.in_branch(METADATA);
    let is_other = |path: &String| path.ends_with(&format!("/{METADATA}")) && *path != own;
    !store.paths(tree, usize::MAX).iter().any(is_other)
}

/// Whether the file at `path` is the README of Argo CD's hydrator. Its blob must be in the store.
pub(crate) fn is_hydration_readme(store: &ObjectStore, tree: Oid, path: &str) -> bool {
    let Some((id, 0o100_644 | 0o100_755)) = store.entry(tree, path) else { return false };
    store.blob(id).is_ok_and(|bytes| bytes.trim_ascii_start().starts_with(README_TITLE))
}

/// The record in the root of a branch that units share, with the source of `unit`.
pub(crate) fn new_record(unit: &Unit) -> Record {
    let source = SourceRecord { commands: Vec::new(), ..unit.source.clone() };
    Record { source, files: Some(Vec::new()), shared: true, ..Record::default() }
}
