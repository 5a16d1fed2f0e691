//! One run of the stages: what all units share.

use std::collections::BTreeMap;
use std::sync::Arc;

use manifest::{Diagnostic, Errors, Pins};
use rayon::prelude::*;
use render_core::files::{Files, join};
use render_core::kustomize::BaseCache;

use super::risks::{ChangeRisks, ClusterObjects};
use super::verified_signatures::Signatures;
use crate::error::Failure;
use crate::host::charts::ChartAccess;
use crate::host::git_facts::GitFacts;
use crate::host::host_files::HostFiles;
use crate::host::system::{Remotes, SystemHost};
use crate::host::{Permissions, RunContext};
use crate::images::digests::{Pinner, ResolveContext};
use crate::images::search::Search;
use crate::lock::{self, Lock, LockedChart, LockedRemote};
use crate::plan::{Plan, PlannedUnit};
use crate::report::findings::UnitFinding;

/// Where the source is read.
#[derive(Clone, Copy)]
pub struct SourceTree<'a> {
    /// The work tree, or the files of a revision.
    pub files: &'a dyn Files,
    /// The revision whose files they are; absent for the work tree, whose commit is HEAD.
    pub revision: Option<&'a str>,
}

/// One run of the stages over units of a plan: load, render, assign, pin, check, deliver. Each stage is a method that takes all units of
/// the stage before and gives them back as the next stage's values; a verb calls the stages that it needs, in this order.
///
/// The value holds what units share: files and remote bases are read once, a base is built once, an image is resolved once.
pub struct Pipeline<'a> {
    pub(super) plan: &'a Plan,
    pub(super) ctx: &'a RunContext,
    pub(super) source: SourceTree<'a>,
    pub(super) host: SystemHost,
    pub(super) git: Arc<GitFacts>,
    /// Kustomize bases that several units have; absent where there is one unit.
    pub(super) base_cache: Option<Arc<BaseCache>>,
    pub(super) search: Search,
    pub(super) pinner: Pinner<'a>,
    /// The digests of what the sources build, which are in the objects when they are rendered.
    pub(super) built: Pins,
    /// What checks found in each unit so far, by the unit's label.
    pub(super) findings: BTreeMap<String, Vec<UnitFinding>>,
    /// What the units deliver to each cluster.
    pub(super) cluster_objects: ClusterObjects,
    /// The risks of what the units change on their branches.
    pub(super) change_risks: ChangeRisks,
    /// The signatures that were verified.
    pub(super) signatures: Signatures,
}

impl<'a> Pipeline<'a> {
    /// Reads the lock file and the search rules. No registry and no remote is contacted yet, and none will be where the plan uses the lock
    /// file alone.
    ///
    /// # Errors
    /// A lock file or search rules that cannot be read.
    pub fn open(plan: &'a Plan, ctx: &'a RunContext, source: SourceTree<'a>) -> Result<Self, Failure> {
        let search = Search::read(source.files, &plan.rules)?;
        let lock = lock::read(source.files, &plan.lock, &plan.lock_mode);
        let lock = if plan.pinned_inputs_only { lock.unwrap_or_default() } else { lock? };
        let charts = ChartAccess {
            registries: plan.registries.clone(),
            variables: ctx.variables.clone(),
            trust: ctx.trust,
            lock: lock::read_if_there(source.files, &plan.lock, &plan.lock_mode),
        };
        let remotes = Remotes { source: plan.lock_mode.clone(), lock: lock.clone(), cache: None };
        Ok(Pipeline {
            plan,
            ctx,
            source,
            host: SystemHost::new(remotes, Permissions { trust: ctx.trust, exec: plan.exec.allowed(ctx) })
                .with_chart_access(charts)
                .with_source(&plan.root)
                .at_revision(&plan.root, source.revision)
                .with_charts(plan.charts.clone())
                .with_clock_of(ctx),
            git: Arc::new(GitFacts::at(source.revision.map(str::to_owned))),
            base_cache: (plan.units.len() > 1).then(Arc::default),
            search,
            pinner: pinner(plan, ctx, lock),
            built: Pins::default(),
            findings: BTreeMap::new(),
            cluster_objects: ClusterObjects::default(),
            change_risks: ChangeRisks::default(),
            signatures: Signatures::default(),
        })
    }

