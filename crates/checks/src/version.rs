//! The versions of Kubernetes whose schemas are known.

use std::fmt;
use std::str::FromStr;

/// A version of Kubernetes whose schemas are known, such as 1.33.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KubernetesVersion {
    minor: u8,
}

impl KubernetesVersion {
    /// The oldest known version.
    pub const OLDEST: KubernetesVersion = KubernetesVersion { minor: 25 };
    /// The newest known version.
    pub const NEWEST: KubernetesVersion = KubernetesVersion { minor: 37 };

    /// The second number, such as 33 of 1.33.
    pub fn minor(self) -> u8 {
        self.minor
    }
}

impl Default for KubernetesVersion {
    fn default() -> Self {
        KubernetesVersion::NEWEST
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor)
    }
}

/// A text that names no known version of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown Kubernetes version \"{text}\"")]
pub struct UnknownVersion {
    text: String,
}

impl UnknownVersion {
    /// What to do about it.
    pub fn hint(&self) -> String {
        format!("use a version from {} to {}", KubernetesVersion::OLDEST, KubernetesVersion::NEWEST)
    }
}

impl FromStr for KubernetesVersion {
    type Err = UnknownVersion;

    /// Parses `1.33`, `v1.33` and `v1.33.2-gke.100`: what follows the second number is not significant for schemas.
    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        let unknown = || UnknownVersion { text: text.to_owned() };
        let rest = text.strip_prefix('v').unwrap_or(text).strip_prefix("1.").ok_or_else(unknown)?;
        let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
        let (minor, patch) = rest.split_at(end);
        let minor = minor.parse().map_err(|_| unknown())?;
        let version = KubernetesVersion { minor };
        let is_known = (KubernetesVersion::OLDEST..=KubernetesVersion::NEWEST).contains(&version);
        let is_version = patch.is_empty() || patch.starts_with(['.', '-', '+']);
        if is_known && is_version { Ok(version) } else { Err(unknown()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_parsed() {
        for (text, minor) in [("1.25", 25), ("v1.33.4", 33), ("1.37-gke.1", 37)] {
            assert_eq!(text.parse(), Ok(KubernetesVersion { minor }), "{text}");
        }
        for text in ["", "1", "1.24", "1.38", "2.33", "1.33x", "1.999", "latest"] {
            let error = text.parse::<KubernetesVersion>().unwrap_err();
            assert_eq!(error.to_string(), format!("unknown Kubernetes version \"{text}\""));
        }
    }
}
