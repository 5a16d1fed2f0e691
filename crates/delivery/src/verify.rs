//! `hydrant verify`: the recorded source, rendered again with the recorded images, against what the branch holds.

use std::collections::BTreeMap;
use std::path::Path;

use committer::FileSet;
use committer::source::Source;
use manifest::Diagnostic;
use serde_json::json;

use crate::branches::{self, Delivered, Depth};
use crate::disk::DiskFiles;
use crate::failure::Failure;
use crate::file_set::file_set;
use crate::git_files::GitFiles;
use crate::pipeline::{self, Sourced, Surroundings};
use crate::plan::{Given, Plan, Source as From, Unit, plan};
use crate::settings::{Selection, Settings};
use crate::table;

/// What was found of one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// `service/environment`
    pub unit: String,
    /// The branch.
    pub branch: String,
    /// The branch's commit, if there is one.
    pub commit: Option<String>,
    /// The source commit that the record names, if there is one.
    pub source: Option<String>,
    /// What it came to.
    pub finding: Finding,
}

/// What it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The branch holds exactly what its record makes.
    Proved,
    /// It holds something else in these files.
    Differs(Vec<String>),
    /// It cannot be told, and why.
    Unknown(String),
}

/// Renders the recorded source of every unit at its recorded commit, with the recorded images, and compares byte by byte.
/// No registry is asked.
///
/// # Errors
/// A config that cannot be read, a remote that cannot be reached. What is wrong with one unit is its finding.
pub fn verify(settings: &Settings, around: &Surroundings) -> Result<Vec<Verdict>, Failure> {
    let wanted = plan(&DiskFiles::default(), settings)?;
    let tips = branches::tips(&wanted, around, Depth::Files)?;
    let mut revisions: BTreeMap<String, Result<(GitFiles, Plan), String>> = BTreeMap::new();
    let mut verdicts = Vec::new();
    for (unit, tip) in wanted.units.iter().zip(&tips) {
        let source = tip.as_ref().and_then(|tip| Some(tip.record.as_ref()?.source.dry_sha.clone()));
        let finding = match (tip, &source) {
            (None, _) => Finding::Unknown("never delivered: run `hydrant deliver`".to_owned()),
            (Some(_), None) => Finding::Unknown(
                "no record of a delivery on the branch, or one that cannot be read: `hydrant deliver --adopt` writes one"
                    .to_owned(),
            ),
            (Some(tip), Some(commit)) => {
                let known = revisions.entry(commit.clone()).or_insert_with(|| revision(settings, &wanted, commit));
                match known {
                    Ok((files, plan)) => one(unit, tip, files, plan, around).unwrap_or_else(Finding::Unknown),
                    Err(words) => Finding::Unknown(words.clone()),
                }
            }
        };
        let commit = tip.as_ref().map(|tip| tip.commit.id.clone());
        verdicts.push(Verdict { unit: unit.name(), branch: unit.branch.clone(), commit, source, finding });
    }
    Ok(verdicts)
}

/// The files of a recorded commit and the plan that its own config makes.
fn revision(settings: &Settings, wanted: &Plan, commit: &str) -> Result<(GitFiles, Plan), String> {
    let source = Source::discover(Path::new(&wanted.root)).map_err(|error| error.to_string())?;
    let files = GitFiles::new(source, commit).map_err(|error| error.to_string())?;
    let mut every = settings.clone();
    every.selection = Selection { all: true, ..Selection::default() };
    let plan = plan(&files, &every).map_err(|errors| errors.to_string())?;
    Ok((files, plan))
}

fn one(
    wanted: &Unit,
    tip: &Delivered,
    files: &GitFiles,
    plan: &Plan,
    around: &Surroundings,
) -> Result<Finding, String> {
    let mut unit = plan
        .units
        .iter()
        .find(|unit| unit.name() == wanted.name())
        .cloned()
        .ok_or_else(|| format!("the config at {} has no such unit", files.commit()))?;
    unit.given = Some(given(plan, &unit, tip));
    let alone = Plan { units: vec![unit], recorded_only: true, ..plan.clone() };
    let sourced = Sourced { files, revision: Some(files.commit()) };
    let rendered = pipeline::rendered(&alone, around, sourced).map_err(|failure| failure.to_string())?;
    let made = &rendered[0];
    let (_, files) = file_set(&wanted.path, &made.objects, made.style).map_err(|errors| errors.to_string())?;
    let differing = differing(&files, &tip.files);
    Ok(if differing.is_empty() { Finding::Proved } else { Finding::Differs(differing) })
}

/// The images of a delivery, as a rendering takes them. Those of a promotion bear the names of the environment that they came
/// from, which the record tells.
fn given(plan: &Plan, unit: &Unit, tip: &Delivered) -> Given {
    let promoted_from = branches::promoted_from(tip).map(str::to_owned);
    let environment = promoted_from.as_ref().unwrap_or(&unit.environment);
    let named = plan.units.iter().find(|one| one.service == unit.service && one.environment == *environment);
    let default_repo = named.and_then(default_repo);
    Given { images: branches::images(tip), default_repo, promoted_from }
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
            Finding::Proved => "proved",
            Finding::Differs(_) => "differs",
            Finding::Unknown(_) => "unknown",
        }
    }

    fn words(&self) -> String {
        match self {
            Finding::Proved => String::new(),
            Finding::Differs(files) => files.join(", "),
            Finding::Unknown(why) => why.clone(),
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
    let value = json!({ "proved": proved(verdicts), "units": units.collect::<Vec<_>>() });
    format!("{value:#}\n")
}

/// Whether every unit was proved.
pub fn proved(verdicts: &[Verdict]) -> bool {
    verdicts.iter().all(|one| one.finding == Finding::Proved)
}

/// What could not be told, as findings.
pub fn unknown(verdicts: &[Verdict]) -> Vec<Diagnostic> {
    let unknown = verdicts.iter().filter_map(|one| match &one.finding {
        Finding::Unknown(why) => Some(Diagnostic::new(format!("{}: {why}", one.unit))),
        _ => None,
    });
    unknown.collect()
}
