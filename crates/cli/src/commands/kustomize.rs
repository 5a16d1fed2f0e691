//! `hydrant kustomize`: a drop-in for `kustomize build`.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use delivery::host::output_folder::OutputFolder;
use delivery::verbs::kustomize::{FlagSource, LoadRestrictor, Options, Order, Printed};

use crate::arguments::lock_file::{LockArguments, LockedArguments, current_dir};
use crate::outcome::{Failure, Success};
use crate::output;
use crate::run_context::trust;

/// Print the same bytes as `kustomize build`
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  hydrant kustomize overlays/production\n  hydrant kustomize overlays/production --enable-helm -o manifests.yaml"
)]
pub(crate) struct Arguments {
    /// Build the kustomization in this folder or at this git URL
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Write to this file, or one file per object if it is an existing folder
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Restrict the files that a kustomization may load
    #[arg(long, value_enum, value_name = "RULE", default_value = "LoadRestrictionsRootOnly")]
    load_restrictor: Restrictor,
    /// Sort objects by kind (legacy) or keep their order (none)
    #[arg(long, value_enum, value_name = "ORDER")]
    reorder: Option<Reorder>,
    /// Allow helmCharts
    #[arg(long)]
    enable_helm: bool,
    /// Render charts by this helm program, not in process
    #[arg(long, value_name = "PROGRAM")]
    helm_command: Option<String>,
    /// Reproduce this version of helm: 4.3, 4.1, 3.22 or 3.17 [default: 4.3]
    #[arg(long, value_name = "VERSION", conflicts_with = "helm_command")]
    helm_semantics: Option<String>,
    /// Set Capabilities.APIVersions for charts (repeatable, or separated by commas)
    #[arg(long, value_name = "VERSION", value_delimiter = ',')]
    helm_api_versions: Vec<String>,
    /// Set Capabilities.KubeVersion for charts
    #[arg(long, value_name = "VERSION")]
    helm_kube_version: Option<String>,
    /// Run helm with --debug
    #[arg(long)]
    helm_debug: bool,
    /// Allow transformers, generators and validators that run programs
    #[arg(long)]
    enable_alpha_plugins: bool,
    /// Allow exec functions (with --enable-alpha-plugins)
    #[arg(long)]
    enable_exec: bool,
    /// Label every object with app.kubernetes.io/managed-by
    #[arg(long)]
    enable_managedby_label: bool,
    /// Set an environment variable for functions: NAME=VALUE, or NAME to pass the current value (repeatable)
    #[arg(short, long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// Accepted for compatibility; applies to container functions, which hydrant refuses
    #[arg(long)]
    as_current_user: bool,
    /// Accepted for compatibility; applies to container functions, which hydrant refuses
    #[arg(long)]
    network: bool,
    /// Accepted for compatibility; applies to container functions, which hydrant refuses
    #[arg(long, value_name = "NAME", default_value = "bridge")]
    network_name: String,
    /// Accepted for compatibility; applies to container functions, which hydrant refuses
    #[arg(long, value_name = "MOUNT")]
    mount: Vec<String>,
    #[command(flatten)]
    locked: LockedArguments,
    #[command(flatten)]
    lock: LockArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Restrictor {
    /// Only files in its own folder
    #[value(name = "LoadRestrictionsRootOnly", alias = "rootOnly")]
    RootOnly,
    /// Any file
    #[value(name = "LoadRestrictionsNone", alias = "none")]
    None,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Reorder {
    Legacy,
    None,
}

/// Builds the kustomization, and prints or writes the output.
///
/// # Errors
/// The kustomization is invalid or cannot be read.
pub(crate) fn run(mut arguments: Arguments) -> Result<Success, Failure> {
    let (folder, output) = (arguments.folder.clone(), arguments.output.clone());
    let here = current_dir()?;
    let locking = std::mem::take(&mut arguments.locked).locking(std::mem::take(&mut arguments.lock), &here)?;
    let done = delivery::verbs::kustomize::run_locked(&folder, &options(arguments), &locking, &here, trust())?;
    let printed = done.printed;
    if let Some((path, lock)) = &done.lock {
        output::lock_file(path, lock)?;
    }
    printed.warnings.iter().for_each(output::warning);
    match output {
        None => output::result(&printed.text())?,
        Some(path) => write(&path, &printed)?,
    }
    Ok(Success::Done)
}

/// Writes one file per object to an existing folder, and otherwise one file, as `kustomize build -o`.
fn write(path: &Path, printed: &Printed) -> Result<(), Failure> {
    if !path.is_dir() {
        return output::result_file(path, &printed.text());
    }
    let failed = |error| Failure::Input(anyhow::Error::new(error));
    let folder = OutputFolder::create(path).map_err(failed)?;
    for (name, text) in printed.files()? {
        folder.write(Path::new(&name), text.as_bytes()).map_err(failed)?;
    }
    Ok(())
}

fn options(arguments: Arguments) -> Options {
    Options {
        flags: FlagSource::CommandLine,
        load_restrictor: match arguments.load_restrictor {
            Restrictor::RootOnly => LoadRestrictor::RootOnly,
            Restrictor::None => LoadRestrictor::None,
        },
        reorder: arguments.reorder.map(|order| match order {
            Reorder::Legacy => Order::Legacy,
            Reorder::None => Order::Unsorted,
        }),
        enable_helm: arguments.enable_helm,
        helm_command: arguments.helm_command,
        helm_command_of_source: false,
        helm_semantics: arguments.helm_semantics,
        helm_api_versions: arguments.helm_api_versions,
        helm_kube_version: arguments.helm_kube_version,
        helm_debug: arguments.helm_debug,
        enable_alpha_plugins: arguments.enable_alpha_plugins,
        enable_exec: arguments.enable_exec,
        managed_by_label: arguments.enable_managedby_label,
        environment: arguments.env.into_iter().map(variable).collect(),
    }
}

fn variable(typed: String) -> (String, String) {
    match typed.split_once('=') {
        Some((name, value)) => (name.to_owned(), value.to_owned()),
        None => {
            let value = std::env::var(&typed).unwrap_or_default();
            (typed, value)
        }
    }
}
