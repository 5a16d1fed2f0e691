//! Reasons for which a unit is not delivered.

use crate::metadata::Assignment;

/// Why nothing was written for a unit although its output differs or is newer.
///
/// The text says what is wrong; [`Refusal::hint`] says what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The branch holds the output of a newer source commit.
    #[error("the branch holds the output of source commit {recorded}, which is newer than {ours}")]
    Older {
        /// The source commit in the branch's record.
        recorded: String,
        /// The source commit of this delivery.
        ours: String,
    },
    /// The branch holds the output of a source commit on another line of history.
    #[error(
        "the branch holds the output of source commit {recorded}, and neither it nor {ours} is an ancestor of the other"
    )]
    Diverged {
        /// The source commit in the branch's record.
        recorded: String,
        /// The source commit of this delivery.
        ours: String,
    },
    /// The branch records other image assignments than the files were rendered with.
    #[error("the image assignments on the branch changed")]
    Reassigned {
        /// The assignments that it records.
        recorded: Vec<Assignment>,
        /// All images that it records.
        images: Vec<String>,
    },
    /// The order of two source commits is unknown.
    #[error("cannot determine whether the delivered source commit {recorded} is an ancestor of {ours}: {reason}")]
    UnknownAncestry {
        /// The source commit in the branch's record.
        recorded: String,
        /// The source commit of this delivery.
        ours: String,
        /// Why it is unknown.
        reason: String,
    },
    /// The change has risks that the policy refuses.
    #[error("{reason}")]
    Risks {
        /// The risks.
        reason: String,
    },
    /// The change has risks that the policy wants reviewed, and the unit has no topic branch.
    #[error("needs a review: {reason}")]
    NeedsReview {
        /// The risks.
        reason: String,
    },
    /// A hold (set by a rollback) prevents later deliveries.
    #[error("the branch is held: {reason}")]
    Held {
        /// The reason that was given for the hold.
        reason: String,
    },
    /// The branch was delivered from another source repository.
    #[error("the branch was delivered from another source: expected {ours}, found {recorded}")]
    OtherSource {
        /// The repository in the branch's record.
        recorded: String,
        /// The source repository of this delivery.
        ours: String,
    },
    /// The branch or folder holds files but no record of a delivery.
    #[error("the branch holds files that no delivery wrote: {}", shortened(.files))]
    UnmanagedFiles {
        /// Some of the files.
        files: Vec<String>,
    },
    /// A file that no delivery wrote is in the way of an output file.
    #[error("{path}: the file exists and no delivery wrote it")]
    UnmanagedFile {
        /// The path from the branch's root.
        path: String,
    },
    /// The record exists but cannot be parsed.
    #[error("{path}: invalid record: {message}")]
    InvalidRecord {
        /// The path from the branch's root.
        path: String,
        /// The parser's message.
        message: String,
    },
    /// The server refused the branch.
    #[error("the server refused the push: {message}")]
    Rejected {
        /// The server's message, hook output included.
        message: String,
    },
    /// A branch cannot be created because its name continues the name of another one, or the other way round.
    #[error("cannot create the branch: branch {branch} exists, and no branch can be in a folder of another one's name")]
    BranchInTheWay {
        /// The other branch.
        branch: String,
    },
    /// The branch is locked at the server, and stays so.
    #[error("the branch is locked: {message}")]
    Locked {
        /// The server's message, which names the lock file.
        message: String,
    },
    /// The server cannot write: its disk is full or read-only.
    #[error("the server cannot write: {message}")]
    Storage {
        /// The server's message.
        message: String,
    },
    /// `--atomic` is set, and a limit of refs a push is in the way.
    #[error("not pushed: `--atomic` needs one push of {refs} refs, and the limit is {limit}")]
    AtomicLimit {
        /// The number of branches, and the ref with the order of deliveries.
        refs: usize,
        /// The limit of `destination.push.refs` or of the server.
        limit: usize,
    },
    /// The server refused to create the target branch of a reviewed unit.
    #[error("the server refused to create the branch: {message}")]
    TargetRejected {
        /// The server's message, hook output included.
        message: String,
    },
    /// The server cannot open a request from a push.
    #[error("cannot open a request by a push: {message}")]
    RequestUnsupported {
        /// What the server lacks.
        message: String,
    },
    /// The branch changed between reading and writing in every attempt.
    #[error("gave up after {attempts} attempts: the branch keeps changing; last response of the server: {message}")]
    TooManyAttempts {
        /// The number of attempts.
        attempts: u32,
        /// The server's message in the last one.
        message: String,
    },
    /// The target has changed, and a commit that starts from it would drop files that people put onto the topic branch.
    #[error("the target has changed, and the branch holds files that no delivery wrote and the target lacks: {}", shortened(.files))]
    WouldDropFiles {
        /// Some of the files.
        files: Vec<String>,
    },
    /// The change that waits on the topic branch must not be replaced.
    #[error("topic branch {branch}: {}", on_topic(.cause))]
    Topic {
        /// The topic branch.
        branch: String,
        /// Why it must not be replaced.
        cause: Box<Refusal>,
    },
    /// The unit must not be retired.
    #[error("{cause}")]
    Retirement {
        /// Why.
        cause: Box<Refusal>,
    },
    /// `--atomic` is set and another unit was refused.
    #[error("not pushed: `--atomic` is set and {refused} was refused")]
    AtomicAborted {
        /// The unit that was refused, or the server's message.
        refused: String,
    },
}

