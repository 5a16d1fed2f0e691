//! Debian's `docker-registry` as a program on loopback, empty, and images pushed into it over HTTP. For tests that are named
//! `real_…` and ignored by default, since they need the program.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::client::{Answer, send};
use crate::http::{Request, Response, Server};
use crate::tls::{Identity, Signer};

/// The user and password of a registry with htpasswd or with a token server.
pub const LOGIN: (&str, &str) = ("ci", "p:w d");

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Everybody.
    Open,
    /// [`LOGIN`], by htpasswd.
    Htpasswd,
    /// A signed token from a token server on another port; it gives one to [`LOGIN`].
    Tokens,
}

/// A running registry, stopped when dropped.
pub struct DockerRegistry {
    child: Child,
    address: SocketAddr,
    identity: Option<Identity>,
    auth: Auth,
    tokens: Option<(Server, Signer)>,
    _folder: tempfile::TempDir,
}

impl DockerRegistry {
    /// Starts the program on a free port and waits until it answers.
    ///
    /// # Panics
    /// Where the program is missing or does not answer within ten seconds.
    pub fn start(auth: Auth, identity: Option<Identity>) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        drop(listener);
        let tokens = (auth == Auth::Tokens).then(token_server);
        write_config(folder.path(), address, auth, identity.as_ref(), tokens.as_ref());
        let child = Command::new("docker-registry")
            .arg("serve")
            .arg(folder.path().join("config.yml"))
            .env_clear()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("docker-registry is installed (Debian: docker-registry)");
        let registry = DockerRegistry { child, address, identity, auth, tokens, _folder: folder };
        let end = Instant::now() + Duration::from_secs(10);
        while registry.send("GET /v2/", &[], b"").is_none() {
            assert!(Instant::now() < end, "docker-registry does not answer on {address}");
            std::thread::sleep(Duration::from_millis(20));
        }
        registry
    }

    /// `localhost:PORT`, as in image references.
    pub fn host(&self) -> String {
        format!("localhost:{}", self.address.port())
    }

    /// The PEM certificate of the authority that signed the registry's, where it speaks TLS.
    pub fn authority(&self) -> Option<&str> {
        self.identity.as_ref().map(Identity::authority)
    }

    /// docker's config.json with the login for this registry.
    pub fn config_json(&self) -> String {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", LOGIN.0, LOGIN.1));
        json!({ "auths": { self.host(): { "auth": pair } } }).to_string()
    }

    /// Pushes an image without layers as docker does, and returns the digest that the registry reports.
    ///
    /// # Panics
    /// Where the registry refuses.
    pub fn push(&self, repository: &str, tag: &str) -> String {
        let config = json!({ "architecture": "amd64", "os": "linux", "history": [{ "comment": format!("{repository}:{tag}") }] });
        let config = config.to_string().into_bytes();
        let digest: String = Sha256::digest(&config).iter().map(|byte| format!("{byte:02x}")).collect();
        let begun = self.ask("POST", repository, &format!("/v2/{repository}/blobs/uploads/"), &[], b"");
        let place = begun.header("location").expect("an upload has a place").to_owned();
        let path = place.find("/v2/").map_or(place.as_str(), |start| &place[start..]);
        let octets = [("content-type", "application/octet-stream")];
        let put = self.ask("PUT", repository, &format!("{path}&digest=sha256:{digest}"), &octets, &config);
        assert_eq!(put.status, 201, "{put:?}");
        let media = "application/vnd.docker.distribution.manifest.v2+json";
        let manifest = json!({
            "schemaVersion": 2, "mediaType": media, "layers": [],
            "config": { "mediaType": "application/vnd.docker.container.image.v1+json", "digest": format!("sha256:{digest}"), "size": config.len() },
        });
        let path = format!("/v2/{repository}/manifests/{tag}");
        let put = self.ask("PUT", repository, &path, &[("content-type", media)], manifest.to_string().as_bytes());
        assert_eq!(put.status, 201, "{put:?}");
        put.header("docker-content-digest").expect("a pushed manifest has a digest").to_owned()
    }

    /// The content at a path of the registry, such as `/v2/NAME/blobs/DIGEST`, requested with [`LOGIN`].
    ///
    /// # Panics
    /// Where the registry refuses.
    pub fn get(&self, path: &str) -> Vec<u8> {
        let mut parts = path.trim_start_matches("/v2/").rsplitn(3, '/');
        let repository = parts.nth(2).unwrap_or_default();
        let accept = [("accept", "application/vnd.oci.image.manifest.v1+json")];
        let answer = self.ask("GET", repository, path, &accept, b"");
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.body
    }

    fn ask(&self, method: &str, repository: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", LOGIN.0, LOGIN.1));
        let login = match &self.tokens {
            Some((_, signer)) => format!("Bearer {}", token(signer, repository, &["pull", "push"])),
            None => format!("Basic {pair}"),
        };
        let mut all = headers.to_vec();
        if self.auth != Auth::Open {
            all.push(("authorization", &login));
        }
        self.send(&format!("{method} {path}"), &all, body).expect("the registry answers")
    }

    fn send(&self, request: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
        send(self.address, self.identity.as_ref(), request, headers, body)
    }
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn write_config(
    folder: &Path,
    address: SocketAddr,
    auth: Auth,
    identity: Option<&Identity>,
    tokens: Option<&(Server, Signer)>,
) {
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("the folder can be written to");
        path.display().to_string()
    };
    let mut http = json!({ "addr": address.to_string(), "secret": "test" });
    if let Some(identity) = identity {
        let (certificate, key) = identity.certificate_and_key();
        http["tls"] = json!({ "certificate": file("cert.pem", certificate), "key": file("key.pem", key) });
    }
    let store = json!({ "filesystem": { "rootdirectory": folder.join("store") } });
    let mut config = json!({ "version": 0.1, "log": { "level": "error" }, "storage": store, "http": http });
    if auth == Auth::Htpasswd {
        // bcrypt of LOGIN's password, as `htpasswd -B` writes it; the program knows no other form.
        let line = "ci:$2b$04$abcdefghijklmnopqrstuuBxS6FB60KlZb.AivOc2z5qdP/hOu2r6\n";
        config["auth"] = json!({ "htpasswd": { "realm": "test", "path": file("htpasswd", line) } });
    }
    if let Some((server, signer)) = tokens {
        let realm = format!("http://{}/token", server.address());
        let bundle = file("tokens.pem", signer.certificate());
        config["auth"] =
            json!({ "token": { "realm": realm, "service": "test", "issuer": "test", "rootcertbundle": bundle } });
    }
    // JSON is YAML.
    file("config.yml", &config.to_string());
}

