//! The last stage: the units' files, commits and messages, handed to [`push`](super::push).

use std::path::Path;

use committer::SourceRecord;
use manifest::Diagnostic;

use super::identity::identities;
use super::session::Pipeline;
use super::source_commit::RecordedCommit;
use super::unit::PrintedUnit;
use super::{Delivered, Options, push};
use crate::error::Failure;
use crate::host::git_remote::lineage;
use crate::host::trailers;
use crate::images::origins::ImageOrigin;
use crate::pipeline::record;
use crate::report::attest;
use crate::review::PreparedUnit;

impl Pipeline<'_> {
    /// Delivers every unit to its branch. A refused unit is not an error: the report has it.
    ///
    /// # Errors
    /// A source that is not a git repository, units that cannot be delivered anywhere, a remote that cannot be reached.
    pub(crate) fn deliver(self, units: Vec<PrintedUnit>, options: &Options) -> Result<Delivered, Failure> {
        let commit = RecordedCommit::read(self.plan, self.source.revision)?;
        let warnings = unique_warnings(&units);
        let stderr = units.iter().flat_map(|unit| unit.stderr.clone()).collect();
        let prepared = units.into_iter().map(|unit| self.prepare(unit, &commit, options));
        let prepared = prepared.collect::<Result<Vec<_>, Failure>>()?;
        let lineage = lineage(&self.plan.root, self.ctx, &commit.source);
        let ancestors = |older: &str, newer: &str| lineage.is_ancestor(older, newer);
        let report = push::push(self.plan, self.ctx, prepared, &ancestors, options)?;
        let statement = options.attest.then(|| attest::statement(&report, &self.remotes(), self.ctx));
        let lock = if options.dry_run { None } else { self.into_lock() };
        Ok(Delivered { report, warnings, stderr, lock, statement })
    }

    fn prepare(&self, unit: PrintedUnit, commit: &RecordedCommit, options: &Options) -> Result<PreparedUnit, Failure> {
        let PrintedUnit { unit, files, images, origins, outside, .. } = unit;
        let folder = commit.source.sub_path(Path::new(&unit.folder)).unwrap_or_default();
        let source: SourceRecord = record::source_record(&commit.url, &commit.head, &unit, &folder);
        let promoted_from = unit.pinned_inputs.as_ref().and_then(|inputs| inputs.promoted_from.clone());
        let sources: Vec<String> = origins.iter().map(ImageOrigin::trailer_value).collect();
        let changes: Vec<String> = origins.iter().filter_map(ImageOrigin::changes).collect();
        let promoted = promoted_from.iter().map(|from| (trailers::PROMOTED, from));
        let sources = sources.iter().map(|value| (trailers::IMAGE_SOURCE, value));
        let changes = changes.iter().map(|value| (trailers::IMAGE_CHANGES, value));
        let more: Vec<(&str, &String)> = promoted.chain(sources).chain(changes).collect();
        let message = record::message(&unit, &source, &images, &more, self.ctx);
        let identities = identities(self.plan, self.ctx, commit.head.author.time)?;
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
            message,
            author: identities.author,
            committer: identities.committer,
            adopt: options.adopt,
            allow_older: options.allow_older,
            hold: None,
            release: options.release,
        };
        Ok(PreparedUnit { subject: unit.message.clone(), unit, content, images, origins })
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
