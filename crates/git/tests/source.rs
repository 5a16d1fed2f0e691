//! The source repository: made with git2, so that the suite needs no git; `real_git_*` asks the program git the same questions.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Command;

use git::source::{EntryKind, ReadError, SourceError, SourceRepository};
use git::without_credentials;
use git2::{Oid, Repository, Signature, Time};

struct Sandbox {
    folder: tempfile::TempDir,
    repository: Repository,
}

impl Sandbox {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(folder.path()).unwrap();
        repository.set_head("refs/heads/main").unwrap();
        Self { folder, repository }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn commit(&self, message: &str) -> Oid {
        let mut index = self.repository.index().unwrap();
        index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).unwrap();
        index.write().unwrap();
        let tree = self.repository.find_tree(index.write_tree().unwrap()).unwrap();
        let who = Signature::new("Ada", "ada@example.com", &Time::new(1_700_000_000, 540)).unwrap();
        let parent = self.repository.head().ok().map(|head| head.peel_to_commit().unwrap());
        self.repository.commit(Some("HEAD"), &who, &who, message, &tree, &parent.iter().collect::<Vec<_>>()).unwrap()
    }

    fn source(&self) -> SourceRepository {
        SourceRepository::discover(self.path()).unwrap()
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git").arg("-C").arg(self.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }
}

#[test]
fn the_head_commit_is_told_in_full() {
    let sandbox = Sandbox::new();
    sandbox.write("cart/a.yaml", "a: 1\n");
    sandbox.commit("cart: add\n\nWhy it is so.\n\nReviewed-by: Bob <bob@example.com>\n");
    let head = sandbox.source().head().unwrap();
    assert_eq!(head.short_id, head.id[..7]);
    assert_eq!(head.subject, "cart: add");
    assert_eq!(head.body, "Why it is so.\n\nReviewed-by: Bob <bob@example.com>");
    assert_eq!(head.trailers, [("Reviewed-by".to_owned(), "Bob <bob@example.com>".to_owned())]);
    assert_eq!((head.author.name.as_str(), head.author.email.as_str()), ("Ada", "ada@example.com"));
    assert_eq!((head.author.time.seconds, head.author.time.offset_minutes), (1_700_000_000, 540));
}

#[test]
fn describe_prefers_a_tag_and_falls_back_to_the_short_id() {
    let sandbox = Sandbox::new();
    sandbox.write("a", "1");
    let first = sandbox.commit("one");
    assert_eq!(sandbox.source().describe().unwrap(), first.to_string()[..7]);
    let object = sandbox.repository.find_object(first, None).unwrap();
    sandbox.repository.tag_lightweight("v1.2.3", &object, false).unwrap();
    assert_eq!(sandbox.source().describe().unwrap(), "v1.2.3");
    sandbox.write("a", "2");
    let second = sandbox.commit("two");
    assert_eq!(sandbox.source().describe().unwrap(), format!("v1.2.3-1-g{}", &second.to_string()[..7]));
}

#[test]
fn the_configured_abbreviation_is_used() {
    let sandbox = Sandbox::new();
    sandbox.write("a", "1");
    let id = sandbox.commit("one").to_string();
    sandbox.repository.config().unwrap().set_str("core.abbrev", "11").unwrap();
    assert_eq!(sandbox.source().head().unwrap().short_id, id[..11]);
    sandbox.repository.config().unwrap().set_str("core.abbrev", "no").unwrap();
    assert_eq!(sandbox.source().head().unwrap().short_id, id);
}

#[test]
fn a_folder_has_a_tree_id_that_stays_while_others_change() {
    let sandbox = Sandbox::new();
    sandbox.write("cart/a", "1");
    sandbox.write("shop/a", "1");
    sandbox.commit("one");
    let before = sandbox.source().tree_id(&sandbox.path().join("cart")).unwrap();
    sandbox.write("shop/a", "2");
    sandbox.commit("two");
    let source = sandbox.source();
    assert_eq!(source.tree_id(&sandbox.path().join("cart")).unwrap(), before);
    assert_eq!(source.short_tree_id(&sandbox.path().join("cart")).unwrap(), before[..7]);
    assert_eq!(source.last_change(&sandbox.path().join("cart")).unwrap().unwrap().subject, "one");
    std::fs::create_dir(sandbox.path().join("new")).unwrap();
    let error = source.tree_id(&sandbox.path().join("new")).unwrap_err();
    assert_eq!(error.to_string(), "new not found in revision HEAD");
}

