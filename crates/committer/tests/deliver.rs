//! Deliveries to a bare repository on disk, in process: no git, no server.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod deliveries;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use committer::branches::{self, BranchPath, Depth};
use committer::{AssignedBy, Assignment, Message, Options, Outcome, Refusal, Unit, UnitResult};
use deliveries::{committed, deliver, options, refused, sha, unit};
use git::{Change, ChangeKind, Mode, Remote};
use git2::Repository;

struct Target {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Target {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifests.git");
        Self { _folder: folder, path }
    }

    fn remote(&self) -> Remote {
        Remote::new(self.path.to_str().unwrap())
    }

    fn deliver(&self, units: &[Unit]) -> Vec<UnitResult> {
        self.with(units, |_| {})
    }

    fn with(&self, units: &[Unit], change: impl Fn(&mut Options<'_>)) -> Vec<UnitResult> {
        let mut options = options();
        change(&mut options);
        deliver(&self.remote(), units, &options).unwrap()
    }

    fn repository(&self) -> Repository {
        Repository::open(&self.path).unwrap()
    }

    fn head(&self, branch: &str) -> Option<String> {
        self.repository().refname_to_id(&format!("refs/heads/{branch}")).ok().map(|id| id.to_string())
    }

    /// The files of a branch.
    fn files(&self, branch: &str) -> BTreeMap<String, String> {
        let repository = self.repository();
        let tree = repository.revparse_single(branch).unwrap().peel_to_tree().unwrap();
        let mut files = BTreeMap::new();
        tree.walk(git2::TreeWalkMode::PreOrder, |folder, entry| {
            if entry.kind() == Some(git2::ObjectType::Blob) {
                let blob = repository.find_blob(entry.id()).unwrap();
                let text = String::from_utf8(blob.content().to_vec()).unwrap();
                files.insert(format!("{folder}{}", entry.name().unwrap()), text);
            }
            git2::TreeWalkResult::Ok
        })
        .unwrap();
        files
    }

    fn names(&self, branch: &str) -> Vec<String> {
        self.files(branch).into_keys().collect()
    }

    /// Adds a commit by another author.
    fn foreign_commit(&self, branch: &str, files: &[(&str, &str)]) -> String {
        let repository = Repository::init_bare(&self.path).unwrap();
        let name = format!("refs/heads/{branch}");
        let parent = repository.refname_to_id(&name).ok().map(|id| repository.find_commit(id).unwrap());
        let mut index = git2::Index::new().unwrap();
        if let Some(parent) = &parent {
            index.read_tree(&parent.tree().unwrap()).unwrap();
        }
        for (path, text) in files {
            let id = repository.blob(text.as_bytes()).unwrap();
            let entry = git2::IndexEntry {
                ctime: git2::IndexTime::new(0, 0),
                mtime: git2::IndexTime::new(0, 0),
                dev: 0,
                ino: 0,
                mode: 0o100_644,
                uid: 0,
                gid: 0,
                file_size: 0,
                id,
                flags: 0,
                flags_extended: 0,
                path: path.as_bytes().to_vec(),
            };
            index.add(&entry).unwrap();
        }
        let tree = repository.find_tree(index.write_tree_to(&repository).unwrap()).unwrap();
        let who = git2::Signature::new("Else", "else@example.com", &git2::Time::new(1, 0)).unwrap();
        let parents: Vec<_> = parent.iter().collect();
        repository.commit(Some(&name), &who, &who, "else", &tree, &parents).unwrap().to_string()
    }

    fn note(&self, commit: &str) -> Option<String> {
        let repository = self.repository();
        let note =
            repository.find_note(Some("refs/notes/hydrator.metadata"), git2::Oid::from_str(commit).unwrap()).ok()?;
        Some(note.message().unwrap().to_owned())
    }
}

#[test]
fn a_missing_path_becomes_a_bare_repository() {
    let target = Target::new();
    let units = [
        unit("cart/develop", 1, &[("manifest.yaml", "a: 1\n")]),
        unit("cart/production", 1, &[("manifest.yaml", "a: 2\n")]),
    ];
    let first = target.deliver(&units);
    assert!(target.repository().is_bare());
    for (unit, delivery) in units.iter().zip(&first) {
        let (old, new) = committed(delivery);
        assert_eq!((old, target.head(&unit.branch)), (None, Some(new)));
    }
    assert_eq!(target.names("cart/develop"), ["hydrator.metadata", "manifest.yaml"]);
    let again = target.deliver(&units);
    assert!(again.iter().all(|delivery| delivery.outcome == Outcome::Unchanged), "{again:?}");
    assert_eq!(again[0].commit, target.head("cart/develop"));
}

#[test]
fn the_record_is_argo_cds_to_the_byte() {
    let target = Target::new();
    let mut unit = unit("a", 7, &[("manifest.yaml", "a: 1\n"), ("b/c.yaml", "<&>\n")]);
    unit.source.body = "one <b>\ntwo".to_owned();
    target.deliver(&[unit]);
    let expected = "{\n  \"repoURL\": \"https://example.com/acme/shop.git\",\n  \"drySha\": \"0000000000000000000000000000000000000007\",\n  \"commands\": [\n    \"hydrant deliver\"\n  ],\n  \"author\": \"Ada <ada@example.com>\",\n  \"date\": \"2023-11-14T22:13:20Z\",\n  \"subject\": \"change 7\",\n  \"body\": \"one <b>\\ntwo\",\n  \"hydrant\": {\n    \"files\": [\n      \"b/c.yaml\",\n      \"manifest.yaml\"\n    ],\n    \"content\": \"e85944cc456dd789abb26b2196d13d828d47be9c\"\n  }\n}\n";
    assert_eq!(target.files("a")["hydrator.metadata"], expected);
}

#[test]
fn unchanged_output_of_a_newer_source_moves_the_note_alone() {
    let target = Target::new();
    target.deliver(&[unit("a", 1, &[("manifest.yaml", "a\n")])]);
    let head = target.head("a").unwrap();
    assert_eq!(target.note(&head).unwrap(), format!("{{\"drySha\":\"{}\"}}", sha(1)));
    assert_eq!(target.deliver(&[unit("a", 2, &[("manifest.yaml", "a\n")])])[0].outcome, Outcome::NoteUpdated);
    assert_eq!(target.head("a").unwrap(), head);
    assert_eq!(target.note(&head).unwrap(), format!("{{\"drySha\":\"{}\"}}", sha(2)));
    assert_eq!(target.deliver(&[unit("a", 2, &[("manifest.yaml", "a\n")])])[0].outcome, Outcome::Unchanged);
    // The note counts: 1 is older than what the branch stands for.
    let older = target.deliver(&[unit("a", 1, &[("manifest.yaml", "b\n")])]);
    assert_eq!(refused(&older[0]), Refusal::Older { recorded: sha(2), ours: sha(1) });
}

#[test]
fn the_order_survives_commits_of_others() {
    let target = Target::new();
    target.deliver(&[unit("a", 1, &[("manifest.yaml", "a\n")])]);
    assert_eq!(target.deliver(&[unit("a", 3, &[("manifest.yaml", "a\n")])])[0].outcome, Outcome::NoteUpdated);
    target.foreign_commit("a", &[("README.md", "by hand\n")]);
    let older = target.deliver(&[unit("a", 2, &[("manifest.yaml", "b\n")])]);
    assert_eq!(refused(&older[0]), Refusal::Older { recorded: sha(3), ours: sha(2) });
    // The new commit gets its note again.
    assert_eq!(target.deliver(&[unit("a", 3, &[("manifest.yaml", "a\n")])])[0].outcome, Outcome::NoteUpdated);
    assert_eq!(target.note(&target.head("a").unwrap()).unwrap(), format!("{{\"drySha\":\"{}\"}}", sha(3)));
    assert_eq!(target.deliver(&[unit("a", 3, &[("manifest.yaml", "a\n")])])[0].outcome, Outcome::Unchanged);
    // A rollback is a delivery like any other: what it delivers counts from then on.
    let mut back = unit("a", 1, &[("manifest.yaml", "1\n")]);
    back.allow_older = true;
    committed(&target.deliver(&[back])[0]);
    committed(&target.deliver(&[unit("a", 2, &[("manifest.yaml", "b\n")])])[0]);
}

#[test]
fn never_backwards_and_never_sideways() {
    let target = Target::new();
    target.deliver(&[unit("a", 5, &[("manifest.yaml", "5\n")])]);
    for (source, expected) in
        [(4, Refusal::Older { recorded: sha(5), ours: sha(4) }), (3, Refusal::Older { recorded: sha(5), ours: sha(3) })]
    {
        assert_eq!(refused(&target.deliver(&[unit("a", source, &[("manifest.yaml", "x\n")])])[0]), expected);
    }
    let mut forced = unit("a", 4, &[("manifest.yaml", "4\n")]);
    forced.allow_older = true;
    committed(&target.deliver(&[forced])[0]);
    target.deliver(&[unit("b", 666, &[("manifest.yaml", "x\n")])]);
    let unknown = refused(&target.deliver(&[unit("b", 667, &[("manifest.yaml", "y\n")])])[0]);
    assert_eq!(unknown, Refusal::UnknownAncestry { recorded: sha(666), ours: sha(667), reason: "lost".to_owned() });
    assert!(unknown.hint().unwrap().contains("fetch-depth: 0"));
    let mut other = unit("a", 9, &[("manifest.yaml", "9\n")]);
    other.source.repo_url = "https://example.com/acme/other.git".to_owned();
    assert!(matches!(refused(&target.deliver(std::slice::from_ref(&other))[0]), Refusal::OtherSource { .. }));
    other.adopt = true;
    committed(&target.deliver(&[other])[0]);
}

#[test]
fn what_we_wrote_goes_and_what_others_wrote_stays() {
    let target = Target::new();
    target.deliver(&[unit("a", 1, &[("old/x.yaml", "1\n"), ("keep.yaml", "1\n")])]);
    target.foreign_commit("a", &[("README.md", "ours to keep\n"), ("old/theirs", "t\n")]);
    let second = target.deliver(&[unit("a", 2, &[("keep.yaml", "1\n"), ("new.yaml", "2\n")])]);
    let changes: Vec<(&str, ChangeKind)> =
        second[0].changes.iter().map(|change| (change.path.as_str(), change.kind)).collect();
    assert_eq!(changes, [("new.yaml", ChangeKind::Added), ("old/x.yaml", ChangeKind::Removed)]);
    assert_eq!(target.names("a"), ["README.md", "hydrator.metadata", "keep.yaml", "new.yaml", "old/theirs"]);
    let third = target.deliver(&[unit("a", 3, &[("README.md", "mine\n")])]);
    assert_eq!(refused(&third[0]), Refusal::UnmanagedFile { path: "README.md".to_owned() });
    let below = target.deliver(&[unit("a", 3, &[("README.md/x", "mine\n")])]);
    assert_eq!(refused(&below[0]), Refusal::UnmanagedFile { path: "README.md".to_owned() });
    let above = target.deliver(&[unit("a", 3, &[("old", "mine\n")])]);
    assert_eq!(refused(&above[0]), Refusal::UnmanagedFile { path: "old/theirs".to_owned() });
}

#[test]
fn a_file_may_become_a_folder_and_a_folder_a_file() {
    let target = Target::new();
    target.deliver(&[unit("a", 1, &[("x", "1\n"), ("y/z", "1\n")])]);
    target.deliver(&[unit("a", 2, &[("x/z", "1\n"), ("y", "1\n")])]);
    assert_eq!(target.names("a"), ["hydrator.metadata", "x/z", "y"]);
}

#[test]
fn a_branch_of_others_is_refused_until_adopted() {
    let target = Target::new();
    target.foreign_commit("main", &[("README.md", "hello\n")]);
    let mut unit = unit("main", 1, &[("manifest.yaml", "a\n")]);
    assert_eq!(
        refused(&target.deliver(std::slice::from_ref(&unit))[0]),
        Refusal::UnmanagedFiles { files: vec!["README.md".to_owned()] }
    );
    unit.adopt = true;
    committed(&target.deliver(&[unit])[0]);
    assert_eq!(target.names("main"), ["README.md", "hydrator.metadata", "manifest.yaml"]);
}

#[test]
fn argo_cds_branch_is_taken_on_without_adoption() {
    let target = Target::new();
    let record = format!("{{\"repoURL\":\"https://example.com/acme/shop\",\"drySha\":\"{}\"}}", sha(1));
    target.foreign_commit("env", &[("hydrator.metadata", &record), ("manifest.yaml", "a\n"), ("README.md", "r\n")]);
    assert_eq!(target.deliver(&[unit("env", 2, &[("manifest.yaml", "a\n")])])[0].outcome, Outcome::NoteUpdated);
    let second = target.deliver(&[unit("env", 3, &[("manifest.yaml", "b\n")])]);
    assert_eq!(second[0].changes, [Change { path: "manifest.yaml".to_owned(), kind: ChangeKind::Modified }]);
    assert_eq!(target.names("env"), ["README.md", "hydrator.metadata", "manifest.yaml"]);
}

/// A unit in a folder of a branch.
fn shared(folder: &str, source: u32, text: &str) -> Unit {
    let mut unit = unit("env/prod", source, &[("manifest.yaml", text)]);
    unit.name = format!("{folder}/prod");
    unit.folder = folder.to_owned();
    unit
}

#[test]
fn many_services_share_a_branch_under_folders_of_their_own() {
    let target = Target::new();
    let first = target.deliver(&[shared("cart", 1, "c\n"), shared("shop", 1, "s\n")]);
    assert_eq!(committed(&first[0]).1, committed(&first[1]).0.unwrap(), "one commit a unit, one on the other");
    let units = ["cart/hydrator.metadata", "cart/manifest.yaml", "shop/hydrator.metadata", "shop/manifest.yaml"];
    let mut names = vec!["hydrator.metadata"];
    names.extend(units);
    names.sort_unstable();
    assert_eq!(target.names("env/prod"), names);
    // cart stays the same up to 5; shop is still at 1 and may go to 3.
    assert_eq!(target.deliver(&[shared("cart", 5, "c\n")])[0].outcome, Outcome::NoteUpdated);
    committed(&target.deliver(&[shared("shop", 3, "s3\n")])[0]);
    // The new commit carries on what is known of cart.
    assert_eq!(
        refused(&target.deliver(&[shared("cart", 4, "c4\n")])[0]),
        Refusal::Older { recorded: sha(5), ours: sha(4) }
    );
    assert_eq!(target.deliver(&[shared("cart", 5, "c\n"), shared("shop", 3, "s3\n")])[1].outcome, Outcome::Unchanged);
}

#[test]
fn a_dry_run_writes_nothing_and_tells_the_same_commit() {
    let target = Target::new();
    let units = [unit("a", 1, &[("manifest.yaml", "a\n")])];
    let dry = target.with(&units, |options| options.dry_run = true);
    assert!(!target.path.exists());
    let wet = target.deliver(&units);
    assert_eq!(committed(&dry[0]), committed(&wet[0]));
    let before = listing(&target.path);
    target.with(&[unit("a", 2, &[("manifest.yaml", "b\n")])], |options| options.dry_run = true);
    target.with(&[unit("a", 2, &[("manifest.yaml", "a\n")])], |options| options.dry_run = true);
    assert_eq!(listing(&target.path), before);
}

fn listing(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path.clone());
            }
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn atomic_means_all_or_nothing() {
    let target = Target::new();
    target.deliver(&[unit("a", 5, &[("manifest.yaml", "5\n")])]);
    let units = [unit("a", 4, &[("manifest.yaml", "4\n")]), unit("b", 4, &[("manifest.yaml", "4\n")])];
    let both = target.with(&units, |options| options.atomic = true);
    assert!(matches!(refused(&both[0]), Refusal::Older { .. }));
    assert_eq!(refused(&both[1]), Refusal::AtomicAborted { refused: "a".to_owned() });
    assert_eq!(target.head("b"), None);
    let each = target.deliver(&units);
    assert!(matches!(refused(&each[0]), Refusal::Older { .. }));
    committed(&each[1]);
}

