//! A container registry on loopback, in memory: images put in directly or pushed over HTTP, basic or token authentication,
//! TLS, and injected faults. It logs its requests.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::http::{Body, Request, Response, Server};
use crate::tls::Identity;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// How a registry is set up.
#[derive(Default)]
pub struct Setup {
    /// TLS with this identity; plain http without.
    pub identity: Option<Identity>,
    /// Which requests are allowed.
    pub auth: Auth,
    /// The delay of every response.
    pub latency: Duration,
}

/// Which requests are allowed.
#[derive(Clone, Debug, Default)]
pub enum Auth {
    /// All of them.
    #[default]
    Open,
    /// Those of this user with this password.
    Basic(String, String),
    /// Those with a token of the token server, which is a host of its own.
    Tokens(Tokens),
}

/// Which token requests are granted.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    /// This user with this password.
    pub password: Option<(String, String)>,
    /// Those with this refresh token.
    pub refresh: Option<String>,
    /// Those without credentials, too.
    pub anonymous: bool,
    /// The number of requests that a token is valid for; without limit where absent.
    pub uses: Option<usize>,
}

/// A response that replaces the regular one, and when.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The method; any where empty.
    pub method: &'static str,
    /// A part of the path.
    pub path: String,
    /// The number of requests; all where absent.
    pub times: Option<usize>,
    /// The response.
    pub answer: Response,
}

/// A running registry.
pub struct Registry {
    server: Server,
    /// The token server, which lives as long as the registry.
    tokens: Option<Server>,
    state: Arc<Mutex<State>>,
    authority: Option<String>,
}

#[derive(Default)]
struct State {
    auth: Auth,
    realm: String,
    latency: Duration,
    /// Repository and reference (tag or digest) to media type and bytes.
    manifests: BTreeMap<(String, String), (String, Vec<u8>)>,
    blobs: BTreeMap<String, Vec<u8>>,
    uploads: BTreeMap<String, Vec<u8>>,
    grants: BTreeMap<String, (String, usize)>,
    faults: Vec<Fault>,
    log: Vec<String>,
    open_ping: bool,
    referrers: bool,
}

impl Registry {
    /// Starts a registry on a free port.
    pub fn start(setup: Setup) -> Self {
        let Setup { identity, auth, latency } = setup;
        let identity = identity.as_ref();
        let has_tokens = matches!(auth, Auth::Tokens(_));
        let state = Arc::new(Mutex::new(State { auth, latency, ..State::default() }));
        let tokens = has_tokens.then(|| {
            let state = state.clone();
            Server::start(identity, move |request| token_response(&state, request))
        });
        let own = state.clone();
        let server = Server::start(identity, move |request| answer(&own, request));
        let scheme = if identity.is_some() { "https" } else { "http" };
        if let Some(tokens) = &tokens {
            lock(&state).realm = format!("{scheme}://{}/token", tokens.address());
        }
        Registry { server, tokens, state, authority: identity.map(|identity| identity.authority().to_owned()) }
    }

    /// A registry over plain http without authentication.
    pub fn open() -> Self {
        Registry::start(Setup::default())
    }

