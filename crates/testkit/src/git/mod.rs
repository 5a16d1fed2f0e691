//! A git server on loopback over a bare repository: smart HTTP with protocol version 2 (or 0), partial fetches, pushes with old ids,
//! and faults on demand. It needs no installed git.

mod other;
mod pipe;
mod pkt;
mod receive;
mod upload;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use git2::{Oid, Repository};

use crate::http::{Body, Request, Response, Server};
use crate::tls::Identity;

pub use other::{Implementation, OtherServer};
pub use pipe::serve;

/// What the server can do, and whom it lets in.
#[derive(Clone, Debug)]
pub struct Abilities {
    /// Speaks version 2.
    pub version_2: bool,
    /// Leaves blobs out when asked.
    pub filter: bool,
    /// Takes many refs as one.
    pub atomic: bool,
    /// Takes push options.
    pub push_options: bool,
    /// Advertises its capabilities also if the repository is empty. git before 2.41 does not in version 0 over a pipe.
    pub empty_advertisement: bool,
    /// A user name and password that every request must carry.
    pub login: Option<(String, String)>,
}

impl Default for Abilities {
    fn default() -> Self {
        Abilities {
            version_2: true,
            filter: true,
            atomic: true,
            push_options: true,
            empty_advertisement: true,
            login: None,
        }
    }
}

/// How the server misbehaves. A fault with a count ends after that many times.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The next push breaks the connection and is not taken.
    DropBefore,
    /// The next push is taken, and the connection breaks before the answer.
    DropAfter,
    /// Pushes to this ref are refused with this message.
    Reject(String, String),
    /// A hook rejects every push with this message.
    Hook(String),
    /// Another client commits to this branch before each of this many pushes is handled.
    Move(String, u32),
    /// If a ref of an atomic push is late, all refs are refused with the same message, as by git.
    UnnamedRace,
    /// This many requests get this status.
    Status(u16, u32),
    /// So many requests find the connection broken.
    Hangup(u32),
}

/// A running server with one repository, both removed when dropped.
pub struct GitServer {
    server: Server,
    scheme: &'static str,
    state: Arc<State>,
    folder: tempfile::TempDir,
}

struct State {
    path: PathBuf,
    abilities: Abilities,
    faults: Mutex<Vec<Fault>>,
    requests: Mutex<Vec<String>>,
    options: Mutex<Vec<String>>,
    /// One push at a time, as the refs are compared and set by hand.
    pushing: Mutex<()>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl GitServer {
    /// Starts a server with an empty bare repository.
    ///
    /// # Panics
    /// Where no folder or port can be had.
    pub fn start(abilities: Abilities) -> Self {
        Self::begin(abilities, None)
    }

    /// The same behind TLS.
    ///
    /// # Panics
    /// Where no folder or port can be had.
    pub fn start_tls(abilities: Abilities, identity: &Identity) -> Self {
        Self::begin(abilities, Some(identity))
    }

    /// The same behind a gateway, which gets every request with a function that answers it, and returns the response that is sent.
    ///
    /// # Panics
    /// If no folder or port is available.
    pub fn start_behind(
        abilities: Abilities,
        gateway: impl Fn(&Request, &dyn Fn(&Request) -> Response) -> Response + Send + Sync + 'static,
    ) -> Self {
        Self::begin_behind(abilities, None, gateway)
    }

    fn begin(abilities: Abilities, identity: Option<&Identity>) -> Self {
        Self::begin_behind(abilities, identity, |request, answer| answer(request))
    }

    fn begin_behind(
        abilities: Abilities,
        identity: Option<&Identity>,
        gateway: impl Fn(&Request, &dyn Fn(&Request) -> Response) -> Response + Send + Sync + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("repository.git");
        let mut options = git2::RepositoryInitOptions::new();
        options.bare(true).external_template(false).initial_head("main");
        Repository::init_opts(&path, &options).expect("a bare repository can be made");
        let state = Arc::new(State {
            path,
            abilities,
            faults: Mutex::default(),
            requests: Mutex::default(),
            options: Mutex::default(),
            pushing: Mutex::default(),
        });
        let answering = state.clone();
        let server = Server::start(identity, move |request| gateway(request, &|request| answering.answer(request)));
        GitServer { server, scheme: if identity.is_some() { "https" } else { "http" }, state, folder }
    }

    /// The repository's URL.
    pub fn url(&self) -> String {
        format!("{}://localhost:{}/repository.git", self.scheme, self.server.address().port())
    }

    /// The URL with `127.0.0.1`: the same server under another host's name.
    pub fn other_url(&self) -> String {
        format!("{}://127.0.0.1:{}/repository.git", self.scheme, self.server.address().port())
    }

    /// The bare repository.
    pub fn path(&self) -> &Path {
        &self.state.path
    }

    /// A folder for the files of the test, removed with the server.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Adds a fault.
    pub fn fault(&self, fault: Fault) {
        lock(&self.state.faults).push(fault);
    }

    /// The requests, `METHOD path?query` each, since the last call.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.state.requests))
    }

