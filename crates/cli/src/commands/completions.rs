//! `hydrant completions`: completion scripts for shells.

use std::path::Path;

use clap::ValueEnum;
use clap_complete::Shell;
use delivery::host::disk::{DiskFiles, absolute};
use delivery::verbs::names::names;

use crate::outcome::{Failure, Success};
use crate::output;

/// Print the completion script for a shell
///
/// In bash, zsh and fish, the script also completes the services and environments of hydrant.yaml.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant completions bash > /etc/bash_completion.d/hydrant")]
pub(crate) struct Arguments {
    /// Print the script for this shell
    #[arg(value_enum, value_name = "SHELL", required_unless_present = "list")]
    shell: Option<Shell>,
    /// Print the names of hydrant.yaml in this folder, as the scripts complete them
    #[arg(long, value_enum, value_name = "NAMES", conflicts_with = "shell", hide = true)]
    list: Option<Names>,
}

/// Names of the config that are completed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Names {
    /// Services
    Services,
    /// Environments
    Environments,
}

/// What follows the script that clap generates. Names are never evaluated by the shell: they come from a repository.
const BASH: &str = include_str!("completions/names.bash");
const ZSH: &str = include_str!("completions/names.zsh");
const FISH: &str = include_str!("completions/names.fish");

/// Prints the script for the shell, or names. `program` describes every verb.
///
/// # Errors
/// Stdout cannot be written to. For names, an invalid hydrant.yaml.
pub(crate) fn run(arguments: &Arguments, program: &mut clap::Command) -> Result<Success, Failure> {
    if let Some(list) = arguments.list {
        let folder = absolute(Path::new(".")).map_err(|error| Failure::Input(error.into()))?;
        let found = names(&DiskFiles::default(), &folder)?;
        let list = if matches!(list, Names::Services) { found.services } else { found.environments };
        output::result(&list.iter().map(|name| format!("{name}\n")).collect::<String>())?;
        return Ok(Success::Done);
    }
    let Some(shell) = arguments.shell else { return Ok(Success::Done) };
    let mut bytes = Vec::new();
    clap_complete::generate(shell, program, "hydrant", &mut bytes);
    let more = match shell {
        Shell::Bash => BASH,
        Shell::Zsh => ZSH,
        Shell::Fish => FISH,
        _ => "",
    };
    output::result(&format!("{}{more}", String::from_utf8_lossy(&bytes)))?;
    Ok(Success::Done)
}
