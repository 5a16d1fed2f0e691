//! `hydrant promote`: delivers the images of one environment to another.

use delivery::host::RunContext;
use delivery::pipeline::Options;
use delivery::plan::settings::Settings;
use delivery::verbs::promote::{Promotion, candidates, candidates_json, candidates_text, promote, selected};

use crate::arguments::commit_method::CommitMethodArguments;
use crate::arguments::units::UnitArguments;
use crate::commands::deliver::{ReportFormat, ended, reported};
use crate::outcome::{Failure, Success};
use crate::output::{self, ReportForm};
use crate::run_context::run_context;

/// Deliver the exact images of one environment to another
///
/// Each selected environment gets the images of the one that its `after` names, or of --from: they are rendered with its own overlay, at the
/// source commit that the other one was delivered from. Later deliveries keep them. Without a selection, the images that could move are
/// listed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  hydrant promote\n  hydrant promote -e production -s cart\n  hydrant promote --from staging --to production --all"
)]
pub(crate) struct Arguments {
    /// Take the images of this environment [default: the one that `after` names]
    #[arg(long, value_name = "ENV")]
    from: Option<String>,
    /// Deliver to this environment [default: the selected ones]
    #[arg(long, value_name = "ENV", requires = "from")]
    to: Option<String>,
    /// Do everything except writing
    #[arg(long, env = "HYDRANT_DRY_RUN")]
    dry_run: bool,
    /// Deliver even if a rollback holds the branch, and end the hold
    #[arg(long, env = "HYDRANT_RELEASE")]
    release: bool,
    /// Deliver to a branch with files that no delivery wrote
    #[arg(long, env = "HYDRANT_ADOPT")]
    adopt: bool,
    /// Deliver even if the branch has the output of a newer source commit
    #[arg(long, env = "HYDRANT_ALLOW_OLDER")]
    allow_older: bool,
    /// Print the report in this format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: ReportFormat,
    #[command(flatten)]
    method: CommitMethodArguments,
    #[command(flatten)]
    units: UnitArguments,
}

/// Promotes the units and prints the report.
///
/// # Errors
/// An environment was never delivered, a source commit no longer exists, or the delivery fails.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let options = Options {
        dry_run: arguments.dry_run,
        release: arguments.release,
        adopt: arguments.adopt,
        allow_older: arguments.allow_older,
        attempts: 50,
        via: arguments.method.method(),
        ..Options::default()
    };
    let ctx = run_context()?;
    let mut settings = arguments.units.settings()?;
    let is_selected = settings.selection.all || settings.selection.is_narrowed();
    let promotions = match (arguments.from, arguments.to) {
        (Some(from), Some(to)) => {
            settings.selection.default_to_all = true;
            vec![Promotion { from, to }]
        }
        (None, _) if !is_selected => return list(settings, &ctx, arguments.format),
        (from, _) => {
            settings.selection.is_required = true;
            selected(&settings, from.as_deref())?
        }
    };
    let done = promote(&settings, &ctx, &promotions, &options)?;
    output::child_stderr(&done.stderr);
    done.warnings.iter().for_each(output::warning);
    match arguments.format {
        ReportFormat::Text => {
            output::report(&done.text(), ReportForm::Text)?;
            ended(&done.report, true)
        }
        other => reported(&done.report, other, true),
    }
}

/// Prints the images that promotions would move.
fn list(mut settings: Settings, ctx: &RunContext, format: ReportFormat) -> Result<Success, Failure> {
    settings.selection.default_to_all = true;
    let found = candidates(&settings, ctx)?;
    let form = ReportForm::json_if(matches!(format, ReportFormat::Json));
    output::report(
        &match format {
            ReportFormat::Json => candidates_json(&found),
            ReportFormat::Text | ReportFormat::Markdown => candidates_text(&found),
        },
        form,
    )?;
    Ok(Success::Done)
}