#[test]
fn a_new_branch_may_start_from_another() {
    let target = Target::new();
    target.deliver(&[unit("env", 1, &[("manifest.yaml", "1\n")])]);
    let mut next = unit("env-next", 2, &[("manifest.yaml", "2\n")]);
    next.start_from = Some("env".to_owned());
    let delivered = target.deliver(&[next]);
    assert_eq!(committed(&delivered[0]).0, target.head("env"));
    assert_eq!(target.files("env")["manifest.yaml"], "1\n");
}

#[test]
fn modes_are_kept() {
    let target = Target::new();
    let mut unit = unit("a", 1, &[("run.sh", "#!/bin/sh\n"), ("link", "run.sh")]);
    unit.files.get_mut("run.sh").unwrap().mode = Mode::Executable;
    unit.files.get_mut("link").unwrap().mode = Mode::Link;
    target.deliver(&[unit.clone()]);
    let repository = target.repository();
    let tree = repository.revparse_single("a").unwrap().peel_to_tree().unwrap();
    assert_eq!(tree.get_name("run.sh").unwrap().filemode(), 0o100_755);
    assert_eq!(tree.get_name("link").unwrap().filemode(), 0o120_000);
    unit.files.get_mut("run.sh").unwrap().mode = Mode::Regular;
    unit.source.dry_sha = sha(2);
    assert_eq!(target.deliver(&[unit])[0].changes.len(), 1);
}

