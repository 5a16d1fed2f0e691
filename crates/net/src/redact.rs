//! URLs and texts of servers in printable form: without credentials and control characters, of bounded length.

use percent_encoding::percent_decode_str;

/// Query parameters whose values are secrets: OAuth 2, GitLab's and Azure's tokens, pre-signed URLs of S3, GCS and Azure.
const SECRET_PARAMETERS: &[&str] = &["auth", "authorization", "code", "jwt", "key", "pat", "pwd", "sig"];
/// Parts of names of query parameters whose values are secrets, such as `access_token` and `X-Amz-Signature`.
const SECRET_PARTS: &[&str] =
    &["token", "secret", "password", "passwd", "signature", "credential", "api_key", "api-key", "apikey", "private"];
/// What stands in place of a secret value.
const REDACTED: &str = "REDACTED";
/// The maximum number of characters of a server's text.
const SHOWN: usize = 300;
/// The maximum number of characters of a URL that a server chose.
const SHOWN_URL: usize = 1000;

/// Returns a URL without its credentials: the user and password, and the values of parameters of the query and the fragment that hold
/// secrets. The user name of `ssh` and of `user@host:path` stays. A text that is no URL comes back as it is.
pub fn url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return without_scheme(url) };
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let end = unescaped_password(rest, end).unwrap_or(end);
    let (authority, tail) = rest.split_at(end);
    let tail = without_secret_parameters(tail);
    let Some((user, host)) = authority.rsplit_once('@') else { return format!("{scheme}://{authority}{tail}") };
    let user = user.split(':').next().unwrap_or_default();
    if matches!(scheme, "ssh" | "git+ssh" | "ssh+git") && !user.is_empty() {
        format!("{scheme}://{user}@{host}{tail}")
    } else {
        format!("{scheme}://{host}{tail}")
    }
}

/// Returns a URL that a server may have chosen, for a message: without its credentials, and cut after 1,000 characters.
pub fn shown_url(address: &url::Url) -> String {
    cut(url(address.as_str()), SHOWN_URL)
}

/// The length up to and with the host if a password before it has an unescaped `/` or the like, so that `user:pass` was taken for host and
/// port: `https://user:pass/word@host`.
fn unescaped_password(rest: &str, end: usize) -> Option<usize> {
    let authority = &rest[..end];
    let (host, port) = authority.rsplit_once('@').map_or(authority, |(_, host)| host).rsplit_once(':')?;
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
    let is_address = host.starts_with('[') && !host.ends_with(']');
    if is_port || is_address {
        return None;
    }
    let at = rest[end..].rfind('@')? + end;
    Some(rest[at..].find(['/', '\\', '?', '#']).map_or(rest.len(), |length| at + length))
}

/// `user@host:path` without a password, which ssh does not take: `user:password@host:path`.
fn without_scheme(url: &str) -> String {
    let authority = url.split('/').next().unwrap_or_default();
    let Some((user, _)) = authority.rsplit_once('@') else { return url.to_owned() };
    match user.split_once(':') {
        Some((name, password)) if !password.is_empty() && !name.contains(char::is_whitespace) => {
            format!("{name}{}", &url[user.len()..])
        }
        _ => url.to_owned(),
    }
}

fn without_secret_parameters(tail: &str) -> String {
    let Some(start) = tail.find(['?', '#']) else { return tail.to_owned() };
    let mut out = tail[..start].to_owned();
    for part in tail[start..].split_inclusive(['?', '#', '&', ';']) {
        let end = part.len() - usize::from(part.ends_with(['?', '#', '&', ';']));
        let (parameter, separator) = part.split_at(end);
        match parameter.split_once('=') {
            Some((name, value)) if !value.is_empty() && is_secret(name) => {
                out.push_str(name);
                out.push('=');
                out.push_str(REDACTED);
            }
            _ => out.push_str(parameter),
        }
        out.push_str(separator);
    }
    out
}

