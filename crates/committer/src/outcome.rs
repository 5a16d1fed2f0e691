//! What became of each unit.

use std::fmt;

use crate::unit::Before;

/// What a delivery does to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// The file is new.
    Added,
    /// Its bytes or its mode differ.
    Modified,
    /// An earlier delivery wrote it and this one does not.
    Removed,
}

/// One file that a commit changes; `hydrator.metadata` is not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The path from the branch's root.
    pub path: String,
    /// What happens to it.
    pub kind: ChangeKind,
}

/// Why nothing was written for a unit although its output differs or is newer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The branch holds what a newer (or another line's) source made.
    Older {
        /// The source commit that the branch records.
        recorded: String,
        /// Ours.
        ours: String,
    },
    /// Nobody could tell which one is newer.
    UnknownAncestry {
        /// The source commit that the branch records.
        recorded: String,
        /// Ours.
        ours: String,
        /// Why not.
        why: String,
    },
    /// An earlier delivery (a rollback) holds later ones back.
    Held {
        /// Why, in its words.
        why: String,
    },
    /// The branch was made from another repository.
    OtherSource {
        /// The repository that the branch records.
        recorded: String,
        /// Ours.
        ours: String,
    },
    /// The branch or folder holds files and no record of a delivery.
    Foreign {
        /// Some of the files.
        files: Vec<String>,
    },
    /// A file that no delivery of ours wrote stands where ours goes.
    ForeignFile {
        /// The path from the branch's root.
        path: String,
    },
    /// The record is there and cannot be read.
    BadRecord {
        /// The path from the branch's root.
        path: String,
        /// What is wrong with it.
        words: String,
    },
    /// The server said no to this branch; its words.
    Rejected {
        /// What the server said, hook output included.
        words: String,
    },
    /// A request cannot be asked for by a push here.
    NoRequests {
        /// What the server lacks, and what to do.
        words: String,
    },
    /// Others were faster every time.
    LostRaces {
        /// How often it was tried.
        attempts: u32,
        /// What the server said the last time.
        words: String,
    },
    /// The target has moved on, and a new start would lose files that people put onto the topic branch.
    Dropped {
        /// Some of the files.
        files: Vec<String>,
    },
    /// What waits on the unit's topic branch keeps it away.
    Topic {
        /// The topic branch.
        branch: String,
        /// Why.
        because: Box<Refusal>,
    },
    /// All or nothing was asked for, and another unit was refused.
    HeldBack {
        /// That unit.
        because_of: String,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Older { recorded, ours } => write!(
                f,
                "the branch holds the output of source commit {recorded}, which is no ancestor of {ours}: deliver a newer commit, or pass --allow-older"
            ),
            Self::UnknownAncestry { recorded, ours, why } => write!(
                f,
                "it cannot be told whether {recorded} (delivered) is an ancestor of {ours}: {why}: fetch the history \
                 (actions/checkout: `fetch-depth: 0`; GitLab CI: `GIT_DEPTH: 0`; elsewhere: `git fetch --unshallow`), or pass --allow-older"
            ),
            Self::Held { why } => write!(f, "the branch is held ({why}): pass --release when it may move on"),
            Self::OtherSource { recorded, ours } => {
                write!(
                    f,
                    "the branch was delivered from {recorded}, not from {ours}: choose another branch, or pass --adopt"
                )
            }
            Self::Foreign { files } => write!(
                f,
                "the branch holds files that no delivery wrote ({}): choose another branch, or pass --adopt to add to them",
                some(files)
            ),
            Self::ForeignFile { path } => {
                write!(f, "{path}: no delivery of ours wrote this file: remove it, or pass --adopt to replace it")
            }
            Self::BadRecord { path, words } => {
                write!(f, "{path}: cannot be read: {words}: repair the file, or pass --adopt to replace it")
            }
            Self::Rejected { words } => {
                write!(f, "the server refused: {words}: see the rules of the branch at the host")
            }
            Self::NoRequests { words } => {
                write!(
                    f,
                    "a request cannot be asked for by a push: {words}; or say what the host is (review.pullRequest.host)"
                )
            }
            Self::LostRaces { attempts, words } => {
                write!(f, "others pushed first {attempts} times; the server's last words: {words}: run it again")
            }
            Self::Dropped { files } => write!(
                f,
                "its target has moved on, and it holds files that no delivery wrote and the target lacks ({}): merge the request or delete \
                 the branch, or pass --adopt to leave them out",
                some(files)
            ),
            Self::Topic { branch, because } if let Self::Held { why } = because.as_ref() => write!(
                f,
                "a rollback waits for its review on {branch} ({why}): merge it; where it was turned down, delete that branch or pass --release"
            ),
            Self::Topic { branch, because } => write!(f, "topic branch {branch}: {because}"),
            Self::HeldBack { because_of } => {
                write!(f, "not pushed, because {because_of} was refused and all or nothing was asked for: see there")
            }
        }
    }
}

fn some(files: &[String]) -> String {
    match files {
        [first, second, third, rest @ ..] if !rest.is_empty() => {
            format!("{first}, {second}, {third} and {} more", rest.len())
        }
        files => files.join(", "),
    }
}

/// What became of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A commit was pushed (or would be, in a dry run).
    Committed {
        /// What the branch pointed to; `None` for a new branch.
        old: Option<String>,
        /// The commit.
        new: String,
    },
    /// The branch holds exactly this, from this source commit.
    Unchanged,
    /// The branch holds exactly this, from an older source commit: the git note says so now (or would, in a dry run).
    NoteMoved,
    /// Nothing was written.
    Refused(Refusal),
}

/// Where a reviewed unit stands after its delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The topic branch holds a change that the target lacks: it waits to be merged.
    Waiting,
    /// The target holds exactly this. Nothing waits.
    Settled,
    /// The target holds exactly this, and what the topic branch proposed instead was taken back.
    TakenBack,
    /// The target holds exactly this, and the topic branch holds commits that no delivery wrote: they were left alone.
    Left,
}

/// What became of a reviewed unit, beside its outcome.
#[derive(Clone, Debug)]
pub struct Reviewed {
    /// The topic branch.
    pub topic: String,
    /// Where the unit stands.
    pub standing: Standing,
    /// The commit that the target holds; `None` where the target was not there and nothing was written.
    pub target: Option<String>,
    /// What the topic branch pointed to; `None` where it was not there.
    pub head: Option<String>,
    /// What the target holds of the unit; filled where a change was proposed.
    pub before: Before,
    /// The server's words where it took the branch and not the request, or did not let the branch be deleted.
    pub words: Option<String>,
}

/// What became of one unit, in the order in which the units were given.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The unit's name.
    pub unit: String,
    /// Its branch.
    pub branch: String,
    /// The result.
    pub outcome: Outcome,
    /// The commit that the branch now holds for this unit; `None` where there is none.
    pub commit: Option<String>,
    /// What the commit changes, sorted by path.
    pub changes: Vec<Change>,
    /// How often the branch was read and decided.
    pub attempts: u32,
    /// What the server said while taking the push (a merge request's address, for instance), a line each.
    pub server_words: Vec<String>,
    /// For a unit that goes over a topic branch, unless it was refused: its commit is the topic branch's while a change waits there.
    pub reviewed: Option<Reviewed>,
}
