//! `hydrant kustomize` with bases behind URLs: a repository over HTTP, a file over HTTPS, a URL on the command line; kept by
//! commit, written into the lock file, and refused under `--locked` unless both are there.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use testkit::git::{Abilities, GitServer};
use testkit::http::{Response, Server};
use testkit::tls::Identity;

const FILE: &str = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: robot\n";

struct Stage {
    git: GitServer,
    web: Server,
    authority: PathBuf,
    folder: tempfile::TempDir,
}

impl Stage {
    fn set() -> Self {
        let identity = Identity::generate();
        let answer = |request: &testkit::http::Request| match request.path.as_str() {
            "/robot.yaml" => Response::new(200, "text/yaml", FILE),
            _ => Response::new(404, "text/plain", "nothing here"),
        };
        let (git, web) = (GitServer::start(Abilities::default()), Server::start(Some(&identity), answer));
        let folder = tempfile::tempdir().unwrap();
        let authority = folder.path().join("authority.pem");
        std::fs::write(&authority, identity.authority()).unwrap();
        let stage = Stage { git, web, authority, folder };
        stage.sh("git init -q -b main upstream && git -C upstream config user.name a && git -C upstream config user.email a@b");
        stage.publish("one");
        stage.write(
            "overlay/kustomization.yaml",
            &format!("resources:\n- {}\n- {}\nnamePrefix: our-\n", stage.base(), stage.file()),
        );
        stage
    }

    /// Commits a base whose ConfigMap holds `value`, and pushes it.
    fn publish(&self, value: &str) {
        self.write("upstream/deploy/base/kustomization.yaml", "resources: [../common]\n");
        self.write("upstream/deploy/common/kustomization.yaml", "resources: [map.yaml]\n");
        let map = format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  value: {value}\n");
        self.write("upstream/deploy/common/map.yaml", &map);
        let path = self.git.path().display();
        self.sh(&format!("cd upstream && git add -A && git commit -qm {value} && git push -q {path} main"));
    }

    fn base(&self) -> String {
        format!("{}//deploy/base?ref=main", self.git.other_url())
    }

    fn file(&self) -> String {
        format!("https://localhost:{}/robot.yaml", self.web.address().port())
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn sh(&self, line: &str) -> Output {
        let binary = Path::new(env!("CARGO_BIN_EXE_hydrant")).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        Command::new("sh")
            .args(["-ec", line])
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("SSL_CERT_FILE", &self.authority)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap()
    }

    fn well(&self, line: &str) -> String {
        let done = self.sh(line);
        assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    fn refused(&self, line: &str) -> String {
        let done = self.sh(line);
        assert_eq!(done.status.code(), Some(1), "{line}");
        assert!(done.stdout.is_empty(), "{line}");
        String::from_utf8(done.stderr).unwrap()
    }
}

fn expected(value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: our-robot\n---\napiVersion: v1\ndata:\n  value: {value}\nkind: \
         ConfigMap\nmetadata:\n  name: our-settings\n"
    )
}

#[test]
fn remote_bases_are_kept_by_commit_and_held_to_the_lock_file() {
    let stage = Stage::set();
    assert_eq!(stage.well("hydrant kustomize overlay"), expected("one"));
    assert!(!stage.folder.path().join("hydrant.lock").exists(), "only --lock writes it");
    assert!(stage.git.requests().iter().any(|request| request.contains("git-upload-pack")));

    // The commit is asked for again, its files are not.
    assert_eq!(stage.well("hydrant kustomize overlay --lock"), expected("one"));
    let lock = std::fs::read_to_string(stage.folder.path().join("hydrant.lock")).unwrap();
    let commit = stage.well("git -C upstream rev-parse HEAD");
    assert!(lock.contains(commit.trim()) && lock.contains("main"), "{lock}");
    assert!(lock.contains(&stage.file()) && lock.contains("sha256:"), "{lock}");
    drop(stage.git.requests());

    // What upstream does since then changes nothing, and no request is sent.
    stage.publish("two");
    assert_eq!(stage.well("hydrant kustomize overlay --locked"), expected("one"));
    assert_eq!(stage.git.requests(), Vec::<String>::new());
    assert_eq!(stage.well("hydrant kustomize overlay --lock"), expected("one"));
    assert_eq!(stage.well("hydrant kustomize overlay"), expected("two"));
    assert_eq!(stage.well("hydrant kustomize overlay --update"), expected("two"));
    assert_eq!(stage.well("hydrant kustomize overlay --locked"), expected("two"));

    // Pinned, but not in the cache of this machine.
    stage.well("rm -r .cache");
    drop(stage.git.requests());
    let stderr = stage.refused("hydrant kustomize overlay --locked");
    assert!(stderr.contains("overlay/kustomization.yaml:2:3: resources[0]") && stderr.contains("cache"), "{stderr}");
    assert!(stderr.contains("with --lock to fetch it"), "{stderr}");
    // In the cache, but not pinned.
    stage.well("hydrant kustomize overlay");
    stage.well("rm hydrant.lock");
    drop(stage.git.requests());
    let stderr = stage.refused("hydrant kustomize overlay --locked");
    assert!(stderr.contains("is not in the lock file"), "{stderr}");
    assert_eq!(stage.git.requests(), Vec::<String>::new());
}

#[test]
fn a_repository_may_be_named_on_the_command_line() {
    let stage = Stage::set();
    let stderr = stage.well(&format!("hydrant kustomize '{}'", stage.base()));
    assert!(stderr.contains("name: settings\n"), "{stderr}");
    let stderr = stage.refused(&format!("hydrant kustomize '{}'", stage.base().replace("ref=main", "ref=nowhere")));
    assert!(stderr.contains("nowhere"), "{stderr}");
    let stderr = stage.refused(&format!("hydrant kustomize '{}'", stage.base().replace("deploy/base", "deploy/gone")));
    assert!(stderr.contains("deploy/gone"), "{stderr}");
}

#[test]
fn a_file_behind_a_url_that_is_not_there_is_named() {
    let stage = Stage::set();
    stage.write("gone/kustomization.yaml", &format!("resources:\n- {}\n", stage.file().replace("robot", "gone")));
    let stderr = stage.refused("hydrant kustomize gone");
    assert!(stderr.contains("gone/kustomization.yaml:2:3: resources[0]") && stderr.contains("404"), "{stderr}");
}
