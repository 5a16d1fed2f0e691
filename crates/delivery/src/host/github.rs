//! Access to GitHub's API with the credentials of the environment.

use std::path::Path;

use git::{GitConfig, Remote, RemoteUrl};
use github::{GitHub, Login, Network, Repository};
use manifest::Diagnostic;
use net::Proxies;

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::git_hosts::host_name;

/// The API and the repository behind a URL. The API's URL is `api`, else `GITHUB_API`, else `GITHUB_API_URL` of an action on the same host, else by the
/// host's name.
///
/// # Errors
/// No token, no key, or no owner and name in the URL.
pub(crate) fn access(url: &RemoteUrl, ctx: &RunContext, api: Option<&str>) -> Result<(GitHub, Repository), Failure> {
    let variable = |name: &str| ctx.variables.get(name).filter(|text| !text.is_empty()).cloned();
    let repository = named(url.expose()).ok_or_else(|| {
        Diagnostic::new(format!("invalid GitHub repository URL {url}"))
            .field("destination.repository")
            .hint("use a URL such as https://github.com/OWNER/REPOSITORY.git")
    })?;
    let host = host_name(url.expose()).unwrap_or("github.com");
    let at_home = at_home(url.expose(), ctx);
    let api = api.map(str::to_owned).or_else(|| variable("GITHUB_API"));
    let api = api.or_else(|| variable("GITHUB_API_URL").filter(|_| at_home));
    let api = api.unwrap_or_else(|| match host {
        "github.com" => "https://api.github.com".to_owned(),
        host => format!("https://{host}/api/v3"),
    });
    Ok((self::api(api, login(ctx, at_home)?, ctx), repository))
}

/// GitHub's API at a URL, with the proxies and certificate authorities of the environment and of git's configuration, and the run's
/// connections.
pub(crate) fn api(api: String, login: Login, ctx: &RunContext) -> GitHub {
    let configured = Remote::configured(&api, &GitConfig::load(Path::new("."), &ctx.variables));
    let environment = Proxies::from_variables(|name| ctx.variables.get(name).cloned());
    let network = Network {
        proxies: configured.proxy.iter().fold(environment, |proxies, proxy| proxies.with_proxy(proxy)),
        authorities: configured.ca_file.into_iter().collect(),
    };
    GitHub::new(api, login).with_network(network).with_connections(ctx.github.clone())
}

/// Whether a repository is on the server of the GitHub action that runs hydrant; on github.com outside of an action. Scheme, host and port are
/// compared; of a URL for ssh, which gets no token, the host alone.
pub(crate) fn at_home(url: &str, ctx: &RunContext) -> bool {
    let server = ctx.variables.get("GITHUB_SERVER_URL").filter(|text| !text.is_empty());
    let server = server.map_or("https://github.com", String::as_str);
    let web = url.starts_with("https://") || url.starts_with("http://");
    if !web {
        let host =
            host_name(url).is_some_and(|host| host_name(server).is_some_and(|home| home.eq_ignore_ascii_case(host)));
        return host && !url.starts_with("file:");
    }
    let origin = |url: &str| net::Url::parse(url.trim()).ok().map(|url| url.origin());
    origin(url).is_some_and(|origin_of_url| origin(server) == Some(origin_of_url))
}

/// Whether a GitHub App is to be used.
pub(crate) fn has_app(ctx: &RunContext) -> bool {
    ["GITHUB_APP_ID", "GITHUB_APP_KEY_FILE"]
        .iter()
        .all(|name| ctx.variables.get(*name).is_some_and(|text| !text.is_empty()))
}

/// `OWNER/REPOSITORY` at the end of a URL.
fn named(url: &str) -> Option<Repository> {
    let path = url.trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let mut parts = path.rsplit(['/', ':']);
    let (name, owner) = (parts.next()?, parts.next()?);
    (!name.is_empty() && !owner.is_empty()).then(|| Repository { owner: owner.to_owned(), name: name.to_owned() })
}

/// An App where one is given, else a token. The token of an action is sent only to the server of the action.
fn login(ctx: &RunContext, at_home: bool) -> Result<Login, Failure> {
    if ctx.trust.is_untrusted() {
        let message = "cannot use GitHub's API: no credential is used with --untrusted";
        return Err(Diagnostic::new(message).hint("run without `--untrusted` if you trust the source").into());
    }
    let variable = |name: &str| ctx.variables.get(name).filter(|text| !text.is_empty());
    if let (Some(id), Some(file)) = (variable("GITHUB_APP_ID"), variable("GITHUB_APP_KEY_FILE")) {
        let wrong = |message: String| Failure::from(Diagnostic::new(message).field("GITHUB_APP_KEY_FILE"));
        let id = id
            .parse()
            .map_err(|_| Diagnostic::new(format!("expected a number, found \"{id}\"")).field("GITHUB_APP_ID"))?;
        let key = net::bounded::read_text(Path::new(file)).map_err(|error| wrong(format!("{file}: {error}")))?;
        return Ok(Login::App { id, key });
    }
    let token = variable("HYDRANT_GIT_TOKEN").or_else(|| variable("GITHUB_TOKEN").filter(|_| at_home));
    token.map(|token| Login::Token(token.clone())).ok_or_else(|| {
        Diagnostic::new("missing token for GitHub's API")
            .hint("set HYDRANT_GIT_TOKEN, GITHUB_TOKEN, or GITHUB_APP_ID and GITHUB_APP_KEY_FILE, with the permissions contents: write and pull requests: write")
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_host_and_port_are_those_of_the_server() {
        let at = |server: &str, url: &str| {
            let variables = [("GITHUB_SERVER_URL".to_owned(), server.to_owned())].into();
            at_home(url, &RunContext { variables, ..RunContext::default() })
        };
        for (server, url, home) in [
            ("", "https://github.com/a/b", true),
            ("", "https://GitHub.com:443/a/b", true),
            ("", "http://github.com/a/b", false),
            ("", "https://github.com:8443/a/b", false),
            ("", "https://github.com.example/a/b", false),
            ("", "https://github.com@evil.example/a/b", false),
            ("", "git@github.com:a/b.git", true),
            ("", "ssh://git@github.com:22/a/b", true),
            ("https://h", "http://h:8080/a/b", false),
            ("https://h", "https://h:8443/a/b", false),
            ("https://h", "https://h/a/b", true),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000/a/b", true),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3001/a/b", false),
        ] {
            assert_eq!(at(server, url), home, "{server} {url}");
        }
    }
}