/// A token server that gives LOGIN a token for the scope that is asked for.
fn token_server() -> (Server, Signer) {
    let signer = Signer::generate();
    let own = signer.clone();
    let server = Server::start(None, move |request: &Request| {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", LOGIN.0, LOGIN.1));
        let scope = request.parameter("scope").unwrap_or_default();
        let mut parts = scope.split(':');
        let (kind, name, actions) = (parts.next(), parts.next(), parts.next());
        if request.header("authorization") != Some(&format!("Basic {pair}")) || kind != Some("repository") {
            return Response::new(401, "application/json", r#"{"details":"incorrect username or password"}"#);
        }
        let actions: Vec<&str> = actions.unwrap_or_default().split(',').collect();
        let token = token(&own, name.unwrap_or_default(), &actions);
        Response::new(200, "application/json", json!({ "token": token }).to_string())
    });
    (server, signer)
}

/// A token as the distribution spec has it ("Token Authentication Implementation"): a JWT with an `access` claim.
fn token(signer: &Signer, repository: &str, actions: &[&str]) -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = since.map_or(0, |since| since.as_secs());
    signer.sign(&json!({
        "iss": "test", "sub": LOGIN.0, "aud": "test", "exp": now + 300, "nbf": now - 60, "iat": now, "jti": "1",
        "access": [{ "type": "repository", "name": repository, "actions": actions }],
    }))
}
