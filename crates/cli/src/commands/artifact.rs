//! `hydrant artifact`: output as OCI artifacts.

use clap::{Subcommand, ValueEnum};
use delivery::verbs::artifact::{self, Options, Puller, Target};

use crate::arguments::units::UnitArguments;
use crate::outcome::{Failure, Success};
use crate::output::{self, ReportForm};
use crate::run_context::run_context;

/// Push the output of units as OCI artifacts for Flux and Argo CD
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant artifact push oci://ghcr.io/acme/{service}:{environment} --all")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Push(PushArguments),
}

/// Render, pin and check units as deliver does, and push the files of each to a registry
///
/// The same files have the same digest: an artifact that exists is not pushed again. Credentials are read from
/// the files of docker and podman.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant artifact push oci://ghcr.io/acme/{service}:{environment} --all")]
struct PushArguments {
    /// Push to oci://REGISTRY/REPOSITORY or oci://REGISTRY/REPOSITORY:TAG; {service} and {environment} are replaced
    #[arg(value_name = "REFERENCE", env = "HYDRANT_ARTIFACT")]
    reference: String,
    /// Add this tag (repeatable, or separated by commas)
    #[arg(long, value_name = "TAG", value_delimiter = ',', env = "HYDRANT_ARTIFACT_TAG")]
    artifact_tag: Vec<String>,
    /// Use the media types of this tool
    #[arg(long = "for", value_enum, value_name = "PULLER", default_value = "flux", env = "HYDRANT_ARTIFACT_FOR")]
    puller: PullerArgument,
    /// Do everything except writing
    #[arg(long, env = "HYDRANT_DRY_RUN")]
    dry_run: bool,
    /// Replace a tag that refers to another kind of artifact
    #[arg(long, env = "HYDRANT_ADOPT")]
    adopt: bool,
    /// Push files with uncommitted changes, although the artifact names the last commit as its source
    #[arg(long, env = "HYDRANT_ALLOW_DIRTY")]
    allow_dirty: bool,
    /// Print the report in this format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: Format,
    #[command(flatten)]
    units: UnitArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PullerArgument {
    /// The media types of `flux push artifact`
    Flux,
    /// An OCI image with one layer, which Argo CD and Flux accept by default
    Argocd,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// One line per unit
    Text,
    /// One JSON document, with the digests
    Json,
}

/// Pushes the artifacts and prints the report.
///
/// # Errors
/// A unit cannot be rendered, in which case nothing is pushed, or a registry refuses an artifact.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let Command::Push(arguments) = arguments.command;
    let target = Target::parse(&arguments.reference, &arguments.artifact_tag)
        .map_err(|message| Failure::Input(anyhow::anyhow!(message)))?;
    let options = Options {
        target,
        puller: match arguments.puller {
            PullerArgument::Flux => Puller::Flux,
            PullerArgument::Argocd => Puller::ArgoCd,
        },
        dry_run: arguments.dry_run,
        adopt: arguments.adopt,
        allow_dirty: arguments.allow_dirty,
    };
    let settings = arguments.units.settings_to_write()?;
    let done = artifact::push(&settings, &run_context()?, &options)?;
    output::child_stderr(&done.stderr);
    done.warnings.iter().for_each(output::warning);
    let form = ReportForm::json_if(matches!(arguments.format, Format::Json));
    output::report(
        &match arguments.format {
            Format::Text => done.report.text(),
            Format::Json => done.report.json(),
        },
        form,
    )?;
    Ok(Success::Done)
}
