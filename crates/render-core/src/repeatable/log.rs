//! What calls returned.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use gotemplate::{CallReferences, CallSite};

use super::call::{CallKey, CallKind};

/// The result of a call.
#[derive(Clone, PartialEq, Eq)]
pub enum Made {
    /// A text.
    Text(Vec<u8>),
    /// A certificate and its private key, both PEM.
    Certificate {
        /// The certificate.
        certificate: Vec<u8>,
        /// The private key.
        key: Vec<u8>,
    },
}

impl std::fmt::Debug for Made {
    /// Shows the kind alone: results are secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Made::Text(_) => "Text",
            Made::Certificate { .. } => "Certificate",
        })
    }
}

/// A call that was made.
#[derive(Clone, Debug)]
pub struct MadeCall {
    /// Which call it is.
    pub key: CallKey,
    /// What its result depends on.
    pub kind: CallKind,
    /// The calls that were running, outermost first; the last is the function's own.
    pub sites: Vec<CallSite>,
    /// The references that enclose these calls.
    pub references: Vec<CallReferences>,
    /// The result, of random functions.
    pub made: Option<Made>,
}

/// A call with everything that its result depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MemoKey {
    pub(crate) key: CallKey,
    /// Whether the random values vary.
    pub(crate) varied: bool,
    /// The time that the call sees.
    pub(crate) time: i64,
    /// The checksum of the arguments.
    pub(crate) arguments: [u8; 32],
}

/// The results of expensive calls.
#[derive(Clone, Debug, Default)]
pub struct Memo(Arc<Mutex<BTreeMap<MemoKey, Made>>>);

impl Memo {
    pub(crate) fn get(&self, key: &MemoKey) -> Option<Made> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    pub(crate) fn insert(&self, key: MemoKey, made: Made) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, made);
    }
}