    /// The push options received since the last call.
    pub fn push_options(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.state.options))
    }
}

impl State {
    fn answer(&self, request: &Request) -> Response {
        let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        lock(&self.requests).push(format!("{} {}{query}", request.method, request.path));
        if let Some(response) = self.misbehave() {
            return response;
        }
        if !self.lets_in(request) {
            return Response::new(401, "text/plain", "who are you?").header("www-authenticate", "Basic realm=\"git\"");
        }
        let Ok(repository) = Repository::open(&self.path) else {
            return Response::new(500, "text/plain", "the repository is gone");
        };
        let version_2 = self.abilities.version_2 && request.header("git-protocol") == Some("version=2");
        let service = request.parameter("service").filter(|_| request.method == "GET");
        match (request.path.as_str(), service.as_deref()) {
            ("/repository.git/info/refs", Some("git-upload-pack")) => {
                let body = upload::announce(&repository, &self.abilities, version_2);
                result("git-upload-pack-advertisement", over_http("git-upload-pack", &body))
            }
            ("/repository.git/info/refs", Some("git-receive-pack")) => {
                let body = receive::announce(&repository, &self.abilities);
                result("git-receive-pack-advertisement", over_http("git-receive-pack", &body))
            }
            ("/repository.git/git-upload-pack", None) => {
                let answer = upload::answer(&repository, &self.abilities, version_2, &request.body);
                answer.map_or_else(
                    || Response::new(400, "text/plain", "a request that cannot be read"),
                    |body| result("git-upload-pack-result", body),
                )
            }
            ("/repository.git/git-receive-pack", None) => self.push(&repository, &request.body),
            _ => Response::new(404, "text/plain", "repository not found"),
        }
    }

    fn lets_in(&self, request: &Request) -> bool {
        let Some((user, password)) = &self.abilities.login else { return true };
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        let sent = request.header("authorization").and_then(|header| header.split_once(' '));
        sent.is_some_and(|(scheme, sent)| scheme.eq_ignore_ascii_case("basic") && sent == pair)
    }

    fn misbehave(&self) -> Option<Response> {
        let mut faults = lock(&self.faults);
        let at = faults.iter().position(|fault| matches!(fault, Fault::Status(_, 1..) | Fault::Hangup(1..)))?;
        match &mut faults[at] {
            Fault::Status(status, left) => {
                *left -= 1;
                Some(Response::new(*status, "text/plain", "not now").header("retry-after", "0"))
            }
            Fault::Hangup(left) => {
                *left -= 1;
                Some(Response { body: Body::Hangup, ..Response::empty(200) })
            }
            _ => None,
        }
    }

    fn push(&self, repository: &Repository, body: &[u8]) -> Response {
        let _one = lock(&self.pushing);
        let mut faults = lock(&self.faults);
        for fault in faults.iter_mut() {
            if let Fault::Move(branch, left @ 1..) = fault {
                *left -= 1;
                commit_by_another(repository, branch);
            }
        }
        let dropped = faults.iter().position(|fault| matches!(fault, Fault::DropBefore | Fault::DropAfter));
        let dropped = dropped.map(|at| faults.remove(at));
        if matches!(dropped, Some(Fault::DropBefore)) {
            return Response { body: Body::Hangup, ..Response::empty(200) };
        }
        let Some((answer, options)) = receive::answer(repository, &faults, body) else {
            return Response::new(400, "text/plain", "a push that cannot be read");
        };
        lock(&self.options).extend(options);
        match dropped {
            Some(_) => Response { body: Body::Hangup, ..Response::empty(200) },
            None => result("git-receive-pack-result", answer),
        }
    }
}

/// An announcement with the line that names the service over HTTP.
fn over_http(service: &str, announcement: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    pkt::text(&mut out, &format!("# service={service}"));
    pkt::flush(&mut out);
    out.extend_from_slice(announcement);
    out
}

fn result(kind: &str, body: Vec<u8>) -> Response {
    Response::new(200, &format!("application/x-{kind}"), body)
}

/// A commit with the branch's own tree, by another author.
fn commit_by_another(repository: &Repository, branch: &str) -> Option<Oid> {
    let name = format!("refs/heads/{branch}");
    let parent = repository.find_commit(repository.refname_to_id(&name).ok()?).ok()?;
    let who = git2::Signature::new("Another", "another@example.com", &git2::Time::new(1_600_000_000, 0)).ok()?;
    repository.commit(Some(&name), &who, &who, "another was faster", &parent.tree().ok()?, &[&parent]).ok()
}
