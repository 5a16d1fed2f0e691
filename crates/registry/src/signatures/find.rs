//! Where signatures are: the tags of cosign (`sha256-HEX.sig` and `.att`), and the referrers of OCI 1.1 (distribution spec, "Listing
//! Referrers"; with its fallback tag `sha256-HEX` for registries without that endpoint).

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use manifest::Digest;
use net::http::Method;
use net::redact::one_line;
use serde::Deserialize;

use super::evidence::{BUNDLE, DSSE, Evidence, SIMPLE_SIGNING};
use crate::error::RequestError;
use crate::lookup::{Lookup, MANIFEST_LIMIT};

/// The most signatures and attestations of one image that are read.
pub const MAX_SIGNATURES: usize = 500;
/// The largest signature or attestation that is read, in bytes.
pub const SIGNATURE_LIMIT: usize = 16 << 20;
/// How much of the signatures and attestations of one image is read, in bytes.
pub const TOTAL_LIMIT: usize = 64 << 20;
/// The most pages of referrers.
const MAX_PAGES: usize = 20;

/// Finds the signatures of one image.
pub(crate) struct Finder<'a> {
    pub(crate) lookup: &'a Lookup<'a>,
    pub(crate) digest: &'a Digest,
    left: Cell<usize>,
    count: Cell<usize>,
    blobs: RefCell<BTreeMap<String, Vec<u8>>>,
}

#[derive(Deserialize)]
struct SignatureManifest {
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    #[serde(default)]
    media_type: String,
    digest: String,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct ReferrersIndex {
    #[serde(default)]
    manifests: Option<Vec<Referrer>>,
}

/// A manifest that refers to the image.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Referrer {
    digest: String,
    #[serde(default)]
    artifact_type: Option<String>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

impl Referrer {
    /// Whether this may be a signature or one of these attestations. The annotation is cosign's own, and not signed: what it hides is
    /// missing, which is never in favour of the image.
    fn may_count(&self, predicate_types: &BTreeSet<&str>) -> bool {
        let kind = self.artifact_type.as_deref().unwrap_or_default();
        let known = kind.is_empty() || kind.starts_with(BUNDLE) || kind.starts_with("application/vnd.dev.cosign.");
        let predicate = self.annotations.as_ref().and_then(|all| all.get("dev.sigstore.bundle.predicateType"));
        known && predicate.is_none_or(|predicate| predicate_types.contains(predicate.as_str()))
    }
}

impl<'a> Finder<'a> {
    pub(crate) fn new(lookup: &'a Lookup<'a>, digest: &'a Digest) -> Self {
        let (left, count) = (Cell::new(TOTAL_LIMIT), Cell::new(0));
        Finder { lookup, digest, left, count, blobs: RefCell::default() }
    }

    /// Calls `each` with each signature behind a tag of cosign, until it returns whether enough was found.
    pub(crate) fn tagged(
        &self,
        suffix: &str,
        each: &mut dyn FnMut(Result<Evidence, String>) -> bool,
    ) -> Result<bool, RequestError> {
        match self.manifest(&format!("{}{suffix}", self.tag()))? {
            Some(bytes) => self.layers(&bytes, each),
            None => Ok(false),
        }
    }

