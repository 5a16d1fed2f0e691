//! Artifacts in, digests out (distribution spec, "Pushing blobs" and "Pushing manifests"; image spec, `manifest.md`).

use std::collections::BTreeMap;

use manifest::{Digest, ImageRef};
use net::http::Method;
use serde_json::json;
use sha2::Digest as _;

use crate::authorization::Access;
use crate::client::RegistryClient;
use crate::context::{ERROR_LIMIT, RequestContext};
use crate::document::{ACCEPT, Document};
use crate::endpoint::own_endpoint;
use crate::error::{ErrorKind, RegistryError, RequestError};
use crate::lookup::MANIFEST_LIMIT;
use crate::session::{Content, RegistryRequest, RegistryResponse, Session};

/// The media type of an artifact's manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// How often a blob is sent whose upload the registry has lost.
const UPLOADS: usize = 3;

/// One layer and its description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The media type of the config.
    pub config_media: String,
    /// The config. Two artifacts with equal configs have the same content, so it must have the digest of the content before
    /// compression.
    pub config: Vec<u8>,
    /// The media type of the layer.
    pub layer_media: String,
    /// The layer.
    pub layer: Vec<u8>,
    /// The manifest's annotations.
    pub annotations: BTreeMap<String, String>,
}

/// How artifacts are pushed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PushOptions {
    /// Nothing is written.
    pub dry_run: bool,
    /// A tag that refers to something of another kind, such as a container image, is moved all the same.
    pub adopt: bool,
}

/// What a push did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushResult {
    /// The digest of the manifest that the tags refer to now.
    pub digest: Digest,
    /// The tags that were moved to it, in the order they were given; none where nothing was to do.
    pub moved: Vec<String>,
}

/// An artifact and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactPush {
    /// The repository; a tag or digest in it is ignored.
    pub name: ImageRef,
    /// The tags.
    pub tags: Vec<String>,
    /// What is pushed.
    pub artifact: Artifact,
}

impl Artifact {
    /// Returns the manifest, the same bytes for the same artifact.
    pub fn manifest(&self) -> Vec<u8> {
        let descriptor = |media_type: &str, bytes: &[u8]| json!({ "mediaType": media_type, "digest": sha256(bytes), "size": bytes.len() });
        json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(&self.config_media, &self.config),
            "layers": [descriptor(&self.layer_media, &self.layer)],
            "annotations": self.annotations,
        })
        .to_string()
        .into_bytes()
    }

    /// Whether a manifest is of the same kind: one layer, the same media types, and annotations of the same names. A container
    /// image is not.
    fn is_like(&self, document: &Document) -> bool {
        let [layer] = document.layers.as_slice() else { return false };
        let same_config = document.config.as_ref().is_some_and(|config| config.media_type == self.config_media);
        let has = |name| document.annotations.as_ref().is_some_and(|annotations| annotations.contains_key(name));
        same_config && layer.media_type == self.layer_media && self.annotations.keys().all(has)
    }

    /// Whether a manifest has the same content; its annotations and the layer's compression may differ.
    fn has_content_of(&self, document: &Document) -> bool {
        let [layer] = document.layers.as_slice() else { return false };
        let config = document.config.as_ref().map(|config| config.digest.as_str());
        config == Some(&sha256(&self.config)) && layer.media_type == self.layer_media
    }
}

/// Returns `sha256:` and the hex digits of the digest of bytes.
pub fn sha256(bytes: &[u8]) -> String {
    let digits: String = sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

impl RegistryClient {
    /// Pushes artifacts and moves their tags to them; the results are in their order. Where one of the tags refers to the same
    /// content already, that artifact stays, and the other tags are moved to it. Mirrors are not used.
    ///
    /// # Errors
    /// For each artifact what the registry refuses, and a tag that refers to something of another kind.
    pub fn push(&self, pushes: &[ArtifactPush], options: PushOptions) -> Vec<Result<PushResult, Box<RegistryError>>> {
        let ctx = self.context();
        self.run_by_registry(pushes, |push| push.name.registry(), &|push| {
            let result = self.push_one(&ctx, push, options);
            result.map_err(|error| Box::new(RegistryError::new(&push.name, error)))
        })
    }

    fn push_one(
        &self,
        ctx: &RequestContext<'_>,
        push: &ArtifactPush,
        options: PushOptions,
    ) -> Result<PushResult, RequestError> {
        let endpoint = own_endpoint(push.name.registry(), self.options())?;
        let session = self.session(endpoint, if options.dry_run { Access::Pull } else { Access::Push });
        let repository = push.name.repository();
        let uploader = Uploader { ctx: *ctx, session: &session, repository, artifact: &push.artifact };
        uploader.push(&push.tags, options)
    }
}

/// A tag and the manifest that it refers to.
struct TagState<'a> {
    tag: &'a str,
    manifest: Option<StoredManifest>,
}

/// A manifest in the registry. One that cannot be parsed is an empty document: it is not ours.
struct StoredManifest {
    bytes: Vec<u8>,
    document: Document,
}

/// One artifact that is being pushed.
struct Uploader<'a> {
    ctx: RequestContext<'a>,
    session: &'a Session,
    repository: String,
    artifact: &'a Artifact,
}

