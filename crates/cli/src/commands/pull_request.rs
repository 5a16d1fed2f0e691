//! `hydrant pull-request`: ghcp's verb, which also keeps an open request up to date where that is asked for.

use delivery::verbs::ghcp::{self, PullAction, PullRequest, Rewrite};

use crate::arguments::github::{ApiArguments, repository};
use crate::outcome::{Failure, Success};
use crate::output;

/// Open a pull request at GitHub unless one is open for the same branches; ghcp's flags and more
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The repository that holds the branch, OWNER/REPO or, with --head-owner, REPO
    #[arg(short = 'r', long, value_name = "REPO")]
    head_repo: String,
    /// Its owner
    #[arg(short = 'u', long, value_name = "OWNER")]
    head_owner: Option<String>,
    /// The branch to be merged
    #[arg(short = 'b', long, value_name = "BRANCH")]
    head: String,
    /// The repository to open it in; the head's where none is given
    #[arg(long, value_name = "REPO")]
    base_repo: Option<String>,
    /// Its owner
    #[arg(long, value_name = "OWNER", requires = "base_repo")]
    base_owner: Option<String>,
    /// The branch to merge into; the default branch where none is given
    #[arg(long, value_name = "BRANCH")]
    base: Option<String>,
    /// The title
    #[arg(long, value_name = "TITLE")]
    title: String,
    /// The body
    #[arg(long, value_name = "BODY", default_value = "")]
    body: String,
    /// Open it as a draft
    #[arg(long)]
    draft: bool,
    /// Ask this person to look; may be given several times
    #[arg(long, value_name = "USER")]
    reviewer: Vec<String>,
    /// Add this label; may be given several times
    #[arg(long, value_name = "LABEL")]
    label: Vec<String>,
    /// Change title and body of an open request too; without this they stay, as ghcp leaves them
    #[arg(long)]
    update: bool,
    /// Taken for ghcp's sake; no file is read
    #[arg(short = 'C', long, value_name = "FOLDER", hide = true)]
    directory: Option<std::path::PathBuf>,
    #[command(flatten)]
    api: ApiArguments,
}

/// Opens or updates; the request's address goes to stdout.
///
/// # Errors
/// GitHub's, and a head branch that does not exist.
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
        PullAction::Unchanged | PullAction::Declined => "is as it is to be",
        PullAction::Merged => {
            output::note(&format!("{}: {} holds nothing that is not merged", wanted.base, wanted.head_branch));
            return Ok(Success::Done);
        }
    };
    output::note(&format!("{} #{} {action}", wanted.base, outcome.number));
    output::result(&format!("{}\n", outcome.url))?;
    if outcome.undone.is_empty() {
        return Ok(Success::Done);
    }
    Err(Failure::Input(anyhow::anyhow!(outcome.undone.join("\n"))))
}
