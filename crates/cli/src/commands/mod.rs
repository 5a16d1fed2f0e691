//! One file a verb; each turns arguments into one call of `delivery` and its answer into output.

use crate::args::{Arguments, Command};
use crate::exit::{Done, Failure};

pub(crate) mod kustomize;
pub(crate) mod plan;

/// Runs what was typed.
///
/// # Errors
/// Whatever the command says; see [`Failure`].
pub(crate) fn run(arguments: Arguments) -> Result<Done, Failure> {
    match arguments.command {
        Command::Kustomize(arguments) => kustomize::run(arguments),
        Command::Plan(arguments) => plan::run(arguments),
    }
}
