//! What is to be delivered: a unit's files, where they go, and what the commit says of them.

use std::fmt;
use std::sync::Arc;

use git::{Change, File, FileSet, Identity};

use crate::metadata::{Record, SourceRecord};

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

    /// Whether the unit is reviewed and its request is opened in a way that `accepts`.
    pub(crate) fn requests_by(&self, accepts: impl Fn(&RequestMethod) -> bool) -> bool {
        self.topic.as_ref().is_some_and(|topic| accepts(&topic.request))
    }
}
