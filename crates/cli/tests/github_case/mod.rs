//! A GitHub in a transcript: `merge N`, `squash N`, `close N`, `retitle N TEXT`, `answer PART STATUS COUNT MESSAGE`, `show`.

use serde_json::{Value, json};
use testkit::github::{FakeGitHub, Fault, Merge};

/// Starts a GitHub with this repository.
pub(crate) fn start(name: &str) -> FakeGitHub {
    let github = FakeGitHub::start();
    github.repository(name, &[("README.md", "manifests\n")]);
    github
}

/// Points `hydrant` to it by environment variables: its address differs in each run, so it must not be in a committed file.
pub(crate) fn variables(github: &FakeGitHub) -> Vec<(&'static str, String)> {
    let root = github.root();
    let repositories = walk(&root);
    vec![
        ("HYDRANT_REVIEW_API", github.api()),
        ("GITHUB_API", github.api()),
        ("HYDRANT_REPOSITORY", repositories.first().cloned().unwrap_or_default()),
        ("TOKEN", testkit::github::TOKEN.to_owned()),
    ]
}

fn walk(root: &std::path::Path) -> Vec<String> {
    let below = |path: &std::path::Path| -> Vec<std::path::PathBuf> {
        std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    below(root).iter().flat_map(|owner| below(owner)).map(|path| path.display().to_string()).collect()
}

/// Performs an action of a user or of GitHub, and returns what they see.
pub(crate) fn act(github: &FakeGitHub, line: &str) -> String {
    let parts: Vec<&str> = line.split_whitespace().collect();
    let number = |text: &str| text.parse::<usize>().unwrap();
    match parts.as_slice() {
        ["merge", one] => github.merge(number(one), Merge::Commit),
        ["squash", one] => github.merge(number(one), Merge::Squash),
        ["close", one] => github.edit(number(one), &json!({"state": "closed"})),
        ["retitle", one, title @ ..] => {
            let body = github.pulls()[number(one) - 1]["body"].as_str().unwrap().to_owned();
            let change = json!({"title": title.join(" "), "body": format!("Please look.\n\n{body}")});
            github.edit(number(one), &change);
        }
        ["answer", part, status, count, parts @ ..] => {
            let (status, count) = (status.parse().unwrap(), count.parse().unwrap());
            github.fault(Fault::On((*part).to_owned(), status, parts.join(" "), count));
        }
        ["show"] => return github.pulls().iter().map(shown).collect(),
        other => panic!("`github` has no {other:?}"),
    }
    String::new()
}

/// A pull request as text.
fn shown(pull: &Value) -> String {
    let list = |name: &str, field: &str| {
        let names = pull[name].as_array().unwrap().iter().map(|one| one[field].as_str().unwrap());
        let names: Vec<&str> = names.collect();
        if names.is_empty() { String::new() } else { format!(" {name}={}", names.join(",")) }
    };
    let text = |pointer: &str| pull.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let merge = text("/auto_merge/merge_method");
    let head = [
        format!("#{} {}", pull["number"], if text("/merged_at").is_empty() { text("/state") } else { "merged" }),
        format!(": {} -> {}: {}", text("/head/ref"), text("/base/ref"), text("/title")),
        list("labels", "name"),
        list("requested_reviewers", "login"),
        list("requested_teams", "slug"),
        if merge.is_empty() { String::new() } else { format!(" auto-merge={merge}") },
    ];
    let body = text("/body").lines().map(|line| format!("    {line}"));
    let comments = pull["comments"].as_array().unwrap().iter().filter_map(Value::as_str);
    let lines = std::iter::once(head.concat()).chain(body).chain(comments.map(|parts| format!("  comment: {parts}")));
    lines.map(|line| format!("{line}\n")).collect()
}
