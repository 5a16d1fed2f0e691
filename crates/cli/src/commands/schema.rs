//! `hydrant schema`: what editors want.

use crate::exit::{Done, Failure};
use crate::output;

/// Print the JSON Schema of hydrant.yaml, for editors
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

/// Prints.
///
/// # Errors
/// Where stdout cannot be written to.
pub(crate) fn run(_arguments: &Arguments) -> Result<Done, Failure> {
    output::result(&delivery::schema::config())?;
    Ok(Done::Well)
}
