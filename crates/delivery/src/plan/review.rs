//! How a unit is reviewed: every field of its pull request, resolved.

use manifest::Diagnostic;

use super::context::UnitContext;
use super::destination::UnitDestination;
use crate::config::{Host, MergeMethod, Request as RequestFields, Review, ReviewMode};
use crate::host::git_hosts::known;

const TOPIC: &str = "hydrant/{service}/{environment}";

/// A field of a request and its flag.
struct RequestFlag {
    field: &'static str,
    flag: &'static str,
    is_given: fn(&RequestFields) -> bool,
}

const fn flag(field: &'static str, flag: &'static str, is_given: fn(&RequestFields) -> bool) -> RequestFlag {
    RequestFlag { field, flag, is_given }
}

const FLAGS: &[RequestFlag] = &[
    flag("api", "--review-api", |fields| fields.api.is_some()),
    flag("branch", "--review-branch", |fields| fields.branch.is_some()),
    flag("title", "--review-title", |fields| fields.title.is_some()),
    flag("labels", "--review-label", |fields| fields.labels.is_some()),
    flag("reviewers", "--review-reviewer", |fields| fields.reviewers.is_some()),
    flag("autoMerge", "--review-auto-merge", |fields| fields.auto_merge.is_some()),
    flag("draft", "--review-draft", |fields| fields.draft.is_some()),
];

/// How a unit's output is reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The kind of the git host.
    pub host: Host,
    /// GitHub's API where it was fields.
    pub api: Option<String>,
    /// The topic branch.
    pub topic: String,
    /// The title, where it was set; the commit's subject where absent.
    pub title: Option<String>,
    /// Labels.
    pub labels: Vec<String>,
    /// People, and teams as `ORG/TEAM`.
    pub reviewers: Vec<String>,
    /// The method of an automatic merge.
    pub auto_merge: Option<MergeMethod>,
    /// Open it as a draft.
    pub draft: bool,
}

impl Request {
    /// Decides each field: the flag, the environment, the file. Nothing where the change goes directly onto the branch.
    ///
    /// # Errors
    /// A host that is neither known nor set; an option that the host does not support; a topic branch that is invalid or the target itself.
    pub(super) fn decide(unit: &UnitContext<'_>, destination: &UnitDestination) -> Result<Option<Request>, Diagnostic> {
        let written = written(unit);
        let mode = unit.settings.review.or(written.first().map(|review| review.mode)).unwrap_or_default();
        if mode == ReviewMode::Push {
            return Ok(None);
        }
        let fields = written.into_iter().fold(unit.settings.request.clone(), |all, level| all.or(&level.request));
        let Some(host) = fields.host.or_else(|| known(destination.repository.expose())) else {
            return Err(unknown_host(unit, destination));
        };
        Self::of(unit, destination, fields, host)
    }

    /// How a change is reviewed that would go directly onto the branch: as `decide` would, and by its topic branch alone where the host is not
    /// known.
    ///
    /// # Errors
    /// As for `decide`.
    pub(super) fn if_asked(
        unit: &UnitContext<'_>,
        destination: &UnitDestination,
    ) -> Result<Option<Request>, Diagnostic> {
        let fields = written(unit).into_iter().fold(unit.settings.request.clone(), |all, level| all.or(&level.request));
        let host = fields.host.or_else(|| known(destination.repository.expose())).unwrap_or(Host::None);
        Self::of(unit, destination, fields, host)
    }

    fn of(
        unit: &UnitContext<'_>,
        destination: &UnitDestination,
        fields: RequestFields,
        host: Host,
    ) -> Result<Option<Request>, Diagnostic> {
        let topic = fields.branch.as_ref();
        let topic = topic.map_or_else(|| Ok(unit.fill_text(TOPIC)), |template| unit.fill(template))?;
        if !committer::is_valid_branch_name(&topic) || topic == destination.branch {
            let invalid = Diagnostic::new(format!("invalid topic branch \"{topic}\" of {}", destination.branch));
            return Err(locate(unit, "branch", invalid).hint(
                "use a valid branch name that no unit is delivered to, such as hydrant/{service}/{environment}",
            ));
        }
        if let Some(refused) = refused(host, &fields) {
            let found = locate(unit, refused.field, Diagnostic::new(refused.reason));
            return Err(found.hint("remove it, or set it at the host"));
        }
        Ok(Some(Request {
            host,
            api: fields.api,
            topic,
            title: fields.title.as_ref().map(|title| unit.fill(title)).transpose()?,
            labels: fields.labels.unwrap_or_default(),
            reviewers: fields.reviewers.unwrap_or_default(),
            auto_merge: fields.auto_merge,
            draft: fields.draft.unwrap_or_default(),
        }))
    }
}

/// The reviews that apply to a unit, the first wins.
fn written<'a>(unit: &UnitContext<'a>) -> Vec<&'a Review> {
    let own = unit.levels.iter().flat_map(|level| [&level.fields.destination.review, &level.fields.review]);
    own.chain([&unit.config.destination.review]).flatten().collect()
}

fn unknown_host(unit: &UnitContext<'_>, destination: &UnitDestination) -> Diagnostic {
    let repository = destination.repository.to_string();
    let name = format!("{}/{}", unit.service.name, unit.environment);
    let found =
        Diagnostic::new(format!("{name} needs a review, and the kind of its git host is unknown: {repository}"));
    locate(unit, "host", found)
        .hint("set `review: {pullRequest: {host: github}}` (or gitlab, gitea, none), or give --review-host")
}

/// A finding with the flag that was given, or the field of the config.
fn locate(unit: &UnitContext<'_>, field: &str, finding: Diagnostic) -> Diagnostic {
    match FLAGS.iter().find(|flag| flag.field == field && (flag.is_given)(&unit.settings.request)) {
        Some(flag) => finding.field(flag.flag),
        None => finding.in_file(unit.file).field(format!("review.pullRequest.{field}")),
    }
}

/// A field that the host does not take.
struct RefusedField {
    field: &'static str,
    reason: &'static str,
}

/// An option that the host does not support: the field, and why.
fn refused(host: Host, fields: &RequestFields) -> Option<RefusedField> {
    let listed = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|list| !list.is_empty());
    let given = [
        ("api", fields.api.is_some()),
        ("labels", listed(&fields.labels)),
        ("reviewers", listed(&fields.reviewers)),
        ("autoMerge", fields.auto_merge.is_some()),
        ("draft", fields.draft == Some(true)),
        ("title", fields.title.is_some()),
    ];
    let first_of = |names: &[&str], reason| {
        let found = given.iter().find(|(name, given)| *given && names.contains(name));
        found.map(|(field, _)| RefusedField { field, reason })
    };
    match host {
        Host::Github => None,
        Host::Gitlab if fields.auto_merge == Some(MergeMethod::Rebase) => {
            Some(RefusedField { field: "autoMerge", reason: "GitLab's push options cannot request a rebase" })
        }
        Host::Gitlab => first_of(&["api", "reviewers"], "GitLab's push options do not support this field"),
        Host::Gitea => first_of(
            &["api", "labels", "reviewers", "autoMerge", "draft"],
            "a push to refs/for/BRANCH does not support this field",
        ),
        Host::None => first_of(
            &["api", "labels", "reviewers", "autoMerge", "draft", "title"],
            "with `host: none` no pull request is opened",
        ),
    }
}
