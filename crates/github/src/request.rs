//! The methods and URLs of requests.

use net::Url;

use crate::error::GitHubError;

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Patch,
}

impl Method {
    /// Returns the name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
        }
    }
}

/// The URLs of the REST and GraphQL APIs.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    rest: String,
    graphql: String,
}

impl Endpoints {
    /// The URLs for `api`, `https://api.github.com` or `https://HOST/api/v3`. GitHub Enterprise Server has GraphQL at `https://HOST/api/graphql`.
    pub(crate) fn new(api: &str) -> Result<Self, GitHubError> {
        let invalid = |reason: String| GitHubError::InvalidUrl { url: net::redact::url(api), reason };
        let url = Url::parse(api).map_err(|error| invalid(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid("expected an http or https URL".to_owned()));
        }
        let rest = api.trim_end_matches('/').to_owned();
        let graphql = format!("{}/graphql", rest.strip_suffix("/v3").unwrap_or(&rest));
        Ok(Self { rest, graphql })
    }

    /// Returns the URL for a path of the REST API, or `/graphql`.
    pub(crate) fn url(&self, path: &str) -> Result<Url, url::ParseError> {
        if path == "/graphql" { Url::parse(&self.graphql) } else { Url::parse(&format!("{}{path}", self.rest)) }
    }
}

/// Percent-encodes the name of a branch or ref for a path. `/` stays.
pub(crate) fn encode_path(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Percent-encodes a value of a query.
pub(crate) fn encode_query(text: &str) -> String {
    encode_path(text).replace('/', "%2F")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphql_is_next_to_version_3_of_a_server() {
        let url = |api: &str, path: &str| Endpoints::new(api).unwrap().url(path).unwrap().to_string();
        assert_eq!(url("https://api.github.com/", "/graphql"), "https://api.github.com/graphql");
        assert_eq!(url("https://host/api/v3", "/graphql"), "https://host/api/graphql");
        assert_eq!(url("https://host/api/v3", "/repos/a/b?x=1"), "https://host/api/v3/repos/a/b?x=1");
        assert!(Endpoints::new("api.github.com").is_err());
    }
}
