//! Remote bases of repositories that are not trusted: what is refused, what a changed cache does, and that nothing is written outside.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use git2::{ObjectType, Oid, Repository, Signature};
use testkit::git::{Abilities, GitServer};

const MAP: &[u8] = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: map\n";
const PLAIN: &str = "resources: [map.yaml]\n";
const FILE: &str = "100644";
const FOLDER: &str = "40000";
const LINK: &str = "120000";
const MODULE: &str = "160000";

/// An entry of a tree that no git command would write.
struct Entry<'a> {
    mode: &'a str,
    name: &'a str,
    id: Oid,
}

struct Stage {
    git: GitServer,
    folder: tempfile::TempDir,
}

impl Stage {
    fn set() -> Self {
        let stage = Stage { git: GitServer::start(Abilities::default()), folder: tempfile::tempdir().unwrap() };
        let victim = Repository::init(stage.path("victim")).unwrap();
        fs::write(stage.path("victim/kustomization.yaml"), "resources: [secret.yaml]\n").unwrap();
        fs::write(stage.path("victim/secret.yaml"), "apiVersion: v1\nkind: Secret\nmetadata:\n  name: victim\n")
            .unwrap();
        let mut index = victim.index().unwrap();
        index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).unwrap();
        let tree = victim.find_tree(index.write_tree().unwrap()).unwrap();
        victim.commit(Some("HEAD"), &person(), &person(), "victim", &tree, &[]).unwrap();
        stage
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
    }

    fn repository(&self) -> Repository {
        Repository::open(self.git.path()).unwrap()
    }

    fn blob(&self, bytes: &[u8]) -> Oid {
        self.repository().blob(bytes).unwrap()
    }

    /// A tree with these entries in this order, whatever they are.
    fn tree(&self, entries: &[Entry<'_>]) -> Oid {
        let mut bytes = Vec::new();
        for Entry { mode, name, id } in entries {
            bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            bytes.extend_from_slice(id.as_bytes());
        }
        self.repository().odb().unwrap().write(ObjectType::Tree, &bytes).unwrap()
    }

    /// A tree with one file.
    fn small_tree(&self) -> Oid {
        self.tree(&[Entry { mode: FILE, name: "config", id: self.blob(b"x") }])
    }

    /// Makes a commit the branch `main`; written by hand, since libgit2 refuses a tree that it cannot parse.
    fn publish(&self, tree: Oid) -> Oid {
        let who = "Test <test@example.com> 1700000000 +0000";
        let text = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\nfiles\n");
        let id = self.repository().odb().unwrap().write(ObjectType::Commit, text.as_bytes()).unwrap();
        fs::create_dir_all(self.git.path().join("refs/heads")).unwrap();
        fs::write(self.git.path().join("refs/heads/main"), format!("{id}\n")).unwrap();
        id
    }

    /// A base with a kustomization, and more entries, sorted as git does.
    fn publish_with(&self, kustomization: &str, more: Vec<Entry<'_>>) -> Oid {
        let mut entries = vec![
            Entry { mode: FILE, name: "kustomization.yaml", id: self.blob(kustomization.as_bytes()) },
            Entry { mode: FILE, name: "map.yaml", id: self.blob(MAP) },
        ];
        entries.extend(more);
        let end = |entry: &Entry<'_>| if entry.mode == FOLDER { "/" } else { "" };
        entries.sort_by_key(|entry| format!("{}{}", entry.name, end(entry)));
        self.publish(self.tree(&entries))
    }

    /// Builds an overlay of the base, with a cache of its own.
    fn build(&self) -> Output {
        drop(fs::remove_dir_all(self.path("cache")));
        self.write("overlay/kustomization.yaml", &format!("resources:\n- {}?ref=main\n", self.git.other_url()));
        self.run("hydrant kustomize overlay")
    }

    fn command(&self, line: &str) -> Command {
        let binary = Path::new(env!("CARGO_BIN_EXE_hydrant")).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("sh");
        command.args(["-ec", line]).current_dir(self.folder.path()).env_clear();
        command.env("PATH", path).env("HOME", self.folder.path()).env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("XDG_CACHE_HOME", self.path("cache")).env("TMPDIR", self.temporary());
        command
    }

    fn temporary(&self) -> PathBuf {
        let folder = self.path("tmp");
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    fn well(&self, line: &str) -> String {
        let done = self.run(line);
        assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// Builds the overlay, which must be refused for this reason, and leave nothing behind.
    fn refused(&self, what: &str, reason: &str) {
        let done = self.build();
        let stderr = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(1), "{what}: {stderr}");
        assert!(done.stdout.is_empty() && stderr.contains(reason), "{what}: {stderr}");
        assert!(!stderr.contains("name: victim") && !stderr.contains("panicked"), "{what}: {stderr}");
        assert_eq!(fs::read_dir(self.temporary()).unwrap().count(), 0, "{what} left a temporary folder");
    }
}

fn person() -> Signature<'static> {
    Signature::new("Test", "test@example.com", &git2::Time::new(1_700_000_000, 0)).unwrap()
}

