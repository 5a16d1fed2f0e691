//! Pushes files to branches, with one push per repository, and opens pull requests for reviewed units.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use ::github::{GitHub, GitHubApiTransport, Repository};
use committer::{Ancestors, DeliverError, Outcome, UnitResult};
use git::{Remote, RemoteUrl, Signing, Transport, TransportError};

use super::{CommitMethod, Options};
use crate::error::Failure;
use crate::host::RunContext;
use crate::host::git_remote::remote;
use crate::host::github;
use crate::plan::Plan;
use crate::report::attest::UnitProvenance;
use crate::report::{Report, UnitReport};
use crate::review::{PreparedUnit, Requests, Review};

/// The units that go to one repository.
struct Batch {
    remote: Remote,
    api: Option<ApiAccess>,
    units: Vec<ReviewedUnit>,
    requests: Requests,
}

/// A prepared unit, with its review if it has one.
struct ReviewedUnit {
    unit: PreparedUnit,
    review: Option<Review>,
}

/// Pushes the units' branches, opens, updates or closes their pull requests, and returns the result of each, in the plan's order.
///
/// # Errors
/// Units that cannot be delivered anywhere, a remote that cannot be reached, a host without support for pull requests.
pub(crate) fn push(
    plan: &Plan,
    ctx: &RunContext,
    units: Vec<PreparedUnit>,
    ancestors: Ancestors<'_>,
    options: &Options,
) -> Result<Report, Failure> {
    let signing = Signing::from_git_config(Path::new(&plan.root))?;
    let signing = signing.map(|signing| Signing { trust: ctx.trust, ..signing });
    let batches = batches(plan, ctx, units, options)?;
    let commit_options = committer::Options {
        dry_run: options.dry_run,
        atomic: options.atomic,
        attempts: options.attempts,
        max_refs: None,
        push_options: Vec::new(),
        repository: String::new(),
        ancestors,
        // GitHub signs the commits that it makes.
        signing: signing.filter(|_| options.via == CommitMethod::Git),
    };
    let mut units = Vec::new();
    for batch in batches {
        units.extend(batch.push(plan, ctx, &commit_options, options.attest)?);
    }
    let order: HashMap<String, usize> =
        plan.units.iter().enumerate().map(|(index, unit)| (unit.name(), index)).collect();
    units.sort_by_key(|unit| order.get(&unit.name()).copied());
    Ok(Report { units, failed: Vec::new(), dry_run: options.dry_run, findings: Vec::new() })
}

/// The API that makes the commits, where they are not pushed over git.
struct ApiAccess {
    github: GitHub,
    repository: Repository,
}

/// Opens the connection to a repository. With `api`, GitHub makes and signs the commits; everything else goes over git.
fn open(remote: &Remote, api: Option<&ApiAccess>) -> Result<Box<dyn Transport>, TransportError> {
    let over_git = git::open(remote)?;
    let Some(api) = api else { return Ok(over_git) };
    Ok(Box::new(GitHubApiTransport::open(&api.github, &api.repository, over_git)?))
}

/// The units by repository. What any of them needs to be reviewed is looked up before the first push.
fn batches(plan: &Plan, ctx: &RunContext, units: Vec<PreparedUnit>, options: &Options) -> Result<Vec<Batch>, Failure> {
    let mut by_repository: BTreeMap<RemoteUrl, Vec<ReviewedUnit>> = BTreeMap::new();
    for mut unit in units {
        let review = Review::of(&unit);
        unit.content.topic = review.as_ref().map(|review| review.topic(&unit.unit.branch));
        by_repository.entry(unit.unit.repository.clone()).or_default().push(ReviewedUnit { unit, review });
    }
    let batch = |(repository, units): (RemoteUrl, Vec<ReviewedUnit>)| {
        let reviews = || units.iter().filter_map(|one| one.review.as_ref());
        let requests = Requests::prepare(&repository, ctx, reviews(), options.dry_run)?;
        let remote = remote(&repository, &plan.root, ctx)?;
        let by_api = options.via == CommitMethod::Api && !options.dry_run;
        let api = by_api.then(|| github::access(&repository, ctx, reviews().find_map(Review::api))).transpose()?;
        let api = api.map(|(github, repository)| ApiAccess { github, repository });
        Ok(Batch { remote, api, units, requests })
    };
    by_repository.into_iter().map(batch).collect()
}

impl Batch {
    fn push(
        mut self,
        plan: &Plan,
        ctx: &RunContext,
        options: &committer::Options<'_>,
        attest: bool,
    ) -> Result<Vec<UnitReport>, Failure> {
        let _span =
            tracing::info_span!("push", repository = %self.remote.redacted_url(), units = self.units.len()).entered();
        let contents = self.units.iter().map(|one| &one.unit.content);
        // A push has units of several services and environments: the smallest of their limits holds.
        let max_refs = self.units.iter().filter_map(|one| one.unit.unit.max_refs).min();
        let max_refs = max_refs.map(|refs| usize::try_from(refs.get()).unwrap_or(usize::MAX));
        let options = &committer::Options { max_refs, ..options.clone() };
        let mut transport = open(&self.remote, self.api.as_ref()).map_err(DeliverError::from)?;
        let repository = self.remote.redacted_url();
        let options = committer::Options { repository: repository.clone(), ..options.clone() };
        let results = committer::deliver(transport.as_mut(), contents, &options)?;
        let mut report = |ReviewedUnit { unit, review }: ReviewedUnit, result: UnitResult| {
            let request = review.and_then(|review| self.requests.settle(&review, &unit.unit, &result, plan, ctx));
            UnitReport {
                service: unit.unit.service,
                environment: unit.unit.environment,
                repository: repository.clone(),
                provenance: attest.then(|| UnitProvenance::of(&unit.content)),
                images: unit.images,
                // A unit that is left as it is keeps its assignments.
                ended: if matches!(result.outcome, Outcome::Committed { .. }) { unit.ended } else { Vec::new() },
                is_retirement: unit.content.retirement.is_some(),
                assignments: unit.content.assignments,
                origins: unit.origins,
                delivery: result,
                request,
            }
        };
        let results = results.into_iter().map(|result| (result.unit.clone(), result));
        let mut results: HashMap<String, UnitResult> = results.collect();
        let reports = self.units.into_iter().filter_map(|unit| {
            let result = results.remove(&unit.unit.content.name)?;
            Some(report(unit, result))
        });
        Ok(reports.collect())
    }
}
