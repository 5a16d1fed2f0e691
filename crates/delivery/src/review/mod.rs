//! Reviewed deliveries: the topic branch of a unit, and the pull request that asks to merge it.
//!
//! docs/decisions/review-branches.md says what happens in which case.

mod github;
mod host;
mod options;
mod prepared;
mod pull_request_body;

use git::RemoteUrl;
use std::sync::Arc;

use committer::{Outcome, RequestMethod, RequestOptions, Topic, TopicState, UnitResult};

use crate::config::Host;
use crate::error::Failure;
use crate::host::RunContext;
use crate::plan::{Plan, PlannedUnit, Request};

use crate::report::{RequestFailure, RequestReport};
pub(crate) use host::OpenRequests;
pub(crate) use prepared::PreparedUnit;
pub(crate) use pull_request_body::PullRequestBody;

/// The pull request of a unit, prepared before anything is pushed.
pub(crate) struct Review {
    request: Request,
    content: Arc<PullRequestBody>,
}

impl Review {
    /// Nothing for a unit that goes straight onto its branch.
    pub(crate) fn of(prepared: &PreparedUnit) -> Option<Review> {
        let request = prepared.unit.review.clone()?;
        let content = Arc::new(PullRequestBody::of(&request, prepared));
        Some(Review { request, content })
    }

    /// The API's URL, where the config says it.
    pub(crate) fn api(&self) -> Option<&str> {
        self.request.api.as_deref()
    }

    /// The topic branch and how its pull request is requested, as the committer takes them.
    pub(crate) fn topic(&self, target: &str) -> Topic {
        let (request, content, target) = (self.request.clone(), Arc::clone(&self.content), target.to_owned());
        let describe = |make: fn(&Request, &PullRequestBody, &str, &committer::TargetContent) -> Vec<String>| {
            RequestOptions(Arc::new(move |before| make(&request, &content, &target, before)))
        };
        let method = match self.request.host {
            Host::Github | Host::None => RequestMethod::None,
            Host::Gitlab => RequestMethod::PushOptions(describe(options::gitlab)),
            Host::Gitea => RequestMethod::AgitPush(describe(options::agit)),
        };
        let closes_on_branch_delete = matches!(self.request.host, Host::Github | Host::Gitlab);
        Topic { branch: self.request.topic.clone(), request: method, closes_on_branch_delete }
    }
}

/// The requests of the units of one repository, by GitHub's API where that is the host. Made before anything is pushed, so that a missing
/// token stops the delivery and not its middle.
pub(crate) struct Requests {
    api: Option<github::Api>,
}

impl Requests {
    /// `reviews` are those of the units that go to the repository.
    ///
    /// # Errors
    /// No token for GitHub, or no name of a repository in the URL.
    pub(crate) fn prepare<'r>(
        repository: &RemoteUrl,
        ctx: &RunContext,
        mut reviews: impl Iterator<Item = &'r Review>,
        dry_run: bool,
    ) -> Result<Requests, Failure> {
        let first = reviews.find(|review| review.request.host == Host::Github).filter(|_| !dry_run);
        let api = first.map(|review| github::Api::of(repository, ctx, review.request.api.as_deref())).transpose()?;
        Ok(Requests { api })
    }

    /// Opens, updates or closes the request of a unit, after its branches were pushed. Nothing for a unit that was refused.
    pub(crate) fn settle(
        &mut self,
        review: &Review,
        unit: &PlannedUnit,
        delivery: &UnitResult,
        plan: &Plan,
        ctx: &RunContext,
    ) -> Option<RequestReport> {
        let reviewed = delivery.reviewed.as_ref()?;
        if matches!(delivery.outcome, Outcome::Refused(_)) {
            return None;
        }
        let mut report = match (&mut self.api, review.request.host) {
            (Some(api), _) => api.settle(review, unit, delivery, reviewed, &plan.root, ctx),
            (None, Host::Gitlab | Host::Gitea) if reviewed.state == TopicState::Waiting => host::asked(delivery),
            _ => RequestReport::default(),
        };
        if let Some(message) = &reviewed.message {
            if reviewed.state == TopicState::Waiting {
                report.failed = Some(no_request(message, true));
            } else {
                report.warnings.push(format!("{} could not be withdrawn: {message}", reviewed.topic));
            }
        }
        if reviewed.state == TopicState::Withdrawn && review.request.host == Host::Gitea {
            report.warnings.push("an open pull request now shows no change: close it at the host".to_owned());
        }
        if reviewed.state == TopicState::Left {
            report.warnings.push(format!("{} has commits that no delivery made: it is left unchanged", reviewed.topic));
        }
        Some(report)
    }
}

fn no_request(message: &str, is_transient: bool) -> RequestFailure {
    let message = format!("the branch is pushed, but its pull request could not be opened: {message}");
    RequestFailure { message, is_transient }
}