impl Uploader<'_> {
    fn push(&self, tags: &[String], options: PushOptions) -> Result<PushResult, RequestError> {
        let states = tags.iter().map(|tag| self.tag_state(tag)).collect::<Result<Vec<_>, RequestError>>()?;
        let foreign = states
            .iter()
            .find(|state| state.manifest.as_ref().is_some_and(|manifest| !self.artifact.is_like(&manifest.document)));
        if let Some(state) = foreign.filter(|_| !options.adopt) {
            return Err(self.tag_in_use(state.tag));
        }
        let mut stored = states.iter().filter_map(|state| state.manifest.as_ref());
        let same_content = stored.find(|manifest| self.artifact.has_content_of(&manifest.document));
        let manifest = same_content.map_or_else(|| self.artifact.manifest(), |manifest| manifest.bytes.clone());
        let moves = |state: &&TagState<'_>| state.manifest.as_ref().is_none_or(|stored| stored.bytes != manifest);
        let moved: Vec<String> = states.iter().filter(moves).map(|state| state.tag.to_owned()).collect();
        if !options.dry_run {
            if same_content.is_none() {
                self.push_blob(&self.artifact.config)?;
                self.push_blob(&self.artifact.layer)?;
            }
            moved.iter().try_for_each(|tag| self.push_manifest(tag, &manifest))?;
        }
        let digest = Digest::parse(&sha256(&manifest)).map_err(|reason| self.protocol_error(reason.to_string()))?;
        Ok(PushResult { digest, moved })
    }

    fn tag_state<'t>(&self, tag: &'t str) -> Result<TagState<'t>, RequestError> {
        let path = format!("manifests/{tag}");
        let request = RegistryRequest::new(Method::GET, &self.repository, &path, MANIFEST_LIMIT);
        let response = self.session.send(&self.ctx, &RegistryRequest { accept: Some(ACCEPT), ..request })?;
        match response.status() {
            200 => {
                let document = Document::parse(response.http.body()).unwrap_or_default();
                let manifest = Some(StoredManifest { bytes: response.http.into_body(), document });
                Ok(TagState { tag, manifest })
            }
            404 => Ok(TagState { tag, manifest: None }),
            _ => Err(self.refusal(&response)),
        }
    }

    /// Sends a blob unless the repository has it.
    fn push_blob(&self, bytes: &[u8]) -> Result<(), RequestError> {
        let digest = sha256(bytes);
        let mut last = Err(self.protocol_error(format!("blob {digest} was not accepted")));
        for _ in 0..UPLOADS {
            let path = format!("blobs/{digest}");
            let known = self.session.send(&self.ctx, &self.request(Method::HEAD, &path, None))?;
            if known.status() == 200 {
                return Ok(());
            }
            let content = |bytes| Some(Content { media_type: "application/octet-stream", bytes });
            let begin = self.request(Method::POST, "blobs/uploads/", content(b""));
            let begun = self.session.send(&self.ctx, &begin)?;
            let location = begun.http.header("location").filter(|_| begun.status() == 202);
            let Some(location) = location else { return Err(self.refusal(&begun)) };
            let upload = self.request(Method::PUT, "blobs/uploads/", content(bytes));
            let uploaded = self.session.send_to(&self.ctx, &upload, location, &[("digest", &digest)])?;
            match uploaded.status() {
                201 => return Ok(()),
                // The upload is not known: the response to an earlier attempt was lost, or another server got this one.
                404 | 416 => last = Err(self.refusal(&uploaded)),
                _ => return Err(self.refusal(&uploaded)),
            }
        }
        last
    }

    fn push_manifest(&self, tag: &str, bytes: &[u8]) -> Result<(), RequestError> {
        let path = format!("manifests/{tag}");
        let request = self.request(Method::PUT, &path, Some(Content { media_type: MANIFEST, bytes }));
        let response = self.session.send(&self.ctx, &request)?;
        let expected = sha256(bytes);
        match (response.status(), response.http.header("docker-content-digest")) {
            (201, Some(found)) if found != expected => {
                let found = net::redact::one_line(found);
                Err(self.protocol_error(format!("expected digest {expected} of the pushed tag {tag}, found {found}")))
            }
            (201, _) => Ok(()),
            _ => Err(self.refusal(&response)),
        }
    }

    fn request<'q>(&'q self, method: Method, path: &'q str, content: Option<Content<'q>>) -> RegistryRequest<'q> {
        RegistryRequest { content, ..RegistryRequest::new(method, &self.repository, path, ERROR_LIMIT) }
    }

    fn refusal(&self, response: &RegistryResponse) -> RequestError {
        let error = self.session.refusal(response);
        match error.kind {
            // A push needs no tag to exist, so it is the repository that is missing.
            ErrorKind::MissingRepository | ErrorKind::MissingTag => error
                .missing_repository()
                .hint(format!("create the repository {} first, as some registries (ECR) require", self.repository)),
            _ => error,
        }
    }

    fn tag_in_use(&self, tag: &str) -> RequestError {
        let message =
            format!("tag {tag} refers to something else than an artifact of this kind, such as a container image");
        RequestError::new(ErrorKind::TagInUse, &self.session.host(), message)
            .hint("choose another repository or tag, or pass `--adopt` to move the tag to the artifact")
    }

    fn protocol_error(&self, message: impl Into<String>) -> RequestError {
        RequestError::protocol(&self.session.host(), message)
    }
}
