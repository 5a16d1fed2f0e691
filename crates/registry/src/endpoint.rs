//! Which URLs answer for a registry: its own host, Docker Hub's real one, or mirrors in front of it.

use manifest::image::DEFAULT_REGISTRY;
use net::Url;
use net::host::is_loopback;

use crate::error::{ErrorKind, RequestError};
use crate::options::RegistryOptions;

/// A server that answers for a registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Endpoint {
    /// The name under which credentials are kept, such as `docker.io` or `localhost:5000`.
    pub(crate) name: String,
    /// The URLs to try in order until one speaks the protocol, each ending with a slash.
    pub(crate) bases: Vec<Url>,
    /// What precedes a repository's name there: empty, or `prefix/`.
    pub(crate) prefix: String,
}

/// Returns the endpoints of a registry: mirrors first, the registry itself last.
///
/// # Errors
/// Where the address of the registry or of a mirror is invalid or not allowed.
pub(crate) fn endpoints(registry: &str, options: &RegistryOptions) -> Result<Vec<Endpoint>, RequestError> {
    let mirrors = options.mirrors.get(registry).map_or(&[][..], Vec::as_slice);
    let mut all = mirrors.iter().map(|mirror| endpoint(mirror, options)).collect::<Result<Vec<_>, _>>()?;
    all.push(endpoint(registry, options)?);
    Ok(all)
}

/// Returns the registry's own endpoint, no mirror.
///
/// # Errors
/// Where the address is invalid or not allowed.
pub(crate) fn own_endpoint(registry: &str, options: &RegistryOptions) -> Result<Endpoint, RequestError> {
    endpoint(registry, options)
}

/// Parses `host`, `host:port`, `host/prefix`, or a URL of one of them.
fn endpoint(address: &str, options: &RegistryOptions) -> Result<Endpoint, RequestError> {
    let invalid = || RequestError::new(ErrorKind::Network, address, format!("invalid registry address {address:?}"));
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (Some(scheme), rest),
        Some(_) => return Err(invalid()),
        None => (None, address),
    };
    let (name, prefix) = rest.trim_end_matches('/').split_once('/').unwrap_or((rest.trim_end_matches('/'), ""));
    if name.contains('@') {
        let message = "a registry's address must not contain credentials";
        return Err(
            RequestError::new(ErrorKind::Credentials, "", message).hint("move the credentials to docker's config.json")
        );
    }
    let host = if matches!(name, DEFAULT_REGISTRY | "index.docker.io") { "registry-1.docker.io" } else { name };
    let url = |scheme: &str| Url::parse(&format!("{scheme}://{host}/")).map_err(|_| invalid());
    let loopback = url("http")?.host_str().is_some_and(is_loopback);
    let insecure = loopback || options.insecure.contains(name);
    let schemes: &[&str] = match scheme {
        Some("http") if !insecure => {
            let message = format!("plain http is not allowed for {name}");
            return Err(RequestError::new(ErrorKind::Tls, name, message)
                .hint(format!("allow it with `--insecure-registry {name}`")));
        }
        Some("http") => &["http"],
        Some(_) => &["https"],
        None if loopback => &["http", "https"],
        None if insecure => &["https", "http"],
        None => &["https"],
    };
    let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    let bases = schemes.iter().map(|scheme| url(scheme)).collect::<Result<_, _>>()?;
    Ok(Endpoint { name: name.to_owned(), bases, prefix })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_follow_name_trust_and_mirrors() {
        let mut options = RegistryOptions::standard();
        options.insecure.insert("old.example:5000".to_owned());
        options.mirrors.insert("docker.io".to_owned(), vec!["https://cache.example/hub/".to_owned()]);
        let table = [
            ("docker.io", "https://cache.example/ hub/ · https://registry-1.docker.io/ "),
            ("quay.io", "https://quay.io/ "),
            ("localhost:5000", "http://localhost:5000/ https://localhost:5000/ "),
            ("[::1]:5000", "http://[::1]:5000/ https://[::1]:5000/ "),
            ("old.example:5000", "https://old.example:5000/ http://old.example:5000/ "),
        ];
        for (registry, want) in table {
            let all = endpoints(registry, &options).unwrap();
            let shown = all.iter().map(|endpoint| {
                let bases: Vec<&str> = endpoint.bases.iter().map(Url::as_str).collect();
                format!("{} {}", bases.join(" "), endpoint.prefix)
            });
            assert_eq!(shown.collect::<Vec<_>>().join(" · "), want, "{registry}");
        }
        for bad in ["http://cache.example", "ftp://x", "https://user:secret@x"] {
            options.mirrors.insert("docker.io".to_owned(), vec![bad.to_owned()]);
            let error = endpoints("docker.io", &options).unwrap_err();
            assert!(!error.message.contains("secret"), "{error:?}");
        }
    }
}
