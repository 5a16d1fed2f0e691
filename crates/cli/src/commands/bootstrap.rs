//! `hydrant bootstrap`: the objects that make Argo CD or Flux pull.

use clap::ValueEnum;
use delivery::host::disk::DiskFiles;
use delivery::verbs::artifact::Target;
use delivery::verbs::bootstrap::{Options, Puller, print};

use crate::arguments::units::UnitArguments;
use crate::outcome::{Failure, Success};
use crate::output;
use crate::run_context::run_context;

/// Print the objects with which Argo CD or Flux pulls the output
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant bootstrap argocd > applications.yaml")]
pub(crate) struct Arguments {
    /// Print objects of this tool
    #[arg(value_enum, value_name = "PULLER")]
    puller: PullerArgument,
    /// Set the namespace of the objects [default: argocd or flux-system]
    #[arg(long, value_name = "NAME")]
    puller_namespace: Option<String>,
    /// Pull artifacts instead of branches, from the reference that `hydrant artifact push` takes
    #[arg(long, value_name = "REFERENCE", env = "HYDRANT_ARTIFACT")]
    artifact: Option<String>,
    /// Set the project of Argo CD's Applications [default: default]
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Name the secret with the credentials of the repository or registry, for Flux
    #[arg(long, value_name = "NAME")]
    secret: Option<String>,
    /// Print only the objects of units in this cluster, by the name or server in `cluster` (repeatable)
    #[arg(long, value_name = "CLUSTER")]
    cluster: Vec<String>,
    /// Print no order: neither dependsOn nor sync waves for `after` of the environments
    #[arg(long)]
    ignore_after: bool,
    #[command(flatten)]
    units: UnitArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PullerArgument {
    /// One Application per unit
    Argocd,
    /// One ApplicationSet for all units
    ArgocdSet,
    /// One GitRepository or OCIRepository and one Kustomization per unit
    Flux,
}

/// Plans the units and prints the objects.
///
/// # Errors
/// The config or the selection is invalid.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let target = arguments.artifact.map(|reference| Target::parse(&reference, &[])).transpose();
    let target = target.map_err(|message| Failure::Input(anyhow::anyhow!(message)))?;
    let mut settings = arguments.units.settings_or_all_units()?;
    if let Some(target) = &target {
        target.replace_repository(&mut settings);
    }
    let plan = delivery::plan::plan(&DiskFiles::default(), &settings)?;
    let (puller, usual) = match arguments.puller {
        PullerArgument::Argocd => (Puller::ArgoCd, "argocd"),
        PullerArgument::ArgocdSet => (Puller::ArgoCdSet, "argocd"),
        PullerArgument::Flux => (Puller::Flux, "flux-system"),
    };
    refuse_other_pullers(puller, arguments.project.as_ref(), arguments.secret.as_ref())?;
    let options = Options {
        namespace: arguments.puller_namespace.unwrap_or_else(|| usual.to_owned()),
        project: arguments.project,
        secret: arguments.secret,
        clusters: arguments.cluster,
        ignore_after: arguments.ignore_after,
    };
    output::result(&print(&plan, &run_context()?, puller, &options, target.as_ref())?)?;
    Ok(Success::Done)
}

/// Refuses options that the puller does not use.
fn refuse_other_pullers(puller: Puller, project: Option<&String>, secret: Option<&String>) -> Result<(), Failure> {
    let unused = match puller {
        Puller::Flux => project.map(|_| "--project belongs to Argo CD"),
        Puller::ArgoCd | Puller::ArgoCdSet => secret.map(|_| "--secret belongs to Flux"),
    };
    match unused {
        Some(message) => Err(Failure::Input(anyhow::anyhow!("{message}\n  hint: remove it"))),
        None => Ok(()),
    }
}
