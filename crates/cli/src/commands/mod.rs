//! One file a verb; each turns arguments into one call of `delivery` and its answer into output.

use crate::args::{Arguments, Command};
use crate::exit::{Done, Failure};

pub(crate) mod artifact;
pub(crate) mod bootstrap;
pub(crate) mod commit;
pub(crate) mod completions;
pub(crate) mod deliver;
pub(crate) mod diff;
pub(crate) mod empty_commit;
pub(crate) mod fork_commit;
pub(crate) mod images;
pub(crate) mod init;
pub(crate) mod kustomize;
pub(crate) mod man;
pub(crate) mod pin;
pub(crate) mod plan;
pub(crate) mod promote;
pub(crate) mod pull_request;
pub(crate) mod render;
pub(crate) mod rollback;
pub(crate) mod schema;
pub(crate) mod status;
pub(crate) mod verify;

/// Runs what was typed.
///
/// # Errors
/// Whatever the command says; see [`Failure`].
pub(crate) fn run(arguments: Arguments) -> Result<Done, Failure> {
    // No thread is started for what works on nothing in parallel, or on files alone.
    if !matches!(
        &arguments.command,
        Command::Kustomize(_) | Command::Schema(_) | Command::Completions(_) | Command::Man(_)
    ) {
        delivery::host::threads::prepare();
    }
    match arguments.command {
        Command::Deliver(arguments) => deliver::run(arguments),
        Command::Pin(arguments) => pin::run(arguments),
        Command::Images(arguments) => images::run(arguments),
        Command::Diff(arguments) => diff::run(arguments),
        Command::Promote(arguments) => promote::run(arguments),
        Command::Rollback(arguments) => rollback::run(arguments),
        Command::Status(arguments) => status::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        Command::Artifact(arguments) => artifact::run(*arguments),
        Command::Bootstrap(arguments) => bootstrap::run(arguments),
        Command::Init(arguments) => init::run(arguments),
        Command::Kustomize(arguments) => kustomize::run(arguments),
        Command::Plan(arguments) => plan::run(arguments),
        Command::Render(arguments) => render::run(*arguments),
        Command::Commit(arguments) => commit::run(arguments),
        Command::EmptyCommit(arguments) => empty_commit::run(arguments),
        Command::ForkCommit(arguments) => fork_commit::run(arguments),
        Command::PullRequest(arguments) => pull_request::run(arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
    }
}
