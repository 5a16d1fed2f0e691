//! Requests at GitHub, by its API.

use git::RemoteUrl;
use std::sync::Arc;

use committer::{Outcome, ReviewResult, TargetContent, TopicState, UnitResult};
use github::{GitHub, GitHubError, OpenPull, PullAction, PullRequest, Repository, Rewrite};

use super::pull_request_body::{PullRequestBody, rewritten, room_taken};
use super::{Review, no_request};
use crate::config::MergeMethod;
use crate::error::Failure;
use crate::host::RunContext;
use crate::host::branches::{self, Depth};
use crate::plan::PlannedUnit;
use crate::report::diff::COMMENT_LIMIT;
use crate::report::{RequestAction, RequestReport};

/// A repository at GitHub.
pub(super) struct Api {
    github: GitHub,
    repository: Repository,
    /// The open requests, once they were asked for.
    open: Option<Vec<OpenPull>>,
}

impl Api {
    /// See [`crate::host::github::access`].
    ///
    /// # Errors
    /// No token, no key, or no owner and name in the URL.
    pub(super) fn of(url: &RemoteUrl, ctx: &RunContext, api: Option<&str>) -> Result<Api, Failure> {
        let (github, repository) = crate::host::github::access(url, ctx, api)?;
        Ok(Api { github, repository, open: None })
    }

    /// The open requests of the repository.
    pub(super) fn open(&self) -> Result<Vec<OpenPull>, GitHubError> {
        self.github.open_pull_requests(&self.repository)
    }

    /// Opens, updates or closes a unit's request. The report has what GitHub refuses: the branch is pushed, and the next delivery tries again.
    pub(super) fn settle(
        &mut self,
        review: &Review,
        unit: &PlannedUnit,
        delivery: &UnitResult,
        reviewed: &ReviewResult,
        root: &str,
        ctx: &RunContext,
    ) -> RequestReport {
        let committed = matches!(delivery.outcome, Outcome::Committed { .. });
        let done = match reviewed.state {
            TopicState::Waiting if committed => self.ask(review, unit, &reviewed.target_content, None),
            TopicState::Waiting => self.ask_again(review, unit, reviewed, root, ctx),
            TopicState::Settled if reviewed.head.is_some() => self.close(review, unit),
            TopicState::Settled | TopicState::Withdrawn | TopicState::Left => Ok(RequestReport::default()),
        };
        done.unwrap_or_else(|failure| RequestReport {
            failed: Some(no_request(&failure.to_string(), matches!(failure, Failure::External(_)))),
            ..RequestReport::default()
        })
    }

    /// An earlier delivery pushed the change: an open pull request is kept. One is opened if that delivery could not.
    fn ask_again(
        &mut self,
        review: &Review,
        unit: &PlannedUnit,
        reviewed: &ReviewResult,
        root: &str,
        ctx: &RunContext,
    ) -> Result<RequestReport, Failure> {
        if let Some(open) = self.open_one(review, unit)? {
            let (number, url) = (Some(open.number), Some(open.url));
            return Ok(RequestReport { action: RequestAction::Unchanged, number, url, ..RequestReport::default() });
        }
        let tip = branches::past(unit, root, ctx, 1, Depth::Files)?.into_iter().next();
        let before = tip.map(|tip| TargetContent { files: tip.files, record: tip.record }).unwrap_or_default();
        self.ask(review, unit, &before, reviewed.head.clone())
    }

    fn ask(
        &self,
        review: &Review,
        unit: &PlannedUnit,
        before: &TargetContent,
        known: Option<String>,
    ) -> Result<RequestReport, Failure> {
        let mut wanted = self.wanted(review, unit);
        wanted.body = review.content.region(before, COMMENT_LIMIT);
        wanted.rewrite = Rewrite::From(rewriting(&review.content, before));
        wanted.known = known;
        let done = self.github.pull_request(&wanted)?;
        let action = match done.action {
            PullAction::Opened => RequestAction::Opened,
            PullAction::Updated => RequestAction::Updated,
            PullAction::Unchanged => RequestAction::Unchanged,
            PullAction::Declined => RequestAction::Declined,
            PullAction::Merged => RequestAction::Merged,
        };
        let there = done.number != 0;
        Ok(RequestReport {
            action,
            number: there.then_some(done.number),
            url: there.then_some(done.url),
            warnings: done.warnings,
            failed: None,
        })
    }

    fn close(&mut self, review: &Review, unit: &PlannedUnit) -> Result<RequestReport, Failure> {
        if self.open_one(review, unit)?.is_none() {
            return Ok(RequestReport::default());
        }
        let comment = format!("`{}` already has this content, so there is nothing left to merge.", unit.branch);
        let closed = self.github.close_pull_request(&self.wanted(review, unit), &comment);
        let Some((number, url)) = closed? else { return Ok(RequestReport::default()) };
        let (number, url) = (Some(number), Some(url));
        Ok(RequestReport { action: RequestAction::Closed, number, url, ..RequestReport::default() })
    }

    fn open_one(&mut self, review: &Review, unit: &PlannedUnit) -> Result<Option<OpenPull>, Failure> {
        let all = match &self.open {
            Some(all) => all,
            None => self.open.insert(self.open()?),
        };
        Ok(all.iter().find(|pull| pull.head == review.request.topic && pull.base == unit.branch).cloned())
    }

    fn wanted(&self, review: &Review, unit: &PlannedUnit) -> PullRequest {
        let request = &review.request;
        let method = request.auto_merge.map(|method| match method {
            MergeMethod::Merge => "MERGE",
            MergeMethod::Squash => "SQUASH",
            MergeMethod::Rebase => "REBASE",
        });
        PullRequest {
            base: self.repository.clone(),
            base_branch: Some(unit.branch.clone()),
            head: self.repository.clone(),
            head_branch: request.topic.clone(),
            title: review.content.title.clone(),
            body: String::new(),
            draft: request.draft,
            reviewers: request.reviewers.clone(),
            labels: request.labels.clone(),
            rewrite: Rewrite::Never,
            auto_merge: method.map(str::to_owned),
            known: None,
        }
    }
}

/// Title and body of the open request, with hydrant's region within the size that other text leaves.
fn rewriting(content: &Arc<PullRequestBody>, before: &TargetContent) -> Arc<github::MakeText> {
    let (content, before) = (Arc::clone(content), before.clone());
    Arc::new(move |title, old| {
        let region = content.region(&before, COMMENT_LIMIT.saturating_sub(room_taken(old)));
        rewritten(&content, &region, title, old)
    })
}