impl Refusal {
    /// What the user can do about it: one imperative sentence, or `None` if another unit's refusal has it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Risks { .. } => "change the source, or set the risk to `ask`, `warn` or `off` in `policy.risks`",
            Self::NeedsReview { .. } => {
                "set `review` for the unit, or set the risk to `warn` or `off` in `policy.risks`"
            }
            Self::Older { .. } | Self::Diverged { .. } => "deliver a newer commit, or pass --allow-older",
            Self::Reassigned { .. } => "run the command again",
            Self::UnknownAncestry { .. } => {
                "fetch the history (actions/checkout: `fetch-depth: 0`; GitLab CI: `GIT_DEPTH: 0`; elsewhere: \
                 `git fetch --unshallow`), or pass --allow-older"
            }
            Self::Held { .. } => "run `hydrant release`, or pass --release to deliver again",
            Self::OtherSource { .. } => "choose another branch, or pass --adopt",
            Self::UnmanagedFiles { .. } => "choose another branch, or pass --adopt to add to these files",
            Self::UnmanagedFile { .. } => "remove the file, or pass --adopt to replace it",
            Self::InvalidRecord { .. } => "repair the file, or pass --adopt to replace it",
            Self::Rejected { .. } => "check the branch rules and hooks of the git host",
            Self::BranchInTheWay { branch } => {
                return Some(format!(
                    "delete or rename branch {branch}, or choose another name with destination.branch"
                ));
            }
            Self::Locked { message } => {
                return Some(match git::lock_file(message) {
                    Some(path) => format!("remove {path} if no git process is running on that repository"),
                    None => "remove the lock file if no git process is running on that repository".to_owned(),
                });
            }
            Self::Storage { .. } => "free disk space on the server, or make its file system writable",
            Self::AtomicLimit { .. } => "deliver without `--atomic`, or fewer units at a time",
            Self::TargetRejected { .. } => "create the branch at the git host, with any first commit",
            Self::RequestUnsupported { .. } => {
                "set receive.advertisePushOptions on the server, or review.pullRequest.host to the kind of the git host"
            }
            Self::TooManyAttempts { .. } => "run the command again",
            Self::WouldDropFiles { .. } => {
                "merge the request or delete the branch, or pass --adopt to leave these files out"
            }
            Self::Topic { cause, .. } => match cause.as_ref() {
                Self::Held { .. } => {
                    "merge the rollback; if it was declined, delete the topic branch or pass --release"
                }
                cause => return cause.hint(),
            },
            Self::Retirement { cause } => match cause.as_ref() {
                Self::Held { .. } => "run `hydrant release`, or pass --force to retire it in spite of the hold",
                Self::OtherSource { .. } => "run the command in that source repository, or pass --force",
                Self::UnmanagedFiles { .. } => "move these files, or pass --force to remove them, too",
                Self::InvalidRecord { .. } => "repair the file, or pass --force to remove it",
                cause => return cause.hint(),
            },
            Self::AtomicAborted { .. } => return None,
        };
        Some(hint.to_owned())
    }

    /// Whether the unit is left as it is on purpose: its branch has newer output, or is held. `None` for a failure.
    pub fn left_as_is(&self) -> Option<LeftAsIs> {
        match self {
            Self::Older { .. } => Some(LeftAsIs::Superseded),
            Self::Held { .. } => Some(LeftAsIs::Held),
            Self::Topic { cause, .. } | Self::Retirement { cause } => cause.left_as_is(),
            _ => None,
        }
    }

    /// Whether another attempt may succeed without a change of the input.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Storage { .. } | Self::TooManyAttempts { .. } | Self::Reassigned { .. } | Self::AtomicAborted { .. }
        )
    }
}

/// Why a unit is left as it is, which is no failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftAsIs {
    /// The branch holds the output of a newer source commit.
    Superseded,
    /// A hold keeps deliveries away.
    Held,
}

fn on_topic(cause: &Refusal) -> String {
    match cause {
        Refusal::Held { reason } => format!("a rollback waits for its review: {reason}"),
        cause => cause.to_string(),
    }
}

/// The first three files, and the number of the others.
fn shortened(files: &[String]) -> String {
    match files {
        [first, second, third, rest @ ..] if !rest.is_empty() => {
            format!("{first}, {second}, {third} and {} more", rest.len())
        }
        files => files.join(", "),
    }
}
