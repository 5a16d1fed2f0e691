//! How a unit is reviewed: everything about its request, decided.

use manifest::Diagnostic;

use crate::config::{Destination, Environment, Host, MergeMethod, Request as Said, Way};
use crate::host::git_hosts::known;
use crate::plan::settings::Settings;

const TOPIC: &str = "hydrant/{service}/{environment}";

/// Whether something was typed.
type Typed = fn(&Said) -> bool;

/// The fields, their flags, and whether the flag was given.
const FLAGS: &[(&str, &str, Typed)] = &[
    ("api", "--review-api", |typed| typed.api.is_some()),
    ("branch", "--review-branch", |typed| typed.branch.is_some()),
    ("title", "--review-title", |typed| typed.title.is_some()),
    ("labels", "--review-label", |typed| typed.labels.is_some()),
    ("reviewers", "--review-reviewer", |typed| typed.reviewers.is_some()),
    ("autoMerge", "--review-auto-merge", |typed| typed.auto_merge.is_some()),
    ("draft", "--review-draft", |typed| typed.draft.is_some()),
];

/// How a unit's output is reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What the host is.
    pub host: Host,
    /// GitHub's API where it was said.
    pub api: Option<String>,
    /// The topic branch.
    pub topic: String,
    /// The title where it was said; the commit's subject where absent.
    pub title: Option<String>,
    /// Labels.
    pub labels: Vec<String>,
    /// People, and teams as `ORG/TEAM`.
    pub reviewers: Vec<String>,
    /// Merge by itself, and how.
    pub auto_merge: Option<MergeMethod>,
    /// Open it as a draft.
    pub draft: bool,
}

impl Request {
    /// What was typed, then what the environment says, then what the file says, field by field; nothing where the change goes straight
    /// onto the branch. `file` is the config's path.
    ///
    /// # Errors
    /// A host that is neither known nor said; what the host cannot be asked for; a topic branch that cannot be or is the target itself.
    pub(super) fn decide(
        settings: &Settings,
        general: &Destination,
        (environment, special): (&str, &Environment),
        (repository, target): (&str, &str),
        (service, file): (&str, &str),
    ) -> Result<Option<Request>, Diagnostic> {
        let levels = [&special.destination.review, &special.review, &general.review];
        let mut written = levels.into_iter().flatten();
        let way = settings.review.or(written.clone().next().map(|review| review.way)).unwrap_or_default();
        if way == Way::Push {
            return Ok(None);
        }
        let said = written.by_ref().fold(settings.request.clone(), |said, level| said.or(&level.request));
        let wrong = |field: &str, words: String, hint: &str| {
            let found = Diagnostic::new(words).hint(hint.to_owned());
            match FLAGS.iter().find(|(name, _, typed)| *name == field && typed(&settings.request)) {
                Some((_, flag, _)) => found.field(*flag),
                None => found.in_file(file).field(format!("review.pullRequest.{field}")),
            }
        };
        let Some(host) = said.host.or_else(|| known(repository)) else {
            return Err(wrong(
                "host",
                format!(
                    "{service}/{environment} is to be reviewed, and its git host is not known: {}",
                    shown(repository)
                ),
                "Write `review: {pullRequest: {host: github}}` (or gitlab, gitea, none), or give --review-host.",
            ));
        };
        let fill = |template: &crate::config::Template| template.fill(service, environment);
        let topic = said
            .branch
            .as_ref()
            .map_or_else(|| TOPIC.replace("{service}", service).replace("{environment}", environment), fill);
        if !committer::is_valid_branch_name(&topic) || topic == target {
            return Err(wrong(
                "branch",
                format!("`{topic}` cannot be the topic branch of {target}"),
                "Give a name that git allows and no unit is delivered to, such as hydrant/{service}/{environment}.",
            ));
        }
        if let Some((field, why)) = refused(host, &said) {
            return Err(wrong(field, why.to_owned(), "Leave it out, or set it at the host."));
        }
        Ok(Some(Request {
            host,
            api: said.api,
            topic,
            title: said.title.as_ref().map(fill),
            labels: said.labels.unwrap_or_default(),
            reviewers: said.reviewers.unwrap_or_default(),
            auto_merge: said.auto_merge,
            draft: said.draft.unwrap_or_default(),
        }))
    }
}

fn shown(repository: &str) -> String {
    git::Remote::new(repository).shown()
}

/// What the host cannot be asked for: the field, and why.
fn refused(host: Host, said: &Said) -> Option<(&'static str, &'static str)> {
    let some = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|list| !list.is_empty());
    let fields = [
        ("api", said.api.is_some()),
        ("labels", some(&said.labels)),
        ("reviewers", some(&said.reviewers)),
        ("autoMerge", said.auto_merge.is_some()),
        ("draft", said.draft == Some(true)),
        ("title", said.title.is_some()),
    ];
    let given =
        |names: &[&str]| fields.iter().find(|(name, given)| *given && names.contains(name)).map(|(name, _)| *name);
    match host {
        Host::Github => None,
        Host::Gitlab if said.auto_merge == Some(MergeMethod::Rebase) => {
            Some(("autoMerge", "GitLab's push options know no way to rebase"))
        }
        Host::Gitlab => given(&["api", "reviewers"]).map(|field| (field, "GitLab's push options do not take this")),
        Host::Gitea => given(&["api", "labels", "reviewers", "autoMerge", "draft"])
            .map(|field| (field, "a push to refs/for/BRANCH does not take this")),
        Host::None => given(&["api", "labels", "reviewers", "autoMerge", "draft", "title"])
            .map(|field| (field, "with `host: none` no request is opened")),
    }
}
