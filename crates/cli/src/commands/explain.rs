//! `hydrant explain`: what a field of hydrant.yaml means.

use crate::outcome::{Failure, Success};
use crate::output;

/// Describe a field of hydrant.yaml, with its type, values and fields
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  hydrant explain\n  hydrant explain destination.branch\n  hydrant explain environments.review"
)]
pub(crate) struct Arguments {
    /// Describe this field, with dots between the names [default: the file]
    #[arg(value_name = "FIELD", default_value = "", hide_default_value = true)]
    field: String,
}

/// Prints the description.
///
/// # Errors
/// The field does not exist, or stdout cannot be written to.
pub(crate) fn run(arguments: &Arguments) -> Result<Success, Failure> {
    output::result(&delivery::verbs::explain::explain(&arguments.field)?)?;
    Ok(Success::Done)
}