#[test]
fn a_message_may_tell_what_was_before() {
    let target = Target::new();
    target.deliver(&[unit("a", 1, &[("manifest.yaml", "1\n")])]);
    let head = target.head("a").unwrap();
    let mut second = unit("a", 2, &[("manifest.yaml", "2\n")]);
    second.message = Message::Computed(std::sync::Arc::new(|previous| {
        let trailer = &previous.trailers[0];
        format!("from {} {}={} {:?}", previous.commit.clone().unwrap(), trailer.0, trailer.1, previous.changes)
    }));
    target.deliver(&[second]);
    let repository = target.repository();
    let commit = repository.revparse_single("a").unwrap().peel_to_commit().unwrap();
    let expected = format!("from {head} Hydrant-Source=1 [Change {{ path: \"manifest.yaml\", kind: Modified }}]\n");
    assert_eq!(commit.message().unwrap(), expected);
}

#[test]
fn bad_units_are_refused_before_anything_is_read() {
    let target = Target::new();
    let cases: Vec<(&str, Vec<Unit>)> = vec![
        ("branch", vec![unit("a..b", 1, &[])]),
        ("path", vec![unit("a", 1, &[("../x", "")])]),
        ("path", vec![unit("a", 1, &[(".git/config", "")])]),
        ("path", vec![unit("a", 1, &[("/etc/passwd", "")])]),
        ("path", vec![unit("a", 1, &[("hydrator.metadata", "")])]),
        ("duplicate path", vec![unit("a", 1, &[("x", ""), ("x/y", "")])]),
        ("folder", vec![unit("a", 1, &[("x", "")]), unit("a", 1, &[("y", "")])]),
    ];
    for (message, units) in cases {
        let error = deliver(&target.remote(), &units, &options()).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    assert!(!target.path.exists());
}

#[test]
fn a_path_that_is_no_repository_is_refused() {
    let target = Target::new();
    std::fs::create_dir(&target.path).unwrap();
    std::fs::write(target.path.join("file"), "x").unwrap();
    let error = deliver(&target.remote(), &[unit("a", 1, &[("x", "")])], &options()).unwrap_err().to_string();
    assert!(error.contains("not a git repository: "), "{error}");
    assert_eq!(listing(&target.path).len(), 1);
}

/// A clone of the repository checks out a branch, and nothing else is left beside it.
fn is_complete(target: &Target) {
    let repository = target.repository();
    assert!(repository.head().is_ok_and(|head| head.name().is_ok_and(|name| name.starts_with("refs/heads/"))));
    let parent = target.path.parent().unwrap();
    let beside: Vec<_> = std::fs::read_dir(parent).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(beside, ["manifests.git"], "no temporary folder is left");
}

#[test]
fn many_at_once_create_the_repository_together() {
    for _ in 0..5 {
        let target = Target::new();
        std::thread::scope(|scope| {
            for worker in 0..16 {
                let target = &target;
                scope.spawn(move || {
                    let own = unit(&format!("own/{worker}"), 1, &[("manifest.yaml", &format!("{worker}\n"))]);
                    let shared = unit("shared", 1, &[("manifest.yaml", "1\n")]);
                    let done = target.with(&[own, shared], |options| options.attempts = 200);
                    committed(&done[0]);
                    assert!(!matches!(done[1].outcome, Outcome::Refused(_)), "{done:?}");
                });
            }
        });
        let repository = target.repository();
        for branch in (0..16).map(|worker| format!("own/{worker}")).chain(["shared".to_owned()]) {
            let mut walk = repository.revwalk().unwrap();
            walk.push_ref(&format!("refs/heads/{branch}")).unwrap();
            assert_eq!(walk.count(), 1, "{branch}");
        }
        is_complete(&target);
    }
}

/// What a process left that was killed while it created the repository in place.
#[test]
fn a_half_made_repository_is_completed() {
    let unit = || [unit("cart/prod", 1, &[("manifest.yaml", "1\n")])];
    for folders in [&[][..], &["refs"], &["objects", "info"], &["refs", "objects", "hooks"]] {
        let target = Target::new();
        for folder in folders {
            std::fs::create_dir_all(target.path.join(folder)).unwrap();
        }
        std::fs::create_dir_all(&target.path).unwrap();
        committed(&target.deliver(&unit())[0]);
        is_complete(&target);
    }
    let target = Target::new();
    std::fs::create_dir_all(target.path.join("refs")).unwrap();
    std::fs::write(target.path.join("notes.txt"), "mine").unwrap();
    assert!(deliver(&target.remote(), &unit(), &options()).is_err(), "a folder with other files is none of ours");
}

#[test]
fn many_at_once_lose_nothing() {
    let target = Target::new();
    target.deliver(&[unit("start", 1, &[("x", "")])]);
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let target = &target;
            scope.spawn(move || {
                for round in 1..=10 {
                    // One branch of its own, one folder of a branch that all share.
                    let mut shared = unit("shared", round, &[("manifest.yaml", &format!("{worker} {round}\n"))]);
                    shared.folder = format!("w{worker}");
                    shared.name = format!("w{worker}");
                    let own = unit(&format!("own/{worker}"), round, &[("manifest.yaml", &format!("{round}\n"))]);
                    for delivery in target.with(&[shared, own], |options| options.attempts = 200) {
                        committed(&delivery);
                    }
                }
            });
        }
    });
    let files = target.files("shared");
    let repository = target.repository();
    let mut walk = repository.revwalk().unwrap();
    walk.push_ref("refs/heads/shared").unwrap();
    assert_eq!(walk.count(), 80, "every delivery is in history");
    for worker in 0..8 {
        assert_eq!(files[&format!("w{worker}/manifest.yaml")], format!("{worker} 10\n"));
    }
}

