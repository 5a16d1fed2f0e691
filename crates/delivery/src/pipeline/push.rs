//! The last stage: files to branches, all branches of a repository in one push.

use std::collections::BTreeMap;
use std::path::Path;

use ::github::{GitHub, GitHubApiTransport, Repository};
use committer::{Ancestors, DeliverError, SourceRecord};
use git::source::{Moment, Source, SourceCommit};
use git::{Identity, Remote, Signing, Transport, TransportError};
use manifest::Diagnostic;

use super::{Options, Rendered, Via};
use crate::error::Failure;
use crate::host::RunContext;
use crate::host::git_remote::{lineage, remote};
use crate::host::{github, trailers};
use crate::images::origins::ImageOrigin;
use crate::pipeline::file_set::file_set;
use crate::pipeline::record;
use crate::plan::{Plan, Unit};
use crate::report::attest::Made;
use crate::report::{Report, UnitReport};
use crate::review::{Prepared, Requests, Review};

/// Delivers every unit and tells what became of each, in the plan's order.
///
/// # Errors
/// A source that is no git repository, units that cannot be delivered anywhere, a remote that cannot be reached.
pub(super) fn all(
    plan: &Plan,
    ctx: &RunContext,
    revision: Option<&str>,
    units: &[Rendered],
    options: &Options,
) -> Result<Report, Failure> {
    let origin = Origin::of(plan, revision)?;
    let prepare = |(unit, rendered): (&Unit, &Rendered)| {
        let files = prepare(plan, ctx, &origin, unit, rendered, options)?;
        let (images, origins) = (rendered.images.clone(), rendered.origins.clone());
        Ok(Prepared { files, subject: unit.message.clone(), images, origins })
    };
    let prepared = plan.units.iter().zip(units).map(prepare).collect::<Result<Vec<_>, Failure>>()?;
    let lineage = lineage(&plan.root, ctx, &origin.source);
    let ancestors = |older: &str, newer: &str| lineage.is_ancestor(older, newer);
    send(plan, ctx, prepared, &ancestors, options)
}

/// The units of one repository, on their way.
struct Batch<'a> {
    remote: Remote,
    /// The API that makes the commits, where they are not pushed over git.
    api: Option<(GitHub, Repository)>,
    /// The units' places in the plan.
    indices: Vec<usize>,
    planned: Vec<&'a Unit>,
    units: Vec<committer::Unit>,
    reviews: Vec<Option<Review>>,
    requests: Requests,
}

/// One push a repository, and the requests of the units that are reviewed. `prepared` has an entry for each unit of the plan.
///
/// # Errors
/// Units that cannot be delivered anywhere, a remote that cannot be reached, a host that cannot be asked for requests.
pub(crate) fn send(
    plan: &Plan,
    ctx: &RunContext,
    mut prepared: Vec<Prepared>,
    ancestors: Ancestors<'_>,
    options: &Options,
) -> Result<Report, Failure> {
    let signing = Signing::from_git_config(Path::new(&plan.root));
    let signing = signing.map_err(|error| Failure::from(Diagnostic::new(error.to_string())))?;
    let batches = batches(plan, ctx, &mut prepared, options)?;
    let how = committer::Options {
        dry_run: options.dry_run,
        atomic: options.atomic,
        attempts: options.attempts,
        push_options: Vec::new(),
        ancestors,
        // What GitHub makes, GitHub signs.
        signing: signing.filter(|_| options.via == Via::Git),
    };
    let mut reports: Vec<Option<UnitReport>> = plan.units.iter().map(|_| None).collect();
    for Batch { remote, api, indices, planned, units, reviews, requests } in batches {
        let mut transport = open(&remote, api).map_err(DeliverError::from)?;
        let done = committer::deliver(transport.as_mut(), &units, &how)?;
        let settled = requests.settle(&reviews, &planned, &done, (plan, ctx));
        for (index, (delivery, request)) in indices.into_iter().zip(done.into_iter().zip(settled)) {
            let (unit, one) = (&plan.units[index], &mut prepared[index]);
            reports[index] = Some(UnitReport {
                service: unit.service.clone(),
                environment: unit.environment.clone(),
                repository: remote.shown(),
                images: std::mem::take(&mut one.images),
                origins: std::mem::take(&mut one.origins),
                delivery,
                request,
                made: options.attest.then(|| Made::of(&one.files)),
            });
        }
    }
    Ok(Report { units: reports.into_iter().flatten().collect(), dry_run: options.dry_run })
}

/// Opens the connection to a repository. With `api`, GitHub makes and signs the commits; everything else goes over git.
fn open(remote: &Remote, api: Option<(GitHub, Repository)>) -> Result<Box<dyn Transport>, TransportError> {
    let over_git = git::open(remote)?;
    let Some((github, repository)) = api else { return Ok(over_git) };
    Ok(Box::new(GitHubApiTransport::open(&github, &repository, over_git)?))
}

