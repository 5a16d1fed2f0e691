//! `WWW-Authenticate`: how a registry wants requests to be authorized (RFC 9110, 11.6.1; distribution spec, token authentication).

use net::http::HeaderMap;

/// How a registry wants requests to be authorized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// Not at all.
    Open,
    /// User and password with every request.
    Basic,
    /// A token from a token server.
    Bearer(Bearer),
}

/// Where tokens come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub(crate) realm: String,
    pub(crate) service: Option<String>,
}

impl Challenge {
    /// Returns the challenge in a response's headers: Bearer where several are offered, nothing where none is known.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all("www-authenticate").iter().filter_map(|value| value.to_str().ok());
        let offers: Vec<Offer> = values.flat_map(offers).collect();
        let bearer = offers.iter().filter(|offer| offer.scheme.eq_ignore_ascii_case("bearer")).find_map(|offer| {
            let get = |key: &str| offer.parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
            let realm = get("realm")?.1.clone();
            Some(Challenge::Bearer(Bearer { realm, service: get("service").map(|(_, value)| value.clone()) }))
        });
        let basic =
            || offers.iter().any(|offer| offer.scheme.eq_ignore_ascii_case("basic")).then_some(Challenge::Basic);
        bearer.or_else(basic)
    }
}

struct Offer {
    scheme: String,
    parameters: Vec<(String, String)>,
}

/// Parses `Scheme key="value", key=value, Other …`. What is not valid is skipped.
fn offers(header: &str) -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    let mut rest = header.trim_start_matches([' ', ',', '\t']);
    while !rest.is_empty() {
        let end = rest.find([' ', ',', '=', '\t']).unwrap_or(rest.len());
        let (token, after) = rest.split_at(end);
        rest = match after.trim_start().strip_prefix('=') {
            Some(value) => {
                let (value, after) = take_value(value.trim_start());
                if let Some(offer) = offers.last_mut() {
                    offer.parameters.push((token.to_owned(), value));
                }
                after
            }
            None => {
                offers.push(Offer { scheme: token.to_owned(), parameters: Vec::new() });
                after
            }
        };
        // A stray quote or equals sign must not end the parsing.
        rest = rest.trim_start_matches([' ', ',', '=', '\t']);
    }
    offers
}

/// Splits a token or a quoted string from what follows it.
fn take_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[index + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read_in_every_spelling() {
        let bearer = |realm: &str, service: Option<&str>| {
            Some(Challenge::Bearer(Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) }))
        };
        let table: [(&[&str], Option<Challenge>); 10] = [
            (
                &[r#"Bearer realm="https://a/t",service="s",scope="repository:x:pull,push""#],
                bearer("https://a/t", Some("s")),
            ),
            (&[r#"bearer Realm=https://a/t , service=s"#], bearer("https://a/t", Some("s"))),
            (&[r#"Bearer realm="a\"b""#], bearer("a\"b", None)),
            (&[r#"Basic realm="x", Bearer realm="https://a/t""#], bearer("https://a/t", None)),
            (&["Basic realm=x", r#"Bearer realm="https://a/t""#], bearer("https://a/t", None)),
            (&[r#"Basic realm="Registry Realm""#], Some(Challenge::Basic)),
            (&["BASIC"], Some(Challenge::Basic)),
            (&["Bearer service=s"], None),
            (&["Negotiate abc==", ""], None),
            (&[r#"Bearer realm=""#, "=,\"\"=="], bearer("", None)),
        ];
        for (lines, want) in table {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("www-authenticate", line.parse().unwrap());
            }
            assert_eq!(Challenge::of(&headers), want, "{lines:?}");
        }
    }
}
