//! Which proxy a URL is reached through.

use url::Url;

use crate::host::is_loopback;

/// The proxies of a client. Loopback is never reached through one.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// The proxy for `https` URLs.
    pub https: Option<String>,
    /// The proxy for `http` URLs.
    pub http: Option<String>,
    /// Hosts that are reached directly: comma-separated host names (subdomains included), `.suffix`, `*.suffix`, addresses,
    /// `host:port`, or `*`.
    pub except: String,
}

impl Proxies {
    /// Returns the proxies that environment variables name: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` for both, and `NO_PROXY`,
    /// in upper or lower case (the lower case wins, as in curl). `HTTP_PROXY` in upper case is not read where `REQUEST_METHOD`
    /// is set, since the caller of a CGI program could choose it. A SOCKS proxy in `ALL_PROXY` is not used.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|text| !text.is_empty());
        let either = |upper: &str, lower: &str| set(lower).or_else(|| set(upper));
        let all = either("ALL_PROXY", "all_proxy").filter(|proxy| !is_socks(proxy));
        let http =
            if variable("REQUEST_METHOD").is_some() { set("http_proxy") } else { either("HTTP_PROXY", "http_proxy") };
        Proxies {
            https: either("HTTPS_PROXY", "https_proxy").or_else(|| all.clone()),
            http: http.or(all),
            except: either("NO_PROXY", "no_proxy").unwrap_or_default(),
        }
    }

    /// One proxy for every URL, with the exceptions of these proxies.
    #[must_use]
    pub fn with_proxy(self, proxy: impl Into<String>) -> Self {
        let proxy = Some(proxy.into());
        Proxies { https: proxy.clone(), http: proxy, except: self.except }
    }

    /// Returns the proxy that a URL is reached through; nothing where it is reached directly.
    pub fn of(&self, url: &Url) -> Option<&str> {
        let proxy = if url.scheme() == "https" { self.https.as_deref()? } else { self.http.as_deref()? };
        let host = url.host_str()?;
        let port = url.port_or_known_default().unwrap_or_default();
        let direct = is_loopback(host) || self.except.split(',').any(|rule| matches_rule(rule.trim(), host, port));
        (!direct).then_some(proxy)
    }
}

impl std::fmt::Debug for Proxies {
    /// Shows the proxies without their credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |proxy: &Option<String>| proxy.as_deref().map(crate::redact::url);
        f.debug_struct("Proxies")
            .field("https", &shown(&self.https))
            .field("http", &shown(&self.http))
            .field("except", &self.except)
            .finish()
    }
}

/// Whether a proxy's URL is one of SOCKS, which the client does not speak.
pub(crate) fn is_socks(proxy: &str) -> bool {
    proxy.trim_start().to_ascii_lowercase().starts_with("socks")
}

fn matches_rule(rule: &str, host: &str, port: u16) -> bool {
    let (name, only) = match rule.rsplit_once(':') {
        Some((name, digits)) if !name.contains(':') => (name, digits.parse::<u16>().ok()),
        _ => (rule, None),
    };
    if only.is_some_and(|only| only != port) || name.is_empty() {
        return false;
    }
    let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let name = name.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    if name == "*" {
        return true;
    }
    match name.strip_prefix("*.").or_else(|| name.strip_prefix('.')) {
        Some(suffix) => host.ends_with(&format!(".{suffix}")),
        None => host == name || host.ends_with(&format!(".{name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_reached_directly() {
        let variables = |name: &str| match name {
            "HTTPS_PROXY" => Some("http://proxy:3128".to_owned()),
            "no_proxy" => Some("corp.example, .only.sub,10.0.0.1,ported.example:444".to_owned()),
            _ => None,
        };
        let proxies = Proxies::from_variables(variables);
        let table = [
            ("https://quay.io/v2/", true),
            ("http://quay.io/v2/", false),
            ("https://corp.example/", false),
            ("https://a.corp.example/", false),
            ("https://notcorp.example/", true),
            ("https://only.sub/", true),
            ("https://a.only.sub/", false),
            ("https://10.0.0.1/", false),
            ("https://ported.example/", true),
            ("https://ported.example:444/", false),
            ("https://127.0.0.1:5000/", false),
            ("https://localhost/", false),
        ];
        for (url, through) in table {
            assert_eq!(proxies.of(&Url::parse(url).unwrap()).is_some(), through, "{url}");
        }
    }

    #[test]
    fn all_proxy_holds_for_both_schemes_unless_it_is_socks() {
        let proxies =
            |value: &'static str| Proxies::from_variables(move |name| (name == "all_proxy").then(|| value.to_owned()));
        let http = Proxies { except: String::new(), ..Proxies::default().with_proxy("http://p:1") };
        assert_eq!(proxies("http://p:1"), http);
        assert_eq!(proxies("socks5h://p:1"), Proxies::default());
    }

    #[test]
    fn debug_output_has_no_password() {
        let proxies = Proxies::default().with_proxy("http://user:secret@proxy:1");
        assert!(!format!("{proxies:?}").contains("secret"));
    }
}
