//! URLs, as the API server's library of URLs reads them.

/// The parts of an absolute URL.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Url {
    pub(super) text: String,
    pub(super) scheme: String,
    pub(super) host: String,
    pub(super) path: String,
    pub(super) query: String,
}

/// Reads an absolute URL or an absolute path.
pub(super) fn parse_url(text: &str) -> Option<Url> {
    let has_control = text.chars().any(|character| character.is_control() || character == ' ');
    let (before_query, query) =
        text.split_once('#').map_or(text, |(url, _)| url).split_once('?').unwrap_or((text.split('#').next()?, ""));
    let (scheme, rest) = match before_query.split_once("://") {
        Some((scheme, rest)) => (scheme, rest),
        None if before_query.starts_with('/') => ("", before_query),
        None => return None,
    };
    let is_scheme = scheme.is_empty() && before_query.starts_with('/')
        || scheme.starts_with(|character: char| character.is_ascii_alphabetic())
            && scheme.chars().all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character));
    let (host, path) = if scheme.is_empty() { ("", rest) } else { rest.split_at(rest.find('/').unwrap_or(rest.len())) };
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let port = host.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
    let is_port = port.is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    (is_scheme && is_port && !has_control).then(|| Url {
        text: text.to_owned(),
        scheme: scheme.to_owned(),
        host: host.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
    })
}

impl Url {
    pub(super) fn host_name(&self) -> &str {
        if let Some(rest) = self.host.strip_prefix('[') {
            return rest.split(']').next().unwrap_or_default();
        }
        self.host.rsplit_once(':').map_or(self.host.as_str(), |(name, _)| name)
    }

    pub(super) fn port(&self) -> &str {
        let after = self.host.rsplit_once(']').map_or(self.host.as_str(), |(_, rest)| rest);
        after.rsplit_once(':').map_or("", |(_, port)| port)
    }
}
