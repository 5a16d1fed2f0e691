//! Types that the modules of YAML share.

use crate::diagnostic::Diagnostic;
use crate::node::{At, Node};

/// The maximum depth of block collections, and of flow collections: go-yaml's own limit. Where a thread's stack is too small for
/// that, the reader's limit is lower, but at least 500, so that every tree that it returns can be visited by recursion.
pub const MAX_DEPTH: usize = 10_000;

/// The type and value of a scalar.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, `~`, or nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer that fits 64 bits with sign.
    Int(i64),
    /// A larger integer that fits 64 bits without sign.
    Uint(u64),
    /// A floating-point number.
    Float(f64),
    /// A string.
    Str,
    /// A timestamp, as RFC 3339.
    Timestamp(String),
}

/// The reader whose rules decide the type of a plain scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// go-yaml v3: `yes` and `on` are strings. Resources, strategic-merge patches, skaffold.yaml.
    V3,
    /// go-yaml v2 (YAML 1.1): `yes` and `on` are booleans. kustomization.yaml, JSON 6902 patches.
    V2,
}

/// A duplicate key in a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateKey {
    /// The position of the mapping.
    pub mapping: At,
    /// The error for the key, at its second position.
    pub error: Diagnostic,
}

/// Why the first document of a stream cannot be read.
#[derive(Clone, Debug)]
pub struct StreamError {
    /// The error.
    pub error: Box<Diagnostic>,
    /// The line that go-yaml v2 names; 0 where it names none.
    pub line: u32,
    /// The mapping or sequence that was used as a key.
    pub key: Option<Box<Node>>,
}
