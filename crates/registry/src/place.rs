//! Where a registry is asked: its own host, Docker Hub's real one, or mirrors in front of it.

use std::collections::BTreeMap;

use manifest::image::DEFAULT_REGISTRY;
use url::Url;

use crate::failure::{Failure, Kind};
use crate::options::{Options, is_loopback};

/// One place that answers for a registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The name under which credentials are kept, such as `docker.io` or `localhost:5000`.
    pub(crate) name: String,
    /// The URLs to try in order until one speaks the protocol, each ending with a slash.
    pub(crate) bases: Vec<Url>,
    /// What stands before a repository's name there: empty, or `prefix/`.
    pub(crate) prefix: String,
}

/// The places to ask for a registry, mirrors first and the registry itself last.
pub(crate) fn places(registry: &str, options: &Options) -> Result<Vec<Place>, Failure> {
    let mirrors = mirrors_of(registry, &options.mirrors).iter();
    let mut all = mirrors.map(|mirror| place(mirror, options)).collect::<Result<Vec<_>, _>>()?;
    all.push(place(registry, options)?);
    Ok(all)
}

fn mirrors_of<'a>(registry: &str, mirrors: &'a BTreeMap<String, Vec<String>>) -> &'a [String] {
    mirrors.get(registry).map_or(&[], Vec::as_slice)
}

/// Reads `host`, `host:port`, `host/prefix`, or a URL of one of them.
fn place(text: &str, options: &Options) -> Result<Place, Failure> {
    let bad = || Failure::new(Kind::Network, text, format!("`{text}` is no registry's address"));
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (Some(scheme), rest),
        Some(_) => return Err(bad()),
        None => (None, text),
    };
    let (name, prefix) = rest.trim_end_matches('/').split_once('/').unwrap_or((rest.trim_end_matches('/'), ""));
    if name.contains('@') {
        let words = "a registry's address must not hold credentials";
        return Err(Failure::new(Kind::Credentials, "", words).hint("Put them into docker's config.json."));
    }
    let host = if matches!(name, DEFAULT_REGISTRY | "index.docker.io") { "registry-1.docker.io" } else { name };
    let url = |scheme: &str| Url::parse(&format!("{scheme}://{host}/")).map_err(|_| bad());
    let loopback = url("http")?.host_str().is_some_and(is_loopback);
    let insecure = loopback || options.insecure.contains(name);
    let schemes: &[&str] = match scheme {
        Some("http") if !insecure => {
            let words = format!("{name} is not to be asked over plain http");
            return Err(Failure::new(Kind::Tls, name, words).hint(format!("Allow it with --insecure-registry {name}.")));
        }
        Some("http") => &["http"],
        Some(_) => &["https"],
        None if loopback => &["http", "https"],
        None if insecure => &["https", "http"],
        None => &["https"],
    };
    let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    let bases = schemes.iter().map(|scheme| url(scheme)).collect::<Result<_, _>>()?;
    Ok(Place { name: name.to_owned(), bases, prefix })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_name_trust_and_mirrors() {
        let mut options = Options::standard();
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
            let all = places(registry, &options).unwrap();
            let told = all.iter().map(|place| {
                let bases: Vec<&str> = place.bases.iter().map(Url::as_str).collect();
                format!("{} {}", bases.join(" "), place.prefix)
            });
            assert_eq!(told.collect::<Vec<_>>().join(" · "), want, "{registry}");
        }
        for bad in ["http://cache.example", "ftp://x", "https://user:secret@x"] {
            options.mirrors.insert("docker.io".to_owned(), vec![bad.to_owned()]);
            let failure = places("docker.io", &options).unwrap_err();
            assert!(!failure.words.contains("secret"), "{failure:?}");
        }
    }
}
