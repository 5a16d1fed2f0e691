//! One reference looked up at one endpoint.

use manifest::{Digest, ImageRef};
use net::BufferedResponse;
use net::http::Method;
use net::redact::one_line;
use sha2::Digest as _;

use crate::context::RequestContext;
use crate::document::{ACCEPT, Document, RawPlatform};
use crate::error::{ErrorKind, RequestError};
use crate::platform::Platform;
use crate::refusal::status_and_message;
use crate::session::{RegistryRequest, RegistryResponse, Session};

/// The size of the largest manifest in bytes: the distribution spec has registries refuse larger ones.
pub(crate) const MANIFEST_LIMIT: usize = 4 << 20;

/// One reference looked up at one endpoint.
pub(crate) struct Lookup<'a> {
    pub(crate) ctx: RequestContext<'a>,
    pub(crate) session: &'a Session,
    pub(crate) image: &'a ImageRef,
}

impl Lookup<'_> {
    /// Returns the digest that the reference stands for.
    pub(crate) fn digest(&self) -> Result<Digest, RequestError> {
        match (self.image.lookup_tag(), self.image.digest(), &self.ctx.options.platform) {
            (Some(tag), None, None) => self.digest_of(tag),
            (Some(tag), None, Some(platform)) => self.platform_digest(tag, platform),
            (Some(tag), Some(pinned), _) => self.verify_with_tag(tag, &pinned),
            (None, Some(pinned), _) => self.verify(pinned),
            (None, None, _) => Err(self.protocol_error("the reference has neither tag nor digest")),
        }
    }

    fn verify(&self, pinned: Digest) -> Result<Digest, RequestError> {
        let found = self.digest_of(pinned.as_str())?;
        if found == pinned {
            Ok(pinned)
        } else {
            Err(self.protocol_error(format!("expected digest {pinned}, found {found}")))
        }
    }

    /// A digest that is written with a tag must be the tag's, or that of one of its platforms' images.
    fn verify_with_tag(&self, tag: &str, pinned: &Digest) -> Result<Digest, RequestError> {
        let now = self.digest_of(tag)?;
        if now == *pinned || self.fetch(now.as_str()).is_ok_and(|(_, index)| index.has(pinned)) {
            return Ok(pinned.clone());
        }
        let existence = match self.digest_of(pinned.as_str()) {
            Ok(_) => "still exists",
            Err(error) if error.kind == ErrorKind::MissingTag => "no longer exists",
            Err(error) => return Err(error),
        };
        let name = self.image.name();
        let message = format!("tag {tag} is {now}, expected {pinned}, which {existence}");
        let hint =
            format!("write {name}:{tag} without the digest to follow the tag, or {name}@{pinned} to keep the digest");
        Err(RequestError::new(ErrorKind::Mismatch, &self.session.host(), message).hint(hint))
    }

    /// Returns the digest of a tag or digest, by HEAD where the response has it.
    fn digest_of(&self, reference: &str) -> Result<Digest, RequestError> {
        if !self.ctx.options.hash_everything {
            let response = self.send(Method::HEAD, &format!("manifests/{reference}"), 0)?;
            let header = response.http.header("docker-content-digest").and_then(|text| Digest::parse(text).ok());
            if let (200, Some(digest)) = (response.status(), header) {
                return Ok(digest);
            }
            // A response to HEAD has no message, so the same is requested by GET; HEAD has been repeated often enough already.
            if matches!(response.status(), 429 | 500..=599) {
                return self.fetch_once(reference).map(|(digest, _)| digest);
            }
        }
        self.fetch(reference).map(|(digest, _)| digest)
    }

    fn platform_digest(&self, tag: &str, platform: &Platform) -> Result<Digest, RequestError> {
        let (digest, document) = self.fetch(tag)?;
        if document.is_index() {
            return document.choose(platform).map_err(|error| self.missing_platform(format!("{tag} has {error}")));
        }
        let config = document.config.map(|config| config.digest).unwrap_or_default();
        let bytes = self.blob(&config)?;
        let built: RawPlatform = serde_json::from_slice(&bytes)
            .map_err(|error| self.protocol_error(format!("invalid JSON in the config of {tag}: {error}")))?;
        let built = built.platform();
        if platform.covers(&built) {
            Ok(digest)
        } else {
            Err(self.missing_platform(format!("{tag} is built for {built}, not for {platform}")))
        }
    }

    fn missing_platform(&self, message: String) -> RequestError {
        RequestError::new(ErrorKind::MissingPlatform, &self.session.host(), message)
    }

    /// Returns a manifest or index and the digest of its bytes, which must be the one in the response's header and the requested
    /// one.
    pub(crate) fn fetch(&self, reference: &str) -> Result<(Digest, Document), RequestError> {
        let path = format!("manifests/{reference}");
        self.parse_manifest(reference, &self.send(Method::GET, &path, MANIFEST_LIMIT)?)
    }

    /// Returns the bytes of a manifest that [`Lookup::fetch`] would accept.
    pub(crate) fn fetch_bytes(&self, reference: &str) -> Result<(Digest, Vec<u8>), RequestError> {
        let response = self.send(Method::GET, &format!("manifests/{reference}"), MANIFEST_LIMIT)?;
        let (digest, _) = self.parse_manifest(reference, &response)?;
        Ok((digest, response.http.into_body()))
    }

    /// Returns the bytes of a manifest that [`Lookup::fetch`] would accept; absent where the registry does not have it.
    pub(crate) fn fetch_if_present(&self, reference: &str) -> Result<Option<Vec<u8>>, RequestError> {
        let response = self.send(Method::GET, &format!("manifests/{reference}"), MANIFEST_LIMIT)?;
        if response.status() == 404 {
            return Ok(None);
        }
        self.parse_manifest(reference, &response)?;
        Ok(Some(response.http.into_body()))
    }

    fn fetch_once(&self, reference: &str) -> Result<(Digest, Document), RequestError> {
        let (path, repository) = (format!("manifests/{reference}"), self.image.repository());
        let request = RegistryRequest::new(Method::GET, &repository, &path, MANIFEST_LIMIT);
        let request = RegistryRequest { accept: Some(ACCEPT), retry: false, ..request };
        self.parse_manifest(reference, &self.session.send(&self.ctx, &request)?)
    }

    fn parse_manifest(&self, reference: &str, response: &RegistryResponse) -> Result<(Digest, Document), RequestError> {
        let http = &response.http;
        if response.status() != 200 {
            return Err(self.refusal(response));
        }
        if http.is_truncated() {
            return Err(self.protocol_error(format!("manifest of {reference} is larger than 4 MiB")));
        }
        let invalid = |reason: String| self.protocol_error(format!("invalid manifest of {reference}: {reason}"));
        if http.header("content-type").is_some_and(|media_type| media_type.contains("html")) {
            return Err(invalid(status_and_message(http)));
        }
        let document = Document::parse(http.body()).map_err(|error| invalid(error.to_string()))?;
        let requested = Digest::parse(reference).ok();
        let digest = hash(http.body(), requested.as_ref()).map_err(|reason| self.protocol_error(reason))?;
        let header = header_digest(http)
            .map_err(|text| self.protocol_error(format!("invalid docker-content-digest header {text:?}")))?;
        for (expected, origin) in [(header, "the registry's header"), (requested, "the request")] {
            let differs = |expected: &Digest| expected.algorithm() == digest.algorithm() && *expected != digest;
            if let Some(expected) = expected.filter(differs) {
                let message = format!("manifest of {reference} has digest {digest}, expected {expected} of {origin}");
                return Err(self.protocol_error(message));
            }
        }
        Ok((digest, document))
    }

    /// Returns a blob, verified against its digest.
    pub(crate) fn blob(&self, digest: &str) -> Result<Vec<u8>, RequestError> {
        self.blob_up_to(digest, MANIFEST_LIMIT)
    }

    /// Returns a blob of at most `limit` bytes, verified against its digest.
    pub(crate) fn blob_up_to(&self, digest: &str, limit: usize) -> Result<Vec<u8>, RequestError> {
        let requested =
            Digest::parse(digest).map_err(|_| self.protocol_error(format!("invalid digest {:?}", one_line(digest))))?;
        let response = self.send(Method::GET, &format!("blobs/{digest}"), limit)?;
        if response.status() != 200 {
            return Err(self.refusal(&response));
        }
        if response.http.is_truncated() {
            return Err(self.protocol_error(format!("blob {digest} is larger than {limit} bytes")));
        }
        match hash(response.http.body(), Some(&requested)) {
            Ok(found) if found == requested && !response.http.is_truncated() => Ok(response.http.into_body()),
            _ => Err(self.protocol_error(format!("blob {digest} does not match its digest"))),
        }
    }

    pub(crate) fn send(&self, method: Method, path: &str, limit: usize) -> Result<RegistryResponse, RequestError> {
        let repository = self.image.repository();
        let accept = path.starts_with("manifests/").then_some(ACCEPT);
        let request = RegistryRequest { accept, ..RegistryRequest::new(method, &repository, path, limit) };
        self.session.send(&self.ctx, &request)
    }

    /// The error that a refusal means. Some registries say `manifest unknown` for a missing repository too; its list of tags
    /// tells the two apart.
    fn refusal(&self, response: &RegistryResponse) -> RequestError {
        let error = self.session.refusal(response);
        if error.kind != ErrorKind::MissingTag {
            return error;
        }
        match self.send(Method::GET, "tags/list?n=1", MANIFEST_LIMIT) {
            Ok(list) if list.status() == 404 => self.session.refusal(&list).missing_repository(),
            _ => error,
        }
    }

    pub(crate) fn protocol_error(&self, message: impl Into<String>) -> RequestError {
        RequestError::protocol(&self.session.host(), message)
    }
}

/// The digest in the response's header.
///
/// # Errors
/// The header's text where it is not a digest.
fn header_digest(response: &BufferedResponse) -> Result<Option<Digest>, String> {
    let text = response.header("docker-content-digest");
    text.map(|text| Digest::parse(text).map_err(|_| one_line(text))).transpose()
}

/// The digest of bytes, with the algorithm of `like`, sha256 where there is none.
fn hash(bytes: &[u8], like: Option<&Digest>) -> Result<Digest, String> {
    let algorithm = like.map_or("sha256", Digest::algorithm);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let digits = match algorithm {
        "sha384" => hex(&sha2::Sha384::digest(bytes)),
        "sha512" => hex(&sha2::Sha512::digest(bytes)),
        _ => hex(&sha2::Sha256::digest(bytes)),
    };
    Digest::parse(&format!("{algorithm}:{digits}")).map_err(|reason| reason.to_string())
}
