//! The page of the CI run that delivers, by the variables that the CI service sets.

use std::collections::BTreeMap;

/// The run's URL: GitHub Actions (and Gitea's and Forgejo's), GitLab CI, CircleCI, Buildkite, Jenkins. Nothing elsewhere, and nothing where
/// the value is not an `http` URL.
pub fn url(variables: &BTreeMap<String, String>) -> Option<String> {
    let variable = |name: &str| variables.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    let actions = || {
        let (server, repository) = (variable("GITHUB_SERVER_URL")?, variable("GITHUB_REPOSITORY")?);
        let base = format!("{}/{repository}/actions/runs", server.trim_end_matches('/'));
        if variable("GITEA_ACTIONS").or_else(|| variable("FORGEJO_ACTIONS")).is_some() {
            // Their pages count the runs of the repository, where GitHub's have the run's id.
            return Some(format!("{base}/{}", variable("GITHUB_RUN_NUMBER")?));
        }
        let attempt = variable("GITHUB_RUN_ATTEMPT").filter(|attempt| *attempt != "1");
        let attempt = attempt.map(|attempt| format!("/attempts/{attempt}")).unwrap_or_default();
        Some(format!("{base}/{}{attempt}", variable("GITHUB_RUN_ID")?))
    };
    let buildkite = || {
        let job = variable("BUILDKITE_JOB_ID").map(|job| format!("#{job}")).unwrap_or_default();
        Some(format!("{}{job}", variable("BUILDKITE_BUILD_URL")?))
    };
    let given = |name: &str| variable(name).map(str::to_owned);
    let found = actions()
        .or_else(|| given("CI_JOB_URL"))
        .or_else(|| given("CI_PIPELINE_URL"))
        .or_else(|| given("CIRCLE_BUILD_URL"))
        .or_else(buildkite)
        // Other services set BUILD_URL too, and it may mean something else there.
        .or_else(|| variable("JENKINS_URL").and_then(|_| given("BUILD_URL")));
    let found = found.filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    found.map(|url| git::without_credentials(&url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_its_page() {
        let github =
            "GITHUB_SERVER_URL=https://github.com GITHUB_REPOSITORY=acme/shop GITHUB_RUN_ID=12 GITHUB_RUN_NUMBER=3";
        for (set, expected) in [
            (github.to_owned(), Some("https://github.com/acme/shop/actions/runs/12")),
            (format!("{github} GITHUB_RUN_ATTEMPT=2"), Some("https://github.com/acme/shop/actions/runs/12/attempts/2")),
            (format!("{github} GITEA_ACTIONS=true"), Some("https://github.com/acme/shop/actions/runs/3")),
            (
                "CI_JOB_URL=https://gitlab.com/a/b/-/jobs/7 CI_PIPELINE_URL=x".to_owned(),
                Some("https://gitlab.com/a/b/-/jobs/7"),
            ),
            (
                "CI_PIPELINE_URL=https://gitlab.com/a/b/-/pipelines/7".to_owned(),
                Some("https://gitlab.com/a/b/-/pipelines/7"),
            ),
            ("CIRCLE_BUILD_URL=https://circleci.com/gh/a/b/7".to_owned(), Some("https://circleci.com/gh/a/b/7")),
            (
                "BUILDKITE_BUILD_URL=https://buildkite.com/a/b/builds/7 BUILDKITE_JOB_ID=j-1".to_owned(),
                Some("https://buildkite.com/a/b/builds/7#j-1"),
            ),
            ("JENKINS_URL=https://ci/ BUILD_URL=https://me:secret@ci/job/a/7/".to_owned(), Some("https://ci/job/a/7/")),
            ("BUILD_URL=https://elsewhere/".to_owned(), None),
            ("CI_JOB_URL=none".to_owned(), None),
            (String::new(), None),
        ] {
            let variables = set.split_whitespace().filter_map(|pair| pair.split_once('='));
            let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            assert_eq!(url(&variables).as_deref(), expected, "{set}");
        }
    }
}