fn is_secret(name: &str) -> bool {
    let name = percent_decode_str(name).decode_utf8_lossy().to_ascii_lowercase();
    SECRET_PARAMETERS.contains(&name.as_str()) || SECRET_PARTS.iter().any(|part| name.contains(part))
}

/// Returns a text with each URL in it redacted as by [`url()`].
pub fn text(text: &str) -> String {
    let ends_url = |letter: char| letter.is_whitespace() || "'\"<>`".contains(letter);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(":/") {
        let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        let start = at - rest.as_bytes()[..at].iter().rev().take_while(|byte| is_scheme(byte)).count();
        let end = rest[at..].find(ends_url).map_or(rest.len(), |length| at + length);
        out.push_str(&without_user_info(&rest[..start]));
        out.push_str(&url_or_path(&rest[start..end], at - start));
        rest = &rest[end..];
    }
    out.push_str(&without_user_info(rest));
    out
}

/// Returns a text without the password of each `user:password@host` that is no part of a URL. `name:tag@sha256:…` is an image and stays.
fn without_user_info(text: &str) -> String {
    let ends_part = |letter: char| letter.is_whitespace() || "'\"<>`/\\".contains(letter);
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(ends_part) {
        match user_info(part) {
            Some((user, host)) => {
                out.push_str(user);
                out.push_str(host);
            }
            None => out.push_str(part),
        }
    }
    out
}

/// The user, and `@host` with what follows, of a text that has a password between them.
fn user_info(part: &str) -> Option<(&str, &str)> {
    let first = part.find('@')?;
    let colon = part[..first].find(':').filter(|colon| colon + 1 < first)?;
    let is_digest = part[first + 1..].split_once(':').is_some_and(|(algorithm, _)| algorithm.starts_with("sha"));
    let host = &part[part.rfind('@')?..];
    let is_host = host[1..].starts_with(|letter: char| letter.is_alphanumeric() || letter == '[');
    // Go prints a map as `map[Email:jo@example.com]`, and a list in a map as `Name:[…]`.
    let is_go_value = part[..colon].contains('[') || part[colon + 1..].starts_with('[');
    (is_host && !is_digest && !is_go_value && &part[..colon] != "mailto").then_some((&part[..colon], host))
}

/// Redacts a URL whose scheme ends at `colon`. A path that was made of a URL has one slash: `https:/user:password@host`.
fn url_or_path(text: &str, colon: usize) -> String {
    let after = &text[colon..];
    if after.starts_with("://") {
        return url(text);
    }
    let schemes = ["http", "https", "ssh", "git", "oci", "ftp", "git+ssh", "git+https"];
    if schemes.iter().any(|scheme| text[..colon].eq_ignore_ascii_case(scheme)) {
        url(&format!("{}:/{}", &text[..colon], &after[1..])).replacen("://", ":/", 1)
    } else {
        without_user_info(text)
    }
}

/// Returns a text in one line that is safe to print: control characters and runs of blanks become one blank, and it is cut after
/// 300 characters.
pub fn one_line(text: &str) -> String {
    let clean: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(4096).collect();
    cut(clean.split_whitespace().collect::<Vec<_>>().join(" "), SHOWN)
}