#[test]
fn delivered_branches_are_read_back() {
    let target = Target::new();
    target.deliver(&[unit("a", 1, &[("manifest.yaml", "1\n")])]);
    target.deliver(&[unit("a", 2, &[("manifest.yaml", "2\n")]), unit("b/c", 2, &[("x/y", "2\n")])]);
    target.foreign_commit("a", &[("README.md", "theirs\n")]);
    target.deliver(&[unit("a", 3, &[("manifest.yaml", "2\n")])]);
    let place = |branch: &str| BranchPath { branch: branch.to_owned(), folder: String::new() };
    let found = branches::read(
        git::open(&target.remote()).unwrap().as_mut(),
        &[place("a"), place("b/c"), place("none")],
        Depth::Files,
    )
    .unwrap();
    let a = &found[&place("a")];
    assert_eq!(
        (a.noted_source.as_deref(), a.record.as_ref().unwrap().source.dry_sha.as_str()),
        (Some(sha(3).as_str()), sha(2).as_str())
    );
    assert_eq!(a.files.keys().collect::<Vec<_>>(), ["manifest.yaml"]);
    assert_eq!(&*a.files["manifest.yaml"].bytes, b"2\n");
    assert_eq!(found[&place("b/c")].files.keys().collect::<Vec<_>>(), ["x/y"]);
    assert_eq!(found.len(), 2, "a branch that does not exist has no entry");
    let history =
        branches::history(git::open(&target.remote()).unwrap().as_mut(), &place("a"), 10, Depth::Record).unwrap();
    let subjects: Vec<&str> = history.iter().map(|entry| entry.commit.subject.as_str()).collect();
    assert_eq!(subjects, ["else", "a: deliver 2", "a: deliver 1"]);
    assert_eq!(history[2].record.as_ref().unwrap().source.dry_sha, sha(1));
    assert_eq!(
        branches::history(git::open(&target.remote()).unwrap().as_mut(), &place("a"), 2, Depth::Files).unwrap().len(),
        2
    );
}

