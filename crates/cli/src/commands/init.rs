//! `hydrant init`: writes a first config file.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::ValueEnum;
use delivery::config::{NAMES, Template};
use delivery::host::disk::{DiskFiles, absolute};
use delivery::verbs::init::{self, Choices, How, Inspection, Scope, environment_name};

use crate::arguments::review::HostArgument;
use crate::arguments::template::template_without_captures;
use crate::outcome::{Failure, Success};
use crate::output;
use crate::prompt::{Prompt, list};

/// Inspect a repository and write a hydrant.yaml for it
///
/// On a terminal, it prompts for values that no option gives; Enter accepts the value in brackets. Elsewhere, and with --yes, it uses
/// the defaults.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  hydrant init --env staging,production --repository https://github.com/acme/manifests.git\n  hydrant init --from skaffold --yes"
)]
pub(crate) struct Arguments {
    /// Inspect the repository with this root
    #[arg(short = 'C', long, value_name = "FOLDER", default_value = ".")]
    directory: PathBuf,
    /// Use only the configs of this tool, with its profiles as environments [default: everything that can be rendered]
    #[arg(long, value_enum, value_name = "TOOL")]
    from: Option<Tool>,
    /// Configure these environments (repeatable, or separated by commas) [default: those that are found]
    #[arg(short = 'e', long = "env", value_name = "NAME", value_delimiter = ',', env = "HYDRANT_ENV", value_parser = environment_name)]
    environments: Vec<String>,
    /// Deliver to this repository: a URL or a path [default: manifests.git]
    #[arg(long, value_name = "URL", env = "HYDRANT_REPOSITORY", value_parser = template_without_captures)]
    repository: Option<Template>,
    /// Deliver to this branch; {service} and {environment} are replaced [default: {service}/{environment}]
    #[arg(short, long, value_name = "BRANCH", env = "HYDRANT_BRANCH", value_parser = template_without_captures)]
    branch: Option<Template>,
    /// Write this file on the branch, or one file per object if it ends with a slash [default: manifest.yaml]
    #[arg(long, value_name = "PATH", env = "HYDRANT_PATH", value_parser = template_without_captures)]
    path: Option<Template>,
    /// Deliver to these environments by pull request (repeatable, or separated by commas)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    review: Vec<String>,
    /// Name the kind of git host of the manifest repository [default: from the host name]
    #[arg(long, value_enum, value_name = "HOST", env = "HYDRANT_REVIEW_HOST")]
    review_host: Option<HostArgument>,
    /// Prefix the images that Skaffold configs build with this registry and path
    #[arg(short, long, value_name = "PREFIX", env = "HYDRANT_DEFAULT_REPO")]
    default_repo: Option<String>,
    /// Use the defaults without a prompt
    #[arg(short, long)]
    yes: bool,
    /// Print the file to stdout instead of writing it
    #[arg(long)]
    print: bool,
}

/// A tool whose configs are taken over.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Tool {
    /// Skaffold: each skaffold.yaml is a service. The files stay, and stay valid
    Skaffold,
}

/// Inspects the repository, prompts and writes the file. An existing file is not changed, and nothing is written that `hydrant plan`
/// would refuse.
///
/// # Errors
/// There is nothing to deliver, a hydrant.yaml exists, the answers form no valid plan, or a file cannot be read or written.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let files = DiskFiles::default();
    let root = absolute(&arguments.directory).map_err(|error| Failure::Input(anyhow!(error)))?;
    let path = arguments.directory.join("hydrant.yaml");
    let there = NAMES.iter().map(|name| arguments.directory.join(name)).find(|path| path.exists());
    if let Some(there) = there.filter(|_| !arguments.print) {
        let path = there.display();
        return Err(Failure::Input(anyhow!(
            "{path} already exists\n  hint: run `hydrant init --print` to see what would be written"
        )));
    }
    let scope = if matches!(arguments.from, Some(Tool::Skaffold)) { Scope::Skaffold } else { Scope::All };
    let found = init::look(&files, &root, scope)?;
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
    let ask = terminal && !yes && !print && (!found.services.is_empty() || !found.layouts.is_empty());
    let choices = if ask { asked(&found, typed)? } else { typed };
    let text = init::write(&found, &choices)?;
    init::check(&files, &root, &text)?;
    if print {
        output::result(&text)?;
        return Ok(Success::Done);
    }
    output::result_file(&path, &text)?;
    output::note(&format!("wrote {}; run `hydrant plan --all` to see the units", path.display()));
    Ok(Success::Done)
}

