//! `policy.signatures` as rules: reads keys and trust roots.

use std::sync::Arc;

use manifest::{Diagnostic, ImageRef};
use registry::signatures::{
    AttestationRule, IdentityRule, PublicKey, SignatureRules, TRUST_ROOT_LIMIT, TextRule, TrustRoot,
};
use render_core::files::Files;

use crate::config::{RequiredAttestation, SignaturePolicy, SignerIdentity};
use crate::plan::in_repository;

/// The largest file with a key, in bytes.
const KEY_LIMIT: usize = 64 * 1024;

/// Reads the keys and the trust root of a policy; absent where images need no signature.
///
/// # Errors
/// A policy that names no signer, a key or a trust root that cannot be used.
pub(super) fn rules(
    policy: &SignaturePolicy,
    root: &str,
    files: &dyn Files,
) -> Result<Option<Arc<SignatureRules>>, Diagnostic> {
    let names_signer = !policy.keys.is_empty() || !policy.identities.is_empty();
    if policy.unsigned {
        let more = names_signer || !policy.attestations.is_empty();
        let finding = || error("unsigned", "expected nothing else beside `unsigned: true`");
        return if more { Err(finding().hint("remove `unsigned`, or the keys and identities")) } else { Ok(None) };
    }
    if !names_signer {
        let finding = error("keys", "expected keys or identities, found neither");
        return Err(finding.hint("name who may sign the images, or set `unsigned: true`"));
    }
    let source = PolicyFiles { root, files };
    let keys = policy.keys.iter().map(|key| source.key(key)).collect::<Result<_, _>>()?;
    let identities = policy.identities.iter().map(identity).collect::<Result<_, _>>()?;
    let repository = policy
        .repository
        .as_ref()
        .map(|name| ImageRef::parse(name).map_err(|invalid| error("repository", invalid.to_string())));
    Ok(Some(Arc::new(SignatureRules {
        keys,
        identities,
        attestations: policy.attestations.iter().map(attestation).collect(),
        signature: policy.signature,
        log: policy.transparency_log,
        repository: repository.transpose()?,
        trust_root: source.trust_root(policy.trust_root.as_deref())?,
    })))
}

fn error(field: &str, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(message).field(format!("policy.signatures.{field}"))
}

/// Where the files of a policy are.
struct PolicyFiles<'a> {
    root: &'a str,
    files: &'a dyn Files,
}

impl PolicyFiles<'_> {
    fn read(&self, field: &str, path: &str, limit: usize) -> Result<String, Diagnostic> {
        let path = in_repository(self.files, self.root, path)
            .map_err(|error| error.field(format!("policy.signatures.{field}")))?;
        let located = |message: String| error(field, message).in_file(&path);
        let bytes = self.files.read(&path).map_err(|failed| located(failed.to_string()))?;
        if bytes.len() > limit {
            return Err(located(format!("the file has {} bytes, at most {limit} are read", bytes.len())));
        }
        String::from_utf8(bytes.to_vec()).map_err(|failed| located(format!("invalid UTF-8: {failed}")))
    }

    /// A key that is written in the config, or in a file.
    fn key(&self, key: &str) -> Result<PublicKey, Diagnostic> {
        const HINT: &str = "export it with `cosign public-key`";
        if key.contains("-----BEGIN ") {
            return PublicKey::from_pem(key).map_err(|invalid| error("keys", invalid.to_string()).hint(HINT));
        }
        let text = self.read("keys", key, KEY_LIMIT)?;
        PublicKey::from_pem(&text).map_err(|invalid| error("keys", invalid.to_string()).in_file(key).hint(HINT))
    }

    fn trust_root(&self, path: Option<&str>) -> Result<Arc<TrustRoot>, Diagnostic> {
        const HINT: &str =
            "write it with `cosign trusted-root create`, or remove `trustRoot` for sigstore's public instance";
        let Some(path) = path else {
            return TrustRoot::embedded().map_err(|invalid| error("trustRoot", invalid.to_string()));
        };
        let text = self.read("trustRoot", path, TRUST_ROOT_LIMIT).map_err(|error| error.hint(HINT))?;
        let parsed = TrustRoot::parse(&text);
        parsed.map(Arc::new).map_err(|invalid| error("trustRoot", invalid.to_string()).in_file(path).hint(HINT))
    }
}

fn identity(identity: &SignerIdentity) -> Result<IdentityRule, Diagnostic> {
    let SignerIdentity { issuer, issuer_reg_exp, subject, subject_reg_exp } = identity;
    Ok(IdentityRule {
        issuer: text_rule("issuer", issuer.as_ref(), issuer_reg_exp.as_ref())?,
        subject: text_rule("subject", subject.as_ref(), subject_reg_exp.as_ref())?,
    })
}

fn text_rule(name: &str, exact: Option<&String>, pattern: Option<&String>) -> Result<TextRule, Diagnostic> {
    let field = format!("identities.{name}");
    match (exact, pattern) {
        (Some(text), None) if !text.is_empty() => Ok(TextRule::Exact(text.clone())),
        (None, Some(pattern)) if !pattern.is_empty() => TextRule::matching(pattern)
            .map_err(|reason| error(&format!("{field}RegExp"), format!("invalid regular expression: {reason}"))),
        _ => Err(error(&field, format!("expected `{name}` or `{name}RegExp`"))
            .hint(format!("set one of them; `{name}RegExp: .*` accepts every {name}"))),
    }
}

fn attestation(required: &RequiredAttestation) -> AttestationRule {
    AttestationRule {
        predicate_type: required.predicate_type().to_owned(),
        builder: required.builder.clone(),
        source: required.source.clone(),
    }
}
