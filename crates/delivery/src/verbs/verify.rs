//! `hydrant verify`: the recorded source, rendered again with the recorded images, against what the branch holds.

use std::collections::BTreeMap;

use git::FileSet;
use manifest::{Diagnostic, Errors};
use serde_json::json;

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::branches::{self, BranchTip, Depth, WithTip};
use crate::host::disk::DiskFiles;
use crate::host::git_files::GitFiles;
use crate::host::recorded_source;
use crate::pipeline::file_set::file_set;
use crate::pipeline::{self, SourceTree};
use crate::plan::settings::{Selection, Settings};
use crate::plan::{PinnedInputs, Plan, Source as From, Unit, plan};
use crate::report::table;

/// What was found of one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// `service/environment`
    pub unit: String,
    /// The branch.
    pub branch: String,
    /// The branch's commit, if there is one.
    pub commit: Option<String>,
    /// The recorded source commit that was rendered, if there is one.
    pub source: Option<String>,
    /// What it came to.
    pub finding: Finding,
}

/// What it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The branch holds exactly what its record makes.
    Verified,
    /// It holds something else in these files.
    Differs(Vec<String>),
    /// It cannot be told, and why.
    Unknown(Errors),
}

/// Renders the recorded source of every unit at its recorded commit, with the recorded images, and compares byte by byte.
/// No registry is asked.
///
/// # Errors
/// A config that cannot be read, a remote that cannot be reached. What is wrong with one unit is its finding.
pub fn verify(settings: &Settings, ctx: &RunContext) -> Result<Vec<Verdict>, Failure> {
    let wanted = plan(&DiskFiles::default(), settings)?;
    let tips = branches::tips(&wanted.units, &wanted.root, ctx, Depth::Files)?;
    let mut revisions: BTreeMap<String, Result<(GitFiles, Plan), Errors>> = BTreeMap::new();
    let mut verdicts = Vec::new();
    for WithTip { unit, tip } in tips {
        let mut source = None;
        let finding = match tip.as_ref().map(|tip| (tip, sources(tip))) {
            None => Finding::Unknown(never(unit).into()),
            Some((_, commits)) if commits.is_empty() => Finding::Unknown(no_record(unit).into()),
            Some((tip, commits)) => {
                for commit in &commits {
                    revisions.entry(commit.clone()).or_insert_with(|| revision(settings, &wanted, commit));
                }
                let there = commits.iter().find(|commit| revisions[*commit].is_ok()).unwrap_or(&commits[0]);
                source = Some(there.clone());
                match &revisions[there] {
                    Ok((files, plan)) => one(unit, tip, files, plan, ctx).unwrap_or_else(Finding::Unknown),
                    Err(errors) => Finding::Unknown(errors.clone()),
                }
            }
        };
        let commit = tip.as_ref().map(|tip| tip.commit.id.clone());
        verdicts.push(Verdict { unit: unit.name(), branch: unit.branch.clone(), commit, source, finding });
    }
    Ok(verdicts)
}

/// The source commits that are recorded to make a branch's content: the one that it was delivered from, and the last one that
/// left it as it was. None where there is no record.
fn sources(tip: &BranchTip) -> Vec<String> {
    let recorded = tip.record.as_ref().map(|record| record.source.dry_sha.clone());
    recorded.into_iter().flat_map(|commit| [Some(commit), tip.noted.clone()]).flatten().collect()
}

fn never(unit: &Unit) -> Diagnostic {
    Diagnostic::new("never delivered")
        .hint(format!("`hydrant deliver --service {} --env {}` delivers it.", unit.service, unit.environment))
}

/// What a branch without a readable record is told, and the way to have one again.
pub(crate) fn no_record(unit: &Unit) -> Diagnostic {
    Diagnostic::new(format!("branch {} has no record of a delivery, or one that cannot be read", unit.branch)).hint(
        format!(
            "`hydrant deliver --service {} --env {} --adopt` writes one; look with `hydrant diff` what else was changed.",
            unit.service, unit.environment
        ),
    )
}

/// The files of a recorded commit and the plan that its own config makes.
fn revision(settings: &Settings, wanted: &Plan, commit: &str) -> Result<(GitFiles, Plan), Errors> {
    let files = recorded_source::files(&wanted.root, commit)?;
    let mut every = settings.clone();
    every.selection = Selection { all: true, ..Selection::default() };
    let plan = plan(&files, &every)?;
    Ok((files, plan))
}

