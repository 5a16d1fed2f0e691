//! Checks units before anything is read.

use std::collections::{BTreeMap, BTreeSet};

use crate::metadata::METADATA;
use crate::unit::{RequestMethod, Unit};

/// The most components that a path may have.
const MAX_PATH_DEPTH: usize = 100;

/// Why a unit cannot be delivered, whatever the remote holds. The text says what is wrong; [`UnitError::hint`] says what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// git does not allow the branch name.
    #[error("{unit}: invalid branch name {branch:?}")]
    Branch {
        /// The unit.
        unit: String,
        /// The name.
        branch: String,
    },
    /// A path leaves the folder, or git does not allow it.
    #[error("{unit}: invalid path {path:?}: expected a relative path without empty parts, `.`, `..` and `.git`")]
    Path {
        /// The unit.
        unit: String,
        /// The path.
        path: String,
    },
    /// Two units write the same path, or one needs a folder where the other writes a file.
    #[error("{branch}: duplicate path {path}: {first} and {second} both write it")]
    Collision {
        /// The branch.
        branch: String,
        /// The path in the branch.
        path: String,
        /// The first unit.
        first: String,
        /// The second unit.
        second: String,
    },
    /// Two units have their record in the same folder.
    #[error("{branch}: duplicate folder {folder:?}: {first} and {second} would both write {METADATA} there")]
    Folder {
        /// The branch.
        branch: String,
        /// The folder.
        folder: String,
        /// The first unit.
        first: String,
        /// The second unit.
        second: String,
    },
    /// git cannot store the author's or committer's name or address.
    #[error("{unit}: invalid identity {name:?} <{email:?}>: {message}")]
    Identity {
        /// The unit.
        unit: String,
        /// The name.
        name: String,
        /// The address.
        email: String,
        /// libgit2's message.
        message: String,
    },
    /// The topic branch is also another unit's branch or topic branch.
    #[error("{unit}: duplicate topic branch {branch}: another unit uses it")]
    Topic {
        /// The unit.
        unit: String,
        /// The branch.
        branch: String,
    },
    /// `atomic` is set, and a unit needs a push of its own.
    #[error(
        "{unit}: cannot be pushed atomically with other units: its request is opened by options of a push of its own"
    )]
    NotAtomic {
        /// The unit.
        unit: String,
    },
    /// Without the full id of a source commit, the order of two deliveries is unknown.
    #[error("{unit}: invalid source commit {sha:?}: expected 40 hex digits")]
    DrySha {
        /// The unit.
        unit: String,
        /// The value.
        sha: String,
    },
}

impl UnitError {
    /// What the user can do about it: one imperative sentence.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Branch { .. } => "change destination.branch",
            Self::Path { .. } => "change destination.path",
            Self::Collision { .. } => "give each unit a path of its own",
            Self::Folder { .. } => "give each unit a folder or a branch of its own",
            Self::Identity { .. } => "use a name and an address without `<`, `>` and line breaks",
            Self::Topic { .. } => "give each unit a topic branch of its own",
            Self::NotAtomic { .. } => "push without --atomic",
            Self::DrySha { .. } => "run inside a git checkout, or give the full id",
        };
        Some(hint.to_owned())
    }
}

/// Whether git allows this name, without `refs/heads/`, for a branch (git-check-ref-format, and no leading dash).
pub fn is_valid_branch_name(name: &str) -> bool {
    git2::Reference::is_valid_name(&format!("refs/heads/{name}")) && !name.starts_with('-')
}