/// Returns the typed choices, and the answers to prompts for the others.
fn asked(found: &Inspection, typed: Choices) -> Result<Choices, Failure> {
    let mut prompt = Prompt::new(std::io::stdin().lock(), |text: &str| output::question(text));
    prompt.print(&format!("Found {}.", summary(found)));
    let mut choices = typed;
    if choices.environments.is_empty() {
        let known = choices.environments(found).join(",");
        choices.environments = prompt.ask("Environments, separated by commas", &known, |answer| {
            let names = list(answer, environment_name)?;
            if names.is_empty() { Err("name at least one".to_owned()) } else { Ok(names) }
        })?;
    }
    let mut ask = |typed: &mut Option<Template>, question: &str, otherwise: &str| -> Result<(), Failure> {
        if typed.is_none() {
            *typed = Some(prompt.ask(question, otherwise, template_without_captures)?);
        }
        Ok(())
    };
    ask(
        &mut choices.repository,
        "Manifest repository: a URL, or the path of a bare repository, which is created",
        "manifests.git",
    )?;
    ask(&mut choices.branch, "Branch of each unit", "{service}/{environment}")?;
    ask(&mut choices.path, "File on the branch, or a folder if it ends with a slash", "manifest.yaml")?;
    if choices.review.is_empty() {
        let known = choices.environments.clone();
        let one = |name: &str| {
            let word =
                if name == "none" { Some("none") } else { known.iter().find(|one| *one == name).map(String::as_str) };
            word.map(str::to_owned)
                .ok_or_else(|| format!("unknown environment {name:?}, expected one of {}", known.join(", ")))
        };
        let names = prompt.ask("Environments that require a pull request", "none", |answer| list(answer, one))?;
        choices.review = names.into_iter().filter(|name| name != "none").collect();
    }
    if choices.want_a_host() {
        let question = "Kind of its git host: github, gitlab, gitea or none";
        let host = |answer: &str| HostArgument::from_str(answer, true).map(HostArgument::host);
        choices.review_host = Some(prompt.ask(question, "none", host)?);
    }
    if choices.default_repo.is_none() && found.services.iter().any(|one| one.how == How::Skaffold) {
        let question = "Registry and path of the images that are built (--default-repo)";
        let repo = prompt.ask(question, "none", |answer| Ok(answer.to_owned()))?;
        choices.default_repo = Some(repo).filter(|repo| repo != "none");
    }
    Ok(choices)
}

/// `2 services with a skaffold.yaml, 1 with kustomizations, 1 Helm chart; environments develop, production`
fn summary(found: &Inspection) -> String {
    let count = |wanted: &dyn Fn(&How) -> bool| found.services.iter().filter(|one| wanted(&one.how)).count();
    let in_layouts: std::collections::BTreeSet<&String> =
        found.layouts.iter().flat_map(|layout| &layout.units).map(|unit| &unit.service).collect();
    let counts = [
        (count(&|how| matches!(how, How::Skaffold)), "with a skaffold.yaml"),
        (count(&|how| matches!(how, How::Kustomize)) + in_layouts.len(), "with kustomizations"),
        (count(&|how| matches!(how, How::Helm(_))), "with a Helm chart"),
    ];
    let parts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let environments = if found.environments.is_empty() { "none" } else { &found.environments.join(", ") };
    format!("services: {}; environments: {environments}", parts.join(", "))
}
