//! `createCommitOnBranch`, also several in one request: files without modes, on a branch that must point to what is expected.

use git2::{Oid, Repository};
use serde_json::{Map, Value, json};

use base64::Engine as _;

use super::{Answer, Fault, State, commit, http_error, write_tree};

impl State {
    /// Answers a query whose parts look like `name: createCommitOnBranch(input: $variable)`.
    pub(super) fn create_commits(&mut self, body: &Value) -> Answer {
        let query = body["query"].as_str().unwrap_or_default();
        let (mut data, mut errors) = (Map::new(), Vec::new());
        for part in query.split('}').flat_map(|part| part.split('{')) {
            let Some((name, rest)) = part.split_once(": createCommitOnBranch(input: $") else { continue };
            let name = name.trim();
            let input = &body["variables"][rest.split(')').next().unwrap_or_default()];
            match self.create_commit(input) {
                Ok(id) => data.insert(name.to_owned(), json!({"commit": {"oid": id.to_string()}})),
                Err((kind, message)) => {
                    errors.push(json!({"type": kind, "path": [name], "message": message}));
                    data.insert(name.to_owned(), Value::Null)
                }
            };
        }
        if self.lost() {
            return Err(http_error(502, "Bad Gateway"));
        }
        let mut answer = json!({ "data": data });
        if !errors.is_empty() {
            answer["errors"] = json!(errors);
        }
        Ok((200, answer))
    }

    fn create_commit(&mut self, input: &Value) -> Result<Oid, (&'static str, String)> {
        let wrong = |message: &str| ("UNPROCESSABLE", message.to_owned());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let path = self.path(&text(&input["branch"]["repositoryNameWithOwner"]));
        let repository = Repository::open_bare(path).map_err(|_| ("NOT_FOUND", "Could not resolve".to_owned()))?;
        let branch = text(&input["branch"]["branchName"]);
        let name = format!("refs/heads/{branch}");
        let found = |repository: &Repository| repository.refname_to_id(&name).ok();
        let Some(mut now) = found(&repository) else { return Err(wrong("No such branch")) };
        for fault in &mut self.faults {
            if let Fault::Move(moved, left @ 1..) = fault
                && *moved == branch
            {
                *left -= 1;
                let tree = repository.find_commit(now).map_err(|error| wrong(error.message()))?.tree_id();
                now = commit(&repository, &name, tree, "another was faster").map_err(|error| wrong(error.message()))?;
            }
        }
        let expected = text(&input["expectedHeadOid"]);
        if now.to_string() != expected {
            let message = format!("Expected branch to point to \"{expected}\" but it did not. Pull and try again.");
            return Err(("STALE_DATA", message));
        }
        let mut entries = Vec::new();
        for file in input["fileChanges"]["additions"].as_array().into_iter().flatten() {
            let bytes = base64::engine::general_purpose::STANDARD.decode(text(&file["contents"]));
            let blob = bytes.ok().and_then(|bytes| repository.blob(&bytes).ok()).ok_or_else(|| wrong("contents"))?;
            entries.push(json!({"path": file["path"], "mode": "100644", "type": "blob", "sha": blob.to_string()}));
        }
        let gone = input["fileChanges"]["deletions"].as_array().into_iter().flatten();
        entries.extend(gone.map(|file| json!({"path": file["path"], "mode": "100644", "type": "blob", "sha": null})));
        let base = repository.find_commit(now).map_err(|error| wrong(error.message()))?.tree_id();
        let tree = write_tree(&repository, Some(base), &entries).map_err(|error| wrong(error.message()))?;
        let (headline, body) = (text(&input["message"]["headline"]), text(&input["message"]["body"]));
        let message = if body.is_empty() { headline } else { format!("{headline}\n\n{body}") };
        commit(&repository, &name, tree, &message).map_err(|error| wrong(error.message()))
    }
}
