//! The commits that the branches and tags of the source contain.

use std::cell::RefCell;

use git2::{Oid, Reference, Repository};

use super::ancestors::Ancestors;
use super::repository::SourceRepository;

/// The folders of remote-tracking refs in which clones keep the proposals of others.
const PROPOSALS: &[&str] = &["pull", "pulls", "pr", "merge-requests", "merge_requests", "pull-requests", "changes"];

/// The commits that the source's known branches contain: HEAD, the local branches, the tags, and the remote-tracking branches of the configured
/// remotes without pull requests. A commit of a fork may be in the clone of a pull request, but is in none of these.
///
/// The history is walked once for all questions.
pub struct KnownCommits<'a> {
    ancestors: RefCell<Ancestors<'a>>,
}

impl SourceRepository {
    /// The commits that the known branches contain. No commit is read yet.
    pub fn known_commits(&self) -> KnownCommits<'_> {
        KnownCommits { ancestors: RefCell::new(Ancestors::of(&self.repository, &tips(&self.repository))) }
    }
}

impl KnownCommits<'_> {
    /// Whether one of the branches contains the commit, given by its full id. False if the history cannot be read that far.
    pub fn contain(&self, commit: &str) -> bool {
        let id = Some(commit).filter(|commit| commit.len() == 40).and_then(|commit| Oid::from_str(commit).ok());
        id.is_some_and(|id| self.ancestors.borrow_mut().contain(id).unwrap_or(false))
    }
}

/// The commits at the known branches. A ref that cannot be read is left out.
fn tips(repository: &Repository) -> Vec<Oid> {
    let remotes = repository.remotes().ok();
    let remotes: Vec<String> =
        remotes.iter().flat_map(|names| names.iter()).filter_map(|name| Some(name.ok()??.to_owned())).collect();
    let known = |reference: &Reference<'_>| {
        let name = String::from_utf8_lossy(reference.name_bytes()).into_owned();
        let tracked = || {
            let below = name.strip_prefix("refs/remotes/")?;
            let branch = remotes.iter().find_map(|remote| below.strip_prefix(remote.as_str())?.strip_prefix('/'))?;
            Some(!PROPOSALS.contains(&branch.split('/').next().unwrap_or_default()))
        };
        name.starts_with("refs/heads/") || name.starts_with("refs/tags/") || tracked().unwrap_or(false)
    };
    let references = repository.references().into_iter().flatten().flatten().filter(known);
    let commit = |reference: Reference<'_>| reference.peel_to_commit().ok().map(|commit| commit.id());
    let head = repository.head().ok().and_then(commit);
    let mut tips: Vec<Oid> = head.into_iter().chain(references.filter_map(commit)).collect();
    tips.sort_unstable();
    tips.dedup();
    tips
}
