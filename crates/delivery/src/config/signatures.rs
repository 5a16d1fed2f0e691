//! `policy.signatures`: which signatures images must have.

use schemars::JsonSchema;
use serde::Deserialize;

use super::names::Names;

/// Which signatures the images of a pattern must have. The first entry that matches an image decides.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SignaturePolicy {
    /// Globs of images in full and without tag, such as `ghcr.io/acme/*` or `docker.io/library/nginx`; `**` matches a slash too.
    pub images: Names,
    /// Public keys any of which may have signed: PEM files below the folder of `hydrant.yaml`, or PEM texts.
    #[serde(default)]
    pub keys: Vec<String>,
    /// Identities any of which may have signed.
    #[serde(default)]
    pub identities: Vec<SignerIdentity>,
    /// Attestations all of which are required, by the same keys or identities.
    #[serde(default)]
    pub attestations: Vec<RequiredAttestation>,
    /// Whether a signature is required too, where attestations are.
    #[serde(default)]
    pub signature: bool,
    /// Whether a signature with a key must be in the transparency log. That of an identity always must, if the trust root has a log.
    #[serde(default)]
    pub transparency_log: bool,
    /// A `trusted_root.json` below the folder of `hydrant.yaml`; that of sigstore's public instance where absent.
    pub trust_root: Option<String>,
    /// The repository that has the signatures; the image's own where absent.
    pub repository: Option<String>,
    /// Whether the images need no signature. Nothing else may be set then.
    #[serde(default)]
    pub unsigned: bool,
}

/// The identity of a certificate: an issuer and a subject, each as a text or as a regular expression for the whole text.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SignerIdentity {
    /// The issuer, such as `https://token.actions.githubusercontent.com`.
    pub issuer: Option<String>,
    /// A regular expression for the issuer.
    pub issuer_reg_exp: Option<String>,
    /// The subject, such as `https://github.com/acme/cart/.github/workflows/build.yml@refs/heads/main`.
    pub subject: Option<String>,
    /// A regular expression for the subject.
    pub subject_reg_exp: Option<String>,
}

/// An attestation that is required.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RequiredAttestation {
    /// The predicate type: a URI, or cosign's name of it (`slsaprovenance1`, `spdxjson`, `cyclonedx`, `vuln`, `openvex`).
    pub r#type: String,
    /// The ID of the builder, for SLSA provenance; with or without `@` and the version.
    pub builder: Option<String>,
    /// The source repository, for SLSA provenance, such as `https://github.com/acme/cart`.
    pub source: Option<String>,
}

impl SignaturePolicy {
    /// The files with keys and the trust root, below the folder of `hydrant.yaml`.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let keys = self.keys.iter().filter(|key| !key.contains("-----BEGIN "));
        keys.chain(&self.trust_root).map(String::as_str)
    }
}

impl RequiredAttestation {
    /// The predicate type as a URI (cosign `pkg/cosign/attestation`, `options.PredicateTypeMap`).
    pub fn predicate_type(&self) -> &str {
        match self.r#type.as_str() {
            "slsaprovenance" | "slsaprovenance02" => "https://slsa.dev/provenance/v0.2",
            "slsaprovenance1" => "https://slsa.dev/provenance/v1",
            "spdx" | "spdxjson" => "https://spdx.dev/Document",
            "cyclonedx" => "https://cyclonedx.org/bom",
            "link" => "https://in-toto.io/Link/v1",
            "vuln" => "https://cosign.sigstore.dev/attestation/vuln/v1",
            "openvex" => "https://openvex.dev/ns",
            "custom" => "https://cosign.sigstore.dev/attestation/v1",
            uri => uri,
        }
    }
}
