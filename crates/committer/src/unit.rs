//! The input of a delivery: a unit's files, their branch, and what the commit says about them.

use std::fmt;
use std::sync::Arc;

use git::{File, FileSet, Identity};

use crate::message::Message;
use crate::metadata::{Assignment, ImageSignature, OutsideFolder, Record, SourceRecord};

/// The topic branch of a reviewed unit. Its commits are based on the unit's branch, and people merge them there.
#[derive(Clone, Debug)]
pub struct Topic {
    /// The branch without `refs/heads/`.
    pub branch: String,
    /// How a request is opened.
    pub request: RequestMethod,
    /// Whether the host closes a request when its topic branch is deleted. If so, a change that is withdrawn is deleted; otherwise a
    /// commit sets the topic branch back to what the target holds.
    pub closes_on_branch_delete: bool,
}

/// How a request (pull request, merge request) is opened.
#[derive(Clone, Debug)]
pub enum RequestMethod {
    /// Not by the push: by an API, another tool or people.
    None,
    /// By push options that go with the topic branch (GitLab).
    PushOptions(RequestOptions),
    /// By a push to `refs/for/BRANCH` with options (AGit: Gitea, Forgejo), after the push of the topic branch.
    AgitPush(RequestOptions),
}

/// A delivery that values are kept from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptDelivery {
    /// [`Record::content`] of its record; `None` if there is no record.
    pub content: Option<String>,
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

/// What a check says of the change of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeVerdict {
    /// The change may be committed.
    Accept,
    /// The change has to be reviewed: it may only go to a topic branch. The reason is for people.
    Review(String),
    /// The change must not be committed, for this reason.
    Refuse(String),
}

/// Checks a change before it is committed.
pub type ChangeCheckFn = dyn Fn(&TargetContent) -> ChangeVerdict + Send + Sync;

/// Checks the change of a unit by what its branch holds. Called only if the unit changes something, and again if the branch moved.
#[derive(Clone)]
pub struct ChangeCheck(pub Arc<ChangeCheckFn>);

impl fmt::Debug for ChangeCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChangeCheck")
    }
}

/// A service in an environment: files for a branch.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The name that people know (`cart/production`). Used only in results and errors.
    pub name: String,
    /// The branch without `refs/heads/`.
    pub branch: String,
    /// The topic branch of a reviewed unit; without it the commit is pushed to `branch`.
    pub topic: Option<Topic>,
    /// The branch that a new branch starts from; without it, or if it does not exist, a new branch starts without a parent.
    pub start_from: Option<String>,
    /// The branch that `branch` proposes changes to, for another tool to merge: GitOps Promoter's `X` of `X-next`. If it does not exist, a
    /// commit without files (or the one of `start_from`) starts it, and a new `branch` starts from it, so that their histories are related.
    pub active: Option<String>,
    /// The folder in the branch, without leading and trailing slashes; empty for the branch's root.
    pub folder: String,
    /// The files below the folder. `hydrator.metadata` is added and may not be among them.
    pub files: FileSet,
    /// The source of the files.
    pub source: SourceRecord,
    /// The images in the files, sorted, for the record.
    pub images: Vec<String>,
    /// For the record: the environment that the images were promoted from, if any.
    pub promoted_from: Option<String>,
    /// For the record: the folders outside of the source repository from which the files were rendered, sorted.
    pub outside: Vec<OutsideFolder>,
    /// Checks what the unit changes on its branch; nothing is checked without it.
    pub check: Option<ChangeCheck>,
    /// For the record: the signatures of images that were verified, sorted.
    pub signatures: Vec<ImageSignature>,
    /// The image assignments that the files were rendered with, sorted by image, for the record.
    pub assignments: Vec<Assignment>,
    /// The recorded assignments that `assignments` were made from. If the branch, or the change that waits on the topic branch, records
    /// others, the unit is refused ([`crate::Refusal::Reassigned`]) and has to be rendered again. `None` if any are replaced.
    pub expected_assignments: Option<Vec<Assignment>>,
    /// The delivery that the files keep values of. If the branch, or the change that waits on the topic branch, has another one, the unit is
    /// refused in the same way. `None` if they keep none.
    pub kept_from: Option<KeptDelivery>,
    /// For a rollback: the commit of the branch whose content it restores.
    pub restores: Option<String>,
    /// The commit's message, trailers included.
    pub message: Message,
    /// The commit's author.
    pub author: Identity,
    /// The commit's committer.
    pub committer: Identity,
    /// Take over a branch or folder that holds files but no record of a delivery, or a record of another source repository.
    pub adopt: bool,
    /// Deliver even if the branch holds the output of a newer source commit.
    pub allow_older: bool,
    /// Hold: keeps later deliveries away, for this reason.
    pub hold: Option<String>,
    /// Deliver even if the branch is held, and end the hold.
    pub release: bool,
    /// Remove the unit's output instead of delivering it. The unit has no files then, and `source` names its last delivery.
    pub retirement: Option<Retirement>,
}

/// How the output of a unit is removed. With `adopt`, files that no delivery wrote are removed, too; with `release`, also what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retirement {
    /// Whether the branch is deleted if nothing but output is left on it: it belongs to the environment that is retired. Otherwise, and if
    /// other units or other files are on it, a commit removes the unit's files.
    pub deletes_branch: bool,
}

impl Unit {
    /// A path of the unit, from the branch's root.
    pub(crate) fn in_branch(&self, path: &str) -> String {
        if self.folder.is_empty() { path.to_owned() } else { format!("{}/{path}", self.folder) }
    }

    /// The file at a path of the branch.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        let tail = if self.folder.is_empty() { Some(path) } else { path.get(self.folder.len() + 1..) };
        tail.and_then(|tail| self.files.get(tail))
    }

    /// Whether the unit is reviewed and its request is opened in a way that `accepts`.
    pub(crate) fn requests_by(&self, accepts: impl Fn(&RequestMethod) -> bool) -> bool {
        self.topic.as_ref().is_some_and(|topic| accepts(&topic.request))
    }
}
