//! GitHub by its API: commits without a clone, forks, pull requests, and a [`git::Transport`] whose commits GitHub makes.
//!
//! Authentication and requests by octocrab, on a runtime of the call's own.

mod api_transport;
mod commit;
mod compare;
mod fork;
mod graphql;
mod pull_request;

use std::fmt;
use std::time::Duration;

use octocrab::Octocrab;
use octocrab::models::{AppId, InstallationId};
use octocrab::secrecy::ExposeSecret as _;
use serde_json::Value;

pub use api_transport::GitHubApiTransport;
pub use commit::{ApiCommit, ApiOutcome, Parent};
pub use compare::RepositoryHistory;
pub use fork::ForkCommit;
pub use pull_request::{MakeText, OpenPull, PullAction, PullOutcome, PullRequest, Rewrite};

const TRIES: u32 = 5;
const TRIES_TO_REACH: u32 = 3;
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// How GitHub knows us. Never shown.
#[derive(Clone)]
pub enum Login {
    /// A token of a person, an action or an installation.
    Token(String),
    /// A GitHub App; its installation is found by the repository.
    App {
        /// The App's id.
        id: u64,
        /// Its private key, PEM.
        key: String,
    },
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token(…)",
            Self::App { .. } => "App(…)",
        })
    }
}

/// A repository at GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// The person or organization.
    pub owner: String,
    /// The repository.
    pub name: String,
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// GitHub, or a GitHub Enterprise Server.
#[derive(Clone, Debug)]
pub struct GitHub {
    /// The API's URL, `https://api.github.com` or `https://HOST/api/v3`.
    pub api: String,
    /// How we are known.
    pub login: Login,
}

/// Why GitHub did not do it.
#[derive(Debug, thiserror::Error)]
pub enum GitHubError {
    /// GitHub answered with an error; its words.
    #[error("GitHub: {what}: HTTP {status}: {words}: {advice}")]
    Answer {
        /// What was asked.
        what: String,
        /// The status.
        status: u16,
        /// GitHub's words, with the details of its errors.
        words: String,
        /// What to do.
        advice: String,
    },
    /// GitHub could not be asked.
    #[error("GitHub: {what}: {words}: check the network and --api")]
    Unreachable {
        /// What was asked.
        what: String,
        /// The words of the layer below.
        words: String,
    },
    /// An answer without what it must have.
    #[error("GitHub: {what}: the answer has no {field}: check --api")]
    Incomplete {
        /// What was asked.
        what: String,
        /// The field.
        field: String,
    },
    /// The URL or key that was given.
    #[error("GitHub: {0}: check --api and the credentials")]
    Setup(String),
    /// What was asked for cannot be.
    #[error("GitHub: {0}")]
    Refused(String),
}

impl GitHubError {
    /// Whether trying again may help, without a change of the input.
    pub fn is_outside(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Incomplete { .. } => true,
            Self::Answer { status, .. } => *status >= 500 || matches!(status, 401 | 403 | 429),
            Self::Setup(_) | Self::Refused(_) => false,
        }
    }

    fn status(&self) -> u16 {
        if let Self::Answer { status, .. } = self { *status } else { 0 }
    }
}

/// What a request is.
#[derive(Clone, Copy)]
enum Method {
    Get,
    Post,
    Patch,
}

impl Method {
    fn verb(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
        }
    }
}

/// A conversation with GitHub.
struct Connection {
    runtime: tokio::runtime::Runtime,
    client: Octocrab,
    /// For GraphQL, where that is not below the API's URL.
    beside: Option<Octocrab>,
    /// The token that an App's installation got.
    installed: Option<String>,
}

impl GitHub {
    /// GitHub at this URL.
    pub fn new(api: impl Into<String>, login: Login) -> Self {
        Self { api: api.into(), login }
    }

