//! Remotes with the credentials of the environment and of git's configuration.

use std::path::Path;

use ::github::RepositoryHistory;
use committer::DeliverError;
use git::GitConfig;
use git::source::{SourceHistory, SourceRepository};
use git::{Credentials, Remote, RemoteUrl, Transport};
use manifest::Diagnostic;

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::git_hosts::host_name;
use crate::host::github;

/// The remote with the credentials that the environment has for it: `HYDRANT_GIT_TOKEN`, a GitHub App, `GITHUB_TOKEN`; else what git's
/// configuration in the source's folder finds. They are passed as a value and never printed. An untrusted run uses none.
///
/// `HYDRANT_GIT_TOKEN` goes to the host of `repository` over https, the others to the server of the action ([`github::at_home`]).
///
/// # Errors
/// A GitHub App whose key cannot be read, or that GitHub does not know; `HYDRANT_GIT_TOKEN` for a host that must not get it.
pub(crate) fn remote(repository: &RemoteUrl, root: &str, ctx: &RunContext) -> Result<Remote, Failure> {
    let configured = Remote::configured(repository.expose(), &git_config(root, ctx));
    if ctx.trust.is_untrusted() {
        return Ok(configured);
    }
    let url = configured.url.expose();
    let variable = |name: &str| ctx.variables.get(name).filter(|text| !text.is_empty()).cloned();
    let web = url.starts_with("https://") || url.starts_with("http://");
    let at_home = web && github::at_home(url, ctx);
    let named = |name: &str| variable(name).map(|token| (name.to_owned(), token));
    let found = match named(TOKEN).filter(|_| web) {
        Some(found) => {
            check_token_host(repository, &configured.url)?;
            Some(found)
        }
        None if at_home && github::has_app(ctx) => {
            let (github, named) = github::access(&configured.url, ctx, None)?;
            Some(("the GitHub App".to_owned(), github.token(&named)?))
        }
        None => named("GITHUB_TOKEN").filter(|_| at_home),
    };
    let username = variable("HYDRANT_GIT_USERNAME").unwrap_or_else(|| "x-access-token".to_owned());
    let Some((credentials_name, password)) = found else { return Ok(configured) };
    Ok(Remote { credentials: Some(Credentials { username, password }), credentials_name, ..configured })
}

/// The variable with the token for manifest repositories.
const TOKEN: &str = "HYDRANT_GIT_TOKEN";

/// Checks that the token may be sent to a repository whose URL git's configuration may have replaced.
///
/// # Errors
/// Plain http to another host than loopback, and another host than the one of the repository.
fn check_token_host(repository: &RemoteUrl, configured: &RemoteUrl) -> Result<(), Diagnostic> {
    let host = host_name(configured.expose()).unwrap_or_default();
    if configured.expose().starts_with("http://") && !net::host::is_loopback(host) {
        let message = format!("{TOKEN} is not sent over plain http to {configured}");
        return Err(Diagnostic::new(message).hint("use an https URL, or unset HYDRANT_GIT_TOKEN"));
    }
    let same = repository == configured
        || net::host::is_loopback(host)
        || host_name(repository.expose()).is_some_and(|given| given.eq_ignore_ascii_case(host));
    if same {
        return Ok(());
    }
    let message = format!("{TOKEN} is for {repository}, and git's configuration replaces that URL with {configured}");
    Err(Diagnostic::new(message).hint("unset HYDRANT_GIT_TOKEN, or name the other host in destination.repository"))
}

/// A connection to a repository; see [`remote`].
///
/// # Errors
/// Those of [`remote`], and an invalid URL.
pub(crate) fn transport(repository: &RemoteUrl, root: &str, ctx: &RunContext) -> Result<Box<dyn Transport>, Failure> {
    Ok(git::open(&remote(repository, root, ctx)?).map_err(DeliverError::from)?)
}

/// The source's history; where the clone is shallow, what its origin knows, or GitHub where the environment has a token for it.
pub(crate) fn lineage<'a>(root: &str, ctx: &RunContext, source: &'a SourceRepository) -> SourceHistory<'a> {
    let origin = source.origin().filter(|url| github::at_home(url, ctx));
    let github = origin.and_then(|url| github::access(&url.into(), ctx, None).ok());
    let host = github.map(|(github, repository)| Box::new(RepositoryHistory { github, repository }) as _);
    SourceHistory::new(source, &git_config(root, ctx), host)
}

/// git's configuration in a folder; nothing of it where the run's input is not trusted.
fn git_config(root: &str, ctx: &RunContext) -> GitConfig {
    if ctx.trust.is_untrusted() { GitConfig::untrusted() } else { GitConfig::load(Path::new(root), &ctx.variables) }
}
