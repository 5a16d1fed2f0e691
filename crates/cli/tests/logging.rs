//! The log: what `-v`, `-vv`, `-q` and `HYDRANT_LOG` print on stderr, that no credential is in it, and that stdout stays the same.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Output};

use testkit::git::{Abilities, GitServer};
use testkit::registry::{Auth, Registry, Setup, Tokens};

/// Credentials that must not appear anywhere. The text after `canary-` makes each unique.
const GIT_TOKEN: &str = "canary-git-7d1f";
const REGISTRY_PASSWORD: &str = "canary-registry-93ab";

/// A repository with one service, a git server that requires a token, and a registry with a token server.
struct Stage {
    git: GitServer,
    registry: Registry,
    folder: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let login = Some(("x-access-token".to_owned(), GIT_TOKEN.to_owned()));
        let git = GitServer::start(Abilities { login, ..Abilities::default() });
        let tokens = Tokens { password: Some(("ci".to_owned(), REGISTRY_PASSWORD.to_owned())), ..Tokens::default() };
        let registry = Registry::start(Setup { auth: Auth::Tokens(tokens), ..Setup::default() });
        registry.put_image("shop/cart", "1.0", &[]);
        let stage = Stage { git, registry, folder: tempfile::tempdir().unwrap() };
        let config = format!(
            "apiVersion: hydrant/v1\nkind: Delivery\nservices: [{{path: cart, kustomize: '{{environment}}'}}]\nenvironments: {{prod: {{cluster: {{kubernetes: '1.33'}}}}}}\n\
             destination: {{repository: '{}'}}\n",
            stage.git.url()
        );
        stage.write("hydrant.yaml", &config);
        stage.write("cart/prod/kustomization.yaml", "resources: [pod.yaml]\n");
        stage.deploy("1.0");
        stage.run("git init -q -b main && git config user.name a && git config user.email a@b && git add -A && git commit -qm one");
        stage
    }

    fn deploy(&self, tag: &str) {
        let image = format!("{}/shop/cart:{tag}", self.registry.host());
        let pod = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: cart}}\nspec: {{containers: [{{name: cart, image: '{image}'}}]}}\n"
        );
        self.write("cart/prod/pod.yaml", &pod);
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn run(&self, line: &str) -> Output {
        let binary = std::path::Path::new(env!("CARGO_BIN_EXE_hydrant")).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        let auth = format!(
            r#"{{"auths":{{"{}":{{"username":"ci","password":"{REGISTRY_PASSWORD}"}}}}}}"#,
            self.registry.host()
        );
        Command::new("sh")
            .args(["-c", line])
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("HYDRANT_GIT_TOKEN", GIT_TOKEN)
            .env("DOCKER_AUTH_CONFIG", auth)
            .output()
            .unwrap()
    }

    /// Runs a line that must succeed, and returns stdout and stderr. Neither may have a credential.
    fn succeed(&self, line: &str) -> (String, String) {
        let done = self.run(line);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&done.stdout), text(&done.stderr));
        assert!(done.status.success(), "{line}: {stderr}");
        for secret in [GIT_TOKEN, REGISTRY_PASSWORD, "Authorization", "Bearer "] {
            assert!(!stdout.contains(secret) && !stderr.contains(secret), "{line} prints {secret}: {stdout}{stderr}");
        }
        (stdout, stderr)
    }
}

#[test]
fn stages_are_logged_at_v_and_requests_at_vv_without_credentials() {
    let stage = Stage::new();
    let (plain, silent) = stage.succeed("hydrant deliver --all --dry-run");
    assert_eq!(silent, "");

    let (stdout, log) = stage.succeed("hydrant deliver --all --dry-run -v");
    assert_eq!(stdout, plain);
    for span in ["plan units=1", "load units=1", "render units=1", "resolve images=1 queried=1", "check units=1"] {
        let line = log.lines().find_map(|line| line.strip_prefix(&format!("info: {span}: ")));
        assert!(line.is_some_and(|duration| duration.ends_with(" ms")), "{span}: {log}");
    }
    assert!(log.contains("info: push repository=http://localhost:"), "{log}");
    assert!(!log.contains("debug: "), "{log}");

    let (stdout, log) = stage.succeed("hydrant -vv deliver --all --dry-run");
    assert_eq!(stdout, plain);
    let request = |part: &str| log.lines().any(|line| line.starts_with("debug: request") && line.contains(part));
    assert!(request("/v2/shop/cart/manifests/1.0 status=200 ms="), "{log}");
    assert!(request("/repository.git/info/refs?service=git-upload-pack status=200"), "{log}");

    let (stdout, log) =
        stage.succeed("HYDRANT_LOG=registry=trace,net=trace,hyper=trace hydrant deliver --all --dry-run");
    assert_eq!(stdout, plain);
    assert!(!log.contains("info: plan"), "{log}");
    assert!(log.contains("debug: request"), "{log}");
}