    /// The files that units are read from: those of the source and of remote bases.
    pub(super) fn files(&self) -> HostFiles<'_> {
        self.host.files(self.source.files)
    }

    /// The remote bases and files that were read so far.
    pub(super) fn remotes(&self) -> Vec<LockedRemote> {
        self.host.fetched()
    }

    /// The remote charts that were used so far.
    pub(crate) fn used_charts(&self) -> Vec<LockedChart> {
        self.host.used_charts()
    }

    /// What checks found in the units, in the plan's order.
    pub(crate) fn take_findings(&mut self) -> Vec<UnitFinding> {
        let mut findings = std::mem::take(&mut self.findings);
        for (unit, risks) in self.change_risks.all() {
            findings.entry(unit).or_default().extend(risks);
        }
        self.plan.units.iter().flat_map(|unit| findings.remove(&unit.label()).unwrap_or_default()).collect()
    }

    /// The lock file's new content; absent where it is not to be written.
    pub(crate) fn into_lock(self) -> Option<Lock> {
        let remotes = self.remotes();
        let charts = self.host.used_charts();
        let mut lock = self.pinner.into_lock()?;
        remotes.into_iter().for_each(|remote| lock.record_remote(remote));
        charts.into_iter().for_each(|chart| lock.record_chart(chart));
        Some(lock)
    }
}

fn pinner<'a>(plan: &'a Plan, ctx: &'a RunContext, lock: Lock) -> Pinner<'a> {
    let resolve_ctx = ResolveContext {
        options: plan.registries.clone(),
        variables: &ctx.variables,
        trust: ctx.trust,
        now: ctx.now.map_or(0, |now| now.seconds),
        progress: ctx.progress.resolving(),
    };
    if plan.pinned_inputs_only {
        return Pinner::offline(resolve_ctx);
    }
    Pinner::new(plan.lock_mode.clone(), lock, &plan.lock, resolve_ctx)
}

/// Brings every unit to its next stage, in parallel. This is where a unit that fails stops the others: all units come through, or every
/// finding of every unit is returned once.
pub(super) fn all_units<U: OfUnit, T: Send>(
    units: Vec<U>,
    stage: impl Fn(U) -> Result<T, Errors> + Sync,
) -> Result<Vec<T>, Errors> {
    let results: Vec<Result<T, Errors>> = units
        .into_par_iter()
        .map(|unit| {
            let paths = FindingPaths::of(unit.planned());
            stage(unit).map_err(|errors| paths.locate(errors))
        })
        .collect();
    let (mut done, mut wrong) = (Vec::with_capacity(results.len()), Vec::<Diagnostic>::new());
    for result in results {
        match result {
            Ok(unit) => done.push(unit),
            Err(errors) => {
                for finding in errors.into_all() {
                    if !wrong.contains(&finding) {
                        wrong.push(finding);
                    }
                }
            }
        }
    }
    Errors::check(wrong).map(|()| done)
}

/// A value that is about one unit.
pub(super) trait OfUnit: Send {
    /// The unit.
    fn planned(&self) -> &PlannedUnit;
}

/// How the findings of a unit name files: the engine names them as seen from the unit's folder, users are elsewhere.
struct FindingPaths {
    /// Absent where files are named as they were given.
    folder: Option<String>,
}

impl FindingPaths {
    fn of(unit: &PlannedUnit) -> Self {
        FindingPaths { folder: (!unit.is_standalone()).then(|| unit.folder.clone()) }
    }

    fn locate(&self, errors: Errors) -> Errors {
        let Some(folder) = &self.folder else { return errors };
        errors.map(|finding| Diagnostic { file: finding.file.as_ref().map(|file| join(folder, file)), ..finding })
    }
}

impl OfUnit for PlannedUnit {
    fn planned(&self) -> &PlannedUnit {
        self
    }
}
