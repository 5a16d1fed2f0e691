//! Semantic versions.

use std::cmp::Ordering;

/// A semantic version.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(super) numbers: [u64; 3],
    prerelease: Vec<String>,
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    /// The order of Semantic Versioning 2.0.0, section 11.
    fn cmp(&self, other: &Self) -> Ordering {
        let prerelease = || match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => {
                let identifier = |text: &String| match text.parse::<u64>() {
                    Ok(number) => (0, number, String::new()),
                    Err(_) => (1, 0, text.clone()),
                };
                self.prerelease.iter().map(identifier).cmp(other.prerelease.iter().map(identifier))
            }
        };
        self.numbers.cmp(&other.numbers).then_with(prerelease)
    }
}

/// Reads a version; with `is_normalized` also one with a `v`, fewer numbers or leading zeros.
pub(super) fn parse_version(text: &str, is_normalized: bool) -> Option<Version> {
    let text = if is_normalized { text.strip_prefix('v').unwrap_or(text) } else { text };
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let (numbers, prerelease) = text.split_once('-').map_or((text, None), |(numbers, rest)| (numbers, Some(rest)));
    let is_number = |part: &&str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (is_normalized || part.len() == 1 || !part.starts_with('0'))
    };
    let mut parts: Vec<&str> = numbers.split('.').collect();
    if is_normalized {
        parts.resize(parts.len().max(3), "0");
    }
    let [major, minor, patch] = parts.as_slice() else { return None };
    if ![major, minor, patch].into_iter().all(is_number) {
        return None;
    }
    let is_identifier =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let prerelease: Vec<String> = prerelease.into_iter().flat_map(|rest| rest.split('.')).map(str::to_owned).collect();
    let is_valid = prerelease.iter().all(|part| is_identifier(part))
        && build.is_none_or(|build| build.split('.').all(is_identifier));
    let numbers = [major.parse().ok()?, minor.parse().ok()?, patch.parse().ok()?];
    is_valid.then_some(Version { numbers, prerelease })
}
