//! Requests by octocrab: authentication as a user or an App, and GitHub's error responses. [`crate::service`] sends them.

use std::sync::Arc;

use net::Client as HttpClient;
use octocrab::auth::AppAuth;
use octocrab::models::{AppId, InstallationId};
use octocrab::secrecy::ExposeSecret as _;
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use serde_json::Value;

use crate::error::GitHubError;
use crate::request::{Endpoints, Method};
use crate::service::{self, SendError};
use crate::types::{Login, Repository};

/// A client for one login.
pub(crate) struct Client {
    runtime: tokio::runtime::Runtime,
    octocrab: Octocrab,
    /// The token for git over https.
    token: Option<String>,
}

impl Client {
    /// A client for `repository`. An App signs in as its installation in the repository.
    pub(crate) fn new(
        http: &Arc<HttpClient>,
        endpoints: &Endpoints,
        login: &Login,
        repository: &Repository,
    ) -> Result<Self, GitHubError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(|error| GitHubError::Login(error.to_string()))?;
        let auth = match login {
            Login::Token(token) => AuthState::AccessToken { token: token.clone().into() },
            Login::App { id, key } => {
                let key = jsonwebtoken::EncodingKey::from_rsa_pem(key.as_bytes())
                    .map_err(|error| GitHubError::Login(format!("invalid private key: {error}")))?;
                AuthState::App(AppAuth { app_id: AppId(*id), key })
            }
        };
        let octocrab = {
            let _context = runtime.enter();
            let service = service::new(Arc::clone(http), endpoints.clone());
            let built = OctocrabBuilder::new_empty().with_service(service).with_auth(auth).build();
            match built {
                Ok(octocrab) => octocrab,
                Err(never) => match never {},
            }
        };
        let mut client = Self { runtime, octocrab, token: None };
        match login {
            Login::Token(token) => client.token = Some(token.clone()),
            Login::App { .. } => client.sign_in_as_installation(repository)?,
        }
        Ok(client)
    }

    fn sign_in_as_installation(&mut self, repository: &Repository) -> Result<(), GitHubError> {
        let found = self.request(Method::Get, &format!("/repos/{repository}/installation"), &Value::Null)?;
        let id = found["id"].as_u64().ok_or_else(|| GitHubError::missing_field("the App's installation", "id"))?;
        let signed_in = self.runtime.block_on(self.octocrab.installation_and_token(InstallationId(id)));
        let (octocrab, token) = signed_in.map_err(|error| request_error("the App's token".to_owned(), error))?;
        self.token = Some(token.expose_secret().to_owned());
        self.octocrab = octocrab;
        Ok(())
    }

    /// Returns the token for git over https: the user's, or the installation's, which is valid for an hour.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Sends a request and returns the JSON of the response.
    pub(crate) fn request(&self, method: Method, route: &str, body: &Value) -> Result<Value, GitHubError> {
        let response = self.runtime.block_on(async {
            match method {
                Method::Get => self.octocrab.get(route, None::<&()>).await,
                Method::Post => self.octocrab.post(route, Some(body)).await,
                Method::Patch => self.octocrab.patch(route, Some(body)).await,
            }
        });
        let path = route.split('?').next().unwrap_or(route);
        response.map_err(|error| request_error(format!("{} {path}", method.name()), error))
    }
}

fn request_error(request: String, error: octocrab::Error) -> GitHubError {
    match error {
        octocrab::Error::GitHub { source, .. } => {
            let details = source.errors.iter().flatten().map(|detail| match detail["message"].as_str() {
                Some(text) => text.to_owned(),
                None => detail.to_string(),
            });
            let message = std::iter::once(source.message.clone()).chain(details).collect::<Vec<_>>().join("; ");
            GitHubError::Response { request, status: source.status_code.as_u16(), message }
        }
        other => match find_http_error(&other) {
            Some(http) => GitHubError::Http(http),
            None => GitHubError::Login(format!("{request}: {}", chain(&other))),
        },
    }
}

/// Returns the error of [`crate::service`] that octocrab wrapped.
fn find_http_error(error: &octocrab::Error) -> Option<net::HttpError> {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if let Some(SendError(http)) = inner.downcast_ref::<SendError>() {
            return Some(http.clone());
        }
        source = inner.source();
    }
    None
}

/// The first line of an error and of its sources, since octocrab prints only the kind of some errors.
fn chain(error: &octocrab::Error) -> String {
    let mut text = error.to_string().lines().next().unwrap_or_default().to_owned();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        let next = inner.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        source = inner.source();
    }
    text
}
