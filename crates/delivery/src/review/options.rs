//! Pull requests by push options: GitLab's merge requests, and AGit's requests of Gitea and Forgejo.

use committer::TargetContent;

use super::pull_request_body::PullRequestBody;
use crate::config::MergeMethod;
use crate::plan::Request;

/// How long a description may be. An option is one packet of git's protocol (65,516 bytes) and one variable of the server's hooks.
const DESCRIPTION: usize = 30_000;

/// GitLab's (docs.gitlab.com, "Push options"): opened where there is none, updated where one is open.
pub(super) fn gitlab(
    request: &Request,
    content: &PullRequestBody,
    target: &str,
    before: &TargetContent,
) -> Vec<String> {
    let mut options = vec![
        "merge_request.create".to_owned(),
        format!("merge_request.target={target}"),
        format!("merge_request.title={}", content.title),
        // GitLab makes line breaks of these two characters; an option itself is one line.
        format!("merge_request.description={}", content.markdown(before, DESCRIPTION).replace('\n', "\\n")),
        "merge_request.remove_source_branch".to_owned(),
    ];
    options.extend(request.labels.iter().map(|label| format!("merge_request.label={label}")));
    if request.draft {
        options.push("merge_request.draft".to_owned());
    }
    match request.auto_merge {
        Some(MergeMethod::Squash) => {
            options.push("merge_request.squash".to_owned());
            options.push("merge_request.merge_when_pipeline_succeeds".to_owned());
        }
        Some(_) => options.push("merge_request.merge_when_pipeline_succeeds".to_owned()),
        None => {}
    }
    options
}

/// AGit's. Title and description count where the request is opened; a description has one line.
pub(super) fn agit(request: &Request, content: &PullRequestBody, _target: &str, before: &TargetContent) -> Vec<String> {
    let line = content.line(before);
    vec![
        format!("topic={}", request.topic),
        format!("title={}", content.title),
        format!("description={}", &line[..line.floor_char_boundary(DESCRIPTION)]),
    ]
}
