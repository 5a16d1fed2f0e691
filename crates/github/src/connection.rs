//! Connections to GitHub, shared by all requests of a run with the same login.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use net::{Client as HttpClient, ClientOptions, PlainHttp, Proxies, Timeouts};
use serde_json::{Value, json};

use crate::client::Client;
use crate::error::GitHubError;
use crate::request::{Endpoints, Method};
use crate::types::{Login, Repository};

/// GitHub, or a GitHub Enterprise Server, with a login. Clones share their connections.
#[derive(Clone, Debug)]
pub struct GitHub {
    /// The URL of the API, `https://api.github.com` or `https://HOST/api/v3`.
    pub api: String,
    /// The credentials.
    pub login: Login,
    /// The proxies and certificate authorities.
    pub network: Network,
    connections: Connections,
}

/// How GitHub's API is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// The proxies.
    pub proxies: Proxies,
    /// PEM files of certificate authorities that are trusted in addition to the system's.
    pub authorities: Vec<PathBuf>,
}

/// The connections of a run. Clones share them.
#[derive(Clone, Default)]
pub struct Connections(Arc<Mutex<BTreeMap<ConnectionKey, Arc<Connection>>>>);

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connections(…)")
    }
}

/// What a connection is for. An App signs in as another installation for each owner of repositories.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct ConnectionKey {
    api: String,
    login: Login,
    repository: Option<Repository>,
}

/// A connection with one login.
pub(crate) struct Connection {
    client: Client,
}

impl GitHub {
    /// GitHub's API at a URL, reached directly.
    pub fn new(api: impl Into<String>, login: Login) -> Self {
        Self { api: api.into(), login, network: Network::default(), connections: Connections::default() }
    }

    /// Uses these proxies and certificate authorities.
    #[must_use]
    pub fn with_network(self, network: Network) -> Self {
        Self { network, ..self }
    }

    /// Shares the connections of a run.
    #[must_use]
    pub fn with_connections(self, connections: Connections) -> Self {
        Self { connections, ..self }
    }

    /// Returns a token for git over https: the login's, or the token of the App's installation in `repository`, which is valid for an hour.
    ///
    /// # Errors
    /// GitHub's, and an invalid private key.
    pub fn token(&self, repository: &Repository) -> Result<String, GitHubError> {
        if let Login::Token(token) = &self.login {
            return Ok(token.clone());
        }
        let connection = self.connect(repository)?;
        let token = connection.client.token().map(str::to_owned);
        token.ok_or_else(|| GitHubError::missing_field("the App's installation", "token"))
    }

    /// Returns the connection for a repository, which is opened by the first call.
    pub(crate) fn connect(&self, repository: &Repository) -> Result<Arc<Connection>, GitHubError> {
        let repository_key = matches!(self.login, Login::App { .. }).then(|| repository.clone());
        let key = ConnectionKey { api: self.api.clone(), login: self.login.clone(), repository: repository_key };
        let mut connections = self.connections.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = connections.get(&key) {
            return Ok(Arc::clone(connection));
        }
        let endpoints = Endpoints::new(&self.api)?;
        let http = Arc::new(HttpClient::new(self.client_options())?);
        let client = Client::new(&http, &endpoints, &self.login, repository)?;
        let connection = Arc::new(Connection { client });
        connections.insert(key, Arc::clone(&connection));
        Ok(connection)
    }

    fn client_options(&self) -> ClientOptions {
        ClientOptions {
            timeouts: Timeouts {
                connect: Duration::from_secs(30),
                idle: Duration::from_secs(120),
                total: Some(Duration::from_secs(600)),
            },
            authorities: self.network.authorities.clone(),
            proxies: self.network.proxies.clone(),
            plain_http: PlainHttp::Allowed,
            ..ClientOptions::standard(concat!("hydrant/", env!("CARGO_PKG_VERSION")))
        }
    }
}

impl Connection {
    pub(crate) fn get(&self, route: &str) -> Result<Value, GitHubError> {
        self.client.request(Method::Get, route, &Value::Null)
    }

    /// Like [`Connection::get`]; `None` for what does not exist.
    pub(crate) fn find(&self, route: &str) -> Result<Option<Value>, GitHubError> {
        match self.get(route) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.status() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn post(&self, route: &str, body: &Value) -> Result<Value, GitHubError> {
        self.client.request(Method::Post, route, body)
    }

    pub(crate) fn patch(&self, route: &str, body: &Value) -> Result<Value, GitHubError> {
        self.client.request(Method::Patch, route, body)
    }

    /// Sends a query to the GraphQL API and returns its data, or GitHub's message if the query was rejected.
    ///
    /// # Errors
    /// GitHub's, if the query was not processed at all.
    pub(crate) fn graphql(&self, query: &str, variables: &Value) -> Result<GraphQl, GitHubError> {
        let response = match self.graphql_parts(query, variables)? {
            GraphQl::Data(response) => response,
            rejected @ GraphQl::Rejected(_) => return Ok(rejected),
        };
        let errors = response["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        let messages: Vec<&str> = errors.iter().filter_map(|error| error["message"].as_str()).collect();
        Ok(if messages.is_empty() {
            GraphQl::Data(response["data"].clone())
        } else {
            GraphQl::Rejected(messages.join("; "))
        })
    }

    /// Sends a query of several parts, each of which may fail, and returns `data` and `errors`.
    ///
    /// # Errors
    /// See [`Connection::graphql`].
    pub(crate) fn graphql_parts(&self, query: &str, variables: &Value) -> Result<GraphQl, GitHubError> {
        let body = json!({ "query": query, "variables": variables });
        match self.post("/graphql", &body) {
            Ok(response) => Ok(GraphQl::Data(response)),
            Err(GitHubError::Response { status, message, .. }) if !matches!(status, 401 | 500..) => {
                Ok(GraphQl::Rejected(message))
            }
            Err(error) => Err(error),
        }
    }
}

/// The result of a GraphQL query.
pub(crate) enum GraphQl {
    /// The response.
    Data(Value),
    /// GitHub's message.
    Rejected(String),
}

/// Returns a text of a response by its JSON pointer. `object` is for errors.
pub(crate) fn text(value: &Value, pointer: &str, object: &str) -> Result<String, GitHubError> {
    let found = value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| GitHubError::missing_field(object, pointer))
}