#[test]
fn dirty_counts_untracked_but_not_ignored_and_only_below_the_folder() {
    let sandbox = Sandbox::new();
    sandbox.write(".gitignore", "*.log\n");
    sandbox.write("cart/a", "1");
    sandbox.write("shop/a", "1");
    sandbox.commit("one");
    let dirty = |folder: &str| sandbox.source().dirty_under(&sandbox.path().join(folder)).unwrap();
    assert!(!dirty("") && !dirty("cart"));
    sandbox.write("cart/x.log", "");
    assert!(!dirty("cart"));
    sandbox.write("shop/new/file", "");
    assert!(dirty("") && dirty("shop") && dirty("shop/new") && !dirty("cart"));
    sandbox.repository.config().unwrap().set_str("status.showUntrackedFiles", "no").unwrap();
    assert!(!dirty("shop"));
    sandbox.write("cart/a", "22");
    assert!(dirty("cart") && !dirty("shop"));
}

#[test]
fn branch_and_origin() {
    let sandbox = Sandbox::new();
    let source = sandbox.source();
    assert!(matches!(source.head().unwrap_err(), SourceError::NoCommit(_)));
    assert_eq!(source.branch().unwrap().as_deref(), Some("main"));
    assert_eq!(source.origin(), None);
    sandbox.write("a", "1");
    let commit = sandbox.commit("one");
    sandbox.repository.remote("origin", "https://ci:hunter2@example.com/acme/shop.git").unwrap();
    sandbox.repository.set_head_detached(commit).unwrap();
    assert_eq!(source.branch().unwrap(), None);
    assert_eq!(source.origin().as_deref(), Some("https://example.com/acme/shop.git"));
}

#[test]
fn a_revision_is_read_without_a_checkout() {
    let sandbox = Sandbox::new();
    sandbox.write("cart/a.yaml", "a: 1\n");
    sandbox.commit("one");
    sandbox.write("cart/a.yaml", "a: 2\n");
    sandbox.commit("two");
    let source = sandbox.source();
    let old = source.files("HEAD~1").unwrap();
    let at = |path: &str| format!("{}/{path}", source.root().display());
    assert_eq!(&*old.read(&at("cart/a.yaml")).unwrap(), b"a: 1\n");
    assert_eq!(old.blob_id(&at("cart/a.yaml")).unwrap(), git::source::blob_id(b"a: 1\n").unwrap());
    assert_eq!(old.kind(&at("cart")).unwrap(), EntryKind::Folder);
    assert_eq!(old.kind(&at("nothing")).unwrap_err(), ReadError::NotFound);
    assert_eq!(old.kind("/elsewhere").unwrap_err(), ReadError::NotFound);
    assert_eq!(old.list(&at("cart")).unwrap(), ["a.yaml"]);
    assert_eq!(old.list(&at("cart/a.yaml")).unwrap_err(), ReadError::NotFolder);
    assert_eq!(old.read(&at("cart")).unwrap_err(), ReadError::NotFile);
    assert!(source.files("nowhere").is_err());
}

#[test]
fn no_repository_says_so() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(SourceRepository::discover(folder.path()), Err(SourceError::NoRepository(_))));
}

#[test]
fn credentials_leave_a_url() {
    for (url, clean) in [
        ("https://token@github.com/a/b.git", "https://github.com/a/b.git"),
        ("https://u:p%40x@host:8443/a", "https://host:8443/a"),
        ("https://u:p@x@host/a@b", "https://host/a@b"),
        ("ssh://git:secret@host/a", "ssh://git@host/a"),
        ("git@github.com:a/b.git", "git@github.com:a/b.git"),
        ("/srv/a@b", "/srv/a@b"),
    ] {
        assert_eq!(without_credentials(url), clean, "{url}");
    }
}

