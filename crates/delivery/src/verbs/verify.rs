//! `hydrant verify`: renders the recorded source again with the recorded images, and compares it with the branch.

use std::collections::BTreeMap;
use std::path::Path;

use committer::{ImageSignature, OutsideFolder};
use git::FileSet;
use git::source::SourceRepository;
use manifest::{Diagnostic, Errors};
use serde_json::json;

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::branches::{self, BranchTip, Depth, WithTip};
use crate::host::disk::DiskFiles;
use crate::host::git_files::GitFiles;
use crate::host::recorded_source::RecordedSource;
use crate::images::assign::{ImageInputs, PromotedImages};
use crate::pipeline::file_set::file_set;
use crate::pipeline::recorded;
use crate::pipeline::verified_signatures::VerifiedUnits;
use crate::pipeline::{Pipeline, SourceTree};
use crate::plan::settings::{Selection, Settings};
use crate::plan::{PinnedInputs, Plan, PlannedUnit, plan};
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
    /// The branch equals the rendering of its record.
    Verified,
    /// It holds something else in these files.
    Differs(Vec<String>),
    /// It could not be checked, and why.
    Unknown(Errors),
}

const ANY_COMMIT: &str = "run with `--any-commit` if you trust what the commit runs";

/// Which recorded commits are rendered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordedCommits {
    /// Those that a known branch or tag of the source contains.
    #[default]
    OfKnownBranches,
    /// All that the clone has.
    Any,
}

/// Renders the recorded source of every unit at its recorded commit, with the recorded images, and compares byte by byte.
/// No registry is asked, except for the signatures that `policy.signatures` requires.
///
/// # Errors
/// A config that cannot be read, a source without a repository, a remote that cannot be reached. Errors of one unit are its finding.
pub fn verify(settings: &Settings, ctx: &RunContext, commits: RecordedCommits) -> Result<Vec<Verdict>, Failure> {
    let current = plan(&DiskFiles::default(), settings)?;
    let tips = branches::tips(&current.units, &current.root, ctx, Depth::Files)?;
    let source = SourceRepository::discover(Path::new(&current.root))?;
    let recorded = match commits {
        RecordedCommits::OfKnownBranches => RecordedSource::of_known_branches(&source, Some(ANY_COMMIT)),
        RecordedCommits::Any => RecordedSource::of_any_commit(&source),
    };
    let mut revisions = Revisions { settings, recorded, read: BTreeMap::new() };
    let verdict = |WithTip { unit, tip }: WithTip<&PlannedUnit>| {
        let tip = tip.filter(|tip| !tip.empty);
        let checked = match &tip {
            None => Checked::unknown(never_delivered(unit)),
            Some(tip) => match revisions.of(tip) {
                None => Checked::unknown(no_record(unit)),
                Some(found) => found.check(unit, tip, ctx),
            },
        };
        Verdict {
            unit: unit.name(),
            branch: unit.branch.clone(),
            commit: tip.as_ref().map(|tip| tip.commit.id.clone()),
            source: checked.source,
            finding: checked.finding,
        }
    };
    Ok(tips.into_iter().map(verdict).collect())
}

/// The result of checking one unit, and the source commit that was rendered.
struct Checked {
    source: Option<String>,
    finding: Finding,
}

impl Checked {
    fn unknown(why: Diagnostic) -> Self {
        Checked { source: None, finding: Finding::Unknown(why.into()) }
    }
}

/// The source commits that were read so far.
struct Revisions<'a> {
    settings: &'a Settings,
    recorded: RecordedSource<'a>,
    read: BTreeMap<String, Result<Revision, Errors>>,
}

/// The files of a recorded source commit, and the plan of its own config.
struct Revision {
    files: GitFiles,
    plan: Plan,
}

/// A recorded source commit; what is wrong where it cannot be read.
struct FoundRevision<'a> {
    commit: String,
    revision: &'a Result<Revision, Errors>,
}