#[test]
fn trees_that_git_fsck_refuses() {
    let stage = Stage::set();
    let spellings = [
        (".git", "for .git"),
        (".GIT", "for .git"),
        ("git~1", "for .git"),
        (".git. ", "for .git"),
        (".git::$INDEX_ALLOCATION", "for .git"),
        (".g\u{200c}it", "for .git"),
        (".", "another folder"),
        ("..", "another folder"),
        ("a/b", "a slash"),
        ("a\\b", "a slash"),
    ];
    for (name, reason) in spellings {
        for mode in [FOLDER, FILE, LINK, MODULE] {
            let id = if mode == FOLDER { stage.small_tree() } else { stage.blob(b"x") };
            stage.publish_with(PLAIN, vec![Entry { mode, name, id }]);
            stage.refused(&format!("{mode} {name:?}"), reason);
            assert!(!stage.path("cache/hydrant/repositories").join("complete").exists());
        }
    }
    // A hook of a repository through a link of the same name as a folder, as a checkout would write it.
    let hooks = stage.blob(stage.path("victim/.git/hooks").to_string_lossy().as_bytes());
    let folder = stage.small_tree();
    for mode in [FOLDER, FILE, MODULE] {
        let id = if mode == FOLDER { folder } else { stage.blob(b"x") };
        stage.publish_with(PLAIN, vec![Entry { mode: LINK, name: "a", id: hooks }, Entry { mode, name: "a", id }]);
        stage.refused(&format!("two entries, the second {mode}"), "two entries have the name");
    }
    let unsorted = [("b", FILE), ("a", FILE)].map(|(name, mode)| Entry { mode, name, id: stage.blob(b"x") });
    stage.publish(stage.tree(&unsorted));
    stage.refused("unsorted", "not sorted");
    let deep = (0..120).fold(stage.small_tree(), |id, _| stage.tree(&[Entry { mode: FOLDER, name: "d", id }]));
    stage.publish_with(PLAIN, vec![Entry { mode: FOLDER, name: "d", id: deep }]);
    stage.refused("deep", "levels of folders");
}

#[test]
fn paths_that_lead_out_of_the_base() {
    let stage = Stage::set();
    let victim = stage.path("victim").display().to_string();
    let up = format!("../../../../../../../../../..{victim}");
    for target in [victim.as_str(), &up, "/etc", "../../good"] {
        stage.publish_with(
            "resources: [link]\n",
            vec![Entry { mode: LINK, name: "link", id: stage.blob(target.as_bytes()) }],
        );
        stage.refused(target, "leads out of the repository");
    }
    for target in ["loop", ".git/config", "nothing"] {
        stage.publish_with(
            "resources: [loop]\n",
            vec![Entry { mode: LINK, name: "loop", id: stage.blob(target.as_bytes()) }],
        );
        stage.refused(target, "cannot read loop");
    }
    let local = format!("file://{victim}");
    for (entry, reason) in [
        (up.as_str(), "is outside of the repository"),
        (&victim, "is not allowed"),
        (&local, "must not name a repository on this machine"),
        (&format!("FILE://{victim}"), "must not name a repository on this machine"),
        (&format!("git::file://{victim}"), "must not name a repository on this machine"),
    ] {
        stage.publish_with(&format!("resources: [\"{entry}\"]\n"), Vec::new());
        stage.refused(entry, reason);
    }
    stage.publish_with("configMapGenerator: [{name: a, files: [/etc/passwd]}]\n", Vec::new());
    stage.refused("a generator", "cannot read /etc/passwd");
}

