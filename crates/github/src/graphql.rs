//! GitHub's GraphQL API, for what the other one lacks.

use octocrab::Octocrab;
use serde_json::{Value, json};

use crate::{Connection, GitHubError, Method, words};

/// What a query came to that GitHub took: the data, or its words.
pub(super) type Answer = Result<Value, String>;

impl Connection {
    /// Asks. GitHub Enterprise has GraphQL beside `/api/v3`, not below it, which takes a client of its own.
    ///
    /// # Errors
    /// A GitHub that could not be asked; what it refuses is its answer.
    pub(super) fn graphql(&self, query: &str, variables: &Value) -> Result<Answer, GitHubError> {
        let answer = match self.graphql_in_parts(query, variables)? {
            Ok(answer) => answer,
            Err(words) => return Ok(Err(words)),
        };
        let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        let errors: Vec<&str> = errors.iter().filter_map(|error| error["message"].as_str()).collect();
        Ok(if errors.is_empty() { Ok(answer["data"].clone()) } else { Err(errors.join("; ")) })
    }

    /// Asks for several things at once, of which each may fail: `data` and `errors` as they come.
    ///
    /// # Errors
    /// As [`Connection::graphql`].
    pub(super) fn graphql_in_parts(&self, query: &str, variables: &Value) -> Result<Answer, GitHubError> {
        let client: &Octocrab = self.beside.as_ref().unwrap_or(&self.client);
        let body = json!({ "query": query, "variables": variables });
        let told = |words: String| GitHubError::Unreachable { what: "POST /graphql".to_owned(), words };
        let start = std::time::Instant::now();
        let asked = self.runtime.block_on(async { client.post::<_, Value>("/graphql", Some(&body)).await });
        crate::log("POST", "/graphql", start.elapsed(), asked.as_ref().err());
        match asked {
            Ok(answer) => Ok(Ok(answer)),
            // Who we are is no matter of one part.
            Err(octocrab::Error::GitHub { source, .. }) if !matches!(source.status_code.as_u16(), 401 | 500..) => {
                Ok(Err(source.message.clone()))
            }
            Err(error @ octocrab::Error::GitHub { .. }) => Err(crate::told(Method::Post, "/graphql", &error)),
            Err(error) => Err(told(words(&error))),
        }
    }
}
