//! `hydrant diff`: the changes that a delivery would make.

use clap::ValueEnum;
use delivery::report::diff::{COMMENT_LIMIT, Noise, html, json, json_patch, markdown, text, unified};
use delivery::report::findings::UnitFinding;
use delivery::verbs::diff::{Side, differences};

use crate::arguments::findings::FindingArguments;
use crate::arguments::images::ImageArguments;
use crate::arguments::units::UnitArguments;
use crate::outcome::{Failure, Success};
use crate::output::{self, ReportForm};
use crate::run_context::run_context;

/// Show the changes that a delivery would make, object by object
///
/// A side is one of: `branch`, each unit's branch; `branch@COMMIT`, a commit of it; `source`, the work tree, rendered and pinned;
/// `source@REV`, a revision of the source. Values of Secrets are never shown.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  hydrant diff -e production\n  hydrant diff --all --from source@origin/main --format markdown"
)]
pub(crate) struct Arguments {
    /// Compare from this side
    #[arg(long, value_name = "SIDE", default_value = "branch", env = "HYDRANT_DIFF_FROM")]
    from: Side,
    /// Compare to this side
    #[arg(long, value_name = "SIDE", default_value = "source", env = "HYDRANT_DIFF_TO")]
    to: Side,
    /// Print the differences in this format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: Format,
    /// Limit Markdown to this many characters; the default is the limit of a GitHub comment
    #[arg(long, value_name = "N", default_value_t = COMMENT_LIMIT, env = "HYDRANT_DIFF_LIMIT")]
    limit: usize,
    /// Ignore fields whose whole path matches this regular expression (repeatable)
    #[arg(long, value_name = "PATTERN", env = "HYDRANT_DIFF_IGNORE")]
    ignore: Vec<String>,
    /// Exit with code 3 if there are differences
    #[arg(long, env = "HYDRANT_EXIT_CODE")]
    exit_code: bool,
    #[command(flatten)]
    findings: FindingArguments,
    #[command(flatten)]
    images: ImageArguments,
    #[command(flatten)]
    units: UnitArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// Markdown for a pull request comment or `$GITHUB_STEP_SUMMARY`
    Markdown,
    /// One JSON document
    Json,
    /// One JSON patch (RFC 6902) a line for each object that differs
    JsonPatch,
    /// A unified diff of the manifests
    Unified,
    /// One HTML page without external files
    Html,
}

/// Compares the sides and prints the differences.
///
/// # Errors
/// A side cannot be read or rendered.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let noise = Noise::new(arguments.ignore.iter().map(String::as_str))
        .map_err(|error| Failure::Input(anyhow::Error::new(error).context("--ignore")))?;
    let given_images = arguments.images.given()?;
    let mut settings = arguments.units.settings_or_all_units()?;
    settings.given_images = given_images;
    let units = differences(&settings, &run_context()?, &arguments.from, &arguments.to, &noise)?;
    let findings: Vec<UnitFinding> = units.iter().flat_map(|unit| unit.findings.clone()).collect();
    arguments.findings.write(&findings)?;
    if !matches!(arguments.format, Format::Json | Format::Markdown) {
        findings.iter().for_each(output::finding);
    }
    let form = ReportForm::json_if(matches!(arguments.format, Format::Json | Format::JsonPatch));
    output::content_report(
        &match arguments.format {
            Format::Text => text(&units, output::colour()),
            Format::Markdown => markdown(&units, arguments.limit),
            Format::Json => format!("{:#}\n", json(&units)),
            Format::JsonPatch => json_patch(&units, &noise),
            Format::Unified => unified(&units),
            Format::Html => html(&units),
        },
        form,
    )?;
    let same = units.iter().all(delivery::report::diff::UnitDiff::is_empty);
    Ok(if arguments.exit_code && !same { Success::Different } else { Success::Done })
}