    /// `127.0.0.1:PORT`, as in image references.
    pub fn host(&self) -> String {
        self.server.address().to_string()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The address of the token server, if there is one.
    pub fn token_host(&self) -> Option<SocketAddr> {
        self.tokens.as_ref().map(Server::address)
    }

    /// The PEM certificate of the authority that signed the registry's, where it speaks TLS.
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Puts an image in and returns its digest. Labels go into its config; the content follows from repository, tag and labels.
    pub fn put_image(&self, repository: &str, tag: &str, labels: &[(&str, &str)]) -> String {
        let labels: BTreeMap<&str, &str> = labels.iter().copied().collect();
        let config = json!({
            "architecture": "amd64", "os": "linux", "config": { "Labels": labels },
            "rootfs": { "type": "layers", "diff_ids": [] }, "history": [{ "comment": format!("{repository}:{tag}") }],
        });
        let mut state = lock(&self.state);
        let manifest = image_of(&mut state, &config);
        put(&mut state, repository, tag, IMAGE, &manifest)
    }

    /// Puts an index with one image for each platform (`os/architecture[/variant]`) in; returns the index's digest and the
    /// images', in their order.
    pub fn put_index(&self, repository: &str, tag: &str, platforms: &[&str]) -> (String, Vec<String>) {
        let mut state = lock(&self.state);
        let mut digests = Vec::new();
        let mut entries = Vec::new();
        for platform in platforms {
            let parts: Vec<&str> = platform.split('/').collect();
            let mut about = json!({ "os": parts[0], "architecture": parts[1] });
            if let Some(variant) = parts.get(2) {
                about["variant"] = json!(variant);
            }
            let mut config = about.clone();
            config["config"] = json!({ "Labels": { "name": format!("{repository}:{tag}") } });
            let manifest = image_of(&mut state, &config);
            let digest = put(&mut state, repository, "", IMAGE, &manifest);
            entries.push(json!({ "mediaType": IMAGE, "digest": digest, "size": manifest.len(), "platform": about }));
            digests.push(digest);
        }
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries }).to_string();
        (put(&mut state, repository, tag, INDEX, index.as_bytes()), digests)
    }

    /// Puts any bytes in as a manifest and returns their digest.
    pub fn put_manifest(&self, repository: &str, tag: &str, media: &str, bytes: &[u8]) -> String {
        put(&mut lock(&self.state), repository, tag, media, bytes)
    }

    /// The media type and bytes of a manifest that was put in or pushed.
    pub fn manifest(&self, repository: &str, reference: &str) -> Option<(String, Vec<u8>)> {
        lock(&self.state).manifests.get(&(repository.to_owned(), reference.to_owned())).cloned()
    }

    /// The bytes of a blob that was put in or pushed.
    pub fn blob(&self, digest: &str) -> Option<Vec<u8>> {
        lock(&self.state).blobs.get(digest).cloned()
    }

    /// Puts a blob in and returns its digest.
    pub fn put_blob(&self, bytes: &[u8]) -> String {
        let digest = digest_of(bytes);
        lock(&self.state).blobs.insert(digest.clone(), bytes.to_vec());
        digest
    }

    /// Answers for the referrers of a manifest (OCI 1.1), which registries of before do not.
    pub fn list_referrers(&self) {
        lock(&self.state).referrers = true;
    }

    /// Takes a tag away.
    pub fn remove(&self, repository: &str, tag: &str) {
        lock(&self.state).manifests.remove(&(repository.to_owned(), tag.to_owned()));
    }

    /// Adds a fault. The first that matches a request applies.
    pub fn inject(&self, fault: Fault) {
        lock(&self.state).faults.push(fault);
    }

    /// Allows `/v2/` without credentials although repositories need them, as some registries do.
    pub fn open_ping(&self) {
        lock(&self.state).open_ping = true;
    }

    /// Every request so far, `METHOD PATH`, token server included (as `METHOD token SCOPE`).
    pub fn requests(&self) -> Vec<String> {
        lock(&self.state).log.clone()
    }

    /// The number of requests so far that begin with this.
    pub fn count(&self, beginning: &str) -> usize {
        lock(&self.state).log.iter().filter(|line| line.starts_with(beginning)).count()
    }
}

impl Fault {
    /// Answers any request whose path contains `path` with `answer`, always.
    pub fn always(path: &str, answer: Response) -> Self {
        Fault { method: "", path: path.to_owned(), times: None, answer }
    }

    /// Answers the first `times` requests whose path contains `path` with `answer`.
    pub fn first(times: usize, path: &str, answer: Response) -> Self {
        Fault { times: Some(times), ..Fault::always(path, answer) }
    }

