//! `hydrant bootstrap`: the cluster's side.

use clap::ValueEnum;
use delivery::bootstrap::{Puller, print};
use delivery::disk::DiskFiles;

use crate::exit::{Done, Failure};
use crate::output;
use crate::settings::UnitArguments;

/// Print what Argo CD or Flux wants in order to pull what is delivered
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Who pulls
    #[arg(value_enum, value_name = "PULLER")]
    puller: PullerArgument,
    /// The namespace of the objects: argocd or flux-system where absent
    #[arg(long, value_name = "NAME")]
    puller_namespace: Option<String>,
    #[command(flatten)]
    units: UnitArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PullerArgument {
    /// One Application a unit
    Argocd,
    /// One GitRepository and one Kustomization a unit
    Flux,
}

/// Decides the units and prints.
///
/// # Errors
/// A config or a selection that is wrong.
pub(crate) fn run(arguments: Arguments) -> Result<Done, Failure> {
    let settings = arguments.units.settings_of_a_look()?;
    let plan = delivery::plan::plan(&DiskFiles::default(), &settings)?;
    let (puller, usual) = match arguments.puller {
        PullerArgument::Argocd => (Puller::ArgoCd, "argocd"),
        PullerArgument::Flux => (Puller::Flux, "flux-system"),
    };
    output::result(&print(&plan, puller, arguments.puller_namespace.as_deref().unwrap_or(usual)))?;
    Ok(Done::Well)
}
