//! The last stage: files to branches, all branches of a repository in one push.

use std::collections::BTreeMap;
use std::path::Path;

use committer::source::{Ancestry, Moment, Source, SourceCommit, SourceError};
use committer::{Credentials, DeliverError, Delivery, Identity, Message, Remote, SourceRecord};
use manifest::Diagnostic;

use super::{Options, Rendered, Surroundings};
use crate::failure::Failure;
use crate::file_set::file_set;
use crate::plan::{Plan, Unit};
use crate::record;
use crate::report::{Report, UnitReport};

/// Delivers every unit and tells what became of each, in the plan's order.
///
/// # Errors
/// A source that is no git repository, units that cannot be delivered anywhere, a remote that cannot be reached.
pub(super) fn all(
    plan: &Plan,
    around: &Surroundings,
    revision: Option<&str>,
    units: &[Rendered],
    options: &Options,
) -> Result<Report, Failure> {
    let origin = Origin::of(plan, revision)?;
    let mut by_repository: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, unit) in plan.units.iter().enumerate() {
        by_repository.entry(&unit.repository).or_default().push(index);
    }
    let mut reports: Vec<Option<UnitReport>> = plan.units.iter().map(|_| None).collect();
    for (repository, indices) in by_repository {
        let remote = remote(repository, around);
        let prepared = indices
            .iter()
            .map(|index| prepare(plan, around, &origin, &plan.units[*index], &units[*index], options))
            .collect::<Result<Vec<_>, Failure>>()?;
        let ancestors = |older: &str, newer: &str| origin.source.is_ancestor(older, newer).unwrap_or(Ancestry::Unknown);
        let how = committer::Options {
            dry_run: options.dry_run,
            atomic: options.atomic,
            attempts: options.attempts,
            push_options: Vec::new(),
            signing: None,
            ancestors: &ancestors,
        };
        let done = committer::deliver(&remote, &prepared, &how).map_err(|error| failed(&error))?;
        for (index, delivery) in indices.into_iter().zip(done) {
            reports[index] = Some(report(&plan.units[index], &units[index], &remote, delivery));
        }
    }
    Ok(Report { units: reports.into_iter().flatten().collect(), dry_run: options.dry_run })
}

fn report(unit: &Unit, rendered: &Rendered, remote: &Remote, delivery: Delivery) -> UnitReport {
    UnitReport {
        service: unit.service.clone(),
        environment: unit.environment.clone(),
        repository: remote.shown(),
        images: rendered.images.clone(),
        delivery,
    }
}

/// Where the source stands.
struct Origin {
    source: Source,
    head: SourceCommit,
    url: String,
}

impl Origin {
    fn of(plan: &Plan, revision: Option<&str>) -> Result<Self, Failure> {
        let unknown = |error: SourceError| Failure::from(Diagnostic::new(error.to_string()));
        let source = Source::discover(Path::new(&plan.root)).map_err(unknown)?;
        let head = source.commit(revision.unwrap_or("HEAD")).map_err(unknown)?;
        let url = plan.source_repository.clone().or_else(|| source.origin());
        // A repository without a remote is known by the place it lies in.
        let url = url.unwrap_or_else(|| source.root().display().to_string());
        Ok(Origin { source, head, url })
    }
}

fn prepare(
    plan: &Plan,
    around: &Surroundings,
    origin: &Origin,
    unit: &Unit,
    rendered: &Rendered,
    options: &Options,
) -> Result<committer::Unit, Failure> {
    let (folder, files) = file_set(&unit.path, &rendered.objects, rendered.style)?;
    let place = origin.source.sub_path(Path::new(&unit.folder)).unwrap_or_default();
    let source: SourceRecord = record::source_record(&origin.url, &origin.head, unit, &place);
    let message = record::message(unit, &source, &rendered.images);
    let authored = origin.head.author.time;
    let author = identity(plan.author.as_deref(), authored, around, "GIT_AUTHOR")?;
    let committed = around.now.unwrap_or(origin.head.committer.time);
    let committer = match (&plan.committer, &plan.author) {
        (None, Some(author)) => identity(Some(author), committed, around, "GIT_COMMITTER")?,
        (given, _) => identity(given.as_deref(), committed, around, "GIT_COMMITTER")?,
    };
    Ok(committer::Unit {
        name: unit.name(),
        branch: unit.branch.clone(),
        start_from: None,
        folder,
        files,
        source,
        message: Message::Text(message),
        author,
        committer,
        adopt: options.adopt,
        allow_older: options.allow_older,
    })
}

/// Who a commit is by where nobody says: not a person, so that no person is named by mistake.
const NOBODY: (&str, &str) = ("hydrant", "noreply@hydrant.invalid");

/// `Name <mail>` as given; else git's own variables; else hydrant itself.
fn identity(given: Option<&str>, time: Moment, around: &Surroundings, variables: &str) -> Result<Identity, Failure> {
    if let Some(text) = given {
        let parts = text.trim().strip_suffix('>').and_then(|text| text.split_once('<'));
        let parts = parts.map(|(name, email)| (name.trim(), email.trim()));
        let parts = parts.filter(|(name, email)| !name.is_empty() && !email.is_empty());
        let Some((name, email)) = parts else {
            let found = Diagnostic::new(format!("`{text}` is no author")).field("commit.author");
            return Err(found.hint("Write `Name <mail@example.com>`.").into());
        };
        return Ok(Identity { name: name.to_owned(), email: email.to_owned(), time });
    }
    let variable = |part: &str| around.variables.get(&format!("{variables}_{part}")).filter(|text| !text.is_empty());
    let (name, email) =
        (variable("NAME").map_or(NOBODY.0, String::as_str), variable("EMAIL").map_or(NOBODY.1, String::as_str));
    Ok(Identity { name: name.to_owned(), email: email.to_owned(), time })
}

/// The remote with the credentials that the environment has for it. They are handed over as a value and said nowhere.
fn remote(repository: &str, around: &Surroundings) -> Remote {
    let variable = |name: &str| around.variables.get(name).filter(|text| !text.is_empty()).cloned();
    let github = || {
        let server = variable("GITHUB_SERVER_URL").unwrap_or_else(|| "https://github.com".to_owned());
        repository
            .starts_with(&format!("{}/", server.trim_end_matches('/')))
            .then(|| variable("GITHUB_TOKEN"))
            .flatten()
    };
    let password = variable("HYDRANT_GIT_TOKEN").or_else(github);
    let username = variable("HYDRANT_GIT_USERNAME").unwrap_or_else(|| "x-access-token".to_owned());
    Remote {
        credentials: password.map(|password| Credentials { username, password }),
        ca_file: variable("GIT_SSL_CAINFO").map(Into::into),
        ..Remote::new(repository)
    }
}

fn failed(error: &DeliverError) -> Failure {
    let finding = Diagnostic::new(error.to_string());
    if error.is_outside() { Failure::Outside(finding.into()) } else { Failure::Input(finding.into()) }
}
