//! Classifies an entry of `resources`, `components`, `patches` and similar fields: a local path, a download, or a repository.
//!
//! kustomize tries to read an entry as a file, then to clone it, then to open it as a folder, and reports all three
//! failures. Here the spelling and the file system decide, in the same order of preference.

use manifest::Diagnostic;

use crate::host::RemoteRepository;

/// A folder in a git repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFolder {
    /// The entry as it was written.
    pub written: String,
    /// The repository.
    pub repository: RemoteRepository,
    /// The folder in it, from its root; empty for the root.
    pub folder: String,
}

/// The kind of an entry according to its spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// A file or folder of the disk.
    Local,
    /// A file at a URL.
    Download,
    /// A folder in a git repository.
    Repository(RemoteFolder),
}

/// Classifies an entry by its spelling. A local file of the same name comes before a repository: see
/// [`super`].
pub(crate) fn spelling(entry: &str) -> Spelling {
    match repository(entry) {
        Some(remote) if !is_http(entry) || looks_like_repository(entry, &remote) => Spelling::Repository(remote),
        _ if is_http(entry) => Spelling::Download,
        _ => Spelling::Local,
    }
}

/// Whether the entry is an `http` or `https` URL.
pub(crate) fn is_http(entry: &str) -> bool {
    strip_prefix_ignoring_case(entry, "https://").or_else(|| strip_prefix_ignoring_case(entry, "http://")).is_some()
}

/// Whether an http URL that could be a repository is one, and not a file: it says so by `.git`, `//`, `_git/` or a query
/// that kustomize gives to git, or its host is one of the well-known git hosts and it does not end like a file.
fn looks_like_repository(entry: &str, remote: &RemoteFolder) -> bool {
    let (path, query) = entry.split_once('?').unwrap_or((entry, ""));
    let tail = path.split_once("://").map_or(path, |(_, tail)| tail);
    let asks = ["ref=", "version=", "submodules=", "timeout="];
    if query.split('&').any(|part| asks.iter().any(|ask| part.starts_with(ask))) {
        return true;
    }
    let ends_like_a_file = [".yaml", ".yml", ".json"].iter().any(|end| tail.ends_with(end));
    if ends_like_a_file {
        return false;
    }
    let hosts = ["https://github.com/", "https://gitlab.com/", "https://bitbucket.org/"];
    tail.contains("//")
        || tail.contains(".git")
        || tail.contains("_git/")
        || hosts.iter().any(|host| remote.repository.url.starts_with(host))
}

/// Reads the entry as a repository's URL by kustomize's rules (`git.NewRepoSpecFromURL`); `None` if it is none.
pub fn repository(entry: &str) -> Option<RemoteFolder> {
    if entry.starts_with('/') {
        return None;
    }
    let (path, query) = entry.split_once('?').unwrap_or((entry, ""));
    let (host, rest) = split_host(path)?;
    let whole = host.starts_with("file://");
    let (repository, folder) = split_repository(&rest, whole)?;
    if repository.is_empty() || leaves_repository(&folder) {
        return None;
    }
    let query = Query::read(query);
    Some(RemoteFolder {
        written: entry.to_owned(),
        repository: RemoteRepository {
            url: format!("{host}{repository}"),
            revision: query.revision,
            submodules: query.submodules,
            timeout: query.timeout,
        },
        folder: folder.trim_start_matches('/').trim_end_matches('/').to_owned(),
    })
}

