//! What is to be delivered: a unit's files, where they go, and what the commit says of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use git::{Change, File, FileSet, Identity};

use crate::metadata::{METADATA, Record, SourceRecord};

/// The most parts that a path may have.
const DEEPEST: usize = 100;

/// What a commit message can refer to: the state of the branch when the commit was planned.
#[derive(Clone, Debug, Default)]
pub struct MessageContext {
    /// The commit that the branch pointed to; `None` where the branch did not exist.
    pub commit: Option<String>,
    /// That commit's trailers.
    pub trailers: Vec<(String, String)>,
    /// What the unit's folder recorded of its source.
    pub record: Option<SourceRecord>,
    /// The images that the unit's folder recorded; empty where an older hydrant wrote the record.
    pub images: Vec<String>,
    /// What the commit is to change, sorted by path.
    pub changes: Vec<Change>,
}

/// The message of a unit's commit: fixed, or computed from the state of the branch (again in every attempt).
#[derive(Clone)]
pub enum Message {
    /// A fixed text.
    Text(String),
    /// Computed from the state of the branch.
    Computed(Arc<dyn Fn(&MessageContext) -> String + Send + Sync>),
}

impl Message {
    /// The message for a branch in the state that `context` describes.
    pub(crate) fn render(&self, context: &MessageContext) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Computed(compute) => compute(context),
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(text).finish(),
            Self::Computed(_) => f.write_str("Computed"),
        }
    }
}

/// The topic branch of a unit that is reviewed. Its commits stand on the unit's branch, and people merge them there.
#[derive(Clone, Debug)]
pub struct Topic {
    /// The branch without `refs/heads/`.
    pub branch: String,
    /// How a request is opened.
    pub request: RequestMethod,
    /// Whether the host closes a request when its topic branch is deleted. Then a proposal that has become idle is deleted; otherwise a
    /// commit brings the topic branch back to what the target holds.
    pub closes_on_branch_delete: bool,
}

/// How a request (pull request, merge request) is opened.
#[derive(Clone, Debug)]
pub enum RequestMethod {
    /// Not by the push: by an API, another tool or people.
    None,
    /// By push options that go with the topic branch (GitLab).
    PushOptions(RequestOptions),
    /// By a push to `refs/for/BRANCH` with options (AGit: Gitea, Forgejo), once the topic branch is there.
    AgitPush(RequestOptions),
}

/// What the target of a reviewed unit holds of it.
#[derive(Clone, Debug, Default)]
pub struct TargetContent {
    /// The files that a delivery wrote, by their paths in the branch.
    pub files: FileSet,
    /// Their record.
    pub record: Option<Record>,
}

/// Computes push options from what the target holds.
pub type RequestOptionsFn = dyn Fn(&TargetContent) -> Vec<String> + Send + Sync;

/// Computes the push options of a request from what the target holds of the unit.
#[derive(Clone)]
pub struct RequestOptions(pub Arc<RequestOptionsFn>);

impl fmt::Debug for RequestOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestOptions")
    }
}

/// A service in an environment: files for a branch.
#[derive(Clone, Debug)]
pub struct Unit {
    /// What people call it (`cart/production`); used in outcomes and errors alone.
    pub name: String,
    /// The branch without `refs/heads/`.
    pub branch: String,
    /// The way over a topic branch, for a unit that is reviewed; without it the commit goes straight to `branch`.
    pub topic: Option<Topic>,
    /// Where a new branch starts (a branch's name); without it, or where that branch does not exist, a new branch has no parent.
    pub start_from: Option<String>,
    /// The folder inside of the branch, without slashes around it; empty for the branch's root.
    pub folder: String,
    /// The files below the folder. `hydrator.metadata` is added and may not be among them.
    pub files: FileSet,
    /// Where the files come from.
    pub source: SourceRecord,
    /// The images in the files, sorted, for the record.
    pub images: Vec<String>,
    /// Where they were promoted from, if they were, for the record.
    pub promoted_from: Option<String>,
    /// The commit's message, trailers included.
    pub message: Message,
    /// Who is the commit's author.
    pub author: Identity,
    /// Who is the commit's committer.
    pub committer: Identity,
    /// Take a branch or folder over that holds files but no record of a delivery, or another source's.
    pub adopt: bool,
    /// Deliver even if the branch holds something newer.
    pub allow_older: bool,
    /// Why later deliveries are held back from here on; `None` where they are not.
    pub hold: Option<String>,
    /// Deliver even if an earlier delivery holds later ones back.
    pub release: bool,
}

/// A unit that cannot be delivered anywhere, whatever the remote holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// git would refuse the name.
    #[error("{unit}: branch {branch:?}: not a name that git allows for a branch: change destination.branch")]
    Branch {
        /// The unit.
        unit: String,
        /// The name.
        branch: String,
    },
    /// A path that leaves the folder, or that git refuses.
    #[error(
        "{unit}: path {path:?}: not a path that git can hold (relative, no empty part, no `.`, `..` or `.git`): change destination.path"
    )]
    Path {
        /// The unit.
        unit: String,
        /// The path.
        path: String,
    },
    /// Two files, or a file and a folder, want one place.
    #[error("{branch}: {path}: wanted by {first} and by {second}: give each a path of its own")]
    Collision {
        /// The branch.
        branch: String,
        /// The path in the branch.
        path: String,
        /// Who comes first.
        first: String,
        /// Who comes second.
        second: String,
    },
    /// Two units record themselves in one folder.
    #[error(
        "{branch}: folder {folder:?}: both {first} and {second} would write {METADATA} there: give each unit a folder or a branch of its own"
    )]
    Folder {
        /// The branch.
        branch: String,
        /// The folder.
        folder: String,
        /// Who comes first.
        first: String,
        /// Who comes second.
        second: String,
    },
    /// git cannot write the author's or committer's name or address.
    #[error(
        "{unit}: author {name:?} <{email:?}>: {message}: give a name and a mail address without `<`, `>` and line breaks"
    )]
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
    /// The topic branch is also what another unit is delivered to, or its topic branch.
    #[error("{unit}: the topic branch {branch} is another's already: give each unit one of its own")]
    Topic {
        /// The unit.
        unit: String,
        /// The branch.
        branch: String,
    },
    /// All or nothing was asked for, and a unit needs a push of its own.
    #[error(
        "{unit}: its request is made by options of a push of its own, so it cannot be all or nothing with others: push without --atomic"
    )]
    Alone {
        /// The unit.
        unit: String,
    },
    /// Without a source commit nobody could tell which of two deliveries is newer.
    #[error(
        "{unit}: source commit {sha:?}: not a full commit id (40 hex digits): run inside a git checkout, or give the id"
    )]
    DrySha {
        /// The unit.
        unit: String,
        /// What was given.
        sha: String,
    },
}