fn one(wanted: &Unit, tip: &BranchTip, files: &GitFiles, plan: &Plan, ctx: &RunContext) -> Result<Finding, Errors> {
    let mut unit = plan.units.iter().find(|unit| unit.name() == wanted.name()).cloned().ok_or_else(|| {
        Diagnostic::new(format!("the config at {} has no such unit", files.commit()))
            .hint("It was delivered with another config or other flags: give --config as it was then.")
    })?;
    unit.pinned_inputs = Some(given(plan, &unit, tip));
    let alone = Plan { units: vec![unit], recorded_only: true, ..plan.clone() };
    let sourced = SourceTree { files, revision: Some(files.commit()) };
    let rendered = pipeline::rendered(&alone, ctx, sourced).map_err(Failure::into_errors)?;
    let made = &rendered[0];
    let (_, files) = file_set(&wanted.path, &made.objects, made.style)?;
    let differing = differing(&files, &tip.files);
    Ok(if differing.is_empty() { Finding::Verified } else { Finding::Differs(differing) })
}

/// The images of a delivery, as a rendering takes them. Those of a promotion bear the names of the environment that they came
/// from, which the record tells.
fn given(plan: &Plan, unit: &Unit, tip: &BranchTip) -> PinnedInputs {
    let promoted_from = branches::promoted_from(tip).map(str::to_owned);
    let environment = promoted_from.as_ref().unwrap_or(&unit.environment);
    let named = plan.units.iter().find(|one| one.service == unit.service && one.environment == *environment);
    let default_repo = named.and_then(default_repo);
    PinnedInputs { images: branches::images(tip), default_repo, promoted_from }
}

/// The `--default-repo` of a unit, if it has one.
pub(crate) fn default_repo(unit: &Unit) -> Option<String> {
    match &unit.source {
        From::Skaffold { default_repo, .. } => default_repo.clone(),
        From::Kustomize { .. } | From::Helm(_) => None,
    }
}

fn differing(made: &FileSet, there: &FileSet) -> Vec<String> {
    let mut paths: Vec<&String> = made.keys().chain(there.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    let bytes = |files: &FileSet, path: &String| files.get(path).map(|file| file.bytes.clone());
    paths.into_iter().filter(|path| bytes(made, path) != bytes(there, path)).cloned().collect()
}

impl Finding {
    fn word(&self) -> &'static str {
        match self {
            Finding::Verified => "verified",
            Finding::Differs(_) => "differs",
            Finding::Unknown(_) => "unknown",
        }
    }

    fn words(&self) -> String {
        match self {
            Finding::Verified => String::new(),
            Finding::Differs(files) => files.join(", "),
            Finding::Unknown(why) => why.all().iter().map(|one| one.message.as_str()).collect::<Vec<_>>().join("; "),
        }
    }
}

/// A line a unit.
pub fn text(verdicts: &[Verdict]) -> String {
    let short = |id: &Option<String>| id.as_deref().and_then(|id| id.get(..7)).unwrap_or("-").to_owned();
    let rows = verdicts.iter().map(|one| {
        let source = format!("from {}", short(&one.source));
        vec![one.unit.clone(), one.finding.word().to_owned(), short(&one.commit), source, one.finding.words()]
    });
    table::print(&rows.collect::<Vec<_>>())
}

/// Everything as JSON.
pub fn json(verdicts: &[Verdict]) -> String {
    let units = verdicts.iter().map(|one| {
        json!({
            "unit": one.unit, "branch": one.branch, "commit": one.commit, "sourceCommit": one.source,
            "result": one.finding.word(), "detail": one.finding.words(),
        })
    });
    let value = json!({ "verified": verified(verdicts), "units": units.collect::<Vec<_>>() });
    format!("{value:#}\n")
}

/// Whether every unit was verified.
pub fn verified(verdicts: &[Verdict]) -> bool {
    verdicts.iter().all(|one| one.finding == Finding::Verified)
}

/// What could not be told, as findings.
pub fn unknown(verdicts: &[Verdict]) -> Vec<Diagnostic> {
    let unknown = verdicts.iter().filter_map(|one| match &one.finding {
        Finding::Unknown(why) => {
            let named = |found: Diagnostic| Diagnostic { message: format!("{}: {}", one.unit, found.message), ..found };
            Some(why.clone().map(named).into_all())
        }
        _ => None,
    });
    unknown.flatten().collect()
}
