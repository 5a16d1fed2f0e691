//! Signatures and attestations of images, as cosign and sigstore's bundles have them, verified without any service but the registry.
//!
//! [`RegistryClient::verify_signatures`] finds them in the registry (`find`), reads them (`evidence`), and verifies them with the keys and
//! identities of [`SignatureRules`] (`verify`). The cryptography of certificates, logs and timestamps is that of the crate
//! `sigstore-verify`, over ring (`provider`).
//!
//! Sources: cosign `specs/SIGNATURE_SPEC.md` and `specs/BUNDLE_SPEC.md`; sigstore's "Client Specification".

mod evidence;
mod find;
mod keys;
mod model;
mod provider;
mod statement;
mod trust;
mod verify;

use std::collections::BTreeSet;

use manifest::Digest;

use crate::authorization::Access;
use crate::client::{Progress, RegistryClient};
use crate::context::RequestContext;
use crate::endpoint::own_endpoint;
use crate::error::{RegistryError, RequestError};
use crate::lookup::Lookup;
use evidence::{Evidence, Subject};
use find::Finder;

pub use find::{MAX_SIGNATURES, SIGNATURE_LIMIT, TOTAL_LIMIT};
pub use keys::{KeyError, PublicKey};
pub use model::{
    Attestation, AttestationRule, COSIGN_SIGN, IdentityRule, SignatureCheck, SignatureError, SignatureRules, Signer,
    TextRule, VerifiedSignature,
};
pub use trust::{EMBEDDED_ROOT_DATE, TRUST_ROOT_LIMIT, TrustRoot, TrustRootError};

/// How many reasons of rejected signatures an error names.
const MAX_REASONS: usize = 5;

impl RegistryClient {
    /// Verifies the signatures of images, each in parallel; the results are in the checks' order. Mirrors are not used.
    pub fn verify_signatures(
        &self,
        checks: &[SignatureCheck],
        progress: Progress<'_>,
    ) -> Vec<Result<Vec<VerifiedSignature>, SignatureError>> {
        let ctx = self.context();
        let done = std::sync::atomic::AtomicUsize::new(0);
        self.run_by_registry(checks, |check| check.repository().registry(), &|check| {
            let result = self.verify_one(ctx, check);
            progress(done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1, checks.len());
            result
        })
    }

    fn verify_one(
        &self,
        ctx: RequestContext<'_>,
        check: &SignatureCheck,
    ) -> Result<Vec<VerifiedSignature>, SignatureError> {
        let Some(digest) = check.image.digest() else { return Err(SignatureError::NotPinned(check.image.clone())) };
        let failed = |error| SignatureError::Registry(Box::new(RegistryError::new(&check.image, error)));
        let repository = check.repository();
        let endpoint = own_endpoint(repository.registry(), self.options()).map_err(failed)?;
        let session = self.session(endpoint, Access::Pull);
        let lookup = Lookup { ctx, session: &session, image: repository };
        let mut search = Search::new(check, &digest);
        search.run(&Finder::new(&lookup, &digest)).map_err(failed)?;
        search.result()
    }
}

impl SignatureCheck {
    fn repository(&self) -> &manifest::ImageRef {
        self.rules.repository.as_ref().unwrap_or(&self.image)
    }
}

/// What is required of one image, and what was found of it.
struct Search<'a> {
    check: &'a SignatureCheck,
    digest: &'a Digest,
    /// Whether a signature is still missing.
    signature: bool,
    /// The attestations that are still missing, by their position in the rules.
    attestations: BTreeSet<usize>,
    found: Vec<VerifiedSignature>,
    rejected: Vec<String>,
}

impl<'a> Search<'a> {
    fn new(check: &'a SignatureCheck, digest: &'a Digest) -> Self {
        let rules = &check.rules;
        let signature = rules.signature || rules.attestations.is_empty();
        let attestations = (0..rules.attestations.len()).collect();
        Search { check, digest, signature, attestations, found: Vec::new(), rejected: Vec::new() }
    }

    fn is_done(&self) -> bool {
        !self.signature && self.attestations.is_empty()
    }

    /// Looks in all places until every rule is fulfilled.
    fn run(&mut self, finder: &Finder<'_>) -> Result<(), RequestError> {
        if self.signature && finder.tagged(".sig", &mut |found| self.add(found))? {
            return Ok(());
        }
        if !self.attestations.is_empty() && finder.tagged(".att", &mut |found| self.add(found))? {
            return Ok(());
        }
        let mut types: BTreeSet<&str> = BTreeSet::from([COSIGN_SIGN]);
        types.extend(self.check.rules.attestations.iter().map(|rule| rule.predicate_type.as_str()));
        finder.referring(&types, &mut |found| self.add(found)).map(drop)
    }

    /// Takes what was found, and returns whether every rule is fulfilled.
    fn add(&mut self, found: Result<Evidence, String>) -> bool {
        if let Err(reason) = found.and_then(|evidence| self.take(&evidence))
            && !self.rejected.contains(&reason)
        {
            self.rejected.push(reason);
        }
        self.is_done()
    }

    fn take(&mut self, evidence: &Evidence) -> Result<(), String> {
        let rules = &self.check.rules;
        if evidence.is_signature() {
            if self.signature {
                let signed = evidence.verify(self.digest, rules)?;
                self.signature = false;
                self.found.push(VerifiedSignature { signer: signed.signer, attestation: None });
            }
            return Ok(());
        }
        let Subject::Statement(statement) = &evidence.subject else { return Ok(()) };
        let made = statement::attestation(statement);
        let has_type = |rule: &usize| rules.attestations[*rule].predicate_type == made.predicate_type;
        let missing: Vec<usize> = self.attestations.iter().copied().filter(has_type).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let signed = evidence.verify(self.digest, rules)?;
        let mut reason = None;
        for position in missing {
            match statement::check(&made, &rules.attestations[position], signed.source.as_deref()) {
                Ok(()) => {
                    self.attestations.remove(&position);
                    let (signer, attestation) = (signed.signer.clone(), Some(made.clone()));
                    self.found.push(VerifiedSignature { signer, attestation });
                }
                Err(differs) => reason = Some(differs),
            }
        }
        reason.map_or(Ok(()), |reason| Err(net::redact::one_line(&reason)))
    }

    fn result(self) -> Result<Vec<VerifiedSignature>, SignatureError> {
        if self.is_done() {
            let mut found = self.found;
            found.sort();
            found.dedup();
            return Ok(found);
        }
        let missing = self.attestations.first().map(|&position| self.check.rules.attestations[position].to_string());
        let what = if self.signature { "signature".to_owned() } else { missing.unwrap_or_default() };
        let mut rejected = self.rejected;
        if rejected.len() > MAX_REASONS {
            let more = rejected.len() - MAX_REASONS;
            rejected.truncate(MAX_REASONS);
            rejected.push(format!("and {more} more"));
        }
        Err(SignatureError::Missing { image: self.check.image.clone(), what, rejected })
    }
}