impl Unit {
    /// A path of the unit as seen from the branch's root.
    pub(crate) fn in_branch(&self, path: &str) -> String {
        if self.folder.is_empty() { path.to_owned() } else { format!("{}/{path}", self.folder) }
    }

    /// The file that goes to this path of the branch.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        let tail = if self.folder.is_empty() { Some(path) } else { path.get(self.folder.len() + 1..) };
        tail.and_then(|tail| self.files.get(tail))
    }

    fn check(&self) -> Result<(), UnitError> {
        for branch in [Some(&self.branch), self.topic.as_ref().map(|topic| &topic.branch)].into_iter().flatten() {
            if !is_valid_branch_name(branch) {
                return Err(UnitError::Branch { unit: self.name.clone(), branch: branch.clone() });
            }
        }
        for who in [&self.author, &self.committer] {
            who.signature().map_err(|error| UnitError::Identity {
                unit: self.name.clone(),
                name: who.name.clone(),
                email: who.email.clone(),
                message: error.message().to_owned(),
            })?;
        }
        let sha = &self.source.dry_sha;
        if sha.len() != 40 || !sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(UnitError::DrySha { unit: self.name.clone(), sha: sha.clone() });
        }
        let folder = if self.folder.is_empty() { None } else { Some(&self.folder) };
        for path in folder.into_iter().chain(self.files.keys()) {
            if path.split('/').count() > DEEPEST || !path.split('/').all(valid_part) || path.as_str() == METADATA {
                return Err(UnitError::Path { unit: self.name.clone(), path: path.clone() });
            }
        }
        Ok(())
    }
}

/// Whether git allows this name, without `refs/heads/`, for a branch (git-check-ref-format, and no dash in front).
pub fn is_valid_branch_name(name: &str) -> bool {
    git2::Reference::is_valid_name(&format!("refs/heads/{name}")) && !name.starts_with('-')
}

fn valid_part(part: &str) -> bool {
    let control = part.bytes().any(|byte| byte < 0x20 || byte == 0x7f || byte == b'\\');
    !(matches!(part, "" | "." | "..") || part.eq_ignore_ascii_case(".git") || control)
}

/// Checks every unit by itself and all of them against each other.
///
/// # Errors
/// The first thing that is wrong.
pub(crate) fn check(units: &[Unit]) -> Result<(), UnitError> {
    let mut taken: BTreeMap<(&str, String), &str> = BTreeMap::new();
    let mut homes: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for unit in units {
        unit.check()?;
        if let Some(first) = homes.insert((&unit.branch, &unit.folder), &unit.name) {
            return Err(UnitError::Folder {
                branch: unit.branch.clone(),
                folder: unit.folder.clone(),
                first: first.to_owned(),
                second: unit.name.clone(),
            });
        }
        for path in unit.files.keys().map(String::as_str).chain([METADATA]) {
            let path = unit.in_branch(path);
            if let Some(first) = taken.insert((&unit.branch, path.clone()), &unit.name) {
                return Err(collision(unit, path, first));
            }
        }
    }
    topics_are_their_own(units)?;
    folders_are_no_files(units, &taken)
}

/// Push options hold for a whole push, so units with options of their own cannot share one.
///
/// # Errors
/// Several units, of which one asks by push options.
pub(crate) fn check_atomic(units: &[Unit]) -> Result<(), UnitError> {
    let alone =
        |unit: &&Unit| matches!(&unit.topic, Some(topic) if matches!(topic.request, RequestMethod::PushOptions(_)));
    match units.iter().find(alone).filter(|_| units.len() > 1) {
        Some(unit) => Err(UnitError::Alone { unit: unit.name.clone() }),
        None => Ok(()),
    }
}

fn topics_are_their_own(units: &[Unit]) -> Result<(), UnitError> {
    let mut taken: BTreeSet<&str> = units.iter().map(|unit| unit.branch.as_str()).collect();
    for unit in units {
        if let Some(topic) = &unit.topic
            && !taken.insert(&topic.branch)
        {
            return Err(UnitError::Topic { unit: unit.name.clone(), branch: topic.branch.clone() });
        }
    }
    Ok(())
}

fn folders_are_no_files(units: &[Unit], taken: &BTreeMap<(&str, String), &str>) -> Result<(), UnitError> {
    for unit in units {
        let mut seen = BTreeSet::new();
        for path in unit.files.keys() {
            let path = unit.in_branch(path);
            for (at, _) in path.match_indices('/') {
                let folder = &path[..at];
                if seen.insert(folder.to_owned())
                    && let Some(first) = taken.get(&(unit.branch.as_str(), folder.to_owned()))
                {
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