/// Splits a URL into what comes before the repository's path (scheme, user, host and its separator) and the rest.
fn split_host(url: &str) -> Option<(String, String)> {
    let url = strip_prefix_ignoring_case(url, "git::").unwrap_or(url);
    let schemes = ["ssh://", "https://", "http://", "file://"];
    let found = schemes.iter().find_map(|scheme| Some((*scheme, strip_prefix_ignoring_case(url, scheme)?)));
    let (scheme, rest) = found.unwrap_or(("", url));
    let (user, rest) = split_user(rest);
    let lower = rest.to_ascii_lowercase();
    let github = lower.starts_with("github.com/") || lower.starts_with("github.com:");
    let scp = scheme.is_empty() && (!user.is_empty() || github);
    if scheme.is_empty() && !scp {
        return None;
    }
    if scheme == "file://" {
        return Some((scheme.to_owned(), format!("{user}{rest}")));
    }
    let (host, rest) = match separator(rest, scp) {
        Some(index) => rest.split_at(index + 1),
        None => (rest, ""),
    };
    let host = match (github, scheme == "ssh://" || !user.is_empty()) {
        (true, true) => format!("{user}github.com:"),
        (true, false) => "https://github.com/".to_owned(),
        (false, _) if host.is_empty() => return None,
        (false, _) => format!("{scheme}{user}{host}"),
    };
    Some((host, rest.to_owned()))
}

fn split_user(url: &str) -> (&str, &str) {
    let Some(index) = url.find('@') else { return ("", url) };
    let user = &url[..index];
    let starts_well = user.starts_with(|c: char| c.is_ascii_alphabetic());
    if starts_well && user.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        url.split_at(index + 1)
    } else {
        ("", url)
    }
}

/// Returns the end of the host: the first slash, or the first colon in the scp-like form (`git@host:path`).
fn separator(url: &str, scp: bool) -> Option<usize> {
    let slash = url.find('/');
    let colon = url.find(':').filter(|_| scp);
    match (slash, colon) {
        (None, colon) => colon,
        (Some(slash), Some(colon)) if colon > 0 && colon < slash => Some(colon),
        (slash, _) => slash,
    }
}

/// Splits a path into the repository's and the folder's: at `_git/NAME`, at `//`, after `.git`, or after two parts.
fn split_repository(path: &str, whole: bool) -> Option<(String, String)> {
    if let Some(index) = path.find("_git/") {
        let (front, rest) = path.split_at(index + "_git/".len());
        let (name, folder) = rest.split_once('/').unwrap_or((rest, ""));
        return Some((format!("{front}{name}"), folder.to_owned()));
    }
    if let Some((repository, folder)) = path.split_once("//") {
        return Some((repository.to_owned(), folder.to_owned()));
    }
    if let Some(index) = path.find(".git") {
        let (repository, folder) = path.split_at(index + ".git".len());
        return Some((repository.to_owned(), folder.to_owned()));
    }
    if whole {
        return Some((path.to_owned(), String::new()));
    }
    let second = path.find('/')?;
    match path[second + 1..].find('/') {
        Some(third) => Some((path[..second + 1 + third].to_owned(), path[second + third + 2..].to_owned())),
        None => Some((path.to_owned(), String::new())),
    }
}

fn leaves_repository(folder: &str) -> bool {
    let mut depth = 0_i32;
    folder.split('/').any(|part| {
        depth += match part {
            "" | "." => 0,
            ".." => -1,
            _ => 1,
        };
        depth < 0
    })
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// The options in the query of a repository's URL.
struct Query {
    revision: Option<String>,
    submodules: bool,
    timeout: u64,
}

impl Query {
    /// kustomize's defaults: submodules, 27 seconds. Invalid values are ignored.
    fn read(query: &str) -> Self {
        let value = |key: &str| {
            let found = query.split('&').filter_map(|part| part.split_once('=')).find(|(name, _)| *name == key);
            found.map(|(_, value)| unescape(value)).filter(|value| !value.is_empty())
        };
        let falses = ["0", "f", "F", "false", "FALSE", "False"];
        Query {
            revision: value("ref").or_else(|| value("version")),
            submodules: !value("submodules").is_some_and(|text| falses.contains(&text.as_str())),
            timeout: value("timeout").and_then(|text| seconds(&text)).unwrap_or(27),
        }
    }
}

/// A number of seconds, or Go's notation of a duration (`1m30s`), rounded up to seconds.
fn seconds(text: &str) -> Option<u64> {
    if let Ok(whole) = text.parse::<u64>() {
        return (whole > 0).then_some(whole);
    }
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let after = &rest[digits..];
        let unit_length = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let unit = match &after[..unit_length] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number * unit;
        rest = &after[unit_length..];
    }
    // Go's longest duration, 2^63 nanoseconds.
    const LONGEST: f64 = 9_223_372_036.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the longest duration")]
    (total > 0.0 && total < LONGEST).then(|| total.ceil() as u64)
}