    /// Restricts the fault to one method.
    #[must_use]
    pub fn only(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `sha256:…` of the bytes, as a registry writes it.
pub fn digest_of(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// The manifest of an image without layers; its config becomes a blob.
fn image_of(state: &mut State, config: &Value) -> Vec<u8> {
    let config = config.to_string().into_bytes();
    let digest = digest_of(&config);
    let manifest = json!({
        "schemaVersion": 2, "mediaType": IMAGE,
        "config": { "mediaType": CONFIG, "digest": digest, "size": config.len() }, "layers": [],
    });
    state.blobs.insert(digest, config);
    manifest.to_string().into_bytes()
}

fn put(state: &mut State, repository: &str, tag: &str, media: &str, bytes: &[u8]) -> String {
    let digest = digest_of(bytes);
    for reference in [tag, &digest] {
        if !reference.is_empty() {
            let key = (repository.to_owned(), reference.to_owned());
            state.manifests.insert(key, (media.to_owned(), bytes.to_vec()));
        }
    }
    digest
}

fn answer(state: &Mutex<State>, request: &Request) -> Response {
    let mut state = lock(state);
    state.log.push(format!("{} {}", request.method, request.path));
    let matches = |fault: &&mut Fault| {
        let method = fault.method.is_empty() || fault.method == request.method;
        method && request.path.contains(&fault.path) && fault.times != Some(0)
    };
    if let Some(fault) = state.faults.iter_mut().find(matches) {
        fault.times = fault.times.map(|left| left - 1);
        return fault.answer.clone();
    }
    let latency = state.latency;
    let mut response = refuse(&mut state, request).unwrap_or_else(|| route(&mut state, request));
    response.delay = latency;
    response
}

/// The refusal of a request that is not allowed.
fn refuse(state: &mut State, request: &Request) -> Option<Response> {
    let open = state.open_ping && request.path == "/v2/";
    let header = request.header("authorization").unwrap_or_default().to_owned();
    let challenge = match &state.auth {
        _ if open => return None,
        Auth::Open => return None,
        Auth::Basic(user, password) => {
            let want = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
            (header != format!("Basic {want}")).then(|| r#"Basic realm="test""#.to_owned())
        }
        Auth::Tokens(_) => {
            let reading = matches!(request.method.as_str(), "GET" | "HEAD");
            let actions = if reading { "pull" } else { "pull,push" };
            let name = repository_of(&request.path);
            let scope = name.map_or_else(String::new, |name| format!("repository:{name}:{actions}"));
            let token = header.strip_prefix("Bearer ").unwrap_or_default();
            let valid = state.grants.get_mut(token).is_some_and(|(granted, left)| {
                let valid = (*granted == scope || *granted == scope.replace(":pull", ":pull,push")) && *left > 0;
                *left = left.saturating_sub(1);
                valid
            });
            (!valid).then(|| format!(r#"Bearer realm="{}",service="test",scope="{scope}""#, state.realm))
        }
    };
    challenge
        .map(|challenge| error(401, "UNAUTHORIZED", "authentication required").header("www-authenticate", challenge))
}

fn repository_of(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/v2/")?;
    ["/manifests/", "/blobs/", "/tags/", "/referrers/"]
        .iter()
        .find_map(|middle| rest.find(middle).map(|end| &rest[..end]))
}

fn token_response(state: &Mutex<State>, request: &Request) -> Response {
    let mut state = lock(state);
    let scope = request.parameter("scope").unwrap_or_default();
    state.log.push(format!("{} token {scope}", request.method));
    let matches = |fault: &&mut Fault| fault.path == "token" && fault.times != Some(0);
    if let Some(fault) = state.faults.iter_mut().find(matches) {
        fault.times = fault.times.map(|left| left - 1);
        return fault.answer.clone();
    }
    let Auth::Tokens(tokens) = state.auth.clone() else { return Response::empty(404) };
    let header = request.header("authorization");
    let known = tokens.password.as_ref().is_some_and(|(user, password)| {
        let want = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        header == Some(format!("Basic {want}").as_str())
    });
    let refresh = request.parameter("refresh_token");
    let traded = refresh.is_some() && refresh == tokens.refresh && request.method == "POST";
    let anonymous = header.is_none() && refresh.is_none() && tokens.anonymous;
    let mut response = if known || traded || anonymous {
        let token = format!("token-{}", state.grants.len());
        state.grants.insert(token.clone(), (scope, tokens.uses.unwrap_or(usize::MAX)));
        let key = if traded { "access_token" } else { "token" };
        Response::new(200, "application/json", json!({ key: token, "expires_in": 300 }).to_string())
    } else {
        Response::new(401, "application/json", r#"{"details":"incorrect username or password"}"#)
    };
    response.delay = state.latency;
    response
}

fn error(status: u16, code: &str, message: &str) -> Response {
    let body = json!({ "errors": [{ "code": code, "message": message }] });
    Response::new(status, "application/json", body.to_string())
}

fn route(state: &mut State, request: &Request) -> Response {
    let Some(rest) = request.path.strip_prefix("/v2/") else { return Response::empty(404) };
    if rest.is_empty() {
        return Response::new(200, "application/json", "{}");
    }
    if let Some((name, upload)) = rest.split_once("/blobs/uploads/") {
        return receive_blob(state, request, name, upload);
    }
    let Some((name, reference)) = rest.split_once("/manifests/") else { return other(state, rest) };
    if request.method == "PUT" {
        let media = request.header("content-type").unwrap_or(IMAGE).to_owned();
        if let Some(missing) = missing_blob(state, &request.body) {
            return error(404, "MANIFEST_BLOB_UNKNOWN", &format!("blob unknown to registry: {missing}"));
        }
        let digest = put(state, name, reference, &media, &request.body);
        let place = format!("/v2/{name}/manifests/{digest}");
        return Response::empty(201).header("docker-content-digest", digest).header("location", place);
    }
    match state.manifests.get(&(name.to_owned(), reference.to_owned())) {
        Some((media, bytes)) => {
            Response::new(200, media, bytes.clone()).header("docker-content-digest", digest_of(bytes))
        }
        None => error(404, "MANIFEST_UNKNOWN", "manifest unknown"),
    }
}

/// The first blob of a manifest that was not pushed.
fn missing_blob(state: &State, manifest: &[u8]) -> Option<String> {
    let manifest: Value = serde_json::from_slice(manifest).ok()?;
    let layers = manifest["layers"].as_array().into_iter().flatten();
    let named = std::iter::once(&manifest["config"]).chain(layers).filter_map(|one| one["digest"].as_str());
    named.map(str::to_owned).find(|digest| !state.blobs.contains_key(digest))
}

/// Blobs and lists of tags.
fn other(state: &State, rest: &str) -> Response {
    if let Some((_, digest)) = rest.split_once("/blobs/") {
        return match state.blobs.get(digest) {
            Some(bytes) => Response::new(200, "application/octet-stream", bytes.clone()),
            None => error(404, "BLOB_UNKNOWN", "blob unknown to registry"),
        };
    }
    if let Some((name, digest)) = rest.split_once("/referrers/").filter(|_| state.referrers) {
        return referrers(state, name, digest);
    }
    let Some(name) = rest.strip_suffix("/tags/list") else { return Response::empty(404) };
    let known = state.manifests.keys().filter(|(repository, _)| repository == name);
    let tags: Vec<&str> = known.map(|(_, tag)| tag.as_str()).filter(|tag| !tag.contains(':')).collect();
    if tags.is_empty() {
        return error(404, "NAME_UNKNOWN", "repository name not known to registry");
    }
    Response::new(200, "application/json", json!({ "name": name, "tags": tags }).to_string())
}

/// The manifests whose `subject` has the digest (distribution spec, "Listing Referrers").
fn referrers(state: &State, name: &str, digest: &str) -> Response {
    let own =
        state.manifests.iter().filter(|((repository, reference), _)| repository == name && reference.contains(':'));
    let refers = own.filter_map(|((_, reference), (media, bytes))| {
        let manifest: Value = serde_json::from_slice(bytes).ok()?;
        let kind = manifest.get("artifactType").or(manifest.pointer("/config/mediaType"));
        (manifest["subject"]["digest"] == digest).then(|| {
            json!({ "mediaType": media, "digest": reference, "size": bytes.len(), "artifactType": kind, "annotations": manifest["annotations"] })
        })
    });
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": refers.collect::<Vec<_>>() });
    Response::new(200, INDEX, index.to_string())
}

/// Uploads (distribution spec, "Pushing blobs"): POST, any number of PATCH, PUT; or all in one POST.
fn receive_blob(state: &mut State, request: &Request, name: &str, upload: &str) -> Response {
    let id = if upload.is_empty() { state.uploads.len().to_string() } else { upload.to_owned() };
    state.uploads.entry(id.clone()).or_default().extend(&request.body);
    let Some(digest) = request.parameter("digest").filter(|digest| digest.starts_with("sha256:")) else {
        return Response::empty(202).header("location", format!("/v2/{name}/blobs/uploads/{id}"));
    };
    let bytes = state.uploads.insert(id, Vec::new()).unwrap_or_default();
    if digest_of(&bytes) != digest {
        return error(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
    }
    state.blobs.insert(digest.clone(), bytes);
    Response::empty(201).header("location", format!("/v2/{name}/blobs/{digest}"))
}

/// Faulty responses.
pub mod faults {
    use super::{Body, Response};

    /// `429`, with or without a `Retry-After` in seconds.
    pub fn too_many(retry_after: Option<&str>) -> Response {
        let response = super::error(429, "TOOMANYREQUESTS", "You have reached your pull rate limit");
        retry_after.map_or(response.clone(), |seconds| response.header("retry-after", seconds))
    }

    /// `503` with a text.
    pub fn unavailable() -> Response {
        Response::new(503, "text/plain", "upstream is down")
    }

    /// A page for people, `200`.
    pub fn html() -> Response {
        Response::new(200, "text/html; charset=utf-8", "<html><title>Sign in</title><body>Welcome</body></html>")
    }

    /// A manifest of 200 MB, announced or not.
    pub fn huge(announced: bool) -> Response {
        let body = if announced { Body::Blanks(200 << 20) } else { Body::Unannounced(200 << 20) };
        Response { body, ..Response::empty(200).header("content-type", "application/json") }
    }

    /// A connection that breaks before the response.
    pub fn hangup() -> Response {
        Response { body: Body::Hangup, ..Response::empty(200) }
    }

    /// A connection that breaks within the body.
    pub fn cut() -> Response {
        Response { body: Body::Cut(b"{\"schemaVersion\":2".to_vec()), ..Response::empty(200) }
    }

    /// A redirect.
    pub fn redirect(status: u16, to: &str) -> Response {
        Response::empty(status).header("location", to)
    }
}
