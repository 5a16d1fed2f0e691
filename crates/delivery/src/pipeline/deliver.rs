//! The last stage: the units' files, commits and messages, handed to [`push`](super::push).

use std::collections::HashMap;
use std::path::Path;

use committer::SourceRecord;
use manifest::Diagnostic;
use render_core::host::Host as _;

use super::identity::identities;
use super::print::PrintedUnits;
use super::session::Pipeline;
use super::source_commit::RecordedCommit;
use super::unit::PrintedUnit;
use super::{Delivered, Options, push};
use crate::config::Order;
use crate::error::Failure;
use crate::host::git_remote::lineage;
use crate::host::trailers;
use crate::images::assign::EndedAssignment;
use crate::images::origins::ImageOrigin;
use crate::pipeline::{record, recorded};
use crate::plan::{ChartSource, PlannedUnit, Release, Source};
use crate::report::attest;
use crate::review::PreparedUnit;

impl Pipeline<'_> {
    /// Runs all stages up to the files.
    ///
    /// # Errors
    /// With `atomic` everything that is wrong with any unit, otherwise if all units fail; where no registry may be asked for origins.
    pub(super) fn print(&mut self, units: &mut [PlannedUnit], options: &Options) -> Result<PrintedUnits, Failure> {
        let mut printed = self.run_to_printed(units, options.allow_dirty)?;
        let assigned = recorded::assigned(units, &printed.failed, self.plan, self.ctx);
        if !assigned.is_empty() {
            // What failed may be an image of the source that an assignment replaces.
            printed.replace(self.run_to_printed(&assigned, options.allow_dirty)?);
        }
        if let Some(failure) = printed.failure.as_ref().filter(|_| options.atomic || printed.units.is_empty()) {
            return Err(failure.clone());
        }
        if options.origins {
            printed.units = self.find_origins(printed.units)?;
        }
        Ok(printed)
    }

    /// Delivers every unit to its branch. A refused unit is not an error: the report has it.
    ///
    /// # Errors
    /// A source that is not a git repository, units that cannot be delivered anywhere, a remote that cannot be reached.
    pub(super) fn push(&self, printed: PrintedUnits, options: &Options, is_first: bool) -> Result<Delivered, Failure> {
        let PrintedUnits { units, failed, .. } = printed;
        let commit = RecordedCommit::read(self.plan, self.source.revision)?;
        let warnings = unique_warnings(&units);
        // The programs of a unit that is rendered again write the same.
        let stderr = units.iter().filter(|_| is_first).flat_map(|unit| unit.stderr.clone()).collect();
        let prepared = units.into_iter().map(|unit| self.prepare(unit, &commit, options));
        let prepared = prepared.collect::<Result<Vec<_>, Failure>>()?;
        let lineage = lineage(&self.plan.root, self.ctx, &commit.source);
        let ancestors = |older: &str, newer: &str| lineage.is_ancestor(older, newer);
        let mut report = push::push(self.plan, self.ctx, prepared, &ancestors, options)?;
        report.failed = failed;
        let mut warnings = warnings;
        let risks = self.change_risks.all().into_values().flatten().filter(|one| !one.is_refusal());
        warnings.extend(risks.map(|one| one.diagnostic()));
        Ok(Delivered { report, warnings, stderr, ..Delivered::default() })
    }

    /// Ends a delivery: its units in the plan's order, the statement and the lock file.
    pub(super) fn finish(mut self, mut delivered: Delivered, options: &Options) -> Result<Delivered, Failure> {
        let order: HashMap<String, usize> =
            self.plan.units.iter().enumerate().map(|(index, unit)| (unit.name(), index)).collect();
        delivered.report.units.sort_by_key(|unit| order.get(&unit.name()).copied());
        delivered.report.findings = self.take_findings();
        delivered.report.failed.sort_by_key(|unit| order.get(&unit.name()).copied());
        let statement = options.attest.then(|| attest::statement(&delivered.report, &self.remotes(), self.ctx));
        delivered.statement = statement;
        delivered.lock = if options.dry_run { None } else { self.into_lock() };
        Ok(delivered)
    }

    /// The unit with the version of its remote chart that was rendered, for its record.
    fn with_exact_chart(&self, unit: &PlannedUnit) -> PlannedUnit {
        let mut unit = unit.clone();
        if let Source::Helm(Release { chart: ChartSource::Remote(request), .. }) = &mut unit.source
            && let Ok(fetched) = self.host.chart(request)
        {
            request.version = Some(fetched.version);
        }
        unit
    }

    fn prepare(&self, unit: PrintedUnit, commit: &RecordedCommit, options: &Options) -> Result<PreparedUnit, Failure> {
        let PrintedUnit { unit, files, images, origins, outside, signatures, assigned, kept_from, .. } = unit;
        let folder = commit.source.sub_path(Path::new(&unit.folder)).unwrap_or_default();
        let source: SourceRecord =
            record::source_record(&commit.url, &commit.head, &self.with_exact_chart(&unit), &folder);
        let ended = assigned.ended.iter().map(EndedAssignment::past).collect();
        let mut assignments = assigned.assignments;
        for new in assignments.iter_mut().filter(|one| one.commit.is_empty()) {
            new.commit.clone_from(&commit.head.id);
        }
        let promoted_from = unit.image_inputs.promoted.as_ref().map(|promoted| promoted.from.clone());
        let sources: Vec<String> = origins.iter().map(ImageOrigin::trailer_value).collect();
        let changes: Vec<String> = origins.iter().filter_map(ImageOrigin::changes).collect();
        let promoted = promoted_from.iter().map(|from| (trailers::PROMOTED, from));
        let sources = sources.iter().map(|value| (trailers::IMAGE_SOURCE, value));
        let changes = changes.iter().map(|value| (trailers::IMAGE_CHANGES, value));
        let more: Vec<(&str, &String)> = promoted.chain(sources).chain(changes).collect();
        let message = record::message(&unit, &source, &images, &assignments, &more, self.ctx);
        let identities = identities(self.plan, self.ctx, commit.head.author.time)?;
        let check = Some(self.change_risks.check(&unit, &files.files));
        let content = committer::Unit {
            name: unit.name(),
            branch: unit.branch.clone(),
            topic: None,
            start_from: None,
            active: unit.active.clone(),
            folder: files.folder,
            files: files.files,
            source,
            images: images.clone(),
            promoted_from,
            outside,
            signatures,
            check,
            assignments,
            expected_assignments: Some(unit.image_inputs.recorded.assignments.clone()),
            kept_from,
            restores: None,
            message,
            author: identities.author,
            committer: identities.committer,
            adopt: options.adopt,
            allow_older: options.allow_older || unit.order == Order::Any,
            hold: None,
            release: options.release,
            retirement: None,
        };
        Ok(PreparedUnit { subject: unit.message.clone(), unit, content, images, ended, origins })
    }
}

/// Each warning once, in the units' order.
pub(crate) fn unique_warnings(units: &[PrintedUnit]) -> Vec<Diagnostic> {
    let mut all: Vec<Diagnostic> = Vec::new();
    for warning in units.iter().flat_map(|unit| &unit.warnings) {
        if !all.contains(warning) {
            all.push(warning.clone());
        }
    }
    all
}
