//! Real servers for the tests: git's own `http-backend` behind nginx, sshd, and the repositories that they serve.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use git::{Credentials, Remote};

/// A temporary folder, removed with the value.
pub struct TestFolder {
    pub folder: tempfile::TempDir,
}

impl TestFolder {
    pub fn new() -> Self {
        Self { folder: tempfile::Builder::new().prefix("hydrant-real-").tempdir_in("/tmp").unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A bare repository as a host would have it.
    pub fn repository(&self, name: &str) -> PathBuf {
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

/// What git prints; it must succeed.
pub fn git(at: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").arg("-C").arg(at).args(arguments).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "git {arguments:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// Nothing in the repository is broken.
pub fn fsck(repository: &Path) {
    git(repository, &["fsck", "--strict", "--no-dangling"]);
}

/// Puts a hook into the repository.
pub fn hook(repository: &Path, name: &str, script: &str) {
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
pub struct Web {
    pub port: u16,
    _running: Vec<Running>,
}

impl Web {
    pub fn start(temp: &TestFolder) -> Self {
        let port = free_port();
        let root = temp.folder.path().display().to_string();
        temp.write("htpasswd", "ci:{PLAIN}hunter2\n");
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
        let config = temp.write("nginx.conf", &config);
        let web = Running::start("nginx", &["-c", config.to_str().unwrap(), "-e", "/dev/null"]);
        running.push(web);
        wait_for_port(port);
        let last = temp.path("fcgi3.sock");
        while !last.exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { port, _running: running }
    }

    pub fn remote(&self, name: &str) -> Remote {
        let mut remote = Remote::new(format!("http://127.0.0.1:{}/{name}", self.port));
        remote.credentials = Some(Credentials { username: "ci".to_owned(), password: "hunter2".to_owned() });
        remote
    }
}

/// sshd on loopback with keys of its own.
pub struct Shell {
    pub port: u16,
    pub key: PathBuf,
    pub known_hosts: PathBuf,
    _running: Running,
}

impl Shell {
    pub fn start(temp: &TestFolder, accept: &str) -> Self {
        let port = free_port();
        let keygen = |name: &str| {
            let path = temp.path(name);
            let status =
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&path).status().unwrap();
            assert!(status.success());
            path
        };
        let (host, key) = (keygen("host"), keygen("key"));
        let authorized = temp.path("authorized");
        std::fs::copy(key.with_extension("pub"), &authorized).unwrap();
        let public = std::fs::read_to_string(host.with_extension("pub")).unwrap();
        let known_hosts = temp.write("known", &format!("[127.0.0.1]:{port} {public}"));
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication \
             no\nPermitRootLogin yes\nMaxStartups 100\nSetEnv HOME={}\n{accept}\n",
            host.display(),
            authorized.display(),
            // bash reads the user's .bashrc in every session, and some take a second.
            temp.folder.path().display()
        );
        let config = temp.write("sshd_config", &config);
        let _ = std::fs::create_dir_all("/run/sshd");
        let running = Running::start(
            "/usr/sbin/sshd",
            &["-D", "-f", config.to_str().unwrap(), "-E", temp.path("sshd.log").to_str().unwrap()],
        );
        wait_for_port(port);
        Self { port, key, known_hosts, _running: running }
    }

    pub fn remote(&self, repository: &Path) -> Remote {
        let user = std::env::var("USER").unwrap_or_else(|_| "root".to_owned());
        let mut remote = Remote::new(format!("ssh://{user}@127.0.0.1:{}{}", self.port, repository.display()));
        remote.ssh_key = Some(self.key.clone());
        remote.ssh_known_hosts = Some(self.known_hosts.clone());
        remote
    }
}