impl Revisions<'_> {
    /// The first readable of the source commits that are recorded to make a branch's content: the one that it was delivered from, and
    /// the last one that left it as it was. None where there is no record.
    fn of(&mut self, tip: &BranchTip) -> Option<FoundRevision<'_>> {
        let recorded = tip.record.as_ref()?.source.dry_sha.clone();
        let commits: Vec<String> = [Some(recorded), tip.noted_source.clone()].into_iter().flatten().collect();
        for commit in &commits {
            if !self.read.contains_key(commit) {
                self.read.insert(commit.clone(), Revision::read(self.settings, &self.recorded, commit));
            }
        }
        let readable = commits.iter().find(|commit| self.read.get(*commit).is_some_and(Result::is_ok));
        let commit = readable.or(commits.first())?.clone();
        Some(FoundRevision { revision: self.read.get(&commit)?, commit })
    }
}

impl Revision {
    fn read(settings: &Settings, recorded: &RecordedSource<'_>, commit: &str) -> Result<Self, Errors> {
        let files = recorded.files(commit)?;
        let mut all = settings.clone();
        all.selection = Selection { all: true, ..Selection::default() };
        let plan = plan(&files, &all)?;
        let outside = plan.outside.clone();
        files.allow_outside(move |path| outside.allows(path));
        Ok(Revision { files, plan })
    }

    /// Renders the unit with the images that its record names, and compares.
    fn compare(&self, current: &PlannedUnit, tip: &BranchTip, ctx: &RunContext) -> Result<Finding, Errors> {
        let mut unit = self.plan.units.iter().find(|unit| unit.name() == current.name()).cloned().ok_or_else(|| {
            Diagnostic::new(format!("the config at {} has no such unit", self.files.commit()))
                .hint("give --config and the other flags as they were for that delivery")
        })?;
        unit.image_inputs = self.image_inputs(&unit, tip);
        unit.pinned_inputs = Some(self.pinned_inputs(&unit, tip));
        let plan = Plan { units: vec![unit.clone()], pinned_inputs_only: true, ..self.plan.clone() };
        let source = SourceTree { files: &self.files, revision: Some(self.files.commit()) };
        let pipeline = Pipeline::open(&plan, ctx, source);
        let mut pipeline = pipeline.map_err(Failure::into_errors)?;
        let mut rendered = FileSet::new();
        for pinned in pipeline.run_to_pinned(vec![unit]).map_err(Failure::into_errors)? {
            let signatures = pipeline.verify_signatures(std::slice::from_ref(&pinned)).map_err(Failure::into_errors)?;
            check_signatures(&signatures, tip)?;
            let outside = pipeline.outside_of(&pinned).map_err(Failure::into_errors)?;
            check_outside(&outside, tip)?;
            rendered = file_set(&current.path, &pinned.output.objects, pinned.output.style)?.files;
        }
        let differing = differing(&rendered, &tip.files);
        Ok(if differing.is_empty() { Finding::Verified } else { Finding::Differs(differing) })
    }

    /// The images of a delivery. Those of a promotion have the names of the environment that they came from, which the record names.
    fn pinned_inputs(&self, unit: &PlannedUnit, tip: &BranchTip) -> PinnedInputs {
        let default_repo = self.default_repo(unit, branches::promoted_from(tip));
        PinnedInputs { images: branches::images(tip), default_repo }
    }

    /// The recorded assignments. An older hydrant recorded only the environment that all images were promoted from.
    fn image_inputs(&self, unit: &PlannedUnit, tip: &BranchTip) -> ImageInputs {
        let recorded = recorded::of_tip(Some(tip));
        let from = branches::promoted_from(tip).filter(|_| recorded.assignments.is_empty());
        let promoted = from.map(|from| PromotedImages {
            from: from.to_owned(),
            images: recorded.images.clone(),
            assignments: Vec::new(),
            default_repo: self.default_repo(unit, Some(from)),
        });
        ImageInputs { recorded, promoted, exact: true, ..unit.image_inputs.clone() }
    }

    fn default_repo(&self, unit: &PlannedUnit, promoted_from: Option<&str>) -> Option<String> {
        let environment = promoted_from.unwrap_or(&unit.environment);
        let units = &self.plan.units;
        let named = units.iter().find(|one| one.service == unit.service && one.environment == environment);
        named.and_then(PlannedUnit::default_repo).map(str::to_owned)
    }
}