/// The units by repository. What any of them needs to be reviewed is looked for before the first push.
fn batches<'a>(
    plan: &'a Plan,
    ctx: &RunContext,
    prepared: &mut [Prepared],
    options: &Options,
) -> Result<Vec<Batch<'a>>, Failure> {
    let mut by_repository: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, unit) in plan.units.iter().enumerate() {
        by_repository.entry(&unit.repository).or_default().push(index);
    }
    let batch = |(repository, indices): (&str, Vec<usize>)| {
        let (mut units, mut reviews) = (Vec::new(), Vec::new());
        for &index in &indices {
            let (unit, one) = (&plan.units[index], &mut prepared[index]);
            let review = Review::of(unit, one);
            let mut files = one.files.clone();
            files.topic = review.as_ref().map(|review| review.topic(&unit.branch));
            units.push(files);
            reviews.push(review);
        }
        let requests = Requests::prepare(repository, ctx, &reviews, options.dry_run)?;
        let planned = indices.iter().map(|&index| &plan.units[index]).collect();
        let remote = remote(repository, &plan.root, ctx)?;
        let said = reviews.iter().flatten().find_map(Review::api);
        let by_api = options.via == Via::Api && !options.dry_run;
        let api = by_api.then(|| github::access(repository, ctx, said)).transpose()?;
        Ok(Batch { remote, api, indices, planned, units, reviews, requests })
    };
    by_repository.into_iter().map(batch).collect()
}

/// Where the source stands.
pub(crate) struct Origin {
    source: Source,
    /// The commit.
    pub(crate) head: SourceCommit,
    /// The repository's URL, or the place it lies in.
    pub(crate) url: String,
}

impl Origin {
    /// The source of a plan's units at a revision, at HEAD where none is given.
    ///
    /// # Errors
    /// A source that is no git repository, a revision that it does not have.
    pub(crate) fn of(plan: &Plan, revision: Option<&str>) -> Result<Self, Failure> {
        let source = Source::discover(Path::new(&plan.root))?;
        let head = source.commit(revision.unwrap_or("HEAD"))?;
        let url = plan.source_repository.clone().or_else(|| source.origin());
        // A repository without a remote is known by the place it lies in.
        let url = url.unwrap_or_else(|| source.root().display().to_string());
        Ok(Origin { source, head, url })
    }
}

fn prepare(
    plan: &Plan,
    ctx: &RunContext,
    origin: &Origin,
    unit: &Unit,
    rendered: &Rendered,
    options: &Options,
) -> Result<committer::Unit, Failure> {
    let (folder, files) = file_set(&unit.path, &rendered.objects, rendered.style)?;
    let place = origin.source.sub_path(Path::new(&unit.folder)).unwrap_or_default();
    let source: SourceRecord = record::source_record(&origin.url, &origin.head, unit, &place);
    let promoted = unit.pinned_inputs.as_ref().and_then(|given| given.promoted_from.as_ref());
    let origins: Vec<String> = rendered.origins.iter().map(ImageOrigin::words).collect();
    let promoted = promoted.map(|from| (trailers::PROMOTED, from)).into_iter();
    let changes: Vec<String> = rendered.origins.iter().filter_map(ImageOrigin::changes).collect();
    let sources = origins.iter().map(|words| (trailers::IMAGE_SOURCE, words));
    let changes = changes.iter().map(|words| (trailers::IMAGE_CHANGES, words));
    let more: Vec<(&str, &String)> = promoted.chain(sources).chain(changes).collect();
    let message = record::message(unit, &source, &rendered.images, &more, ctx);
    let (author, committer) = people(plan, ctx, origin.head.author.time)?;
    Ok(committer::Unit {
        name: unit.name(),
        branch: unit.branch.clone(),
        topic: None,
        start_from: None,
        folder,
        files,
        source,
        images: rendered.images.clone(),
        promoted_from: unit.pinned_inputs.as_ref().and_then(|given| given.promoted_from.clone()),
        message,
        author,
        committer,
        adopt: options.adopt,
        allow_older: options.allow_older,
        hold: None,
        release: options.release,
    })
}

/// Author and committer. The author's time is given, the committer's is now.
pub(crate) fn people(plan: &Plan, ctx: &RunContext, authored: Moment) -> Result<(Identity, Identity), Failure> {
    let author = identity(plan.author.as_deref(), authored, ctx, "GIT_AUTHOR")?;
    let given = plan.committer.as_ref().or(plan.author.as_ref());
    let committer = identity(given.map(String::as_str), ctx.now.unwrap_or(authored), ctx, "GIT_COMMITTER")?;
    Ok((author, committer))
}

/// Who a commit is by where nobody says: not a person, so that no person is named by mistake.
const NOBODY: (&str, &str) = ("hydrant", "noreply@hydrant.invalid");

/// `Name <mail>` as given; else git's own variables; else hydrant itself.
fn identity(given: Option<&str>, time: Moment, ctx: &RunContext, variables: &str) -> Result<Identity, Failure> {
    if let Some(text) = given {
        let parts = text.trim().strip_suffix('>').and_then(|text| text.split_once('<'));
        let parts = parts.map(|(name, email)| (name.trim(), email.trim()));
        let parts = parts.filter(|(name, email)| !name.is_empty() && !email.is_empty());
        let Some((name, email)) = parts else {
            let found = Diagnostic::new(format!("`{text}` is not a name and a mail address"));
            let hint =
                "Write `Name <mail@example.com>` for commit.author and commit.committer, --author and --committer.";
            return Err(found.hint(hint).into());
        };
        return Ok(Identity { name: name.to_owned(), email: email.to_owned(), time });
    }
    let variable = |part: &str| ctx.variables.get(&format!("{variables}_{part}")).filter(|text| !text.is_empty());
    let (name, email) =
        (variable("NAME").map_or(NOBODY.0, String::as_str), variable("EMAIL").map_or(NOBODY.1, String::as_str));
    Ok(Identity { name: name.to_owned(), email: email.to_owned(), time })
}
