//! Whether programs are run that the source configures, and who says so.

use render_core::files::Files;

use super::repository;
use crate::config;
use crate::host::{AllowedPrograms, RunContext};

/// Variables that are set in a CI job.
const CI: &[&str] = &["CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "JENKINS_URL", "BUILDKITE", "CIRCLECI"];

/// Variables that are set in the pipeline of a pull request only, and elsewhere absent, empty or `false`: of GitHub and Gitea, GitLab, Azure
/// Pipelines, Jenkins, CircleCI, Bitbucket, Buildkite, Travis CI, Drone, Woodpecker, AppVeyor, Cirrus CI, Semaphore, Codefresh and Bitrise.
const PULL_REQUEST: &[&str] = &[
    "GITHUB_HEAD_REF",
    "CI_MERGE_REQUEST_IID",
    "CI_EXTERNAL_PULL_REQUEST_IID",
    "SYSTEM_PULLREQUEST_PULLREQUESTID",
    "CHANGE_ID",
    "ghprbPullId",
    "CIRCLE_PULL_REQUEST",
    "BITBUCKET_PR_ID",
    "BUILDKITE_PULL_REQUEST",
    "TRAVIS_PULL_REQUEST",
    "DRONE_PULL_REQUEST",
    "CI_COMMIT_PULL_REQUEST",
    "APPVEYOR_PULL_REQUEST_NUMBER",
    "CIRRUS_PR",
    "SEMAPHORE_GIT_PR_NUMBER",
    "CF_PULL_REQUEST_NUMBER",
    "BITRISE_PULL_REQUEST",
];

/// Variables that name the event of a pipeline, whose values contain `pull_request` for pull requests: of GitHub and Gitea, Woodpecker, and
/// AWS CodeBuild.
const EVENT: &[&str] = &["GITHUB_EVENT_NAME", "CI_PIPELINE_EVENT", "CODEBUILD_WEBHOOK_EVENT"];

/// Who allows the programs that the source configures: exec functions, hooks, commands in templates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExecPermission {
    /// Nothing does.
    #[default]
    None,
    /// `--allow-exec`.
    Flag,
    /// `trust.exec` in hydrant.yaml.
    Config,
    /// `hydrant render` in a folder that belongs to no hydrant.yaml and no git repository, where it stands in for `skaffold render`, which
    /// runs hooks. What is in a git repository may be another person's, so programs there need a permission.
    LocalHooks,
}

impl ExecPermission {
    /// The permission for units of a hydrant.yaml.
    pub(super) fn decide(flag: bool, config: bool) -> Self {
        match (flag, config) {
            (true, _) => ExecPermission::Flag,
            (false, true) => ExecPermission::Config,
            (false, false) => ExecPermission::None,
        }
    }

    /// The permission for a folder that is rendered by itself: a hydrant.yaml in it or above decides. An invalid one allows nothing.
    pub(super) fn of_folder(files: &dyn Files, folder: &str, flag: bool) -> Self {
        match config::find(files, folder, None) {
            Ok(None) if !flag && repository::root(files, folder).is_none() => ExecPermission::LocalHooks,
            Ok(Some(path)) => {
                let config = config::read(files, &path).is_ok_and(|config| config.trust.exec);
                ExecPermission::decide(flag, config)
            }
            _ => ExecPermission::decide(flag, false),
        }
    }

    /// The programs that are run. In the pipeline of a pull request, hydrant.yaml is the pull request's own and allows nothing; in a CI
    /// job, `hydrant render` needs a permission as every other command does.
    pub(crate) fn allowed(self, ctx: &RunContext) -> AllowedPrograms {
        let value = |name: &str| ctx.variables.get(name).map_or("", String::as_str);
        let set = |names: &[&str]| names.iter().any(|name| !matches!(value(name), "" | "false"));
        let is_request = |name: &&str| value(name).to_ascii_lowercase().contains("pull_request");
        match self {
            _ if ctx.trust.is_untrusted() => AllowedPrograms::None,
            ExecPermission::Flag => AllowedPrograms::All,
            ExecPermission::Config if !EVENT.iter().any(is_request) && !set(PULL_REQUEST) => AllowedPrograms::All,
            ExecPermission::LocalHooks if !set(CI) => AllowedPrograms::Hooks,
            ExecPermission::None | ExecPermission::Config | ExecPermission::LocalHooks => AllowedPrograms::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use render_core::files::MemoryFiles;

    use super::*;
    use crate::host::InputTrust;

    #[test]
    fn a_pull_request_cannot_allow_its_own_programs() {
        use AllowedPrograms::{All, Hooks, None};
        let all = [ExecPermission::None, ExecPermission::Flag, ExecPermission::Config, ExecPermission::LocalHooks];
        let by = |variables: &[(&str, &str)], trust| {
            let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let ctx = RunContext { variables, trust, ..RunContext::default() };
            all.map(|permission| permission.allowed(&ctx))
        };
        let trusted = InputTrust::Trusted;
        assert_eq!(by(&[], trusted), [None, All, All, Hooks]);
        assert_eq!(by(&[], InputTrust::Untrusted), [None; 4]);
        assert_eq!(by(&[("CI", "true")], trusted), [None, All, All, None]);
        for pull_request in [
            ("GITHUB_EVENT_NAME", "pull_request_target"),
            ("GITHUB_HEAD_REF", "feature"),
            ("CI_MERGE_REQUEST_IID", "7"),
            ("CODEBUILD_WEBHOOK_EVENT", "PULL_REQUEST_CREATED"),
            ("BUILDKITE_PULL_REQUEST", "12"),
        ] {
            assert_eq!(by(&[("CI", "true"), pull_request], trusted), [None, All, None, None], "{pull_request:?}");
        }
        let branch = [("CI", "true"), ("GITHUB_HEAD_REF", ""), ("GITHUB_EVENT_NAME", "push")];
        assert_eq!(by(&branch, trusted), [None, All, All, None]);
        assert_eq!(by(&[("BUILDKITE_PULL_REQUEST", "false")], trusted), [None, All, All, Hooks]);
    }

    #[test]
    fn hooks_in_a_repository_need_permission() {
        let permission = |paths: &[&str]| {
            let mut files = MemoryFiles::default();
            paths.iter().for_each(|path| files.insert(path, *b""));
            ExecPermission::of_folder(&files, "/work/a/b", false)
        };
        assert_eq!(permission(&["/work/a/b/skaffold.yaml"]), ExecPermission::LocalHooks);
        // A worktree and a submodule have a file of this name.
        for git in ["/work/a/b/.git", "/work/a/.git/HEAD", "/.git/HEAD"] {
            assert_eq!(permission(&["/work/a/b/skaffold.yaml", git]), ExecPermission::None, "{git}");
        }
        assert_eq!(permission(&["/work/a/b/skaffold.yaml", "/work/a/hydrant.yaml"]), ExecPermission::None);
    }
}