impl FoundRevision<'_> {
    fn check(self, unit: &PlannedUnit, tip: &BranchTip, ctx: &RunContext) -> Checked {
        let finding = match self.revision {
            Ok(revision) => revision.compare(unit, tip, ctx).unwrap_or_else(Finding::Unknown),
            Err(errors) => Finding::Unknown(errors.clone()),
        };
        Checked { source: Some(self.commit), finding }
    }
}

/// Checks that the folders outside of the source repository are as they were recorded.
fn check_outside(now: &[OutsideFolder], tip: &BranchTip) -> Result<(), Errors> {
    let recorded = tip.record.as_ref().map(|record| record.outside.as_slice()).unwrap_or_default();
    let changed = now.iter().filter(|folder| !recorded.contains(folder)).map(|folder| {
        let known = recorded.iter().find(|known| known.path == folder.path);
        let message = match known {
            Some(known) => {
                format!("{} was {} when it was delivered, and is {}", folder.path, known.digest, folder.digest)
            }
            None => format!("{} is outside of the source repository and not in the record", folder.path),
        };
        Diagnostic::new(message).hint("restore the folder as it was, or deliver again")
    });
    Errors::check(changed.collect())
}

/// Checks that the signatures that are recorded were found again.
fn check_signatures(now: &VerifiedUnits, tip: &BranchTip) -> Result<(), Errors> {
    let now: Vec<&ImageSignature> = now.values().flatten().collect();
    let recorded = tip.record.as_ref().map(|record| record.signatures.as_slice()).unwrap_or_default();
    let missing = recorded.iter().filter(|one| !now.contains(one)).map(|one| {
        let message =
            format!("the record names a signature of {} by {}, which was not found again", one.image, one.signer);
        Diagnostic::new(message).hint("deliver again, or restore the signature in the registry")
    });
    Errors::check(missing.collect())
}

fn never_delivered(unit: &PlannedUnit) -> Diagnostic {
    Diagnostic::new("never delivered")
        .hint(format!("run `hydrant deliver --service {} --env {}`", unit.service, unit.environment))
}

/// The finding about a branch without a readable record.
pub(crate) fn no_record(unit: &PlannedUnit) -> Diagnostic {
    Diagnostic::new(format!("branch {} has no readable record of a delivery", unit.branch)).hint(format!(
        "run `hydrant diff` to see what else was changed, then `hydrant deliver --service {} --env {} --adopt` to write one",
        unit.service, unit.environment
    ))
}

fn differing(made: &FileSet, there: &FileSet) -> Vec<String> {
    let mut paths: Vec<&String> = made.keys().chain(there.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    let bytes = |files: &FileSet, path: &String| files.get(path).map(|file| file.bytes.clone());
    paths.into_iter().filter(|path| bytes(made, path) != bytes(there, path)).cloned().collect()
}

impl Finding {
    fn name(&self) -> &'static str {
        match self {
            Finding::Verified => "verified",
            Finding::Differs(_) => "differs",
            Finding::Unknown(_) => "unknown",
        }
    }

    fn detail(&self) -> String {
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
        vec![one.unit.clone(), one.finding.name().to_owned(), short(&one.commit), source, one.finding.detail()]
    });
    table::print(&rows.collect::<Vec<_>>())
}

/// Everything as JSON.
pub fn json(verdicts: &[Verdict]) -> String {
    let units = verdicts.iter().map(|one| {
        json!({
            "unit": one.unit, "branch": one.branch, "commit": one.commit, "sourceCommit": one.source,
            "result": one.finding.name(), "detail": one.finding.detail(),
        })
    });
    let value = json!({ "verified": verified(verdicts), "units": units.collect::<Vec<_>>() });
    format!("{value:#}\n")
}

/// Whether every unit was verified.
pub fn verified(verdicts: &[Verdict]) -> bool {
    verdicts.iter().all(|one| one.finding == Finding::Verified)
}

/// The units that could not be checked, as findings.
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
