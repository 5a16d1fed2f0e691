//! What was typed, exactly; nothing is looked up here.

use clap::{Parser, Subcommand};

use crate::commands::{
    artifact, bootstrap, commit, completions, deliver, diff, empty_commit, fork_commit, images, init, kustomize, man,
    pin, plan, promote, pull_request, render, rollback, schema, status, verify,
};
use crate::exit::Failure;

/// Renders, pins and delivers Kubernetes manifests: from the configuration beside the code to the branch that the
/// cluster pulls.
#[derive(Debug, Parser)]
#[command(name = "hydrant", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// One variant a verb; each is a file in `commands/`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(init::Arguments),
    Plan(plan::Arguments),
    Deliver(deliver::Arguments),
    Diff(diff::Arguments),
    Status(status::Arguments),
    Verify(verify::Arguments),
    Promote(promote::Arguments),
    Rollback(rollback::Arguments),
    Render(Box<render::Arguments>),
    Kustomize(kustomize::Arguments),
    Pin(pin::Arguments),
    Images(images::Arguments),
    Artifact(Box<artifact::Arguments>),
    Bootstrap(bootstrap::Arguments),
    Commit(commit::Arguments),
    EmptyCommit(empty_commit::Arguments),
    ForkCommit(fork_commit::Arguments),
    PullRequest(pull_request::Arguments),
    Schema(schema::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// The arguments of this process.
///
/// # Errors
/// Wrong usage, and requests for help or the version, in clap's words.
pub(crate) fn parse() -> Result<Arguments, Failure> {
    Arguments::try_parse().map_err(Failure::Usage)
}
