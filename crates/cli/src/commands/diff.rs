//! `hydrant diff`: what a delivery would change.

use std::io::IsTerminal;

use clap::ValueEnum;
use delivery::report::diff::{COMMENT_LIMIT, Noise, html, json, markdown, text, unified};
use delivery::verbs::diff::{Side, differences};

use crate::arguments::units::UnitArguments;
use crate::outcome::{Failure, Success};
use crate::output;
use crate::run_context::run_context;

/// Show what a delivery would change, object by object
///
/// A side is one of: `branch`, what stands on each unit's branch; `branch@COMMIT`, what stood there at a commit of it; `source`, the
/// work tree, rendered and pinned; `source@REV`, a revision of the source. Values of Secrets are never shown.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The old side
    #[arg(long, value_name = "SIDE", default_value = "branch", env = "HYDRANT_DIFF_FROM")]
    from: Side,
    /// The new side
    #[arg(long, value_name = "SIDE", default_value = "source", env = "HYDRANT_DIFF_TO")]
    to: Side,
    /// How the differences are written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: Format,
    /// The most characters that Markdown may have; the default is what a comment on GitHub may
    #[arg(long, value_name = "N", default_value_t = COMMENT_LIMIT, env = "HYDRANT_DIFF_LIMIT")]
    limit: usize,
    /// A regular expression over whole field paths that are left out (repeat)
    #[arg(long, value_name = "PATTERN", env = "HYDRANT_DIFF_IGNORE")]
    ignore: Vec<String>,
    /// Exit with 3 where anything differs
    #[arg(long, env = "HYDRANT_EXIT_CODE")]
    exit_code: bool,
    #[command(flatten)]
    units: UnitArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// For a pull request's comment or `$GITHUB_STEP_SUMMARY`
    Markdown,
    /// One JSON document
    Json,
    /// A unified diff of the manifests
    Unified,
    /// One page that stands alone
    Html,
}

/// Compares and prints.
///
/// # Errors
/// Whatever is wrong with either side.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let noise = Noise::new(arguments.ignore.iter().map(String::as_str))
        .map_err(|error| Failure::Input(anyhow::Error::new(error).context("--ignore")))?;
    let settings = arguments.units.settings_of_a_look()?;
    let units = differences(&settings, &run_context()?, &arguments.from, &arguments.to, &noise)?;
    output::result(&match arguments.format {
        Format::Text => text(&units, colour()),
        Format::Markdown => markdown(&units, arguments.limit),
        Format::Json => format!("{:#}\n", json(&units)),
        Format::Unified => unified(&units),
        Format::Html => html(&units),
    })?;
    let same = units.iter().all(delivery::report::diff::UnitDiff::is_empty);
    Ok(if arguments.exit_code && !same { Success::Different } else { Success::Done })
}

/// On a terminal, unless `NO_COLOR` is set (no-color.org).
fn colour() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
