//! The versions of helm whose behaviour can be chosen.

use std::fmt;
use std::str::FromStr;

/// The version of helm whose results a rendering reproduces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Semantics {
    /// helm 3.17 (3.17.2)
    V3_17,
    /// helm 3.22 (3.22.0)
    V3_22,
    /// helm 4.1 (4.1.4)
    V4_1,
    /// helm 4.3 (4.3.1)
    #[default]
    V4_3,
}

impl Semantics {
    /// All versions, oldest first.
    pub const ALL: [Semantics; 4] = [Semantics::V3_17, Semantics::V3_22, Semantics::V4_1, Semantics::V4_3];

    /// Returns the version as it is written in options and records, such as `4.3`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Semantics::V3_17 => "3.17",
            Semantics::V3_22 => "3.22",
            Semantics::V4_1 => "4.1",
            Semantics::V4_3 => "4.3",
        }
    }

    /// Returns whether this is a version of helm 3.
    #[must_use]
    pub fn is_v3(self) -> bool {
        self < Semantics::V4_1
    }
}

impl fmt::Display for Semantics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The error of a text that names no supported version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid helm version \"{0}\": expected 4.3, 4.1, 3.22 or 3.17")]
pub struct UnknownSemantics(String);

impl FromStr for Semantics {
    type Err = UnknownSemantics;

    fn from_str(text: &str) -> Result<Semantics, UnknownSemantics> {
        let known = Semantics::ALL.into_iter().find(|semantics| semantics.name() == text);
        known.ok_or_else(|| UnknownSemantics(text.to_owned()))
    }
}
