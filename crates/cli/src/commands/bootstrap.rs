//! `hydrant bootstrap`: the cluster's side.

use clap::ValueEnum;
use delivery::host::disk::DiskFiles;
use delivery::verbs::artifact::Target;
use delivery::verbs::bootstrap::{Puller, print};

use crate::arguments::units::UnitArguments;
use crate::outcome::{Failure, Success};
use crate::output;

/// Print what Argo CD or Flux wants in order to pull what is delivered
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Who pulls
    #[arg(value_enum, value_name = "PULLER")]
    puller: PullerArgument,
    /// The namespace of the objects: argocd or flux-system where absent
    #[arg(long, value_name = "NAME")]
    puller_namespace: Option<String>,
    /// Pull artifacts instead of branches: the reference that `hydrant artifact push` is given
    #[arg(long, value_name = "REFERENCE", env = "HYDRANT_ARTIFACT")]
    artifact: Option<String>,
    #[command(flatten)]
    units: UnitArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PullerArgument {
    /// One Application a unit
    Argocd,
    /// One ApplicationSet for all units
    ArgocdSet,
    /// One GitRepository or OCIRepository and one Kustomization a unit
    Flux,
}

/// Decides the units and prints.
///
/// # Errors
/// A config or a selection that is wrong.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let target = arguments.artifact.map(|reference| Target::parse(&reference, &[])).transpose();
    let target = target.map_err(|words| Failure::Input(anyhow::anyhow!(words)))?;
    let mut settings = arguments.units.settings_of_a_look()?;
    if let Some(target) = &target {
        target.stands_for_the_repository(&mut settings);
    }
    let plan = delivery::plan::plan(&DiskFiles::default(), &settings)?;
    let (puller, usual) = match arguments.puller {
        PullerArgument::Argocd => (Puller::ArgoCd, "argocd"),
        PullerArgument::ArgocdSet => (Puller::ArgoCdSet, "argocd"),
        PullerArgument::Flux => (Puller::Flux, "flux-system"),
    };
    let namespace = arguments.puller_namespace.as_deref().unwrap_or(usual);
    output::result(&print(&plan, puller, namespace, target.as_ref())?)?;
    Ok(Success::Done)
}
