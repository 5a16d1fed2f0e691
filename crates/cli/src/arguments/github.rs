//! The arguments that ghcp's verbs share, and what they mean.

use std::path::PathBuf;

use delivery::verbs::ghcp::{ApiCommit, ApiOutcome, GitHub, Identity, Login, Parent, Repository};

use crate::outcome::Failure;
use crate::output;
use crate::run_context::run_context;

/// Where GitHub is and who we are there.
#[derive(Debug, clap::Args)]
pub(crate) struct ApiArguments {
    /// The API's URL; https://HOST/api/v3 for GitHub Enterprise
    #[arg(long, value_name = "URL", env = "GITHUB_API", default_value = "https://api.github.com")]
    api: String,
    /// A token; better given by the environment, where no list of processes shows it
    #[arg(long, value_name = "TOKEN", env = "GITHUB_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// A GitHub App instead of a token: its id
    #[arg(long, value_name = "ID", env = "GITHUB_APP_ID", requires = "app_key_file")]
    app_id: Option<u64>,
    /// The file with the App's private key, PEM
    #[arg(long, value_name = "FILE", env = "GITHUB_APP_KEY_FILE")]
    app_key_file: Option<PathBuf>,
    /// Say each request to GitHub and what came of it on stderr
    #[arg(long)]
    debug: bool,
}

impl ApiArguments {
    /// GitHub as these arguments name it.
    ///
    /// # Errors
    /// Neither token nor App, or a key that cannot be read.
    pub(crate) fn github(self) -> Result<GitHub, Failure> {
        let input = |words: String| Failure::Input(anyhow::anyhow!(words));
        let login = match (self.app_id, self.app_key_file, self.token) {
            (Some(id), Some(file), _) => {
                let key = std::fs::read_to_string(&file);
                let key = key.map_err(|error| input(format!("{}: {error}", file.display())))?;
                Login::App { id, key }
            }
            (_, _, Some(token)) if !token.is_empty() => Login::Token(token),
            _ => {
                return Err(input(
                    "no token for GitHub\n  hint: Set GITHUB_TOKEN, or --app-id and --app-key-file.".to_owned(),
                ));
            }
        };
        let tell = self.debug.then_some(output::note as fn(&str));
        Ok(GitHub { tell, ..GitHub::new(self.api, login) })
    }
}

/// `-u OWNER -r REPO`, or `-r OWNER/REPO`.
///
/// # Errors
/// A name without an owner.
pub(crate) fn repository(owner: Option<String>, name: &str) -> Result<Repository, Failure> {
    match (owner, name.split_once('/')) {
        (Some(owner), None) => Ok(Repository { owner, name: name.to_owned() }),
        (None, Some((owner, name))) if !owner.is_empty() && !name.is_empty() && !name.contains('/') => {
            Ok(Repository { owner: owner.to_owned(), name: name.to_owned() })
        }
        _ => Err(Failure::Input(anyhow::anyhow!(
            "the repository `{name}` is not OWNER/REPO\n  hint: Give --repo OWNER/REPO, or --owner OWNER --repo REPO."
        ))),
    }
}

/// Where a commit goes and what it says.
#[derive(Debug, clap::Args)]
pub(crate) struct CommitArguments {
    /// The repository, OWNER/REPO or, with --owner, REPO
    #[arg(short, long, value_name = "REPO")]
    repo: String,
    /// The repository's owner
    #[arg(short = 'u', long, value_name = "OWNER")]
    owner: Option<String>,
    /// Stand on this branch, tag or commit instead of the branch itself
    #[arg(long, value_name = "REF")]
    parent: Option<String>,
    /// The commit message
    #[arg(short, long, value_name = "MESSAGE")]
    message: String,
    /// The author's name; without one, whom the token stands for
    #[arg(long, value_name = "NAME", requires = "author_email")]
    author_name: Option<String>,
    /// The author's mail address
    #[arg(long, value_name = "EMAIL", requires = "author_name")]
    author_email: Option<String>,
    /// The committer's name; without one, the author
    #[arg(long, value_name = "NAME", requires = "committer_email")]
    committer_name: Option<String>,
    /// The committer's mail address
    #[arg(long, value_name = "EMAIL", requires = "committer_name")]
    committer_email: Option<String>,
    /// Say what would be done, and write nothing anywhere
    #[arg(long)]
    dry_run: bool,
}

impl CommitArguments {
    /// The commit without its files.
    ///
    /// # Errors
    /// A repository without an owner.
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

/// The commit's id on stdout; what happened on stderr.
///
/// # Errors
/// Where stdout cannot be written to.
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
            output::note(&format!("{place}: would change {files} files; a dry run writes nothing"));
            Ok(())
        }
        None => {
            output::note(&format!("{place}: nothing to change"));
            Ok(())
        }
    }
}
