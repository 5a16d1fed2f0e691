//! The options that ghcp's verbs share.

use std::path::PathBuf;

use delivery::verbs::ghcp::{self, ApiCommit, ApiOutcome, GitHub, Identity, Login, Parent, Repository};

use crate::outcome::Failure;
use crate::output;
use crate::run_context::run_context;

/// GitHub's API and the credentials for it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "GitHub options")]
pub(crate) struct ApiArguments {
    /// Use GitHub's API at this URL; https://HOST/api/v3 for GitHub Enterprise
    #[arg(long, value_name = "URL", env = "GITHUB_API", default_value = "https://api.github.com")]
    api: String,
    /// Authenticate with this token; prefer the environment variable, which process lists do not show
    #[arg(long, value_name = "TOKEN", env = "GITHUB_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Authenticate as the GitHub App with this id instead of with a token
    #[arg(long, value_name = "ID", env = "GITHUB_APP_ID", requires = "app_key_file")]
    app_id: Option<u64>,
    /// Read the private key of the GitHub App from this PEM file
    #[arg(long, value_name = "FILE", env = "GITHUB_APP_KEY_FILE")]
    app_key_file: Option<PathBuf>,
    /// Log requests; the same as -vv
    #[arg(long)]
    #[allow(dead_code, reason = "`command_line` reads it before the arguments are parsed")]
    debug: bool,
}

impl ApiArguments {
    /// Returns the API with its credentials.
    ///
    /// # Errors
    /// Neither a token nor an App is given, or the key cannot be read.
    pub(crate) fn github(self) -> Result<GitHub, Failure> {
        let input = |message: String| Failure::Input(anyhow::anyhow!(message));
        let login = match (self.app_id, self.app_key_file, self.token) {
            (Some(id), Some(file), _) => {
                let key = delivery::host::read_text(&file);
                let key = key.map_err(|error| input(format!("{}: {error}", file.display())))?;
                Login::App { id, key }
            }
            (_, _, Some(token)) if !token.is_empty() => Login::Token(token),
            _ => {
                return Err(input(
                    "no credentials for GitHub\n  hint: set GITHUB_TOKEN, or --app-id and --app-key-file".to_owned(),
                ));
            }
        };
        Ok(ghcp::github(self.api, login, &run_context()?))
    }
}

/// Parses `-u OWNER -r REPO` or `-r OWNER/REPO`.
///
/// # Errors
/// The owner is missing or named twice.
pub(crate) fn repository(owner: Option<String>, name: &str) -> Result<Repository, Failure> {
    match (owner, name.split_once('/')) {
        (Some(owner), None) => Ok(Repository { owner, name: name.to_owned() }),
        (None, Some((owner, name))) if !owner.is_empty() && !name.is_empty() && !name.contains('/') => {
            Ok(Repository { owner: owner.to_owned(), name: name.to_owned() })
        }
        _ => Err(Failure::Input(anyhow::anyhow!(
            "invalid repository {name:?}: expected OWNER/REPO\n  hint: pass --repo OWNER/REPO, or --owner OWNER --repo REPO"
        ))),
    }
}

/// Where a commit goes, its message and its author.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Commit options")]
pub(crate) struct CommitArguments {
    /// Commit to this repository: OWNER/REPO, or REPO with --owner
    #[arg(short, long, value_name = "REPO")]
    repo: String,
    /// Set the owner of the repository
    #[arg(short = 'u', long, value_name = "OWNER")]
    owner: Option<String>,
    /// Use this branch, tag or commit as the parent [default: the branch]
    #[arg(long, value_name = "REF")]
    parent: Option<String>,
    /// Set the commit message
    #[arg(short, long, value_name = "MESSAGE")]
    message: String,
    /// Set the author's name [default: the owner of the token]
    #[arg(long, value_name = "NAME", requires = "author_email")]
    author_name: Option<String>,
    /// Set the author's email address
    #[arg(long, value_name = "EMAIL", requires = "author_name")]
    author_email: Option<String>,
    /// Set the committer's name [default: the author]
    #[arg(long, value_name = "NAME", requires = "committer_email")]
    committer_name: Option<String>,
    /// Set the committer's email address
    #[arg(long, value_name = "EMAIL", requires = "committer_name")]
    committer_email: Option<String>,
    /// Print what would change, and write nothing
    #[arg(long)]
    dry_run: bool,
}

impl CommitArguments {
    /// Returns the commit without its files.
    ///
    /// # Errors
    /// The owner of the repository is missing.
    pub(crate) fn commit(self, branch: Option<String>) -> Result<ApiCommit, Failure> {
        let now = run_context()?.now;
        let who = |name: Option<String>, email: Option<String>| {
            let (name, email, time) = (name?, email?, now?);
            Some(Identity { name, email, time })
        };
        Ok(ApiCommit {
            repository: repository(self.owner, &self.repo)?,
            branch,
            parent: self.parent.map_or(Parent::Branch, Parent::Ref),
            files: Default::default(),
            delete: Vec::new(),
            allow_empty: false,
            message: self.message,
            author: who(self.author_name, self.author_email),
            committer: who(self.committer_name, self.committer_email),
            dry_run: self.dry_run,
        })
    }
}

/// Prints the commit's id to stdout, and a summary to stderr.
///
/// # Errors
/// Stdout cannot be written to.
pub(crate) fn report(outcome: &ApiOutcome, repository: &Repository, dry_run: bool) -> Result<(), Failure> {
    let files = outcome.changes.len();
    let place = format!("{repository} {}", outcome.branch);
    match &outcome.new {
        Some(id) => {
            output::note(&format!("{place}: {files} files changed"));
            output::result(&format!("{id}\n"))
        }
        None if dry_run && files > 0 => {
            for change in &outcome.changes {
                output::note(&format!("{:?} {}", change.kind, change.path).to_lowercase());
            }
            output::note(&format!("{place}: would change {files} files (dry run)"));
            Ok(())
        }
        None => {
            output::note(&format!("{place}: nothing to change"));
            Ok(())
        }
    }
}
