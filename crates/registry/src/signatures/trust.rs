//! Trust roots: the authorities and logs whose certificates and entries count (sigstore's `trusted_root.json`).

use std::fmt;
use std::sync::{Arc, OnceLock};

use sigstore_verify::trust_root::{SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot};
use sigstore_verify::{VerificationPolicy, Verifier};

use super::provider;

/// The largest trust root that is read, in bytes.
pub const TRUST_ROOT_LIMIT: usize = 4 << 20;

/// When the embedded root was published, as the changelog of `sigstore-trust-root` 0.15.1 has it.
pub const EMBEDDED_ROOT_DATE: &str = "2026-10-23";

/// The authorities and logs that are trusted.
pub struct TrustRoot {
    verifier: Verifier,
    has_logs: bool,
    has_certificate_logs: bool,
}

/// Why a trust root cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("invalid trust root: {0}")]
pub struct TrustRootError(String);

impl TrustRoot {
    /// Reads a `trusted_root.json`.
    ///
    /// # Errors
    /// Invalid JSON, keys or certificates, or neither an authority nor a log.
    pub fn parse(json: &str) -> Result<Self, TrustRootError> {
        provider::install();
        let root = TrustedRoot::from_json(json).map_err(|error| TrustRootError(error.to_string()))?;
        if root.certificate_authorities.is_empty() && root.tlogs.is_empty() {
            return Err(TrustRootError(
                "expected certificate authorities or transparency logs, found neither".to_owned(),
            ));
        }
        let verifier = Verifier::new(&root).map_err(|error| TrustRootError(error.to_string()))?;
        Ok(TrustRoot { verifier, has_logs: !root.tlogs.is_empty(), has_certificate_logs: !root.ctlogs.is_empty() })
    }

    /// The root of sigstore's public instance as it was on [`EMBEDDED_ROOT_DATE`].
    ///
    /// # Errors
    /// Where it cannot be read, which a test excludes.
    pub fn embedded() -> Result<Arc<Self>, TrustRootError> {
        static ROOT: OnceLock<Arc<TrustRoot>> = OnceLock::new();
        if let Some(root) = ROOT.get() {
            return Ok(Arc::clone(root));
        }
        let root = Arc::new(TrustRoot::parse(SIGSTORE_PRODUCTION_TRUSTED_ROOT)?);
        Ok(Arc::clone(ROOT.get_or_init(|| root)))
    }

    pub(crate) fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Whether the root has a transparency log, so that entries can be required.
    pub(crate) fn has_logs(&self) -> bool {
        self.has_logs
    }

    /// What is required of a certificate: an entry in a log, and a timestamp of a certificate log, where the root has such logs. A
    /// root without them is that of an instance that has none (GitHub's own); a timestamp authority proves the time there.
    pub(crate) fn policy(&self) -> VerificationPolicy {
        let mut policy = VerificationPolicy::any_identity();
        if !self.has_logs {
            policy = policy.skip_tlog_unsafe();
        }
        if !self.has_certificate_logs {
            policy = policy.skip_sct();
        }
        policy
    }
}

impl fmt::Debug for TrustRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustRoot").field("has_logs", &self.has_logs).finish_non_exhaustive()
    }
}