#[test]
fn files_that_were_rendered_with_other_assignments_are_refused() {
    let target = Target::new();
    let assigned = |reference: &str| Assignment {
        image: "r/cart".to_owned(),
        reference: reference.to_owned(),
        source: vec!["r/cart:1".to_owned()],
        by: AssignedBy::Image,
        from: String::new(),
        commit: sha(1),
        run: String::new(),
        at: String::new(),
        applied: None,
        values: Vec::new(),
    };
    let mut first = unit("a", 1, &[("manifest.yaml", "cart:2\n")]);
    first.assignments = vec![assigned("r/cart:2")];
    first.expected_assignments = Some(Vec::new());
    committed(&target.deliver(&[first.clone()])[0]);
    // A newer source, rendered by a run that did not see the assignment, does not undo it.
    let mut blind = unit("a", 2, &[("manifest.yaml", "cart:1\n")]);
    blind.expected_assignments = Some(Vec::new());
    let Refusal::Reassigned { recorded, .. } = refused(&target.deliver(&[blind.clone()])[0]) else { panic!() };
    assert_eq!(recorded, first.assignments);
    assert_eq!(target.files("a")["manifest.yaml"], "cart:2\n");
    blind.expected_assignments = Some(recorded.clone());
    blind.assignments = recorded.clone();
    blind.files = first.files.clone();
    assert_eq!(target.deliver(&[blind.clone()])[0].outcome, Outcome::NoteUpdated);
    // Another assignment with the same files is a change of the record.
    blind.assignments = vec![assigned("r/cart:3")];
    committed(&target.deliver(&[blind])[0]);
    // An older source is superseded, whatever it expects.
    assert!(matches!(refused(&target.deliver(&[first])[0]), Refusal::Older { .. }));
}
