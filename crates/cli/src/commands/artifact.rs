//! `hydrant artifact`: deliveries as OCI artifacts.

use clap::{Subcommand, ValueEnum};
use delivery::verbs::artifact::{self, Options, Puller, Target};

use crate::arguments::units::UnitArguments;
use crate::outcome::{Failure, Success};
use crate::output;
use crate::run_context::run_context;

/// Push what a delivery would write as an OCI artifact that Flux and Argo CD pull
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Push(PushArguments),
}

/// Render, pin and check as deliver does, and push each unit's files to a registry
///
/// The same files give the same digest: an artifact that is there already is not pushed again. Credentials are
/// docker's and podman's own.
#[derive(Debug, clap::Args)]
struct PushArguments {
    /// Where to: oci://REGISTRY/REPOSITORY, with :TAG where wanted; {service} and {environment} stand for the unit's names
    #[arg(value_name = "REFERENCE", env = "HYDRANT_ARTIFACT")]
    reference: String,
    /// A further tag (repeat, or separate by commas); none is made up
    #[arg(long, value_name = "TAG", value_delimiter = ',', env = "HYDRANT_ARTIFACT_TAG")]
    artifact_tag: Vec<String>,
    /// Whose media types the artifact has
    #[arg(long = "for", value_enum, value_name = "PULLER", default_value = "flux", env = "HYDRANT_ARTIFACT_FOR")]
    puller: PullerArgument,
    /// Do everything but write
    #[arg(long, env = "HYDRANT_DRY_RUN")]
    dry_run: bool,
    /// Take over a tag that stands for something else than an artifact of this kind
    #[arg(long, env = "HYDRANT_ADOPT")]
    adopt: bool,
    /// Push files that differ from the last commit, although the artifact names that commit
    #[arg(long, env = "HYDRANT_ALLOW_DIRTY")]
    allow_dirty: bool,
    /// How the report is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: Format,
    #[command(flatten)]
    units: UnitArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PullerArgument {
    /// Flux's own types, as `flux push artifact` writes them
    Flux,
    /// An OCI image of one layer, which Argo CD takes by default; Flux takes it too
    Argocd,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A line a unit
    Text,
    /// One JSON document, with the digests
    Json,
}

/// Pushes and reports.
///
/// # Errors
/// Whatever is wrong with any unit; then nothing was pushed. What a registry refuses.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let Command::Push(arguments) = arguments.command;
    let target = Target::parse(&arguments.reference, &arguments.artifact_tag)
        .map_err(|words| Failure::Input(anyhow::anyhow!(words)))?;
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
    let settings = arguments.units.settings()?;
    let done = artifact::push(&settings, &run_context()?, &options)?;
    output::child_stderr(&done.said);
    done.warnings.iter().for_each(output::warning);
    output::result(&match arguments.format {
        Format::Text => done.report.text(),
        Format::Json => done.report.json(),
    })?;
    Ok(Success::Done)
}