#[test]
#[ignore = "asks the program git"]
fn real_git_answers_the_same() {
    let sandbox = Sandbox::new();
    for number in 0..300 {
        sandbox.write(&format!("d{}/f", number % 7), &number.to_string());
        sandbox.commit(&format!("change {number}\nsecond line\n\nbody\n\nKey: value {number}\n"));
        if number % 90 == 0 {
            sandbox.git(&["tag", &format!("v{number}")]);
        }
    }
    for packed in [false, true] {
        if packed {
            sandbox.git(&["gc", "-q"]);
        }
        let source = sandbox.source();
        let head = source.head().unwrap();
        assert_eq!(source.describe().unwrap(), sandbox.git(&["describe", "--tags", "--always"]));
        assert_eq!(head.short_id, sandbox.git(&["rev-parse", "--short", "HEAD"]));
        assert_eq!(head.subject, sandbox.git(&["log", "-1", "--format=%s"]));
        assert_eq!(head.body, sandbox.git(&["log", "-1", "--format=%b"]));
        for folder in 0..7 {
            let path = sandbox.path().join(format!("d{folder}"));
            let spec = format!("HEAD:d{folder}");
            assert_eq!(source.short_tree_id(&path).unwrap(), sandbox.git(&["rev-parse", "--short", &spec]));
            let last = source.last_change(&path).unwrap().unwrap();
            assert_eq!(last.id, sandbox.git(&["log", "-1", "--format=%H", "--", &format!("d{folder}")]));
        }
    }
}

#[test]
#[ignore = "needs git"]
fn real_git_a_commit_in_another_encoding_is_read_as_git_reads_it() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path().join("message"), b"caf\xe9: \xfcber\n\nStra\xdfe\n").unwrap();
    sandbox.git(&["config", "i18n.commitEncoding", "ISO-8859-1"]);
    let mut command = Command::new("git");
    command.arg("-C").arg(sandbox.path()).args(["commit", "-q", "--allow-empty", "-F", "message"]);
    // In this encoding, the author's name is one byte per character too.
    command.env("GIT_AUTHOR_NAME", std::ffi::OsStr::from_bytes(b"Ren\xe9")).env("GIT_AUTHOR_EMAIL", "rene@example.com");
    command.env("GIT_COMMITTER_NAME", "Ada").env("GIT_COMMITTER_EMAIL", "ada@example.com");
    assert!(command.output().unwrap().status.success());
    let head = sandbox.source().commit("HEAD").unwrap();
    assert_eq!((head.author.name.as_str(), head.subject.as_str()), ("Ren\u{e9}", "caf\u{e9}: \u{fc}ber"));
    assert_eq!(head.body, "Stra\u{df}e");
    let ours = format!("{}|{}|{}", head.author.name, head.subject, head.body);
    assert_eq!(ours, sandbox.git(&["log", "-1", "--encoding=UTF-8", "--format=%an|%s|%b"]));
}

#[test]
fn commits_of_pull_requests_are_not_known() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", "a: 1\n");
    let first = sandbox.commit("first");
    let commit = |name: &str, parent: Oid| {
        let parent = sandbox.repository.find_commit(parent).unwrap();
        let who = Signature::new("Ada", "ada@example.com", &Time::new(1_700_000_000, 0)).unwrap();
        sandbox.repository.commit(None, &who, &who, name, &parent.tree().unwrap(), &[&parent]).unwrap()
    };
    sandbox.repository.remote("origin", "https://example.com/a.git").unwrap();
    let refs = [
        ("refs/heads/feature/x", true),
        ("refs/tags/v1", true),
        ("refs/remotes/origin/main", true),
        ("refs/remotes/origin/pr/7", false),
        ("refs/remotes/origin/merge-requests/7/head", false),
        ("refs/remotes/pull/7/merge", false),
        ("refs/pull/7/head", false),
        ("refs/stash", false),
        ("refs/notes/commits", false),
    ];
    let made: Vec<(Oid, bool)> = refs
        .into_iter()
        .map(|(name, known)| {
            let id = commit(name, first);
            sandbox.repository.reference(name, id, true, "test").unwrap();
            (id, known)
        })
        .collect();
    let (source, dangling) = (sandbox.source(), commit("dangling", first));
    let commits = source.known_commits();
    for ((id, known), (name, _)) in made.into_iter().zip(refs) {
        assert_eq!(commits.contain(&id.to_string()), known, "{name}");
    }
    assert!(commits.contain(&first.to_string()));
    assert!(!commits.contain(&dangling.to_string()));
    for text in ["HEAD", "main", "", &first.to_string()[..10]] {
        assert!(!commits.contain(text), "{text}");
    }
}
