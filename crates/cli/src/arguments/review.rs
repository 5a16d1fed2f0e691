//! The options of reviewed deliveries.

use clap::ValueEnum;
use delivery::config::{Host, MergeMethod, Request, ReviewMode, Template};

use crate::arguments::template::template;

/// `--review`
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ReviewModeArgument {
    /// Push to the branch
    Push,
    /// Push to a topic branch and open a pull request
    PullRequest,
}

/// Options of pull requests that replace values of hydrant.yaml.
#[derive(Debug, clap::Args)]
pub(crate) struct RequestArguments {
    /// Name the kind of git host [default: from the host name]
    #[arg(long, value_enum, value_name = "HOST", env = "HYDRANT_REVIEW_HOST")]
    review_host: Option<HostArgument>,
    /// Use GitHub's API at this URL [default: that of github.com, or https://HOST/api/v3 for other hosts]
    #[arg(long, value_name = "URL", env = "HYDRANT_REVIEW_API")]
    review_api: Option<String>,
    /// Push to this topic branch; {service} and {environment} are replaced [default: hydrant/{service}/{environment}]
    #[arg(long, value_name = "BRANCH", env = "HYDRANT_REVIEW_BRANCH", value_parser = template)]
    review_branch: Option<Template>,
    /// Set the title of the pull request [default: the subject of the commit]
    #[arg(long, value_name = "TEXT", env = "HYDRANT_REVIEW_TITLE", value_parser = template)]
    review_title: Option<Template>,
    /// Add this label to the pull request (repeatable, or separated by commas)
    #[arg(long, value_name = "LABEL", value_delimiter = ',', env = "HYDRANT_REVIEW_LABEL")]
    review_label: Vec<String>,
    /// Request a review from this user, or from a team as ORG/TEAM (repeatable, or separated by commas)
    #[arg(long, value_name = "NAME", value_delimiter = ',', env = "HYDRANT_REVIEW_REVIEWER")]
    review_reviewer: Vec<String>,
    /// Let the git host merge the pull request when its rules allow it
    #[arg(long, value_enum, value_name = "METHOD", env = "HYDRANT_REVIEW_AUTO_MERGE")]
    review_auto_merge: Option<MergeArgument>,
    /// Open the pull request as a draft
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", env = "HYDRANT_REVIEW_DRAFT")]
    review_draft: Option<bool>,
}

/// `--review-host`
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum HostArgument {
    /// GitHub or GitHub Enterprise Server: pull requests by the API
    Github,
    /// GitLab: merge requests by push options
    Gitlab,
    /// Gitea or Forgejo: pull requests by AGit
    Gitea,
    /// Any other: only the topic branch is pushed
    None,
}

/// `--review-auto-merge`
#[derive(Clone, Copy, Debug, ValueEnum)]
enum MergeArgument {
    /// Merge with a merge commit
    Merge,
    /// Squash to one commit
    Squash,
    /// Rebase the commits
    Rebase,
}

impl ReviewModeArgument {
    /// As `delivery` takes it.
    pub(crate) fn mode(self) -> ReviewMode {
        match self {
            ReviewModeArgument::Push => ReviewMode::Push,
            ReviewModeArgument::PullRequest => ReviewMode::PullRequest,
        }
    }
}

impl HostArgument {
    /// As `delivery` takes it.
    pub(crate) fn host(self) -> Host {
        match self {
            HostArgument::Github => Host::Github,
            HostArgument::Gitlab => Host::Gitlab,
            HostArgument::Gitea => Host::Gitea,
            HostArgument::None => Host::None,
        }
    }
}

impl RequestArguments {
    /// As `delivery` takes them.
    pub(crate) fn request(self) -> Request {
        let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
        Request {
            host: self.review_host.map(HostArgument::host),
            api: self.review_api,
            branch: self.review_branch,
            title: self.review_title,
            labels: some(self.review_label),
            reviewers: some(self.review_reviewer),
            auto_merge: self.review_auto_merge.map(|typed| match typed {
                MergeArgument::Merge => MergeMethod::Merge,
                MergeArgument::Squash => MergeMethod::Squash,
                MergeArgument::Rebase => MergeMethod::Rebase,
            }),
            draft: self.review_draft,
        }
    }
}
