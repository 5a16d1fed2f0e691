//! A repository's URL as it may be shown and recorded.

/// `url` without the credentials that may stand in it. The user name of `ssh` stays, as it says whom to ask and is no secret.
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
