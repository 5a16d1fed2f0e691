//! `hydrant man`: what packagers want.

use std::path::PathBuf;

use clap::CommandFactory;

use crate::exit::{Done, Failure};
use crate::output;

/// Print the manual page, or write one a command into a folder
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Write `hydrant.1`, `hydrant-deliver.1` and so on into this folder
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// Prints or writes.
///
/// # Errors
/// Where a page cannot be written.
pub(crate) fn run(arguments: &Arguments) -> Result<Done, Failure> {
    let mut command = crate::args::Arguments::command();
    let Some(folder) = &arguments.folder else {
        output::result(&page(command, "hydrant"))?;
        return Ok(Done::Well);
    };
    command.build();
    output::result_file(&folder.join("hydrant.1"), &page(command.clone(), "hydrant"))?;
    for one in command.get_subcommands().filter(|one| one.get_name() != "help") {
        let name = format!("hydrant-{}", one.get_name());
        output::result_file(&folder.join(format!("{name}.1")), &page(one.clone(), &name))?;
    }
    Ok(Done::Well)
}

fn page(command: clap::Command, name: &str) -> String {
    let mut bytes = Vec::new();
    // A Vec takes whatever is written to it.
    let _ = clap_mangen::Man::new(command.name(name.to_owned())).render(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
