//! The command line: every verb with its arguments, and the function that runs it.

use std::ffi::OsString;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::arguments::logging::LoggingArguments;
use crate::arguments::trust::TrustArguments;
use crate::commands::{
    artifact, bootstrap, check, commit, completions, deliver, diff, empty_commit, explain, fork_commit, helm, hold,
    images, init, kustomize, man, pin, plan, promote, pull_request, release, render, retire, rollback, schema, status,
    update, verify,
};
use crate::help_groups;
use crate::logging;
use crate::outcome::{Failure, Success};
use crate::run_context;
use crate::verbosity::Verbosity;

/// Render Kubernetes manifests, pin their images, and deliver them to the branches that Argo CD or Flux pulls
#[derive(Debug, Parser)]
#[command(name = "hydrant", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    logging: LoggingArguments,
    #[command(flatten)]
    trust: TrustArguments,
    #[command(subcommand)]
    command: Command,
}

/// The verbs, one variant each; each has a file in `commands/`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(init::Arguments),
    Plan(plan::Arguments),
    Deliver(deliver::Arguments),
    Diff(diff::Arguments),
    Status(status::Arguments),
    Verify(verify::Arguments),
    Update(update::Arguments),
    Promote(promote::Arguments),
    Rollback(rollback::Arguments),
    Hold(hold::Arguments),
    Release(release::Arguments),
    Retire(retire::Arguments),
    Render(Box<render::Arguments>),
    Check(check::Arguments),
    Kustomize(kustomize::Arguments),
    Helm(helm::Arguments),
    Pin(pin::Arguments),
    Images(images::Arguments),
    Artifact(Box<artifact::Arguments>),
    Bootstrap(bootstrap::Arguments),
    Commit(commit::Arguments),
    EmptyCommit(empty_commit::Arguments),
    ForkCommit(fork_commit::Arguments),
    PullRequest(pull_request::Arguments),
    Explain(explain::Arguments),
    Schema(schema::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// Parses the arguments of this process, the program's name included, and sets how much is printed on stderr.
///
/// # Errors
/// Invalid usage, and requests for help or the version, as clap prints them. A value of `HYDRANT_LOG` that is not a filter.
pub(crate) fn parse(typed: &[OsString]) -> Result<Arguments, Failure> {
    let word = |index: usize| typed.get(index).and_then(|word| word.to_str());
    let verb = word(1);
    let mut line = typed.to_vec();
    if (verb, word(2)) == (Some("helm"), Some("template")) {
        let flags = helm::read(typed)?;
        if let Some(arguments) = helm::direct(&flags) {
            let (logging, trust) = (LoggingArguments::default(), TrustArguments::default());
            return started(Arguments { logging, trust, command: Command::Helm(arguments) }, false);
        }
        line = helm::normalized(typed, &flags);
    }
    let mut command = verb.and_then(with_one).unwrap_or_else(|| help_groups::apply(Arguments::command()));
    let matches = command.try_get_matches_from_mut(line);
    let debug = matches.as_ref().is_ok_and(asks_for_debug);
    let unused = matches.as_ref().map_or_else(|_| Vec::new(), render::without_effect);
    let read = matches.and_then(|mut matches| Arguments::from_arg_matches_mut(&mut matches));
    let arguments = read.map_err(|error| Failure::Usage(error.format(&mut command)))?;
    if !unused.is_empty() {
        let message = format!("without effect on the units of hydrant.yaml: {}", unused.join(", "));
        return Err(Failure::Usage(command.error(clap::error::ErrorKind::ArgumentConflict, message)));
    }
    started(arguments, debug)
}

/// Sets what the options of every verb say.
fn started(arguments: Arguments, debug: bool) -> Result<Arguments, Failure> {
    let verbosity = if debug { Verbosity::Debug } else { arguments.logging.verbosity() };
    verbosity.set();
    run_context::set_trust(arguments.trust.trust());
    logging::start(verbosity, arguments.logging.trace())?;
    Ok(arguments)
}

/// Whether a verb of ghcp has ghcp's `--debug`, which means `-vv`.
fn asks_for_debug(matches: &clap::ArgMatches) -> bool {
    let verb = matches.subcommand().map(|(_, verb)| verb);
    verb.is_some_and(|verb| matches!(verb.try_get_one::<bool>("debug"), Ok(Some(true))))
}

/// Returns the program with this verb only: describing the options of all verbs takes about 0.2 ms, which is noticeable for a small
/// kustomization.
fn with_one(verb: &str) -> Option<clap::Command> {
    let flags: fn(clap::Command) -> clap::Command = match verb {
        "init" => init::Arguments::augment_args,
        "plan" => plan::Arguments::augment_args,
        "deliver" => deliver::Arguments::augment_args,
        "diff" => diff::Arguments::augment_args,
        "status" => status::Arguments::augment_args,
        "verify" => verify::Arguments::augment_args,
        "update" => update::Arguments::augment_args,
        "promote" => promote::Arguments::augment_args,
        "rollback" => rollback::Arguments::augment_args,
        "hold" => hold::Arguments::augment_args,
        "release" => release::Arguments::augment_args,
        "retire" => retire::Arguments::augment_args,
        "render" => render::Arguments::augment_args,
        "check" => check::Arguments::augment_args,
        "kustomize" => kustomize::Arguments::augment_args,
        "helm" => helm::Arguments::augment_args,
        "pin" => pin::Arguments::augment_args,
        "images" => images::Arguments::augment_args,
        "artifact" => artifact::Arguments::augment_args,
        "bootstrap" => bootstrap::Arguments::augment_args,
        "commit" => commit::Arguments::augment_args,
        "empty-commit" => empty_commit::Arguments::augment_args,
        "fork-commit" => fork_commit::Arguments::augment_args,
        "pull-request" => pull_request::Arguments::augment_args,
        "explain" => explain::Arguments::augment_args,
        "schema" => schema::Arguments::augment_args,
        _ => return None,
    };
    let program = TrustArguments::augment_args(LoggingArguments::augment_args(clap::Command::new("hydrant")));
    let program = program.max_term_width(100).subcommand_required(true);
    Some(program.subcommand(flags(clap::Command::new(verb.to_owned()))))
}

/// Runs the verb that was parsed.
///
/// # Errors
/// The verb's; see [`Failure`].
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    // Threads are started only for verbs that work in parallel or use the network.
    if !matches!(
        &arguments.command,
        Command::Kustomize(_)
            | Command::Helm(_)
            | Command::Explain(_)
            | Command::Schema(_)
            | Command::Completions(_)
            | Command::Man(_)
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
        Command::Hold(arguments) => hold::run(arguments),
        Command::Release(arguments) => release::run(arguments),
        Command::Retire(arguments) => retire::run(arguments),
        Command::Status(arguments) => status::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        Command::Update(arguments) => update::run(arguments),
        Command::Artifact(arguments) => artifact::run(*arguments),
        Command::Bootstrap(arguments) => bootstrap::run(arguments),
        Command::Init(arguments) => init::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Kustomize(arguments) => kustomize::run(arguments),
        Command::Helm(arguments) => helm::run(arguments),
        Command::Plan(arguments) => plan::run(arguments),
        Command::Render(arguments) => render::run(*arguments),
        Command::Commit(arguments) => commit::run(arguments),
        Command::EmptyCommit(arguments) => empty_commit::run(arguments),
        Command::ForkCommit(arguments) => fork_commit::run(arguments),
        Command::PullRequest(arguments) => pull_request::run(arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments, &mut Arguments::command()),
        Command::Man(arguments) => man::run(&arguments, Arguments::command()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_verb_has_the_same_help() {
        for known in Arguments::command().get_subcommands().filter(|known| known.get_name() != "help") {
            let name = known.get_name();
            let help = |mut program: clap::Command| {
                program.try_get_matches_from_mut(["hydrant", name, "--help"]).unwrap_err().to_string()
            };
            match with_one(name) {
                Some(alone) => assert_eq!(help(alone), help(Arguments::command())),
                None => assert!(["completions", "man"].contains(&name), "{name}"),
            }
        }
    }
}
