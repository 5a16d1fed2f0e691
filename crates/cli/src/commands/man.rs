//! `hydrant man`: manual pages.

use std::path::PathBuf;

use crate::outcome::{Failure, Success};
use crate::output;

/// Print the manual page, or write one page per command to a folder
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant man /usr/local/share/man/man1")]
pub(crate) struct Arguments {
    /// Write `hydrant.1`, `hydrant-deliver.1` and so on to this folder
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// Prints the page of the program, or writes one page per verb. `program` describes every verb.
///
/// # Errors
/// A page cannot be written.
pub(crate) fn run(arguments: &Arguments, mut program: clap::Command) -> Result<Success, Failure> {
    let Some(folder) = &arguments.folder else {
        output::result(&page(program, "hydrant"))?;
        return Ok(Success::Done);
    };
    program.build();
    output::result_file(&folder.join("hydrant.1"), &page(program.clone(), "hydrant"))?;
    for one in program.get_subcommands().filter(|one| one.get_name() != "help") {
        let name = format!("hydrant-{}", one.get_name());
        output::result_file(&folder.join(format!("{name}.1")), &page(one.clone(), &name))?;
    }
    Ok(Success::Done)
}

fn page(command: clap::Command, name: &str) -> String {
    let mut bytes = Vec::new();
    // A Vec takes whatever is written to it.
    let _ = clap_mangen::Man::new(command.name(name.to_owned())).render(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
