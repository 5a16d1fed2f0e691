//! The versions of charts: which one a range chooses.
//!
//! Source of the rules: `helm pkg/repo/v1/index.go` (`IndexFile.Get`) and Masterminds/semver.

use std::cmp::Ordering;

use crate::template_functions::semver::{Range, Version};

/// Why no version is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoVersion {
    /// The range is invalid; the text is Masterminds'.
    InvalidRange(String),
    /// There is no version at all.
    None,
    /// No version is in the range.
    Unsatisfied {
        /// The newest version below the range's first bound.
        below: Option<String>,
        /// The oldest version above it.
        above: Option<String>,
        /// The newest pre-release that the range takes if it names one itself, as `>=1.0.0-0` does.
        pre_release: Option<String>,
    },
}

/// Returns the index of the version that a range chooses, as helm does: the one of exactly this text, else the newest one in the range. Without a
/// range it is the newest release. Versions that are not semantic versions are left out. Of two that differ in build metadata alone, the
/// greater text is chosen.
///
/// # Errors
/// Why there is none.
pub fn choose(range: Option<&str>, versions: &[&str]) -> Result<usize, NoVersion> {
    let range = range.unwrap_or_default().trim();
    if let Some(exact) = versions.iter().position(|version| !range.is_empty() && *version == range) {
        return Ok(exact);
    }
    let parsed = Range::parse(if range.is_empty() { "*" } else { range }).map_err(NoVersion::InvalidRange)?;
    let known = versions.iter().enumerate().filter_map(|(index, text)| Some((index, Version::parse(text).ok()?)));
    let known: Vec<(usize, Version)> = known.collect();
    if known.is_empty() {
        return Err(NoVersion::None);
    }
    let newest = known.iter().filter(|(_, version)| parsed.contains(version)).max_by(|one, two| {
        let texts = || versions[one.0].cmp(versions[two.0]);
        one.1.compare(&two.1).then_with(texts)
    });
    match newest {
        Some((index, _)) => Ok(*index),
        None => Err(unsatisfied(&parsed, &known, versions)),
    }
}

/// Returns all versions in a range, the newest first.
#[must_use]
pub fn matching<'v>(range: Option<&str>, versions: &[&'v str]) -> Vec<&'v str> {
    let range = range.map(str::trim).filter(|range| !range.is_empty()).unwrap_or("*");
    let Ok(parsed) = Range::parse(range) else { return Vec::new() };
    let known = versions.iter().filter_map(|text| Some((*text, Version::parse(text).ok()?)));
    let mut known: Vec<(&str, Version)> = known.filter(|(_, version)| parsed.contains(version)).collect();
    known.sort_by(|one, two| two.1.compare(&one.1).then_with(|| two.0.cmp(one.0)));
    known.into_iter().map(|(text, _)| text).collect()
}

/// Returns whether a text is one version, with all three numbers, and no range.
#[must_use]
pub fn is_exact(text: &str) -> bool {
    let numbers = text.trim_start_matches('v').split(['-', '+']).next().unwrap_or_default();
    numbers.split('.').count() == 3 && Version::parse(text).is_ok()
}

/// Compares two versions; one that is not a semantic version comes before all others.
#[must_use]
pub fn compare(one: &str, two: &str) -> Ordering {
    match (Version::parse(one), Version::parse(two)) {
        (Ok(one), Ok(two)) => one.compare(&two),
        (one, two) => one.is_ok().cmp(&two.is_ok()),
    }
}

fn unsatisfied(range: &Range, known: &[(usize, Version)], versions: &[&str]) -> NoVersion {
    let newest = |keep: &dyn Fn(&Version) -> bool| {
        let kept = known.iter().filter(|(_, version)| keep(version));
        kept.max_by(|one, two| one.1.compare(&two.1)).map(|(index, _)| versions[*index].to_owned())
    };
    let pre_release = newest(&|version| range.contains_release_of(version));
    let Some(bound) = range.first_bound() else {
        return NoVersion::Unsatisfied { below: None, above: None, pre_release };
    };
    let releases = || known.iter().filter(|(_, version)| version.pre.is_empty());
    let above = releases().filter(|(_, version)| version.compare(bound).is_gt());
    let above = above.min_by(|one, two| one.1.compare(&two.1)).map(|(index, _)| versions[*index].to_owned());
    let below = newest(&|version| version.pre.is_empty() && version.compare(bound).is_lt());
    NoVersion::Unsatisfied { below, above, pre_release }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSIONS: &[&str] =
        &["1.0.0", "9.1.0", "9.2.1", "9.10.0", "10.0.0-rc.1", "v9.2.0", "12.0.0", "9.2.1+a", "latest"];

    #[test]
    fn ranges_choose_as_helm_does() {
        let table = [
            (None, "12.0.0"),
            (Some(""), "12.0.0"),
            (Some("9.x"), "9.10.0"),
            (Some("~9.2"), "9.2.1+a"),
            (Some("9.2.1"), "9.2.1"),
            (Some("9.2.0"), "v9.2.0"),
            (Some(">=1 <2"), "1.0.0"),
            (Some("^9 || ^12"), "12.0.0"),
            (Some("latest"), "latest"),
            (Some(">=10.0.0-0 <11"), "10.0.0-rc.1"),
        ];
        for (range, want) in table {
            assert_eq!(choose(range, VERSIONS).map(|index| VERSIONS[index]), Ok(want), "{range:?}");
        }
        assert_eq!(matching(Some("9.x"), VERSIONS), ["9.10.0", "9.2.1+a", "9.2.1", "v9.2.0", "9.1.0"]);
    }

    #[test]
    fn the_nearest_versions_are_named() {
        let near = |below: Option<&str>, above: Option<&str>, pre_release: Option<&str>| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            NoVersion::Unsatisfied { below: owned(below), above: owned(above), pre_release: owned(pre_release) }
        };
        assert_eq!(choose(Some("11.x"), VERSIONS), Err(near(Some("9.10.0"), Some("12.0.0"), None)));
        assert_eq!(choose(Some("^10"), VERSIONS), Err(near(Some("9.10.0"), Some("12.0.0"), Some("10.0.0-rc.1"))));
        assert_eq!(choose(Some(">20"), VERSIONS), Err(near(Some("12.0.0"), None, None)));
        assert!(matches!(choose(Some("no range"), VERSIONS), Err(NoVersion::InvalidRange(_))));
        assert_eq!(choose(None, &["x"]), Err(NoVersion::None));
    }

    #[test]
    fn exact_versions_have_three_numbers() {
        for (text, exact) in [("1.2.3", true), ("v1.2.3-rc.1+b", true), ("1.2", false), ("1.x.0", false), ("", false)] {
            assert_eq!(is_exact(text), exact, "{text}");
        }
    }
}