    /// Calls `each` with each signature that refers to the image and may be of one of these predicate types.
    pub(crate) fn referring(
        &self,
        predicate_types: &BTreeSet<&str>,
        each: &mut dyn FnMut(Result<Evidence, String>) -> bool,
    ) -> Result<bool, RequestError> {
        for referrer in self.referrers()?.iter().filter(|one| one.may_count(predicate_types)) {
            let digest = Digest::parse(&referrer.digest)
                .map_err(|_| self.lookup.protocol_error(format!("invalid digest {:?}", one_line(&referrer.digest))))?;
            if let Some(bytes) = self.manifest(digest.as_str())?
                && self.layers(&bytes, each)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn tag(&self) -> String {
        self.digest.as_str().replacen(':', "-", 1)
    }

    fn referrers(&self) -> Result<Vec<Referrer>, RequestError> {
        let mut path = format!("referrers/{}", self.digest);
        let mut all = Vec::new();
        for page in 0..MAX_PAGES {
            let response = self.lookup.send(Method::GET, &path, MANIFEST_LIMIT)?;
            match response.status() {
                200 => {}
                // Registries from before OCI 1.1 answer in several ways that they have no such endpoint.
                400 | 404..=406 | 501 if page == 0 => return self.fallback(),
                _ => return Err(self.lookup.session.refusal(&response)),
            }
            if response.http.is_truncated() {
                return Err(self.lookup.protocol_error("list of referrers is larger than 4 MiB"));
            }
            // An answer that is not a list, such as a page of HTML, is one of a registry without the endpoint.
            let Ok(index) = serde_json::from_slice::<ReferrersIndex>(response.http.body()) else {
                return self.fallback();
            };
            all.extend(index.manifests.unwrap_or_default());
            match response.http.header("link").and_then(|link| next_page(link, self.digest)) {
                Some(next) if next != path => path = next,
                _ => return Ok(all),
            }
        }
        Err(self.lookup.protocol_error(format!("the image has more than {MAX_PAGES} pages of referrers")))
    }

    fn fallback(&self) -> Result<Vec<Referrer>, RequestError> {
        let Some(bytes) = self.manifest(&self.tag())? else { return Ok(Vec::new()) };
        let index: ReferrersIndex = serde_json::from_slice(&bytes)
            .map_err(|error| self.lookup.protocol_error(format!("invalid list of referrers: {error}")))?;
        Ok(index.manifests.unwrap_or_default())
    }

    fn manifest(&self, reference: &str) -> Result<Option<Vec<u8>>, RequestError> {
        self.lookup.fetch_if_present(reference)
    }

    fn layers(
        &self,
        manifest: &[u8],
        each: &mut dyn FnMut(Result<Evidence, String>) -> bool,
    ) -> Result<bool, RequestError> {
        let manifest: SignatureManifest = match serde_json::from_slice(manifest) {
            Ok(manifest) => manifest,
            Err(error) => return Ok(each(Err(format!("invalid manifest: {error}")))),
        };
        for layer in manifest.layers {
            let kind = layer.media_type.as_str();
            if kind != SIMPLE_SIGNING && kind != DSSE && !kind.starts_with(BUNDLE) {
                continue;
            }
            self.count.set(self.count.get() + 1);
            if self.count.get() > MAX_SIGNATURES {
                return Err(self.lookup.protocol_error(format!("the image has more than {MAX_SIGNATURES} signatures")));
            }
            let bytes = self.blob(&layer.digest)?;
            let annotations = layer.annotations.unwrap_or_default();
            let found = match kind {
                SIMPLE_SIGNING => Evidence::of_payload(bytes, &annotations),
                DSSE => Evidence::of_envelope(&bytes, &annotations),
                _ => Evidence::of_bundle(&bytes),
            };
            if each(found) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn blob(&self, digest: &str) -> Result<Vec<u8>, RequestError> {
        // Every signature of one image with cosign has the same payload.
        if let Some(known) = self.blobs.borrow().get(digest) {
            return Ok(known.clone());
        }
        let bytes = self.lookup.blob_up_to(digest, SIGNATURE_LIMIT.min(self.left.get()))?;
        self.left.set(self.left.get().saturating_sub(bytes.len()));
        if bytes.len() < 4096 {
            self.blobs.borrow_mut().insert(digest.to_owned(), bytes.clone());
        }
        Ok(bytes)
    }
}

/// The next page of referrers: `</v2/NAME/referrers/DIGEST?n=1&last=a>; rel="next"` (RFC 8288).
fn next_page(link: &str, digest: &Digest) -> Option<String> {
    let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    let query = target.split_once(&format!("referrers/{digest}?"))?.1;
    parameters.contains("next").then(|| format!("referrers/{digest}?{query}"))
}
