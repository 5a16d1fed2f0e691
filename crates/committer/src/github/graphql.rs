//! GitHub's GraphQL API, for what the other one lacks.

use octocrab::Octocrab;
use serde_json::{Value, json};

use super::{Connection, GitHubError, words};

/// What a query came to that GitHub took: the data, or its words.
pub(super) type Answer = Result<Value, String>;

impl Connection {
    /// Asks. GitHub Enterprise has GraphQL beside `/api/v3`, not below it, which takes a client of its own.
    ///
    /// # Errors
    /// A GitHub that could not be asked; what it refuses is its answer.
    pub(super) fn graphql(&self, query: &str, variables: &Value) -> Result<Answer, GitHubError> {
        let client: &Octocrab = self.beside.as_ref().unwrap_or(&self.client);
        let body = json!({ "query": query, "variables": variables });
        let told = |words: String| GitHubError::Unreachable { what: "POST /graphql".to_owned(), words };
        let asked = self.runtime.block_on(async { client.post::<_, Value>("/graphql", Some(&body)).await });
        self.say("POST", "/graphql", asked.as_ref().err());
        let answer = match asked {
            Ok(answer) => answer,
            Err(octocrab::Error::GitHub { source, .. }) => return Ok(Err(source.message.clone())),
            Err(error) => return Err(told(words(&error))),
        };
        let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        let errors: Vec<&str> = errors.iter().filter_map(|error| error["message"].as_str()).collect();
        Ok(if errors.is_empty() { Ok(answer["data"].clone()) } else { Err(errors.join("; ")) })
    }
}
