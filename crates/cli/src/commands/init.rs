//! `hydrant init`: a config to start from.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::ValueEnum;
use delivery::config::{NAMES, Template};
use delivery::host::disk::{DiskFiles, absolute};
use delivery::verbs::init::{self, Choices, Found, How, environment_name};

use crate::arguments::review::HostArgument;
use crate::arguments::template::template;
use crate::outcome::{Failure, Success};
use crate::output;
use crate::prompt::{Prompt, list};

/// Look at a repository and write a hydrant.yaml to start from
///
/// On a terminal it asks what no flag says; Enter takes what stands in brackets. Elsewhere, and with --yes, nothing is asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The repository's root
    #[arg(short = 'C', long, value_name = "FOLDER", default_value = ".")]
    directory: PathBuf,
    /// The environments (repeat, or separate by commas); those that are found where absent
    #[arg(short = 'e', long = "env", value_name = "NAME", value_delimiter = ',', env = "HYDRANT_ENV", value_parser = environment_name)]
    environments: Vec<String>,
    /// The manifest repository: a URL or a path
    #[arg(long, value_name = "URL", env = "HYDRANT_REPOSITORY", value_parser = template)]
    repository: Option<Template>,
    /// The branch; {service} and {environment} stand for the unit's names
    #[arg(short, long, value_name = "BRANCH", env = "HYDRANT_BRANCH", value_parser = template)]
    branch: Option<Template>,
    /// The file on the branch; with a slash at its end, a folder that gets one file an object
    #[arg(long, value_name = "PATH", env = "HYDRANT_PATH", value_parser = template)]
    path: Option<Template>,
    /// The environments whose changes go through a pull request (repeat, or separate by commas)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    review: Vec<String>,
    /// What the git host of the manifest repository is, where its name does not tell
    #[arg(long, value_enum, value_name = "HOST", env = "HYDRANT_REVIEW_HOST")]
    review_host: Option<HostArgument>,
    /// The registry and path in front of every image that a Skaffold config builds
    #[arg(short, long, value_name = "PREFIX", env = "HYDRANT_DEFAULT_REPO")]
    default_repo: Option<String>,
    /// Ask nothing
    #[arg(short, long)]
    yes: bool,
    /// Print the file instead of writing it
    #[arg(long)]
    print: bool,
}

/// Looks, asks and writes. A file that is there already is left alone, and nothing is written that `hydrant plan` would refuse.
///
/// # Errors
/// Nothing to deliver, a hydrant.yaml that exists, answers that make no plan, a folder that cannot be read or written to.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let files = DiskFiles::default();
    let root = absolute(&arguments.directory).map_err(|error| Failure::Input(anyhow!(error)))?;
    let path = arguments.directory.join("hydrant.yaml");
    let there = NAMES.iter().map(|name| arguments.directory.join(name)).find(|path| path.exists());
    if let Some(there) = there.filter(|_| !arguments.print) {
        let path = there.display();
        return Err(Failure::Input(anyhow!(
            "{path} is there already\n  hint: `hydrant init --print` shows what would be written."
        )));
    }
    let found = init::look(&files, &root)?;
    let (yes, print) = (arguments.yes, arguments.print);
    let typed = Choices {
        environments: arguments.environments,
        repository: arguments.repository,
        branch: arguments.branch,
        path: arguments.path,
        review: arguments.review,
        review_host: arguments.review_host.map(HostArgument::host),
        default_repo: arguments.default_repo,
    };
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let ask = terminal && !yes && !print && !found.services.is_empty();
    let choices = if ask { asked(&found, typed)? } else { typed };
    let text = init::write(&found, &choices)?;
    init::check(&files, &root, &text)?;
    if print {
        output::result(&text)?;
        return Ok(Success::Done);
    }
    output::result_file(&path, &text)?;
    output::note(&format!("wrote {}; `hydrant plan --all` shows what it means", path.display()));
    Ok(Success::Done)
}

/// What was typed, and for the rest what a person answers.
fn asked(found: &Found, typed: Choices) -> Result<Choices, Failure> {
    let mut asker = Prompt::new(std::io::stdin().lock(), |text: &str| output::question(text));
    asker.tell(&format!("Found {}.", words(found)));
    let mut choices = typed;
    if choices.environments.is_empty() {
        let known = choices.environments(found).join(",");
        choices.environments = asker.ask("Environments, separated by commas", &known, |answer| {
            let names = list(answer, environment_name)?;
            if names.is_empty() { Err("name at least one".to_owned()) } else { Ok(names) }
        })?;
    }
    let mut ask = |typed: &mut Option<Template>, question: &str, otherwise: &str| -> Result<(), Failure> {
        if typed.is_none() {
            *typed = Some(asker.ask(question, otherwise, template)?);
        }
        Ok(())
    };
    ask(
        &mut choices.repository,
        "Manifest repository: a URL, or a path, which becomes a bare repository",
        "manifests.git",
    )?;
    ask(&mut choices.branch, "Branch of a service and environment", "{service}/{environment}")?;
    ask(&mut choices.path, "File on the branch, or with a slash at its end a folder", "manifest.yaml")?;
    if choices.review.is_empty() {
        let known = choices.environments.clone();
        let one = |name: &str| {
            let word =
                if name == "none" { Some("none") } else { known.iter().find(|one| *one == name).map(String::as_str) };
            word.map(str::to_owned).ok_or_else(|| format!("`{name}` is none of {}", known.join(", ")))
        };
        let names = asker.ask("Environments that want a pull request", "none", |answer| list(answer, one))?;
        choices.review = names.into_iter().filter(|name| name != "none").collect();
    }
    if choices.want_a_host() {
        let question = "What its git host is: github, gitlab, gitea, or none that is known";
        let host = |answer: &str| HostArgument::from_str(answer, true).map(HostArgument::host);
        choices.review_host = Some(asker.ask(question, "none", host)?);
    }
    if choices.default_repo.is_none() && found.services.iter().any(|one| one.how == How::Skaffold) {
        let question = "Registry and path in front of the images that are built (--default-repo)";
        let repo = asker.ask(question, "none", |answer| Ok(answer.to_owned()))?;
        choices.default_repo = Some(repo).filter(|repo| repo != "none");
    }
    Ok(choices)
}

/// `2 services with a skaffold.yaml, 1 with kustomizations, 1 Helm chart; environments develop, production`
fn words(found: &Found) -> String {
    let count = |wanted: &dyn Fn(&How) -> bool| found.services.iter().filter(|one| wanted(&one.how)).count();
    let counts = [
        (count(&|how| matches!(how, How::Skaffold)), "with a skaffold.yaml"),
        (count(&|how| matches!(how, How::Kustomize(_))), "with kustomizations"),
        (count(&|how| matches!(how, How::Helm(_))), "with a Helm chart"),
    ];
    let parts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let environments = if found.environments.is_empty() { "none" } else { &found.environments.join(", ") };
    format!("services: {}; environments: {environments}", parts.join(", "))
}