/// The text, or its first `limit` characters with an ellipsis.
fn cut(text: String, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_taken_out_of_urls() {
        for (given, shown) in [
            ("https://token@github.com/a/b.git", "https://github.com/a/b.git"),
            ("https://u:p%40x@host:8443/a", "https://host:8443/a"),
            ("https://u:p@x@host/a@b", "https://host/a@b"),
            ("https://u:p@host?a=b@c", "https://host?a=b@c"),
            ("ssh://git:secret@host/a", "ssh://git@host/a"),
            ("git@github.com:a/b.git", "git@github.com:a/b.git"),
            ("/srv/a@b", "/srv/a@b"),
            ("git:secret@host:a/b.git", "git@host:a/b.git"),
            ("https://u:p\\@host/a", "https://host/a"),
            ("https://u:p/w@host/a", "https://host/a"),
            ("https://u:p?w@host:1/a?token=x", "https://host:1/a?token=REDACTED"),
            ("https://host:8080/a@b", "https://host:8080/a@b"),
            ("https://[::1]/a@b", "https://[::1]/a@b"),
            ("https://[::1]:80/a@b", "https://[::1]:80/a@b"),
            ("https://h/a?x=1#access_token=s", "https://h/a?x=1#access_token=REDACTED"),
            ("https://h/a?access%5Ftoken=s;b=2", "https://h/a?access%5Ftoken=REDACTED;b=2"),
            (
                "https://h/a?X-Amz-Signature=s&private_token=t",
                "https://h/a?X-Amz-Signature=REDACTED&private_token=REDACTED",
            ),
            ("https://host/a?token=x&b=1&SIG=y#part", "https://host/a?token=REDACTED&b=1&SIG=REDACTED#part"),
            ("https://host/a?scope=repository:a:pull&service=s", "https://host/a?scope=repository:a:pull&service=s"),
        ] {
            assert_eq!(url(given), shown);
        }
    }

    #[test]
    fn credentials_are_taken_out_of_texts() {
        for (given, shown) in [
            (
                "cannot reach 'https://u:p@host/a' via http://x:y@proxy",
                "cannot reach 'https://host/a' via http://proxy",
            ),
            ("no URL: a://", "no URL: a://"),
            ("é://u:p@host", "é://host"),
            ("plain", "plain"),
            ("/tmp/https:/u:p@host/a?token=x b", "/tmp/https:/host/a?token=REDACTED b"),
            ("a:/b@c", "a:/b@c"),
            ("HTTPS:/u:p@host/a and ftp:/u:p@host", "HTTPS:/host/a and ftp:/host"),
            ("cannot read u:p@host:a/b, //u:p@host/a", "cannot read u@host:a/b, //u@host/a"),
            ("'https:u:p@host' https:\\\\u:p@w@host", "'https@host' https:\\\\u@host"),
            ("a/b:1.2@sha256:00 c:1@sha512:0 Ann <a@b.c>: d@e", "a/b:1.2@sha256:00 c:1@sha512:0 Ann <a@b.c>: d@e"),
            ("git@host:a/b@c main:a@{1} mailto:a@b", "git@host:a/b@c main:a@{1} mailto:a@b"),
            ("Jo:[map[Email:j@a.b Name:j] map[Email:k@a.b]]", "Jo:[map[Email:j@a.b Name:j] map[Email:k@a.b]]"),
        ] {
            assert_eq!(text(given), shown);
        }
    }

    #[test]
    fn urls_of_servers_are_of_bounded_length() {
        let address = url::Url::parse(&format!("https://u:p@host/{}?token=x", "a".repeat(60_000))).unwrap();
        let shown = shown_url(&address);
        assert_eq!(shown.chars().count(), 1001);
        assert!(shown.starts_with("https://host/aaa") && shown.ends_with("a…"));
    }

    #[test]
    fn texts_are_one_line_of_bounded_length() {
        assert_eq!(one_line("a\n\t\u{1b}[31m b\r\n"), "a [31m b");
        assert_eq!(one_line(&"é".repeat(1000)).chars().count(), 301);
    }

    #[test]
    fn a_password_with_a_slash_after_a_user_with_an_at_sign() {
        for address in ["https://me@example.com:pass/word@host/x", "https://me@[::1]:pass/word@host/x"] {
            assert_eq!(url(address), "https://host/x");
        }
        assert_eq!(url("https://me:secret@[::1]/path@v1"), "https://[::1]/path@v1");
        assert_eq!(url("https://me:secret@host:8443/path@v1"), "https://host:8443/path@v1");
    }
}
