//! What is required of an image's signatures, and what was found.

use std::fmt;
use std::sync::Arc;

use manifest::ImageRef;
use regex::Regex;

use super::keys::PublicKey;
use super::trust::TrustRoot;
use crate::error::RegistryError;

/// The predicate type of the statement that `cosign sign` of version 3 signs.
pub const COSIGN_SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

/// What is required of the signatures of an image.
#[derive(Clone, Debug)]
pub struct SignatureRules {
    /// Keys any of which may have signed.
    pub keys: Vec<PublicKey>,
    /// Identities any of which may have signed.
    pub identities: Vec<IdentityRule>,
    /// Attestations all of which are required, each signed with one of the keys or by one of the identities.
    pub attestations: Vec<AttestationRule>,
    /// Whether a signature is required beside the attestations. Without attestations it always is.
    pub signature: bool,
    /// Whether signatures with keys must be in the transparency log too. Those of identities always must, where the root has a log.
    pub log: bool,
    /// The repository that has the signatures, where it is another one than the image's.
    pub repository: Option<ImageRef>,
    /// The authorities and logs that are trusted.
    pub trust_root: Arc<TrustRoot>,
}

/// The signer that a certificate must name.
#[derive(Clone, Debug)]
pub struct IdentityRule {
    /// The issuer of the identity, such as `https://token.actions.githubusercontent.com`.
    pub issuer: TextRule,
    /// The certificate's subject: a URL or a mail address.
    pub subject: TextRule,
}

/// A condition for a text.
#[derive(Clone, Debug)]
pub enum TextRule {
    /// This text.
    Exact(String),
    /// A regular expression that matches the whole text.
    Matches(Regex),
}

/// An attestation that is required.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationRule {
    /// The predicate type, a URI.
    pub predicate_type: String,
    /// The ID of the builder, in SLSA provenance.
    pub builder: Option<String>,
    /// The source repository, in SLSA provenance.
    pub source: Option<String>,
}

/// An image to check.
#[derive(Clone, Debug)]
pub struct SignatureCheck {
    /// The image, with its digest.
    pub image: ImageRef,
    /// What is required of it.
    pub rules: Arc<SignatureRules>,
}

/// A signature or an attestation that fulfils a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VerifiedSignature {
    /// Who signed.
    pub signer: Signer,
    /// What is attested; absent for a signature.
    pub attestation: Option<Attestation>,
}

/// Who signed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signer {
    /// The owner of a key, by its fingerprint: SHA-256 in hex.
    Key(String),
    /// The identity in a certificate.
    Identity {
        /// The subject: a URL or a mail address.
        subject: String,
        /// Who vouches for the subject.
        issuer: String,
    },
}

/// What an attestation says.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attestation {
    /// The predicate type.
    pub predicate_type: String,
    /// The ID of the builder, in SLSA provenance.
    pub builder: Option<String>,
    /// The source repository, in SLSA provenance.
    pub source: Option<String>,
}

/// Why the signatures of an image do not fulfil the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureError {
    /// The registry could not be read.
    Registry(Box<RegistryError>),
    /// A required signature or attestation is missing.
    Missing {
        /// The image.
        image: ImageRef,
        /// What is missing: `signature`, or an attestation.
        what: String,
        /// Why each signature that was found does not count, in the order they were found.
        rejected: Vec<String>,
    },
    /// The reference has no digest.
    NotPinned(ImageRef),
}

impl TextRule {
    /// A regular expression that must match the whole text.
    ///
    /// # Errors
    /// An invalid or too large expression.
    pub fn matching(pattern: &str) -> Result<Self, String> {
        // The pattern must be valid on its own: a parenthesis could otherwise end the group that anchors it.
        Regex::new(pattern).map_err(|error| error.to_string())?;
        Regex::new(&format!(r"\A(?:{pattern})\z")).map(TextRule::Matches).map_err(|error| error.to_string())
    }

    pub(crate) fn accepts(&self, text: &str) -> bool {
        match self {
            TextRule::Exact(want) => want == text,
            TextRule::Matches(pattern) => pattern.is_match(text),
        }
    }
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Signer::Key(fingerprint) => write!(f, "key sha256:{fingerprint}"),
            Signer::Identity { subject, issuer } => write!(f, "{subject} (issuer {issuer})"),
        }
    }
}

impl fmt::Display for AttestationRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attestation {}", self.predicate_type)?;
        if let Some(builder) = &self.builder {
            write!(f, " by builder {builder}")?;
        }
        match &self.source {
            Some(source) => write!(f, " from source {source}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignatureError::Registry(error) => write!(f, "cannot read signatures: {error}"),
            SignatureError::NotPinned(image) => {
                write!(f, "{image}: cannot check signatures of an image without a digest")
            }
            SignatureError::Missing { image, what, rejected } if rejected.is_empty() => {
                write!(f, "{image}: {what} not found: the image is not signed")
            }
            SignatureError::Missing { image, what, rejected } => {
                write!(f, "{image}: no valid {what}: {}", rejected.join("; "))
            }
        }
    }
}

impl std::error::Error for SignatureError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SignatureError::Registry(error) => Some(error.as_ref()),
            _ => None,
        }
    }
}

impl SignatureError {
    /// Whether trying again later may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, SignatureError::Registry(error) if error.kind.is_transient())
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            SignatureError::Registry(error) => error.hint(),
            SignatureError::NotPinned(_) => Some("set `policy.images` to pinned".to_owned()),
            SignatureError::Missing { .. } => Some("sign the image, or change `policy.signatures` for it".to_owned()),
        }
    }
}
