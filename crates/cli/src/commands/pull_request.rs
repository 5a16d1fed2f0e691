//! `hydrant pull-request`: ghcp's verb, which can also update an open pull request.

use delivery::verbs::ghcp::{self, PullAction, PullRequest, Rewrite};

use crate::arguments::github::{ApiArguments, repository};
use crate::outcome::{Failure, Success};
use crate::output;

/// Open a pull request on GitHub unless one is open for the same branches; takes ghcp's options and more
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant pull-request -r acme/manifests -b update-cart --title 'Update cart'")]
pub(crate) struct Arguments {
    /// Merge from this repository: OWNER/REPO, or REPO with --head-owner
    #[arg(short = 'r', long, value_name = "REPO")]
    head_repo: String,
    /// Set the owner of the head repository
    #[arg(short = 'u', long, value_name = "OWNER")]
    head_owner: Option<String>,
    /// Merge this branch
    #[arg(short = 'b', long, value_name = "BRANCH")]
    head: String,
    /// Open the pull request in this repository [default: the head repository]
    #[arg(long, value_name = "REPO")]
    base_repo: Option<String>,
    /// Set the owner of the base repository
    #[arg(long, value_name = "OWNER", requires = "base_repo")]
    base_owner: Option<String>,
    /// Merge into this branch [default: the default branch]
    #[arg(long, value_name = "BRANCH")]
    base: Option<String>,
    /// Set the title
    #[arg(long, value_name = "TITLE")]
    title: String,
    /// Set the body
    #[arg(long, value_name = "BODY", default_value = "")]
    body: String,
    /// Open the pull request as a draft
    #[arg(long)]
    draft: bool,
    /// Request a review from this user (repeatable)
    #[arg(long, value_name = "USER")]
    reviewer: Vec<String>,
    /// Add this label (repeatable)
    #[arg(long, value_name = "LABEL")]
    label: Vec<String>,
    /// Update the title and the body of an open pull request [default: leave them, as ghcp does]
    #[arg(long)]
    update: bool,
    /// Accepted for compatibility with ghcp; no file is read
    #[arg(short = 'C', long, value_name = "FOLDER", hide = true)]
    directory: Option<std::path::PathBuf>,
    #[command(flatten)]
    api: ApiArguments,
}

/// Opens or updates the pull request, and prints its URL to stdout.
///
/// # Errors
/// The head branch does not exist, or GitHub refuses a request.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let head = repository(arguments.head_owner, &arguments.head_repo)?;
    let base = match &arguments.base_repo {
        Some(name) => repository(arguments.base_owner, name)?,
        None => head.clone(),
    };
    let wanted = PullRequest {
        base,
        base_branch: arguments.base,
        head,
        head_branch: arguments.head,
        title: arguments.title,
        body: arguments.body,
        draft: arguments.draft,
        reviewers: arguments.reviewer,
        labels: arguments.label,
        rewrite: if arguments.update { Rewrite::Whole } else { Rewrite::Never },
        auto_merge: None,
        known: None,
    };
    let outcome = ghcp::pull_request(&arguments.api.github()?, &wanted)?;
    let action = match outcome.action {
        PullAction::Opened => "opened",
        PullAction::Updated => "updated",
        PullAction::Unchanged | PullAction::Declined => "is up to date",
        PullAction::Merged => {
            output::note(&format!("{}: {} has nothing to merge", wanted.base, wanted.head_branch));
            return Ok(Success::Done);
        }
    };
    output::note(&format!("{} #{} {action}", wanted.base, outcome.number));
    output::result(&format!("{}\n", outcome.url))?;
    if outcome.warnings.is_empty() {
        return Ok(Success::Done);
    }
    Err(Failure::Input(anyhow::anyhow!(outcome.warnings.join("\n"))))
}
