//! Pull requests with GitHub's rules: one for the same branches, none without commits, no review by the author; they follow their branches.

use git2::{Oid, Repository};
use serde_json::{Value, json};

use super::{Answer, Fault, Merge, State, commit, http_error};
use crate::http::Request;

/// Whom the token stands for.
const ME: &str = "me";

/// Who may be asked to look.
const PEOPLE: &[&str] = &["ada", "ben"];
const TEAMS: &[&str] = &["platform"];

impl State {
    /// Open requests show what their branches hold now; one whose branch is gone is closed, one whose commits have landed is merged.
    pub(super) fn follow_branches(&mut self) {
        let folder = self.folder.path().to_owned();
        for pull in self.pulls.iter_mut().filter(|pull| pull["state"] == "open") {
            let path = folder.join(format!("{}.git", pull["repository"].as_str().unwrap_or_default()));
            let Ok(repository) = Repository::open_bare(path) else { continue };
            let id = |branch: &Value| {
                repository.refname_to_id(&format!("refs/heads/{}", branch.as_str().unwrap_or_default())).ok()
            };
            let (head, base) = (id(&pull["head"]["ref"]), id(&pull["base"]["ref"]));
            match head.zip(base) {
                Some((head, base)) if landed(&repository, head, base) => {
                    (pull["state"], pull["merged_at"]) = (json!("closed"), json!("2026-11-21T10:00:00Z"));
                }
                Some((head, _)) => pull["head"]["sha"] = json!(head.to_string()),
                None => pull["state"] = json!("closed"),
            }
        }
    }

    pub(super) fn list_pulls(&self, full: &str, request: &Request) -> Value {
        let wanted = |name: &str| request.parameter(name).unwrap_or_default();
        let (head, base, state) = (wanted("head"), wanted("base"), wanted("state"));
        let is = |value: &Value, wanted: &str| wanted.is_empty() || *value == wanted;
        let found = self.pulls.iter().rev().filter(|pull| {
            pull["repository"] == full
                && (state == "all" || is(&pull["state"], &state))
                && is(&pull["head"]["label"], &head)
                && is(&pull["base"]["ref"], &base)
        });
        let page: usize = wanted("page").parse().unwrap_or(1);
        let size: usize = wanted("per_page").parse().unwrap_or(30);
        found.skip((page - 1) * size).take(size).cloned().collect()
    }

    pub(super) fn open(&mut self, full: &str, repository: &Repository, body: &Value) -> Answer {
        let owner = full.split('/').next().unwrap_or_default();
        let (head, base) = (body["head"].as_str().unwrap_or_default(), body["base"].as_str().unwrap_or_default());
        let label = if head.contains(':') { head.to_owned() } else { format!("{owner}:{head}") };
        let branch = label.split_once(':').map_or(head, |(_, branch)| branch).to_owned();
        let Ok(onto) = repository.refname_to_id(&format!("refs/heads/{base}")) else {
            return Err(http_error(422, "Validation Failed: base: invalid"));
        };
        let from = repository.refname_to_id(&format!("refs/heads/{branch}")).ok();
        if label.starts_with(&format!("{owner}:")) {
            let Some(from) = from else { return Err(http_error(422, "Validation Failed: head: invalid")) };
            if landed(repository, from, onto) {
                return Err(http_error(422, &format!("Validation Failed: No commits between {base} and {branch}")));
            }
            if repository.merge_base(from, onto).is_err() {
                return Err(http_error(422, &format!("The {branch} branch has no history in common with {base}")));
            }
        }
        let open =
            |pull: &&Value| pull["state"] == "open" && pull["head"]["label"] == *label && pull["base"]["ref"] == base;
        if self.pulls.iter().any(|pull| open(&pull)) {
            return Err(http_error(422, &format!("A pull request already exists for {label}.")));
        }
        let text = body["body"].as_str().unwrap_or_default();
        if text.chars().count() > 65_536 {
            return Err(http_error(422, "Validation Failed: body is too long (maximum is 65536 characters)"));
        }
        let number = self.pulls.len() + 1;
        let pull = json!({
            "number": number, "node_id": format!("PR_{number}"), "state": "open", "merged_at": null, "repository": full,
            "user": {"login": ME}, "title": body["title"], "body": text, "draft": body["draft"], "auto_merge": null,
            "head": {"label": label, "ref": branch, "sha": from.map(|id| id.to_string())}, "base": {"ref": base},
            "labels": [], "requested_reviewers": [], "requested_teams": [], "comments": [],
            "html_url": format!("https://github.example/{full}/pull/{number}"),
        });
        self.pulls.push(pull.clone());
        let lost = self.faults.iter_mut().find_map(|fault| match fault {
            Fault::LostPull(left @ 1..) => Some(left),
            _ => None,
        });
        if lost.map(|left| *left -= 1).is_some() { Err(http_error(502, "Bad Gateway")) } else { Ok((201, pull)) }
    }

    fn pull(&mut self, number: &str) -> Result<&mut Value, (u16, String)> {
        let at = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        at.and_then(|at| self.pulls.get_mut(at)).ok_or_else(|| http_error(404, "Not Found"))
    }