/// Checks every unit by itself and all of them against each other.
///
/// # Errors
/// The first problem that is found.
pub(crate) fn units(units: &[&Unit]) -> Result<(), UnitError> {
    let mut writers: BTreeMap<BranchPath<'_>, &str> = BTreeMap::new();
    let mut folders: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for unit in units {
        check(unit)?;
        if let Some(first) = folders.insert((&unit.branch, &unit.folder), &unit.name) {
            return Err(UnitError::Folder {
                branch: unit.branch.clone(),
                folder: unit.folder.clone(),
                first: first.to_owned(),
                second: unit.name.clone(),
            });
        }
        for path in unit.files.keys().map(String::as_str).chain([METADATA]) {
            let path = unit.in_branch(path);
            if let Some(first) = writers.insert(BranchPath { branch: &unit.branch, path: path.clone() }, &unit.name) {
                return Err(collision(unit, path, first));
            }
        }
    }
    topics_are_distinct(units)?;
    files_are_not_folders(units, &writers)
}

/// Checks that the units can be pushed in one transaction. Push options hold for a whole push, so a unit with options of its own cannot share one.
///
/// # Errors
/// There are several units, and one has push options of its own.
pub(crate) fn atomic(units: &[&Unit]) -> Result<(), UnitError> {
    let apart = |unit: &&Unit| unit.requests_by(|method| matches!(method, RequestMethod::PushOptions(_)));
    match units.iter().copied().find(apart).filter(|_| units.len() > 1) {
        Some(unit) => Err(UnitError::NotAtomic { unit: unit.name.clone() }),
        None => Ok(()),
    }
}

/// A path in a branch.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct BranchPath<'a> {
    branch: &'a str,
    path: String,
}

fn check(unit: &Unit) -> Result<(), UnitError> {
    let name = || unit.name.clone();
    for branch in std::iter::once(&unit.branch).chain(unit.topic.as_ref().map(|topic| &topic.branch)) {
        if !is_valid_branch_name(branch) {
            return Err(UnitError::Branch { unit: name(), branch: branch.clone() });
        }
    }
    for identity in [&unit.author, &unit.committer] {
        identity.signature().map_err(|error| UnitError::Identity {
            unit: name(),
            name: identity.name.clone(),
            email: identity.email.clone(),
            message: error.message().to_owned(),
        })?;
    }
    let sha = &unit.source.dry_sha;
    if sha.len() != 40 || !sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(UnitError::DrySha { unit: name(), sha: sha.clone() });
    }
    let folder = Some(&unit.folder).filter(|folder| !folder.is_empty());
    match folder.into_iter().chain(unit.files.keys()).find(|path| !is_valid_path(path)) {
        Some(path) => Err(UnitError::Path { unit: name(), path: path.clone() }),
        None => Ok(()),
    }
}

fn is_valid_path(path: &str) -> bool {
    let valid_part =
        |part: &str| git::invalid_name(part).is_none() && !part.bytes().any(|byte| byte < 0x20 || byte == 0x7f);
    path.split('/').count() <= MAX_PATH_DEPTH && path.split('/').all(valid_part) && path != METADATA
}

fn topics_are_distinct(units: &[&Unit]) -> Result<(), UnitError> {
    let mut used: BTreeSet<&str> = units.iter().map(|unit| unit.branch.as_str()).collect();
    for unit in units {
        if let Some(topic) = &unit.topic
            && !used.insert(&topic.branch)
        {
            return Err(UnitError::Topic { unit: unit.name.clone(), branch: topic.branch.clone() });
        }
    }
    Ok(())
}

fn files_are_not_folders(units: &[&Unit], writers: &BTreeMap<BranchPath<'_>, &str>) -> Result<(), UnitError> {
    for unit in units {
        let mut seen = BTreeSet::new();
        for path in unit.files.keys() {
            let path = unit.in_branch(path);
            for (at, _) in path.match_indices('/') {
                let folder = &path[..at];
                if !seen.insert(folder.to_owned()) {
                    continue;
                }
                if let Some(first) = writers.get(&BranchPath { branch: &unit.branch, path: folder.to_owned() }) {
                    return Err(collision(unit, folder.to_owned(), first));
                }
            }
        }
    }
    Ok(())
}

fn collision(unit: &Unit, path: String, first: &str) -> UnitError {
    UnitError::Collision { branch: unit.branch.clone(), path, first: first.to_owned(), second: unit.name.clone() }
}
