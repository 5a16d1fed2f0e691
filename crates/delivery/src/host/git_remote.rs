//! Remotes with the credentials of the environment and of git's configuration.

use std::path::Path;

use ::github::RepositoryHistory;
use committer::DeliverError;
use git::GitConfig;
use git::source::{SourceHistory, SourceRepository};
use git::{Credentials, Remote, Transport};

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::git_hosts::host_name;
use crate::host::github;

/// The remote with the credentials that the environment has for it: `HYDRANT_GIT_TOKEN`, a GitHub App, `GITHUB_TOKEN`; else what git's
/// configuration in the source's folder finds. They are passed as a value and never printed. An untrusted run uses none.
///
/// # Errors
/// A GitHub App whose key cannot be read, or that GitHub does not know.
pub(crate) fn remote(repository: &str, root: &str, ctx: &RunContext) -> Result<Remote, Failure> {
    let configured = Remote::configured(repository, &git_config(root, ctx));
    if ctx.trust.is_untrusted() {
        return Ok(configured);
    }
    let variable = |name: &str| ctx.variables.get(name).filter(|text| !text.is_empty()).cloned();
    // `url.<base>.insteadOf` may name another host, which must not get the token.
    let web = configured.url.starts_with("https://") || configured.url.starts_with("http://");
    let host = host_name(&configured.url).filter(|_| web);
    let at_home = host.is_some_and(|host| github::at_home(host, ctx));
    let named = |name: &str| variable(name).map(|token| (name.to_owned(), token));
    let found = match named("HYDRANT_GIT_TOKEN") {
        Some(found) => Some(found),
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

/// A connection to a repository; see [`remote`].
///
/// # Errors
/// Those of [`remote`], and an invalid URL.
pub(crate) fn transport(repository: &str, root: &str, ctx: &RunContext) -> Result<Box<dyn Transport>, Failure> {
    Ok(git::open(&remote(repository, root, ctx)?).map_err(DeliverError::from)?)
}

/// The source's history; where the clone is shallow, what its origin knows, or GitHub where the environment has a token for it.
pub(crate) fn lineage<'a>(root: &str, ctx: &RunContext, source: &'a SourceRepository) -> SourceHistory<'a> {
    let origin = source.origin().filter(|url| host_name(url).is_some_and(|host| github::at_home(host, ctx)));
    let github = origin.and_then(|url| github::access(&url, ctx, None).ok());
    let host = github.map(|(github, repository)| Box::new(RepositoryHistory { github, repository }) as _);
    SourceHistory::new(source, &git_config(root, ctx), host)
}

/// git's configuration in a folder; nothing of it where the run's input is not trusted.
fn git_config(root: &str, ctx: &RunContext) -> GitConfig {
    if ctx.trust.is_untrusted() { GitConfig::untrusted() } else { GitConfig::load(Path::new(root), &ctx.variables) }
}