    /// A token for git over https: the one that was given, or one that GitHub gives the App for `repository`, good for an hour.
    ///
    /// # Errors
    /// GitHub's, and a key that is none.
    pub fn token(&self, repository: &Repository) -> Result<String, GitHubError> {
        match &self.login {
            Login::Token(token) => Ok(token.clone()),
            Login::App { .. } => {
                let token = self.connect(repository)?.installed;
                token.ok_or_else(|| incomplete("the App's installation", "token"))
            }
        }
    }

    /// Connects; an App is known as its installation in `repository` from then on.
    fn connect(&self, repository: &Repository) -> Result<Connection, GitHubError> {
        let setup = |error: &dyn fmt::Display| GitHubError::Setup(error.to_string());
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| setup(&error))?;
        let api = self.api.trim_end_matches('/');
        // https://HOST/api/v3 has GraphQL at https://HOST/api/graphql.
        let beside_api = api.strip_suffix("/v3");
        let (client, beside) = {
            let _inside = runtime.enter();
            // An App's token is known only later.
            let beside = beside_api.filter(|_| matches!(self.login, Login::Token(_)));
            (client(api, &self.login)?, beside.map(|base| self::client(base, &self.login)).transpose()?)
        };
        let mut connection = Connection { runtime, client, beside, installed: None };
        if matches!(self.login, Login::App { .. }) {
            let found = connection.get(&format!("/repos/{repository}/installation"))?;
            let id = found["id"].as_u64().ok_or_else(|| incomplete("the App's installation", "id"))?;
            let made = connection.client.installation_and_token(InstallationId(id));
            let (client, token) = connection.runtime.block_on(made).map_err(|error| setup(&words(&error)))?;
            let _inside = connection.runtime.enter();
            let installed = token.expose_secret().to_owned();
            let token = Login::Token(installed.clone());
            let beside = beside_api.map(|base| self::client(base, &token)).transpose()?;
            drop(_inside);
            (connection.client, connection.beside) = (client, beside);
            connection.installed = Some(installed);
        }
        Ok(connection)
    }
}

/// A client at a URL; made inside of a runtime.
fn client(base: &str, login: &Login) -> Result<Octocrab, GitHubError> {
    let setup = |error: octocrab::Error| GitHubError::Setup(words(&error));
    let builder = Octocrab::builder()
        .set_connect_timeout(Some(Duration::from_secs(30)))
        .set_read_timeout(Some(Duration::from_secs(120)))
        .base_uri(base)
        .map_err(setup)?;
    let built = match login {
        Login::Token(token) => builder.personal_token(token.clone()).build(),
        Login::App { id, key } => {
            builder.app_from_rsa_pem(AppId(*id), key.as_bytes()).and_then(|builder| builder.build())
        }
    };
    built.map_err(setup)
}

impl Connection {
    fn get(&self, route: &str) -> Result<Value, GitHubError> {
        self.patiently(Method::Get, route, &Value::Null)
    }

