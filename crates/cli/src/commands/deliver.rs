//! `hydrant deliver`: render units and commit the output.

use std::path::PathBuf;

use clap::ValueEnum;
use delivery::host::disk::DiskFiles;
use delivery::pipeline::{self, Options, SourceTree};
use delivery::report::{FailedUnit, Report};

use crate::arguments::commit_method::CommitMethodArguments;
use crate::arguments::findings::FindingArguments;
use crate::arguments::images::ImageArguments;
use crate::arguments::lock_file::LockArguments;
use crate::arguments::units::UnitArguments;
use crate::outcome::{Failure, Success};
use crate::output::{self, ReportForm};
use crate::run_context::run_context;

/// Render, pin and check units, and push the output to their branches
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  hydrant deliver --all --dry-run\n  hydrant deliver -s cart -e staging --image cart=ghcr.io/acme/cart:1.4.2"
)]
pub(crate) struct Arguments {
    /// Do everything except writing: create no commit and no repository, and push nothing
    #[arg(long, env = "HYDRANT_DRY_RUN")]
    dry_run: bool,
    /// Print the report in this format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: ReportFormat,
    /// Deliver all units or none: if one is refused, push nothing
    #[arg(long, env = "HYDRANT_ATOMIC")]
    atomic: bool,
    /// Fail if a unit is held, or its branch has the output of a newer source commit
    #[arg(long, env = "HYDRANT_STRICT")]
    strict: bool,
    /// Deliver to a branch with files that no delivery wrote
    #[arg(long, env = "HYDRANT_ADOPT")]
    adopt: bool,
    /// Deliver even if the branch has the output of a newer source commit
    #[arg(long, env = "HYDRANT_ALLOW_OLDER")]
    allow_older: bool,
    /// Deliver even if a rollback holds the branch, and end the hold
    #[arg(long, env = "HYDRANT_RELEASE")]
    release: bool,
    /// Deliver files with uncommitted changes, although the record names the last commit as the source
    #[arg(long, env = "HYDRANT_ALLOW_DIRTY")]
    allow_dirty: bool,
    /// Select only units whose inputs changed since this revision: files that rendering reads, tags, the config
    #[arg(long, value_name = "REV", env = "HYDRANT_CHANGED_SINCE")]
    changed_since: Option<String>,
    /// Query registries for the source repository and revision of each image, and add them to commits and the report
    #[arg(long, env = "HYDRANT_ORIGINS")]
    origins: bool,
    /// Maximum attempts when a branch changes concurrently
    #[arg(long, value_name = "N", default_value_t = 50, env = "HYDRANT_ATTEMPTS", value_parser = clap::value_parser!(u32).range(1..))]
    attempts: u32,
    #[command(flatten)]
    method: CommitMethodArguments,
    /// Write an in-toto statement with SLSA provenance of the delivery to this file, for cosign to sign
    #[arg(long, value_name = "FILE", env = "HYDRANT_ATTEST", conflicts_with = "dry_run")]
    attest: Option<PathBuf>,
    #[command(flatten)]
    findings: FindingArguments,
    #[command(flatten)]
    images: ImageArguments,
    #[command(flatten)]
    units: UnitArguments,
    #[command(flatten)]
    lock: LockArguments,
}

/// `--format` of every verb that delivers.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ReportFormat {
    /// One line per unit
    Text,
    /// One JSON document
    Json,
    /// A table for a pull request or `$GITHUB_STEP_SUMMARY`
    Markdown,
}

/// Delivers the units and prints the report.
///
/// # Errors
/// No unit can be rendered, in which case nothing is written; a unit fails or its branch refuses it, which the report says first.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let given_images = arguments.images.given()?;
    let mut settings = arguments.units.settings_and_lock(arguments.lock)?;
    settings.selection.is_required = true;
    settings.given_images = given_images;
    let files = DiskFiles::default();
    let mut plan = delivery::plan::plan(&files, &settings)?;
    let ctx = run_context()?;
    if let Some(revision) = &arguments.changed_since {
        pipeline::keep_changed(&mut plan, &ctx, revision)?;
    }
    let options = Options {
        dry_run: arguments.dry_run,
        atomic: arguments.atomic,
        adopt: arguments.adopt,
        allow_older: arguments.allow_older,
        release: arguments.release,
        origins: arguments.origins,
        allow_dirty: arguments.allow_dirty,
        attempts: arguments.attempts,
        attest: arguments.attest.is_some(),
        via: arguments.method.method(),
    };
    let delivered = pipeline::deliver(&plan, &ctx, SourceTree { files: &files, revision: None }, &options)?;
    output::child_stderr(&delivered.stderr);
    delivered.warnings.iter().for_each(output::warning);
    arguments.findings.write(&delivered.report.findings)?;
    let ended = reported(&delivered.report, arguments.format, arguments.strict);
    if let Some(lock) = &delivered.lock {
        output::lock_file(&plan.lock, lock)?;
    }
    if let (Some(path), Some(statement)) = (&arguments.attest, &delivered.statement) {
        output::result_file(path, statement)?;
    }
    ended
}

/// Prints a report and returns how the delivery ended.
///
/// # Errors
/// As [`ended`].
pub(crate) fn reported(report: &Report, format: ReportFormat, strict: bool) -> Result<Success, Failure> {
    let form = ReportForm::json_if(matches!(format, ReportFormat::Json));
    output::report(
        &match format {
            ReportFormat::Text => report.text(),
            ReportFormat::Json => report.json(),
            ReportFormat::Markdown => report.markdown(),
        },
        form,
    )?;
    ended(report, strict)
}

/// Returns how a delivery ended whose report has been printed. With `strict`, a unit that was left as it is, since it is held or its branch is
/// newer, is a failure.
///
/// # Errors
/// A unit failed, or its branch refused it.
pub(crate) fn ended(report: &Report, strict: bool) -> Result<Success, Failure> {
    report.warnings().iter().for_each(output::warning);
    let mut refusals: Vec<String> = report.refusals().collect();
    if strict {
        refusals.extend(report.left_as_is());
    } else {
        report.left_as_is().for_each(|message| output::note(&message));
    }
    let failure = FailedUnit::failure(&report.failed);
    let errors = match (failure, refusals.is_empty()) {
        (None, true) => return Ok(Success::Done),
        (Some(failure), true) => failure.into_errors().into(),
        (failure, false) => {
            if let Some(failure) = failure {
                output::error(&failure.into_errors().into());
            }
            anyhow::anyhow!(refusals.join("\n"))
        }
    };
    let is_strict_failure = strict && report.left_as_is().next().is_some();
    Err(if report.may_be_tried_again() && !is_strict_failure {
        Failure::External(errors)
    } else {
        Failure::Input(errors)
    })
}
