//! Connections to repositories: smart HTTP, `ssh`, and repositories on this machine.
//!
//! The protocol is implemented here because libgit2 has no `atomic` push, no `filter` and no depth over `file://`; see
//! `docs/decisions/own-git-transport.md`.

mod channel;
mod confirm;
mod create;
mod http;
mod http_access;
mod http_error;
mod local;
mod pipe;
mod process;
mod session;
mod ssh;
mod transaction;

use crate::error::TransportError;
use crate::remote::Remote;
use crate::transport::Transport;
use crate::url::percent_decode;

/// Opens a connection to `remote`. Nothing is created: a local path that does not exist counts as an empty repository until the first push.
///
/// # Errors
/// An invalid URL or setting, and a local path that is not a repository.
pub fn open(remote: &Remote) -> Result<Box<dyn Transport>, TransportError> {
    let url = remote.url.expose().trim();
    if url.starts_with("http://") || url.starts_with("https://") {
        return Ok(Box::new(session::Session::new(
            http::HttpChannel::new(remote)?,
            remote.redacted_url(),
            remote.deadline,
        )));
    }
    if let Some(endpoint) = ssh::Endpoint::parse(url) {
        let channel = process::ProcessChannel::ssh(remote, endpoint?);
        return Ok(Box::new(session::Session::new(channel, remote.redacted_url(), remote.deadline)));
    }
    match url.split_once("://") {
        None => local::open(url, remote.trust),
        Some(("file", path)) => local::open(&percent_decode(path), remote.trust),
        Some((scheme, _)) => Err(TransportError::InvalidUrl {
            url: remote.redacted_url(),
            reason: format!("unsupported scheme {scheme}://"),
        }),
    }
}

/// Parses a URL for `ssh`, for the fuzz targets.
pub(crate) fn endpoint(url: &str) {
    if let Some(Ok(endpoint)) = ssh::Endpoint::parse(url) {
        assert!(!endpoint.host.starts_with('-') && !endpoint.path.starts_with('-'), "ssh reads it as an option");
    }
}
