//! The result of a delivery for each unit.

use git::Change;

use crate::refusal::Refusal;
use crate::unit::TargetContent;

/// What a delivery did for a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A commit was pushed (or would be, in a dry run).
    Committed {
        /// What the branch pointed to before; `None` for a new branch.
        old: Option<String>,
        /// The commit.
        new: String,
    },
    /// The branch was deleted (or would be, in a dry run): it held output of retired units alone.
    Deleted {
        /// What the branch pointed to.
        old: Option<String>,
    },
    /// The branch holds exactly this output, from this source commit; or, of a retired unit, nothing.
    Unchanged,
    /// The branch holds exactly this output, from an older source commit: the git note was updated (or would be, in a dry run).
    NoteUpdated,
    /// Nothing was written.
    Refused(Refusal),
}

/// The state of a reviewed unit after its delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicState {
    /// The topic branch holds a change that the target lacks; it waits to be merged.
    Waiting,
    /// The target holds exactly this output, and no change waits.
    Settled,
    /// The target holds exactly this output, and the change on the topic branch was withdrawn.
    Withdrawn,
    /// The target holds exactly this output. The topic branch holds commits that no delivery wrote and was not changed.
    Left,
}

/// The part of a result that only reviewed units have.
#[derive(Clone, Debug)]
pub struct ReviewResult {
    /// The topic branch.
    pub topic: String,
    /// The state of the topic branch.
    pub state: TopicState,
    /// The target's commit; `None` if the target did not exist and nothing was written.
    pub target: Option<String>,
    /// The commit that the topic branch pointed to before the delivery; `None` if it did not exist.
    pub head: Option<String>,
    /// What the target holds of the unit. Filled in if a change was proposed.
    pub target_content: TargetContent,
    /// The server's message if it took the branch but not the request, or did not delete the branch.
    pub message: Option<String>,
}

/// The result for one unit.
#[derive(Clone, Debug)]
pub struct UnitResult {
    /// The unit's name.
    pub unit: String,
    /// Its branch.
    pub branch: String,
    /// What was done.
    pub outcome: Outcome,
    /// The commit that the branch now has for this unit, if there is one.
    pub commit: Option<String>,
    /// The files that the commit changes, sorted by path.
    pub changes: Vec<Change>,
    /// The number of rounds that read the branch and planned this unit.
    pub attempts: u32,
    /// Messages of the server during the push (for instance the address of a merge request), one per line.
    pub server_messages: Vec<String>,
    /// Why the commit has no note that announces it: the server's message. The delivery itself does not depend on the note.
    pub not_announced: Option<String>,
    /// For a reviewed unit that was not refused. `commit` is the topic branch's while a change waits there.
    pub reviewed: Option<ReviewResult>,
}