#[test]
fn a_delivery_with_all_logs_has_no_credentials() {
    let stage = Stage::new();
    let (stdout, log) = stage.succeed("HYDRANT_LOG=trace hydrant -vv deliver --all");
    assert!(stdout.contains("committed"), "{stdout}");
    assert!(log.contains("info: push") && log.contains("git-receive-pack"), "{log}");
    assert!(stage.succeed("hydrant -q deliver --all").1.is_empty());
}

#[test]
fn causes_are_printed_at_v() {
    let stage = Stage::new();
    stage.deploy("2.0");
    let failed = |line: &str| {
        let done = stage.run(line);
        assert!(!done.status.success());
        assert!(done.stdout.is_empty());
        String::from_utf8(done.stderr).unwrap()
    };
    let error = failed("hydrant deliver --all --allow-dirty");
    assert!(error.starts_with("error: ") && error.contains("shop/cart:2.0") && !error.contains("caused by"), "{error}");
    let quiet = failed("hydrant deliver --all --allow-dirty -q");
    assert_eq!(quiet, error);
    let invalid = failed("HYDRANT_LOG=registry=loud hydrant plan");
    assert!(invalid.starts_with("error: invalid HYDRANT_LOG \"registry=loud\""), "{invalid}");
}

/// Returns the address of a server that redirects every request to an invalid URL.
fn server_with_an_invalid_redirect() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let head =
                "HTTP/1.1 302 Found\r\nLocation: http://[::g]/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            connection.write_all(head.as_bytes()).unwrap();
        }
    });
    address
}

/// The lines of an error without those of the log and the hints. The command must fail.
fn error_lines(stage: &Stage, line: &str) -> Vec<String> {
    let done = stage.run(line);
    assert!(!done.status.success(), "{line}");
    let stderr = String::from_utf8(done.stderr).unwrap();
    let is_error = |line: &&str| line.starts_with("error: ") || line.starts_with("  caused by: ");
    stderr.lines().filter(is_error).map(str::to_owned).collect()
}

#[test]
fn the_request_is_the_cause_of_an_unreachable_git_server() {
    let stage = Stage::new();
    let deliver = "deliver --all --repository http://127.0.0.1:1/manifests.git";
    let error = "error: cannot reach http://127.0.0.1:1/manifests.git: connection refused";
    let cause =
        "  caused by: GET http://127.0.0.1:1/manifests.git/info/refs?service=git-upload-pack: connection refused";
    assert_eq!(error_lines(&stage, &format!("hydrant {deliver}")), [error]);
    assert_eq!(error_lines(&stage, &format!("hydrant -v {deliver}")), [error, cause]);
}

#[test]
fn the_root_cause_of_a_failed_download_is_printed() {
    let stage = Stage::new();
    let url = format!("http://{}/pod.yaml", server_with_an_invalid_redirect());
    stage.write("remote/kustomization.yaml", &format!("resources: ['{url}']\n"));
    let path = stage.folder.path().canonicalize().unwrap().join("remote/kustomization.yaml");
    let error =
        format!("error: {}:1:13: resources[0]: GET {url}: invalid redirect to \"http://[::g]/\"", path.display());
    assert_eq!(error_lines(&stage, "hydrant kustomize remote"), [error.as_str()]);
    let verbose = error_lines(&stage, "hydrant -v kustomize remote");
    assert_eq!(verbose, [error.as_str(), "  caused by: invalid IPv6 address"]);
}

#[test]
fn options_are_valid_before_and_after_the_command() {
    let stage = Stage::new();
    for line in ["hydrant -v plan", "hydrant plan -v", "hydrant plan --verbose", "hydrant --verbose=info plan"] {
        assert!(stage.succeed(line).1.contains("info: plan units=1: "), "{line}");
    }
    for line in ["hydrant plan -q", "hydrant -q plan", "hydrant plan", "hydrant --verbose=warn plan"] {
        assert_eq!(stage.succeed(line).1, "", "{line}");
    }
    assert_eq!(stage.run("hydrant plan -q -v").status.code(), Some(2));
}
