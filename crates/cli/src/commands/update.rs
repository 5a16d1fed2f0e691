//! `hydrant update`: moves the lock file.

use clap::ValueEnum;
use delivery::report::diff::{COMMENT_LIMIT, Noise, json, markdown, text};
use delivery::verbs::update::{LockMove, Updated, update};
use serde_json::json;

use crate::arguments::units::UnitArguments;
use crate::outcome::{Failure, Success};
use crate::output::{self, ReportForm};
use crate::run_context::run_context;

/// Resolve locked charts, remote bases and images again, write the lock file, and show what changes in the output
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant update grafana\n  hydrant update --check --format markdown")]
pub(crate) struct Arguments {
    /// Update charts and images of these names, and remote bases of these URLs [default: everything that is locked]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Write nothing, and exit with code 3 if the lock file would change
    #[arg(long, env = "HYDRANT_CHECK")]
    check: bool,
    /// Print the changes in this format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: Format,
    #[command(flatten)]
    units: UnitArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// Markdown for the description of a pull request
    Markdown,
    /// One JSON document
    Json,
}

/// Resolves the entries, prints the changes, and writes the lock file.
///
/// # Errors
/// A name that nothing has, and what cannot be resolved or rendered.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let settings = arguments.units.settings_or_all_units()?;
    let noise = Noise::new(std::iter::empty()).map_err(|error| Failure::Input(anyhow::Error::new(error)))?;
    let updated = update(&settings, &run_context()?, &arguments.names, &noise)?;
    updated.warnings.iter().for_each(output::warning);
    let form = ReportForm::json_if(matches!(arguments.format, Format::Json));
    output::content_report(&report(&updated, arguments.format), form)?;
    if updated.moves.is_empty() {
        output::note("the lock file is up to date");
        return Ok(Success::Done);
    }
    if arguments.check {
        return Ok(Success::Different);
    }
    output::lock_file(&updated.path, &updated.lock)?;
    Ok(Success::Done)
}

fn report(updated: &Updated, format: Format) -> String {
    let line = |one: &LockMove| match (&one.from, &one.to) {
        (Some(from), Some(to)) => format!("{}: {from} -> {to}", one.name),
        (None, Some(to)) => format!("{}: {to} (new)", one.name),
        (_, None) => format!("{}: removed", one.name),
    };
    let lines = || updated.moves.iter().map(line);
    let diffs = !updated.units.is_empty();
    match format {
        Format::Text => {
            let moves: String = lines().map(|line| format!("{line}\n")).collect();
            if diffs { format!("{moves}\n{}", text(&updated.units, output::colour())) } else { moves }
        }
        Format::Markdown => {
            let moves: String = lines().map(|line| format!("- {line}\n")).collect();
            let limit = COMMENT_LIMIT.saturating_sub(moves.len());
            if diffs { format!("{moves}\n{}", markdown(&updated.units, limit)) } else { moves }
        }
        Format::Json => {
            let moves = updated.moves.iter();
            let moves: Vec<_> = moves.map(|one| json!({ "name": one.name, "from": one.from, "to": one.to })).collect();
            format!("{:#}\n", json!({ "moves": moves, "units": json(&updated.units) }))
        }
    }
}
