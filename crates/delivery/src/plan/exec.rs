//! Whether programs are run that the source configures, and who says so.

use render_core::files::Files;

use crate::config;
use crate::host::RunContext;

/// Variables that are set in a CI job.
const CI: &[&str] = &["CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "JENKINS_URL", "BUILDKITE", "CIRCLECI"];

/// Variables that are set, and not empty, in the pipeline of a pull request only.
const PULL_REQUEST: &[&str] = &[
    "GITHUB_HEAD_REF",
    "CI_MERGE_REQUEST_IID",
    "SYSTEM_PULLREQUEST_PULLREQUESTID",
    "CHANGE_ID",
    "CIRCLE_PULL_REQUEST",
];

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
    /// `hydrant render` in a folder without a hydrant.yaml, where it stands in for `skaffold render`, which runs hooks.
    Skaffold,
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
            Ok(None) if !flag => ExecPermission::Skaffold,
            Ok(Some(path)) => {
                let config = config::read(files, &path).is_ok_and(|config| config.trust.exec);
                ExecPermission::decide(flag, config)
            }
            _ => ExecPermission::decide(flag, false),
        }
    }

    /// Whether the programs are run. In the pipeline of a pull request, hydrant.yaml is the pull request's own and allows nothing; in a CI
    /// job, `hydrant render` needs a permission as every other command does.
    pub(crate) fn allows(self, ctx: &RunContext) -> bool {
        let set =
            |names: &[&str]| names.iter().any(|name| ctx.variables.get(*name).is_some_and(|text| !text.is_empty()));
        let event = ctx.variables.get("GITHUB_EVENT_NAME").is_some_and(|event| event.starts_with("pull_request"));
        match self {
            _ if ctx.trust.is_untrusted() => false,
            ExecPermission::None => false,
            ExecPermission::Flag => true,
            ExecPermission::Config => !event && !set(PULL_REQUEST),
            ExecPermission::Skaffold => !set(CI),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::InputTrust;

    #[test]
    fn a_pull_request_cannot_allow_its_own_programs() {
        let allows = |permission: ExecPermission, variables: &[(&str, &str)], trust| {
            let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            permission.allows(&RunContext { variables, trust, ..RunContext::default() })
        };
        let trusted = InputTrust::Trusted;
        let all = [ExecPermission::None, ExecPermission::Flag, ExecPermission::Config, ExecPermission::Skaffold];
        let by = |variables: &[(&str, &str)], trust| all.map(|permission| allows(permission, variables, trust));
        assert_eq!(by(&[], trusted), [false, true, true, true]);
        assert_eq!(by(&[], InputTrust::Untrusted), [false; 4]);
        assert_eq!(by(&[("CI", "true")], trusted), [false, true, true, false]);
        for pull_request in [
            ("GITHUB_EVENT_NAME", "pull_request_target"),
            ("GITHUB_HEAD_REF", "feature"),
            ("CI_MERGE_REQUEST_IID", "7"),
        ] {
            assert_eq!(by(&[("CI", "true"), pull_request], trusted), [false, true, false, false], "{pull_request:?}");
        }
        assert!(by(&[("CI", "true"), ("GITHUB_HEAD_REF", ""), ("GITHUB_EVENT_NAME", "push")], trusted)[2]);
    }
}
