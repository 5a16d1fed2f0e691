//! The client of a build without the feature `octocrab`: it refuses to connect.

use std::sync::Arc;

use net::Client as HttpClient;
use serde_json::Value;

use crate::error::GitHubError;
use crate::request::{Endpoints, Method};
use crate::types::{Login, Repository};

/// A client that cannot be created.
pub(crate) enum Client {}

impl Client {
    /// Returns [`GitHubError::NotBuilt`].
    pub(crate) fn new(_: &Arc<HttpClient>, _: &Endpoints, _: &Login, _: &Repository) -> Result<Self, GitHubError> {
        Err(GitHubError::NotBuilt)
    }

    /// Not reachable, since there is no client.
    pub(crate) fn token(&self) -> Option<&str> {
        match *self {}
    }

    /// Not reachable, since there is no client.
    pub(crate) fn request(&self, _: Method, _: &str, _: &Value) -> Result<Value, GitHubError> {
        match *self {}
    }
}
