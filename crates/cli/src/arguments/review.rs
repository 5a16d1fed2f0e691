//! The flags about reviews, for every command that works on units.

use clap::ValueEnum;
use delivery::config::{Host, MergeMethod, Request, Template, Way};

use crate::arguments::template::template;

/// `--review`
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum WayArgument {
    /// Straight onto the branch
    Push,
    /// Onto a topic branch, with a request to merge it
    PullRequest,
}

/// What can be said of the requests instead of what hydrant.yaml says.
#[derive(Debug, clap::Args)]
pub(crate) struct RequestArguments {
    /// What the git host is, where its name does not tell
    #[arg(long, value_enum, value_name = "HOST", env = "HYDRANT_REVIEW_HOST")]
    review_host: Option<HostArgument>,
    /// GitHub's API; https://HOST/api/v3 for GitHub Enterprise, which is what is taken for other hosts than github.com
    #[arg(long, value_name = "URL", env = "HYDRANT_REVIEW_API")]
    review_api: Option<String>,
    /// The topic branch; {service} and {environment} stand for the unit's names
    #[arg(long, value_name = "BRANCH", env = "HYDRANT_REVIEW_BRANCH", value_parser = template)]
    review_branch: Option<Template>,
    /// The request's title; the commit's subject where absent
    #[arg(long, value_name = "TEXT", env = "HYDRANT_REVIEW_TITLE", value_parser = template)]
    review_title: Option<Template>,
    /// A label of the request (repeat, or separate by commas)
    #[arg(long, value_name = "LABEL", value_delimiter = ',', env = "HYDRANT_REVIEW_LABEL")]
    review_label: Vec<String>,
    /// Who is asked to look: a person, or a team as ORG/TEAM (repeat, or separate by commas)
    #[arg(long, value_name = "NAME", value_delimiter = ',', env = "HYDRANT_REVIEW_REVIEWER")]
    review_reviewer: Vec<String>,
    /// Let the host merge the request by itself when its rules allow it
    #[arg(long, value_enum, value_name = "METHOD", env = "HYDRANT_REVIEW_AUTO_MERGE")]
    review_auto_merge: Option<MergeArgument>,
    /// Open the request as a draft
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", env = "HYDRANT_REVIEW_DRAFT")]
    review_draft: Option<bool>,
}

/// `--review-host`
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum HostArgument {
    /// GitHub, or a GitHub Enterprise Server: requests by its API
    Github,
    /// GitLab: merge requests by push options
    Gitlab,
    /// Gitea or Forgejo: requests by AGit
    Gitea,
    /// Any other: the topic branch alone is pushed
    None,
}

/// `--review-auto-merge`
#[derive(Clone, Copy, Debug, ValueEnum)]
enum MergeArgument {
    /// With a merge commit
    Merge,
    /// As one commit
    Squash,
    /// Commit by commit
    Rebase,
}

impl WayArgument {
    /// As `delivery` takes it.
    pub(crate) fn way(self) -> Way {
        match self {
            WayArgument::Push => Way::Push,
            WayArgument::PullRequest => Way::PullRequest,
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
