//! `hydrant init`: a config to start from.

use std::path::PathBuf;

use anyhow::anyhow;
use delivery::disk::{DiskFiles, absolute};
use delivery::init::{look, write};

use crate::exit::{Done, Failure};
use crate::output;

/// Look at a repository and write a hydrant.yaml to start from
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The repository's root
    #[arg(short = 'C', long, value_name = "FOLDER", default_value = ".")]
    directory: PathBuf,
    /// The manifest repository
    #[arg(long, value_name = "URL", env = "HYDRANT_REPOSITORY")]
    repository: Option<String>,
    /// Print the file instead of writing it
    #[arg(long)]
    print: bool,
}

/// Looks and writes. A file that is there already is left alone.
///
/// # Errors
/// Nothing to deliver, a hydrant.yaml that exists, a folder that cannot be read or written to.
pub(crate) fn run(arguments: &Arguments) -> Result<Done, Failure> {
    let root = absolute(&arguments.directory).map_err(|error| Failure::Input(anyhow!(error)))?;
    let text = write(&look(&DiskFiles::default(), &root)?, arguments.repository.as_deref())?;
    if arguments.print {
        output::result(&text)?;
        return Ok(Done::Well);
    }
    let path = arguments.directory.join("hydrant.yaml");
    if path.exists() {
        let path = path.display();
        return Err(Failure::Input(anyhow!(
            "{path} is there already\n  hint: `hydrant init --print` shows what would be written."
        )));
    }
    output::result_file(&path, &text)?;
    output::note(&format!("wrote {}; `hydrant plan --all` shows what it means", path.display()));
    Ok(Done::Well)
}