    /// `None` for what does not exist.
    fn find(&self, route: &str) -> Result<Option<Value>, GitHubError> {
        match self.get(route) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.status() == 404 => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn post(&self, route: &str, body: &Value) -> Result<Value, GitHubError> {
        self.patiently(Method::Post, route, body)
    }

    fn patch(&self, route: &str, body: &Value) -> Result<Value, GitHubError> {
        self.patiently(Method::Patch, route, body)
    }

    /// Asks, and asks again where GitHub is busy or limits us. Every request of ours may be repeated: objects have the same id, a ref that is
    /// there already is compared.
    fn patiently(&self, method: Method, route: &str, body: &Value) -> Result<Value, GitHubError> {
        let mut attempt = 1;
        loop {
            let error = match self.once(method, route, body) {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let wait = pause(&error, attempt).filter(|wait| attempt < TRIES && *wait <= LONGEST_WAIT);
            let Some(wait) = wait else { return Err(told(method, route, &error)) };
            std::thread::sleep(wait);
            attempt += 1;
        }
    }

    fn once(&self, method: Method, route: &str, body: &Value) -> Result<Value, octocrab::Error> {
        let start = std::time::Instant::now();
        let answer = self.runtime.block_on(async {
            match method {
                Method::Get => self.client.get(route, None::<&()>).await,
                Method::Post => self.client.post(route, Some(body)).await,
                Method::Patch => self.client.patch(route, Some(body)).await,
            }
        });
        log(method.verb(), route, start.elapsed(), answer.as_ref().err());
        answer
    }
}

/// Logs a request: method, path and status, and GitHub's message if it failed. No header and no body is logged.
fn log(method: &str, path: &str, elapsed: Duration, error: Option<&octocrab::Error>) {
    let ms = elapsed.as_millis();
    match error {
        None => tracing::debug!(method, path, ms, "request to GitHub"),
        Some(octocrab::Error::GitHub { source, .. }) => {
            let status = source.status_code.as_u16();
            tracing::debug!(method, path, status, message = %source.message, ms, "request to GitHub failed");
        }
        Some(error) => tracing::debug!(method, path, error = words(error), ms, "request to GitHub failed"),
    }
}

fn pause(error: &octocrab::Error, attempt: u32) -> Option<Duration> {
    let usual = Duration::from_millis(250 << attempt.min(6));
    let octocrab::Error::GitHub { source, .. } = error else {
        let lost = matches!(error, octocrab::Error::Service { .. } | octocrab::Error::Hyper { .. });
        return (lost && attempt < TRIES_TO_REACH).then_some(usual);
    };
    let status = source.status_code.as_u16();
    let asked = source.headers.as_ref().and_then(|headers| headers.get("retry-after")?.to_str().ok()?.parse().ok());
    let limited = source.message.to_lowercase().contains("rate limit");
    match (status, asked) {
        (403 | 429, Some(seconds)) => Some(Duration::from_secs(seconds)),
        (429, None) => Some(usual * 4),
        (403, None) if limited => Some(Duration::from_secs(60)),
        (502..=504, _) => Some(usual),
        _ => None,
    }
}

fn told(method: Method, route: &str, error: &octocrab::Error) -> GitHubError {
    let what = format!("{} {}", method.verb(), route.split('?').next().unwrap_or(route));
    let octocrab::Error::GitHub { source, .. } = error else {
        return GitHubError::Unreachable { what, words: words(error) };
    };
    let details = source.errors.iter().flatten().map(|detail| match detail["message"].as_str() {
        Some(text) => text.to_owned(),
        None => detail.to_string(),
    });
    let words = std::iter::once(source.message.clone()).chain(details).collect::<Vec<_>>().join("; ");
    let advice = match source.status_code.as_u16() {
        401 => "check the token (GITHUB_TOKEN)",
        403 => "check what the token may do: contents and, for pull requests, pull requests: write",
        404 => "check the names, and that the token may see the repository",
        409 => "a repository without any commit cannot be written by the API: push a first commit",
        429 => "GitHub limits us: try again later",
        500.. => "try again later; see https://www.githubstatus.com",
        _ => "see GitHub's words",
    };
    GitHubError::Answer { what, status: source.status_code.as_u16(), words, advice: advice.to_owned() }
}

/// octocrab shows some errors as their kind alone; the words are in their sources.
fn words(error: &octocrab::Error) -> String {
    let mut out = error.to_string().lines().next().unwrap_or_default().to_owned();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        let text = inner.to_string();
        if !out.contains(&text) {
            out = format!("{out}: {text}");
        }
        source = inner.source();
    }
    out
}

fn incomplete(what: &str, field: &str) -> GitHubError {
    GitHubError::Incomplete { what: what.to_owned(), field: field.to_owned() }
}

/// A text in an answer, by its path.
fn text(value: &Value, pointer: &str, what: &str) -> Result<String, GitHubError> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| incomplete(what, pointer))
}

/// A branch's or ref's name in a route: everything but `/` escaped that a path may not hold as it is.
fn escaped(name: &str) -> String {
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
