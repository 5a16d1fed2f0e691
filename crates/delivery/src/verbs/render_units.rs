//! `hydrant render` of units of `hydrant.yaml`: what a delivery would write, without writing it.

use manifest::Diagnostic;

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::disk::DiskFiles;
use crate::lock::Lock;
use crate::pipeline::{Pipeline, PrintedUnit, SourceTree, recorded};
use crate::plan::plan;
use crate::plan::settings::Settings;
use crate::report::FailedUnit;
use crate::report::findings::UnitFinding;

/// What a delivery would write for units.
#[derive(Clone, Debug, Default)]
pub struct RenderedUnits {
    /// The units, in the order of the config.
    pub units: Vec<UnitText>,
    /// The units that cannot be rendered.
    pub failed: Vec<FailedUnit>,
    /// Findings that did not stop the run, each once.
    pub warnings: Vec<Diagnostic>,
    /// What the source's own programs wrote to stderr.
    pub stderr: Vec<u8>,
    /// The lock file's new content, where it is to be written; absent if a unit failed.
    pub lock: Option<Lock>,
    /// The path of the lock file.
    pub lock_file: String,
    /// What checks found in the units.
    pub findings: Vec<UnitFinding>,
}

/// What a delivery would write for a unit.
#[derive(Clone, Debug)]
pub struct UnitText {
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// The file, as it is written; several files are joined as documents, in the order of their names.
    pub text: Vec<u8>,
}

/// Renders, assigns, pins and checks the units of the plan.
///
/// # Errors
/// A config or a remote that cannot be read; what is wrong with the units if none can be rendered.
pub fn render_units(settings: &Settings, ctx: &RunContext) -> Result<RenderedUnits, Failure> {
    let files = DiskFiles::default();
    let mut plan = plan(&files, settings)?;
    recorded::read_all(&mut plan.units, &plan.root, ctx)?;
    let mut pipeline = Pipeline::open(&plan, ctx, SourceTree { files: &files, revision: None })?;
    let printed = pipeline.run_to_printed(&plan.units, true)?;
    let findings = pipeline.take_findings();
    if let Some(failure) = printed.failure.filter(|_| printed.units.is_empty() && findings.is_empty()) {
        return Err(failure);
    }
    let mut rendered = RenderedUnits { failed: printed.failed, findings, ..RenderedUnits::default() };
    for PrintedUnit { unit, files, warnings, stderr, assigned, .. } in printed.units {
        let mut text = Vec::new();
        for file in files.files.into_values() {
            if !text.is_empty() && !file.bytes.starts_with(b"---") {
                text.extend_from_slice(b"---\n");
            }
            text.extend_from_slice(&file.bytes);
        }
        let name = unit.name();
        let ended = assigned.ended.iter().map(|one| Diagnostic::new(format!("{name}: {}", one.future())));
        rendered.units.push(UnitText { service: unit.service, environment: unit.environment, text });
        rendered.stderr.extend(stderr);
        for warning in warnings.into_iter().chain(ended) {
            if !rendered.warnings.contains(&warning) {
                rendered.warnings.push(warning);
            }
        }
    }
    if rendered.failed.is_empty() {
        rendered.lock = pipeline.into_lock();
    }
    rendered.lock_file.clone_from(&plan.lock);
    Ok(rendered)
}
