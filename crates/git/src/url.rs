//! Repository URLs as text: removal of credentials and percent-decoding.

/// Returns `url` without the credentials that it may contain. The user name of an `ssh` URL is kept, as it is no secret.
pub fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let Some((user, host)) = authority.rsplit_once('@') else { return url.to_owned() };
    let user = user.split(':').next().unwrap_or_default();
    if matches!(scheme, "ssh" | "git+ssh" | "ssh+git") && !user.is_empty() {
        format!("{scheme}://{user}@{host}{tail}")
    } else {
        format!("{scheme}://{host}{tail}")
    }
}

/// Decodes percent escapes (`%41` → `A`). Invalid escapes stay as they are.
pub(crate) fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            Some(code) => {
                out.push(u8::from_str_radix(code, 16).unwrap_or(b'%'));
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