    pub(super) fn change_pull(&mut self, number: &str, body: &Value) -> Answer {
        let pull = self.pull(number)?;
        for name in ["title", "body", "state"] {
            if let Some(text) = body[name].as_str() {
                pull[name] = json!(text);
            }
        }
        Ok((200, pull.clone()))
    }

    pub(super) fn label(&mut self, number: &str, body: &Value) -> Answer {
        let pull = self.pull(number)?;
        add(&mut pull["labels"], &body["labels"], "name");
        Ok((200, pull["labels"].clone()))
    }

    pub(super) fn comment(&mut self, number: &str, body: &Value) -> Answer {
        let pull = self.pull(number)?;
        if let Some(list) = pull["comments"].as_array_mut() {
            list.push(body["body"].clone());
        }
        Ok((201, json!({"id": 1})))
    }

    /// Requests reviews from all named users and teams, or from none of them.
    pub(super) fn ask(&mut self, number: &str, body: &Value) -> Answer {
        let names = |list: &str| -> Vec<String> {
            let list = body[list].as_array().map(Vec::as_slice).unwrap_or_default();
            list.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
        };
        let (people, teams) = (names("reviewers"), names("team_reviewers"));
        if people.iter().any(|name| name == ME) {
            return Err(http_error(422, "Review cannot be requested from pull request author."));
        }
        let known = people.iter().all(|name| PEOPLE.contains(&name.as_str()))
            && teams.iter().all(|name| TEAMS.contains(&name.as_str()));
        if !known {
            return Err(http_error(
                422,
                "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator",
            ));
        }
        let pull = self.pull(number)?;
        add(&mut pull["requested_reviewers"], &body["reviewers"], "login");
        add(&mut pull["requested_teams"], &body["team_reviewers"], "slug");
        Ok((201, pull.clone()))
    }

    /// `enablePullRequestAutoMerge` alone.
    pub(super) fn graphql(&mut self, body: &Value) -> Answer {
        let wrong =
            |message: &str| Ok((200, json!({"data": null, "errors": [{"type": "UNPROCESSABLE", "message": message}]})));
        if !body["query"].as_str().unwrap_or_default().contains("enablePullRequestAutoMerge") {
            return wrong("unknown query");
        }
        if let Some(message) = &self.auto_merge {
            return wrong(message);
        }
        let variables = &body["variables"];
        let Some(pull) = self.pulls.iter_mut().find(|pull| pull["node_id"] == variables["id"]) else {
            return wrong("Could not resolve to a node with the global id");
        };
        let method = variables["method"].as_str().unwrap_or_default();
        if !["MERGE", "SQUASH", "REBASE"].contains(&method) {
            return wrong("was provided invalid value for method");
        }
        pull["auto_merge"] = json!({"merge_method": method.to_lowercase()});
        Ok((200, json!({"data": {"enablePullRequestAutoMerge": {"clientMutationId": null}}})))
    }

    pub(super) fn merge(&mut self, number: usize, how: Merge) {
        self.follow_branches();
        let pull = &mut self.pulls[number - 1];
        assert_eq!(pull["state"], "open", "what is closed cannot be merged");
        let path = self.folder.path().join(format!("{}.git", pull["repository"].as_str().unwrap_or_default()));
        let repository = Repository::open_bare(path).expect("the repository is there");
        let id = |branch: &Value| {
            let name = format!("refs/heads/{}", branch.as_str().unwrap_or_default());
            repository.refname_to_id(&name).and_then(|id| repository.find_commit(id)).expect("the branch is there")
        };
        let (head, base) = (id(&pull["head"]["ref"]), id(&pull["base"]["ref"]));
        let mut index = repository.merge_commits(&base, &head, None).expect("they have a history in common");
        assert!(!index.has_conflicts(), "GitHub would show conflicts");
        let tree = index.write_tree_to(&repository).expect("the merged tree can be written");
        let name = format!("refs/heads/{}", pull["base"]["ref"].as_str().unwrap_or_default());
        let message = format!("{} (#{number})", pull["title"].as_str().unwrap_or_default());
        let squashed = commit(&repository, &name, tree, &message).expect("the target can be moved");
        if how == Merge::Commit {
            let who = head.committer();
            let tree = repository.find_tree(tree).expect("the tree is there");
            let merged =
                repository.commit(None, &who, &who, &message, &tree, &[&base, &head]).expect("it can be committed");
            repository.reference(&name, merged, true, "merge").expect("the target can be moved");
            let _ = squashed;
        }
        (pull["state"], pull["merged_at"]) = (json!("closed"), json!("2026-11-21T10:00:00Z"));
    }
}

/// Whether the base has all commits of the head.
fn landed(repository: &Repository, head: Oid, base: Oid) -> bool {
    head == base || repository.graph_descendant_of(base, head).unwrap_or(false)
}

fn add(list: &mut Value, names: &Value, field: &str) {
    let Some(list) = list.as_array_mut() else { return };
    for name in names.as_array().into_iter().flatten() {
        list.push(json!({ field: name }));
    }
}