/// Undoes `%2F` and `+` in a query's value; what is not such an escape is kept.
fn unescape(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| std::str::from_utf8(tail.get(..2)?).ok()).flatten();
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The error that an entry is empty.
pub(crate) fn empty_entry() -> Diagnostic {
    Diagnostic::new("the entry is empty").hint("name a file, a folder or a URL, or remove the entry")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(entry: &str) -> Option<(String, String, Option<String>)> {
        repository(entry).map(|found| (found.repository.url, found.folder, found.repository.revision))
    }

    #[test]
    fn repositories_are_found_in_the_spellings_that_kustomize_knows() {
        let expect = |entry: &str, url: &str, folder: &str, revision: Option<&str>| {
            let expected = Some((url.to_owned(), folder.to_owned(), revision.map(str::to_owned)));
            assert_eq!(split(entry), expected, "{entry}");
        };
        expect("github.com/org/repo?ref=v1", "https://github.com/org/repo", "", Some("v1"));
        expect("https://github.com/org/repo//a/b?ref=main", "https://github.com/org/repo", "a/b", Some("main"));
        expect("git@github.com:org/repo.git//x", "git@github.com:org/repo.git", "x", None);
        expect("ssh://git@host.org/a/b.git/c", "ssh://git@host.org/a/b.git", "c", None);
        expect("file:///srv/repo//base", "file:///srv/repo", "base", None);
        expect("https://dev.azure.com/o/p/_git/r/sub?version=1", "https://dev.azure.com/o/p/_git/r", "sub", Some("1"));
        expect("https://host.org/a/b/c/d", "https://host.org/a/b", "c/d", None);
        for local in ["base", "../base", "./a.yaml", "/abs", "host.org/a/b", "https://github.com/org/repo//../x"] {
            assert_eq!(split(local), None, "{local}");
        }
    }

    #[test]
    fn a_url_that_ends_like_a_file_is_downloaded() {
        let file = "https://github.com/org/repo/releases/download/v1/all.yaml";
        assert_eq!(spelling(file), Spelling::Download);
        assert!(matches!(spelling("https://github.com/org/repo"), Spelling::Repository(_)));
        assert_eq!(spelling("https://example.com/all"), Spelling::Download);
        assert_eq!(spelling("../base"), Spelling::Local);
    }

    #[test]
    fn timeouts_are_seconds_or_durations() {
        let timeout = |entry: &str| repository(entry).map(|found| found.repository.timeout);
        assert_eq!(timeout("github.com/o/r?timeout=90"), Some(90));
        assert_eq!(timeout("github.com/o/r?timeout=1m30s"), Some(90));
        assert_eq!(timeout("github.com/o/r?timeout=90s"), Some(90));
        assert_eq!(timeout("github.com/o/r?timeout=1.5h"), Some(5400));
        assert_eq!(timeout("github.com/o/r?timeout=48h"), Some(172_800));
        assert_eq!(timeout("github.com/o/r?timeout=100us"), Some(1));
        assert_eq!(timeout("github.com/o/r?timeout=18446744073709551615"), Some(u64::MAX));
        for ignored in ["soon", "0", "-1", "1e308s", "1e308", ".", "1", "s", "99999999999999999999h"] {
            let expected = if ignored == "1" { 1 } else { 27 };
            assert_eq!(timeout(&format!("github.com/o/r?timeout={ignored}")), Some(expected), "{ignored}");
        }
    }
}
