//! `hydrant deliver`: the main job.

use std::path::PathBuf;

use clap::ValueEnum;
use delivery::host::disk::DiskFiles;
use delivery::pipeline::{self, Options, SourceTree, Via};
use delivery::report::Report;

use crate::arguments::lock_file::LockArguments;
use crate::arguments::units::UnitArguments;
use crate::outcome::{Failure, Success};
use crate::output;
use crate::run_context::run_context;

/// Render, pin, check, commit and push: one unit, several, or all
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Do everything but write: no commit, no push, no repository made
    #[arg(long, env = "HYDRANT_DRY_RUN")]
    dry_run: bool,
    /// How the report is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: ReportFormat,
    /// All units or none: one that is refused holds the others back
    #[arg(long, env = "HYDRANT_ATOMIC")]
    atomic: bool,
    /// Take over a branch that holds files which no delivery wrote
    #[arg(long, env = "HYDRANT_ADOPT")]
    adopt: bool,
    /// Deliver even where the branch holds a newer source commit's output
    #[arg(long, env = "HYDRANT_ALLOW_OLDER")]
    allow_older: bool,
    /// Deliver even where a rollback holds the branch, and end the hold
    #[arg(long, env = "HYDRANT_RELEASE")]
    release: bool,
    /// Deliver files that differ from the last commit, although the record names that commit
    #[arg(long, env = "HYDRANT_ALLOW_DIRTY")]
    allow_dirty: bool,
    /// Only the units whose inputs differ from this revision's: every file that rendering reads, the tags, the config
    #[arg(long, value_name = "REV", env = "HYDRANT_CHANGED_SINCE")]
    changed_since: Option<String>,
    /// Ask the registries where each image comes from, and write it into the commit and the report
    #[arg(long, env = "HYDRANT_ORIGINS")]
    origins: bool,
    /// How often a branch that others move meanwhile is read and decided anew
    #[arg(long, value_name = "N", default_value_t = 50, env = "HYDRANT_ATTEMPTS", value_parser = clap::value_parser!(u32).range(1..))]
    attempts: u32,
    /// How commits are written: by git, or by GitHub's API, which signs them and names whom the token stands for
    #[arg(long, value_enum, value_name = "WAY", default_value = "git", env = "HYDRANT_VIA")]
    via: Way,
    /// Write what was made of what into this file: an in-toto statement with SLSA's provenance, for cosign and its like to sign
    #[arg(long, value_name = "FILE", env = "HYDRANT_ATTEST", conflicts_with = "dry_run")]
    attest: Option<PathBuf>,
    #[command(flatten)]
    units: UnitArguments,
    #[command(flatten)]
    lock: LockArguments,
}

/// `--via`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Way {
    /// One push for all branches
    Git,
    /// Commits that GitHub makes and signs
    Api,
}

/// `--format` of every command that delivers.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ReportFormat {
    /// A line a unit
    Text,
    /// One JSON document
    Json,
    /// A table for a pull request or `$GITHUB_STEP_SUMMARY`
    Markdown,
}

/// Delivers and reports.
///
/// # Errors
/// Whatever is wrong with any unit; then nothing was written. Units that their branches refused, after the report.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let settings = arguments.units.settings_and_lock(arguments.lock)?;
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
        via: match arguments.via {
            Way::Git => Via::Git,
            Way::Api => Via::Api,
        },
    };
    let delivered = pipeline::deliver(&plan, &ctx, SourceTree { files: &files, revision: None }, &options)?;
    output::child_stderr(&delivered.said);
    delivered.warnings.iter().for_each(output::warning);
    let ended = reported(&delivered.report, arguments.format);
    if let Some(lock) = &delivered.lock {
        output::lock_file(&plan.lock, lock)?;
    }
    if let (Some(path), Some(statement)) = (&arguments.attest, &delivered.statement) {
        output::result_file(path, statement)?;
    }
    ended
}

/// Prints a report, and says how it ended.
///
/// # Errors
/// As [`ended`].
pub(crate) fn reported(report: &Report, format: ReportFormat) -> Result<Success, Failure> {
    output::result(&match format {
        ReportFormat::Text => report.text(),
        ReportFormat::Json => report.json(),
        ReportFormat::Markdown => report.markdown(),
    })?;
    ended(report)
}

/// How a command ended whose report has been printed.
///
/// # Errors
/// Units that their branches refused.
pub(crate) fn ended(report: &Report) -> Result<Success, Failure> {
    report.warnings().for_each(|words| output::warning(&words));
    if !report.refused() {
        return Ok(Success::Done);
    }
    let words = anyhow::anyhow!(report.refusals().collect::<Vec<_>>().join("\n"));
    Err(if report.may_be_tried_again() { Failure::Outside(words) } else { Failure::Input(words) })
}