#[test]
fn urls_of_submodules() {
    let stage = Stage::set();
    let victim = stage.path("victim").display().to_string();
    let module = stage.publish_with(PLAIN, Vec::new());
    let modules = |url: &str| format!("[submodule \"m\"]\n\tpath = mod\n\turl = {url}\n");
    let publish = |text: &str| {
        let more = vec![
            Entry { mode: MODULE, name: "mod", id: module },
            Entry { mode: FILE, name: ".gitmodules", id: stage.blob(text.as_bytes()) },
        ];
        stage.publish_with("resources: [mod]\n", more)
    };
    for (url, reason) in [
        (format!("file://{victim}"), "on this machine"),
        (victim.clone(), "on this machine"),
        (format!("../../../../../..{victim}"), "out of the base's host"),
        ("git@github.com:acme/a".to_owned(), "ssh is allowed"),
        (format!("localhost:{victim}"), "ssh is allowed"),
        ("ext::touch pwned".to_owned(), "characters that no URL has"),
        ("ext::id".to_owned(), "scheme is not supported"),
        ("-u./x".to_owned(), "characters that no URL has"),
        ("../%2e%2e/x".to_owned(), "leads to no repository"),
        ("git://127.0.0.1/x".to_owned(), "scheme is not supported"),
    ] {
        publish(&modules(&url));
        stage.refused(&url, reason);
    }
    publish(&format!("[include]\n\tpath = {victim}/.git/config\n"));
    stage.refused("include", "missing url of submodule mod");
    // A submodule on the same host is fetched; its objects are in the same store.
    publish(&modules("../repository.git"));
    let done = stage.build();
    assert_eq!(done.stdout, MAP, "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_changed_cache_fails_also_with_locked() {
    let stage = Stage::set();
    stage.publish_with(PLAIN, Vec::new());
    assert!(stage.build().status.success());
    stage.well("hydrant kustomize overlay --lock");
    stage.well("hydrant kustomize overlay --locked");
    let packs = stage.well("ls cache/hydrant/repositories/*/objects/pack/*.pack");
    for pack in packs.lines() {
        let path = stage.path(pack);
        let original = fs::read(&path).unwrap();
        stage.well(&format!("chmod u+w {pack}"));
        // Whichever byte changes, the output is the same or there is an error.
        for position in (12..original.len() - 20).step_by(7) {
            let mut bytes = original.clone();
            bytes[position] ^= 0x55;
            fs::write(&path, bytes).unwrap();
            let done = stage.run("hydrant kustomize overlay --locked");
            let stderr = String::from_utf8_lossy(&done.stderr);
            match done.status.code() {
                Some(0) => assert_eq!(done.stdout, MAP, "byte {position} of {pack}"),
                code => assert!(code == Some(1) && done.stdout.is_empty(), "byte {position} of {pack}: {stderr}"),
            }
        }
        fs::write(&path, original).unwrap();
    }
    assert_eq!(stage.well("hydrant kustomize overlay --locked").as_bytes(), MAP);
}

#[test]
fn processes_share_a_cache_and_may_be_killed() {
    let stage = Stage::set();
    stage.publish_with(PLAIN, Vec::new());
    assert!(stage.build().status.success());
    for round in 0..4 {
        drop(fs::remove_dir_all(stage.path("cache")));
        let start = || -> Child {
            let mut command = stage.command("exec hydrant kustomize overlay");
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let mut killed: Vec<Child> = (0..3).map(|_| start()).collect();
        let others: Vec<Child> = (0..3).map(|_| start()).collect();
        std::thread::sleep(std::time::Duration::from_millis(8 * round));
        for child in &mut killed {
            drop(child.kill());
            drop(child.wait());
        }
        for child in others {
            let done = child.wait_with_output().unwrap();
            assert_eq!(done.stdout, MAP, "{}", String::from_utf8_lossy(&done.stderr));
        }
        assert_eq!(stage.well("hydrant kustomize overlay").as_bytes(), MAP);
    }
}

#[test]
fn programs_get_the_files_of_a_base_in_a_temporary_folder() {
    let stage = Stage::set();
    let generator = "apiVersion: a/v1\nkind: Generator\nmetadata:\n  name: g\n  annotations:\n    config.kubernetes.io/function: |\n      \
                     exec: {path: ./run.sh}\n";
    let script = "#!/bin/sh\ncat >/dev/null\npwd >&2\ncat link.yaml\n";
    let list = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: made\n";
    let publish = |target: &str| {
        let more = vec![
            Entry { mode: FILE, name: "generator.yaml", id: stage.blob(generator.as_bytes()) },
            Entry { mode: "100755", name: "run.sh", id: stage.blob(script.as_bytes()) },
            Entry { mode: FILE, name: "list.yaml", id: stage.blob(list.as_bytes()) },
            Entry { mode: LINK, name: "link.yaml", id: stage.blob(target.as_bytes()) },
        ];
        stage.publish_with("generators: [generator.yaml]\n", more)
    };
    let line = "hydrant kustomize overlay --enable-alpha-plugins --enable-exec";
    publish("list.yaml");
    stage.build();
    assert!(stage.well(line).contains("name: made\n"));
    assert_eq!(fs::read_dir(stage.temporary()).unwrap().count(), 0, "the folder is removed");
    for target in ["/etc/passwd", "../../../../../../etc/passwd", "/"] {
        publish(target);
        stage.build();
        let done = stage.run(line);
        let stderr = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.code() == Some(1) && stderr.contains("link link.yaml leads out"), "{target}: {stderr}");
    }
}

#[test]
fn units_with_remote_bases_are_verified_promoted_and_compared() {
    let stage = Stage::set();
    stage.publish_with(PLAIN, Vec::new());
    let base = format!("{}?ref=main", stage.git.other_url());
    for environment in ["staging", "production"] {
        let path = format!("source/services/cart/overlays/{environment}/kustomization.yaml");
        stage.write(&path, &format!("resources: [\"{base}\"]\nnamePrefix: {environment}-\n"));
    }
    let config = "apiVersion: hydrant/v1\nkind: Delivery\nservices:\n- path: services/*\n  kustomize: overlays/{environment}\nenvironments: \
                  {staging: {}, production: {}}\ndestination: {repository: ../manifests.git}\n";
    stage.write("source/hydrant.yaml", config);
    stage.well("cd source && git init -q -b main && git config user.name a && git config user.email a@b && git add -A && git commit -q -m one");
    let hydrant = |arguments: &str| stage.well(&format!("cd source && hydrant {arguments}"));
    assert!(hydrant("deliver --all -e staging").contains("committed"));
    assert!(hydrant("promote --from staging --to production").contains("committed"));
    let verified = hydrant("verify");
    assert_eq!(verified.matches("  verified  ").count(), 2, "{verified}");
    stage.well("cd source && sed -i s/staging-/stage-/ services/cart/overlays/staging/kustomization.yaml && git commit -q -a -m two");
    assert!(hydrant("diff -e staging --to source@HEAD").contains("+ ConfigMap/stage-map"));
    assert!(hydrant("diff -e staging --to source@HEAD~1").contains("no change"));
    // The cache is enough for a verification under a lock that is committed.
    hydrant("deliver --all --lock");
    stage.well("cd source && sed -i s/stage-/locked-/ services/cart/overlays/staging/kustomization.yaml && git add -A && git commit -q -m lock");
    hydrant("deliver -e staging --all --locked");
    drop(stage.git.requests());
    assert_eq!(hydrant("verify -e staging --locked").matches("  verified  ").count(), 1);
    assert_eq!(stage.git.requests(), Vec::<String>::new());
}

#[test]
fn programs_get_the_files_of_the_recorded_commit() {
    let stage = Stage::set();
    let config = "apiVersion: hydrant/v1\nkind: Delivery\nservices: [services/*]\nenvironments:\n  prod: {}\ndestination: {repository: ../manifests.git}\n";
    stage.write("source/hydrant.yaml", config);
    let skaffold = "apiVersion: skaffold/v4beta11\nkind: Config\nmanifests:\n  rawYaml: [map.yaml]\n  hooks:\n    after:\n    - host:\n        \
                    command: [sh, run.sh]\n        withChange: true\n";
    stage.write("source/services/cart/skaffold.yaml", skaffold);
    stage.write("source/services/cart/map.yaml", &String::from_utf8_lossy(MAP));
    stage.write("source/services/cart/run.sh", "cat >/dev/null; cat other.yaml\n");
    stage.write("source/services/cart/other.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n");
    stage.well("cd source && git init -q -b main && git config user.name a && git config user.email a@b && git add -A && git commit -q -m one");
    stage.well("cd source && hydrant deliver --all --allow-exec");
    stage.write("source/services/cart/other.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: two\n");
    stage.write("source/services/cart/run.sh", "touch ran-in-the-work-tree\n");
    let verified = stage.well("cd source && hydrant verify --allow-exec");
    assert!(verified.contains("  verified  "), "{verified}");
    assert!(!stage.path("source/services/cart/ran-in-the-work-tree").exists());
    let refused = stage.run("cd source && hydrant verify");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--allow-exec"), "{refused:?}");
    assert_eq!(fs::read_dir(stage.temporary()).unwrap().count(), 0, "the folder is removed");
}
