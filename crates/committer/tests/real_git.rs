//! Deliveries to real servers: git's own `http-backend` behind nginx, sshd, and repositories with hooks on disk. `git fsck --strict` after each.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod deliveries;

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use committer::{Credentials, Outcome, Refusal, Remote, deliver};
use deliveries::{committed, options, refused, sha, unit};

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::Builder::new().prefix("hydrant-real-").tempdir_in("/tmp").unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A bare repository as a host would have it.
    fn repository(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        git(Path::new("/"), &["init", "-q", "--bare", "-b", "main", path.to_str().unwrap()]);
        for (key, value) in
            [("http.receivepack", "true"), ("uploadpack.allowFilter", "true"), ("receive.advertisePushOptions", "true")]
        {
            git(&path, &["config", key, value]);
        }
        path
    }
}

fn git(at: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").arg("-C").arg(at).args(arguments).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "git {arguments:?}: {words}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn fsck(repository: &Path) {
    git(repository, &["fsck", "--strict", "--no-dangling"]);
}

fn hook(repository: &Path, name: &str, script: &str) {
    let path = repository.join("hooks").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Ends with the value.
struct Running(Child);

impl Running {
    fn start(program: &str, arguments: &[&str]) -> Self {
        let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
        let child = Command::new(program)
            .args(arguments)
            .env("PATH", path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap_or_else(|error| panic!("{program}: {error}")))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // SIGTERM, so that nginx ends its workers.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn wait_for_port(port: u16) {
    let start = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(start.elapsed() < Duration::from_secs(10), "nothing listens on {port}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// nginx with basic auth (`ci` / `hunter2`) before git's `http-backend`.
struct Web {
    port: u16,
    _running: Vec<Running>,
}

impl Web {
    fn start(place: &Place) -> Self {
        let port = free_port();
        let root = place.folder.path().display().to_string();
        place.write("htpasswd", "ci:{PLAIN}hunter2\n");
        let backend = format!("{}/git-http-backend", git(Path::new("/"), &["--exec-path"]));
        let params = [
            ("SCRIPT_FILENAME", backend.as_str()),
            ("GIT_HTTP_EXPORT_ALL", "1"),
            ("GIT_PROJECT_ROOT", &root),
            ("PATH_INFO", "$uri"),
            ("REMOTE_USER", "$remote_user"),
            ("QUERY_STRING", "$query_string"),
            ("REQUEST_METHOD", "$request_method"),
            ("CONTENT_TYPE", "$content_type"),
            ("CONTENT_LENGTH", "$content_length"),
            ("GIT_PROTOCOL", "$http_git_protocol"),
            ("REMOTE_ADDR", "$remote_addr"),
        ];
        let params: Vec<String> =
            params.iter().map(|(key, value)| format!("fastcgi_param {key} \"{value}\";")).collect();
        // A wrapper serves one request at a time.
        let sockets: Vec<String> = (0..4).map(|number| format!("unix:{root}/fcgi{number}.sock")).collect();
        let upstream: Vec<String> = sockets.iter().map(|socket| format!("server {socket};")).collect();
        let mut running: Vec<Running> =
            sockets.iter().map(|socket| Running::start("fcgiwrap", &["-s", socket])).collect();
        let config = format!(
            "user root; daemon off; pid {root}/nginx.pid; error_log {root}/nginx.log; events {{ worker_connections 512; }} http {{ access_log \
             {root}/access.log; client_body_temp_path {root}/body; fastcgi_temp_path {root}/fast; proxy_temp_path {root}/proxy; uwsgi_temp_path \
             {root}/uwsgi; scgi_temp_path {root}/scgi; server {{ listen 127.0.0.1:{port}; client_max_body_size 0; gzip on; gzip_types *; location / \
             {{ auth_basic git; auth_basic_user_file {root}/htpasswd; fastcgi_pass git; {} }} }} upstream git {{ least_conn; {} }} }}",
            params.join(" "),
            upstream.join(" ")
        );
        let config = place.write("nginx.conf", &config);
        let web = Running::start("nginx", &["-c", config.to_str().unwrap(), "-e", "/dev/null"]);
        running.push(web);
        wait_for_port(port);
        let last = place.path("fcgi3.sock");
        while !last.exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { port, _running: running }
    }

    fn remote(&self, name: &str) -> Remote {
        let mut remote = Remote::new(format!("http://127.0.0.1:{}/{name}", self.port));
        remote.credentials = Some(Credentials { username: "ci".to_owned(), password: "hunter2".to_owned() });
        remote
    }
}

/// The course that every way to a repository must take.
fn course(remote: &Remote, repository: &Path) {
    let units = |source: u32, text: &str| {
        vec![
            unit("cart/dev", source, &[("manifest.yaml", text)]),
            unit("cart/prod", source, &[("manifest.yaml", text)]),
        ]
    };
    let first = deliver(remote, &units(1, "1\n"), &options()).unwrap();
    for delivery in &first {
        committed(delivery);
    }
    fsck(repository);
    let second = deliver(remote, &units(2, "2\n"), &options()).unwrap();
    assert_eq!(committed(&second[0]).0.as_deref(), Some(committed(&first[0]).1.as_str()));
    assert_eq!(git(repository, &["log", "--format=%s", "cart/dev"]), "cart/dev: deliver 2\ncart/dev: deliver 1");
    assert_eq!(git(repository, &["show", "cart/prod:manifest.yaml"]), "2");
    let same = deliver(remote, &units(2, "2\n"), &options()).unwrap();
    assert!(same.iter().all(|delivery| delivery.outcome == Outcome::Unchanged));
    let noted = deliver(remote, &units(3, "2\n"), &options()).unwrap();
    assert!(noted.iter().all(|delivery| delivery.outcome == Outcome::NoteMoved));
    let note = git(repository, &["notes", "--ref=hydrator.metadata", "show", "cart/dev"]);
    assert_eq!(note, format!("{{\"drySha\":\"{}\"}}", sha(3)));
    let older = deliver(remote, &units(2, "x\n"), &options()).unwrap();
    assert_eq!(refused(&older[0]), Refusal::Older { recorded: sha(3), ours: sha(2) });
    let mut atomic = options();
    atomic.atomic = true;
    deliver(remote, &units(4, "4\n"), &atomic).unwrap().iter().for_each(|delivery| {
        committed(delivery);
    });
    fsck(repository);
    assert_eq!(
        git(repository, &["for-each-ref", "--format=%(refname)"]),
        "refs/heads/cart/dev\nrefs/heads/cart/prod\nrefs/notes/hydrator.metadata"
    );
}

/// A server that says no to one branch, and to all.
fn refusals(remote: &Remote, repository: &Path) {
    let units = |source: u32| {
        vec![unit("free", source, &[("a", &source.to_string())]), unit("locked", source, &[("a", &source.to_string())])]
    };
    hook(repository, "update", "case $1 in *locked*) echo 'no deploys on Friday' >&2; exit 1;; esac");
    let each = deliver(remote, &units(1), &options()).unwrap();
    committed(&each[0]);
    let Refusal::Rejected { words } = refused(&each[1]) else { panic!("{each:?}") };
    assert!(words.contains("hook declined") && words.contains("no deploys on Friday"), "{words}");
    let mut atomic = options();
    atomic.atomic = true;
    let none = deliver(remote, &units(2), &atomic).unwrap();
    assert!(none.iter().all(|delivery| matches!(delivery.outcome, Outcome::Refused(_))), "{none:?}");
    assert_eq!(git(repository, &["show", "free:a"]), "1");
    hook(repository, "pre-receive", "echo \"asked for: $GIT_PUSH_OPTION_0\" >&2; exit 1");
    let mut asking = options();
    asking.push_options = vec!["merge_request.create".to_owned()];
    let all = deliver(remote, &units(3), &asking).unwrap();
    let Refusal::Rejected { words } = refused(&all[0]) else { panic!("{all:?}") };
    assert!(words.contains("asked for: merge_request.create"), "{words}");
    fsck(repository);
}

/// Somebody pushes between our look and our push, every time until the third.
fn races(remote: &Remote, repository: &Path) {
    let start = vec![unit("a", 1, &[("x", "1")]), unit("b", 1, &[("x", "1")])];
    deliver(remote, &start, &options()).unwrap();
    // The hook sees our push and lets another commit land first.
    let script = "n=$(cat $GIT_DIR/count 2>/dev/null || echo 0); n=$((n+1)); echo $n > $GIT_DIR/count; [ $n -gt 2 ] && exit 0\n\
         unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES\n\
         c=$(git -c user.name=x -c user.email=x@x commit-tree -p refs/heads/a -m other refs/heads/a^{tree}) && git update-ref refs/heads/a $c\nexit 0";
    hook(repository, "pre-receive", script);
    let next = vec![unit("a", 2, &[("x", "2")]), unit("b", 2, &[("x", "2")])];
    let mut patient = options();
    patient.attempts = 10;
    let done = deliver(remote, &next, &patient).unwrap();
    committed(&done[0]);
    committed(&done[1]);
    assert_eq!((done[0].attempts, done[1].attempts), (3, 1));
    assert_eq!(git(repository, &["log", "--format=%s", "a"]), "a: deliver 2\nother\nother\na: deliver 1");
    fsck(repository);
}

#[test]
#[ignore = "needs git, nginx and fcgiwrap"]
fn real_git_over_http() {
    let place = Place::new();
    let web = Web::start(&place);
    course(&web.remote("a.git"), &place.repository("a.git"));
    let plain = place.repository("plain.git");
    git(&plain, &["config", "uploadpack.allowFilter", "false"]);
    git(&plain, &["config", "protocol.version", "0"]);
    course(&web.remote("plain.git"), &plain);
    refusals(&web.remote("b.git"), &place.repository("b.git"));
    races(&web.remote("c.git"), &place.repository("c.git"));
}

#[test]
#[ignore = "needs git, nginx and fcgiwrap"]
fn real_git_over_http_tells_who_may_not() {
    let place = Place::new();
    let web = Web::start(&place);
    place.repository("a.git");
    let mut remote = web.remote("a.git");
    remote.credentials = Some(Credentials { username: "ci".to_owned(), password: "wrong-secret".to_owned() });
    let units = [unit("a", 1, &[("x", "1")])];
    let error = deliver(&remote, &units, &options()).unwrap_err().to_string();
    assert!(error.contains("401") && !error.contains("wrong-secret"), "{error}");
    let missing = deliver(&web.remote("nothing.git"), &units, &options()).unwrap_err().to_string();
    assert!(missing.contains("404"), "{missing}");
    let inside = Remote::new(format!("http://ci:hunter2@127.0.0.1:{}/a.git", web.port));
    committed(&deliver(&inside, &units, &options()).unwrap()[0]);
}

#[test]
#[ignore = "needs git"]
fn real_git_on_disk() {
    let place = Place::new();
    let bare = place.repository("a.git");
    course(&Remote::new(bare.to_str().unwrap()), &bare);
    let file = place.repository("b c.git");
    course(&Remote::new(format!("file://{}", file.display().to_string().replace(' ', "%20"))), &file);
    for (name, test) in [("d.git", refusals as fn(&Remote, &Path)), ("e.git", races)] {
        let path = place.repository(name);
        test(&Remote::new(path.to_str().unwrap()), &path);
    }
    let created = place.path("new/deep.git");
    course(&Remote::new(created.to_str().unwrap()), &created);
}

/// sshd on loopback with keys of its own.
struct Shell {
    port: u16,
    key: PathBuf,
    known_hosts: PathBuf,
    _running: Running,
}

impl Shell {
    fn start(place: &Place, accept: &str) -> Self {
        let port = free_port();
        let keygen = |name: &str| {
            let path = place.path(name);
            let status =
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&path).status().unwrap();
            assert!(status.success());
            path
        };
        let (host, key) = (keygen("host"), keygen("key"));
        let authorized = place.path("authorized");
        std::fs::copy(key.with_extension("pub"), &authorized).unwrap();
        let public = std::fs::read_to_string(host.with_extension("pub")).unwrap();
        let known_hosts = place.write("known", &format!("[127.0.0.1]:{port} {public}"));
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication \
             no\nPermitRootLogin yes\nMaxStartups 100\n{accept}\n",
            host.display(),
            authorized.display()
        );
        let config = place.write("sshd_config", &config);
        let _ = std::fs::create_dir_all("/run/sshd");
        let running = Running::start(
            "/usr/sbin/sshd",
            &["-D", "-f", config.to_str().unwrap(), "-E", place.path("sshd.log").to_str().unwrap()],
        );
        wait_for_port(port);
        Self { port, key, known_hosts, _running: running }
    }

    fn remote(&self, repository: &Path) -> Remote {
        let user = std::env::var("USER").unwrap_or_else(|_| "root".to_owned());
        let mut remote = Remote::new(format!("ssh://{user}@127.0.0.1:{}{}", self.port, repository.display()));
        remote.ssh_key = Some(self.key.clone());
        remote.ssh_known_hosts = Some(self.known_hosts.clone());
        remote
    }
}

#[test]
#[ignore = "needs git, ssh and sshd"]
fn real_git_over_ssh() {
    for (round, accept) in ["AcceptEnv GIT_PROTOCOL", ""].into_iter().enumerate() {
        let place = Place::new();
        let shell = Shell::start(&place, accept);
        let path = place.repository("a.git");
        course(&shell.remote(&path), &path);
        if round == 0 {
            let path = place.repository("b.git");
            refusals(&shell.remote(&path), &path);
            let path = place.repository("c.git");
            races(&shell.remote(&path), &path);
        }
        let units = [unit("x", 1, &[("x", "1")])];
        let mut stranger = shell.remote(&path);
        stranger.ssh_known_hosts = Some(place.write("nobody", ""));
        let error = deliver(&stranger, &units, &options()).unwrap_err().to_string();
        assert!(error.contains("Host key verification failed"), "{error}");
        let missing = deliver(&shell.remote(&place.path("nothing.git")), &units, &options()).unwrap_err().to_string();
        assert!(missing.contains("does not appear to be a git repository"), "{missing}");
    }
}
