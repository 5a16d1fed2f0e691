//! What Argo CD and GitOps Promoter read on delivered branches: the record in the root, the note on each commit, related histories.
//!
//! The program git makes the commits of other tools and answers as these readers would ask it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod deliveries;

use std::path::{Path, PathBuf};
use std::process::Command;

use committer::{Outcome, Refusal, RequestMethod, Topic, Unit, UnitResult};
use deliveries::{committed, deliver, options, refused, sha, unit};
use git::Remote;

const DESTINATION: &str = "https://example.com/acme/manifests.git";
const README: &str =
    "\n# Manifest Hydration\n\nTo hydrate the manifests in this repository, run the following commands:\n";

struct Fixture {
    folder: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("manifests.git")
    }

    fn deliver(&self, units: &[Unit]) -> Vec<UnitResult> {
        let mut options = options();
        options.repository = DESTINATION.to_owned();
        let done = deliver(&Remote::new(self.path().display().to_string()), units, &options).unwrap();
        git(&self.path(), &["fsck", "--strict", "--no-dangling"]);
        done
    }

    /// The dry source that a reader finds in a file of a branch; empty if the file is missing.
    fn dry_sha(&self, branch: &str, file: &str) -> String {
        let Some(text) = self.try_git(&["show", &format!("{branch}:{file}")]) else { return String::new() };
        let record: serde_json::Value = serde_json::from_str(&text).unwrap();
        record["drySha"].as_str().unwrap().to_owned()
    }

    /// The dry source that the note on a commit has; empty without a note.
    fn note(&self, commit: &str) -> String {
        let Some(text) = self.try_git(&["notes", "--ref=hydrator.metadata", "show", commit]) else {
            return String::new();
        };
        let note: serde_json::Value = serde_json::from_str(&text).unwrap();
        note["drySha"].as_str().unwrap().to_owned()
    }

    fn try_git(&self, arguments: &[&str]) -> Option<String> {
        let output = Command::new("git").arg("-C").arg(self.path()).args(arguments).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim_end().to_owned())
    }

    fn id(&self, name: &str) -> Option<String> {
        self.try_git(&["rev-parse", "-q", "--verify", name])
    }

    /// A branch as Argo CD's hydrator writes it: a record in the root, and a record, a README and manifests in each folder.
    fn hydrate(&self, branch: &str, source: u32, folders: &[&str]) {
        git(self.folder.path(), &["init", "-q", "--bare", "manifests.git"]);
        let work = self.folder.path().join("work");
        git(self.folder.path(), &["init", "-q", "-b", branch, "work"]);
        let record = format!("{{\n  \"repoURL\": \"{DESTINATION}\",\n  \"drySha\": \"{}\"\n}}\n", sha(source));
        let write = |path: &str, text: &str| {
            let path = work.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("hydrator.metadata", &record);
        write("README.md", README);
        for folder in folders {
            write(&format!("{folder}/hydrator.metadata"), &record);
            write(&format!("{folder}/README.md"), README);
            write(&format!("{folder}/manifest.yaml"), "argo: cd\n");
        }
        git(&work, &["add", "-A"]);
        git(&work, &["commit", "-q", "-m", "hydrated"]);
        git(&work, &["push", "-q", "../manifests.git", branch]);
    }
}

fn git(at: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.arg("-C").arg(at).args(arguments);
    for (name, value) in [("NAME", "Ann"), ("EMAIL", "ann@example.com"), ("DATE", "2026-11-21T10:00:00Z")] {
        command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// A unit in a folder of a branch.
fn shared(branch: &str, folder: &str, source: u32, text: &str) -> Unit {
    let mut unit = unit(branch, source, &[("manifest.yaml", text)]);
    unit.name = format!("{folder}/{branch}");
    unit.folder = folder.to_owned();
    unit
}

fn rolled_back(mut unit: Unit) -> Unit {
    unit.allow_older = true;
    unit.hold = Some("it fails".to_owned());
    unit
}

#[test]
fn a_shared_branch_has_a_record_in_its_root() {
    let fixture = Fixture::new();
    let both = |source: u32| {
        [shared("env", "cart", source, &format!("{source}\n")), shared("env", "shop", source, &format!("{source}\n"))]
    };
    fixture.deliver(&both(1));
    assert_eq!(fixture.dry_sha("env", "hydrator.metadata"), sha(1));
    assert_eq!(fixture.dry_sha("env~1", "hydrator.metadata"), sha(1), "each commit has it");
    fixture.deliver(&both(2)[..1]);
    assert_eq!(fixture.dry_sha("env", "hydrator.metadata"), sha(2));
    assert_eq!(fixture.dry_sha("env", "shop/hydrator.metadata"), sha(1));
    // An older source of the other unit does not take the branch back.
    let mut late = shared("env", "shop", 1, "late\n");
    late.source.dry_sha = sha(1);
    committed(&fixture.deliver(&[late])[0]);
    assert_eq!((fixture.dry_sha("env", "hydrator.metadata"), fixture.note("env")), (sha(2), sha(2)));
    let text = fixture.try_git(&["show", "env:hydrator.metadata"]).unwrap();
    assert!(!text.contains("commands") && text.contains("\"subject\": \"change 2\""), "{text}");
}

#[test]
fn a_unit_in_the_root_keeps_its_own_record_there() {
    let fixture = Fixture::new();
    let root = |source: u32| unit("env", source, &[("manifest.yaml", &format!("{source}\n"))]);
    fixture.deliver(&[shared("env", "cart", 1, "c\n"), root(1)]);
    fixture.deliver(&[shared("env", "cart", 2, "c2\n")]);
    assert_eq!(fixture.dry_sha("env", "hydrator.metadata"), sha(1), "the record of the unit in the root");
    assert_eq!(
        refused(&fixture.deliver(&[shared("env", "cart", 1, "x\n")])[0]),
        Refusal::Older { recorded: sha(2), ours: sha(1) }
    );
    committed(&fixture.deliver(&[root(3)])[0]);
    assert_eq!(fixture.dry_sha("env", "hydrator.metadata"), sha(3));
    assert_eq!(fixture.deliver(&[root(3), shared("env", "cart", 2, "c2\n")])[1].outcome, Outcome::Unchanged);
}

#[test]
fn every_commit_has_a_note() {
    let fixture = Fixture::new();
    let units = |source: u32| {
        let text = format!("{source}\n");
        [
            unit("single", source, &[("manifest.yaml", &text)]),
            shared("env", "cart", source, &text),
            shared("env", "shop", source, &text),
        ]
    };
    fixture.deliver(&units(1));
    fixture.deliver(&units(2));
    for (name, source) in [("single~1", 1), ("single", 2), ("env~3", 1), ("env~2", 1), ("env~1", 2), ("env", 2)] {
        assert_eq!(fixture.note(name), sha(source), "{name}");
    }
}

#[test]
fn a_rollback_of_one_unit_does_not_become_the_source_of_the_others() {
    let fixture = Fixture::new();
    for source in [1, 2] {
        let text = format!("{source}\n");
        fixture.deliver(&[shared("env", "cart", source, &text), shared("env", "shop", source, &text)]);
    }
    committed(&fixture.deliver(&[rolled_back(shared("env", "cart", 1, "1\n"))])[0]);
    assert_eq!((fixture.dry_sha("env", "hydrator.metadata"), fixture.note("env")), (sha(2), sha(2)));
    assert_eq!(fixture.dry_sha("env", "cart/hydrator.metadata"), sha(1));
    // The only unit of a branch takes the branch with it.
    for source in [1, 2] {
        fixture.deliver(&[shared("own", "cart", source, &format!("{source}\n"))]);
    }
    committed(&fixture.deliver(&[rolled_back(shared("own", "cart", 1, "1\n"))])[0]);
    assert_eq!((fixture.dry_sha("own", "hydrator.metadata"), fixture.note("own")), (sha(1), sha(1)));
}

#[test]
fn what_argo_cd_wrote_is_taken_over_and_does_not_go_stale() {
    let fixture = Fixture::new();
    fixture.hydrate("env", 3, &["cart", "shop"]);
    // Its record names the destination repository. Its dry source counts for the order.
    let older = fixture.deliver(&[shared("env", "cart", 2, "2\n")]);
    assert_eq!(refused(&older[0]), Refusal::Older { recorded: sha(3), ours: sha(2) });
    let done = fixture.deliver(&[shared("env", "cart", 4, "4\n")]);
    let changes: Vec<&str> = done[0].changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(changes, ["README.md", "cart/README.md", "cart/manifest.yaml"]);
    let names = fixture.try_git(&["ls-tree", "-r", "--name-only", "env"]).unwrap();
    let shop = "shop/README.md\nshop/hydrator.metadata\nshop/manifest.yaml";
    assert_eq!(names, format!("cart/hydrator.metadata\ncart/manifest.yaml\nhydrator.metadata\n{shop}"));
    assert_eq!(fixture.dry_sha("env", "hydrator.metadata"), sha(4));
    committed(&fixture.deliver(&[shared("env", "shop", 4, "4\n")])[0]);
    assert!(fixture.id("env:shop/README.md").is_none());
    // A record of a third repository is another source.
    let fixture = Fixture::new();
    fixture.hydrate("env", 3, &["cart"]);
    let mut options = options();
    options.repository = "https://example.com/acme/elsewhere.git".to_owned();
    let remote = Remote::new(fixture.path().display().to_string());
    let done = deliver(&remote, &[shared("env", "cart", 4, "4\n")], &options).unwrap();
    assert!(matches!(refused(&done[0]), Refusal::OtherSource { .. }));
}

#[test]
fn a_readme_of_people_stays() {
    let fixture = Fixture::new();
    fixture.deliver(&[shared("env", "cart", 1, "1\n")]);
    let work = fixture.folder.path().join("work");
    git(fixture.folder.path(), &["clone", "-q", "-b", "env", "manifests.git", "work"]);
    for path in ["README.md", "cart/README.md"] {
        std::fs::write(work.join(path), README).unwrap();
    }
    git(&work, &["add", "-A"]);
    git(&work, &["commit", "-q", "-m", "by hand"]);
    git(&work, &["push", "-q", "origin", "env"]);
    committed(&fixture.deliver(&[shared("env", "cart", 2, "2\n")])[0]);
    assert!(fixture.id("env:README.md").is_some() && fixture.id("env:cart/README.md").is_some());
}

fn proposing(source: u32, text: &str) -> Unit {
    let mut unit = unit("prod-next", source, &[("manifest.yaml", text)]);
    unit.active = Some("prod".to_owned());
    unit
}

#[test]
fn a_proposing_branch_starts_its_active_branch() {
    let fixture = Fixture::new();
    committed(&fixture.deliver(&[proposing(1, "1\n")])[0]);
    assert_eq!(fixture.try_git(&["ls-tree", "-r", "prod"]).unwrap(), "", "nothing is deployed");
    assert_eq!(fixture.try_git(&["merge-base", "prod", "prod-next"]), fixture.id("prod"));
    let active = fixture.id("prod");
    committed(&fixture.deliver(&[proposing(2, "2\n")])[0]);
    assert_eq!(fixture.id("prod"), active, "an active branch that exists is left alone");
    // A new proposing branch starts from what is active.
    git(&fixture.path(), &["update-ref", "refs/heads/prod", "prod-next"]);
    git(&fixture.path(), &["update-ref", "-d", "refs/heads/prod-next"]);
    let again = committed(&fixture.deliver(&[proposing(3, "3\n")])[0]);
    assert_eq!(again.0, fixture.id("prod"));
}

#[test]
fn an_active_branch_that_comes_late_is_related_by_the_next_commit() {
    let fixture = Fixture::new();
    committed(&fixture.deliver(&[unit("prod-next", 1, &[("manifest.yaml", "1\n")])])[0]);
    assert_eq!(fixture.deliver(&[proposing(1, "1\n")])[0].outcome, Outcome::Unchanged);
    assert_eq!(fixture.id("prod"), None, "nothing was pushed");
    committed(&fixture.deliver(&[proposing(2, "2\n")])[0]);
    assert_eq!(fixture.try_git(&["merge-base", "prod", "prod-next"]), fixture.id("prod"));
    assert!(fixture.try_git(&["merge-tree", "--write-tree", "prod", "prod-next"]).is_some());
}

#[test]
fn a_refused_active_branch_does_not_stop_the_delivery() {
    let fixture = Fixture::new();
    // `prod/x` is in the way of `prod`.
    committed(&fixture.deliver(&[unit("prod/x", 1, &[("a", "1\n")])])[0]);
    committed(&fixture.deliver(&[proposing(1, "1\n")])[0]);
    assert_eq!(fixture.id("refs/heads/prod"), None);
}

#[test]
fn promoter_reads_the_note_on_the_proposed_head() {
    let fixture = Fixture::new();
    let reviewed = |source: u32, text: &str| {
        let mut unit = unit("prod", source, &[("manifest.yaml", text)]);
        let request = RequestMethod::None;
        unit.topic = Some(Topic { branch: "prod-next".to_owned(), request, closes_on_branch_delete: false });
        unit
    };
    committed(&fixture.deliver(&[reviewed(1, "1\n")])[0]);
    assert_eq!(fixture.note("prod-next"), sha(1));
    assert_eq!(fixture.deliver(&[reviewed(2, "1\n")])[0].outcome, Outcome::NoteUpdated, "while it waits");
    assert_eq!(fixture.note("prod-next"), sha(2));
    // The promoter merges: the active branch has a commit of its own, and the proposing branch stays.
    let merge = ["commit-tree", "prod-next^{tree}", "-p", "prod", "-p", "prod-next", "-m", "Promote"];
    git(&fixture.path(), &["update-ref", "refs/heads/prod", &git(&fixture.path(), &merge)]);
    assert_eq!(fixture.deliver(&[reviewed(3, "1\n")])[0].outcome, Outcome::NoteUpdated);
    assert_eq!((fixture.note("prod-next"), fixture.note("prod")), (sha(3), sha(3)));
    assert_eq!(fixture.deliver(&[reviewed(3, "1\n")])[0].outcome, Outcome::Unchanged);
    assert!(fixture.id("prod-next").is_some());
    // In the next change the proposed head has its note, too.
    committed(&fixture.deliver(&[reviewed(4, "4\n")])[0]);
    assert_eq!((fixture.note("prod-next"), fixture.note("prod")), (sha(4), sha(3)));
}

#[test]
fn promotions_of_a_shared_branch_touch_their_folder_alone() {
    let fixture = Fixture::new();
    let proposing = |folder: &str| {
        let mut unit = shared(&format!("prod-next/{folder}"), folder, 1, "1\n");
        unit.active = Some("prod".to_owned());
        unit
    };
    fixture.deliver(&[proposing("cart"), proposing("shop")]);
    assert_eq!(fixture.id("prod-next/cart:hydrator.metadata"), None);
    assert_eq!(fixture.dry_sha("prod-next/cart", "cart/hydrator.metadata"), sha(1));
    assert_eq!(fixture.note("prod-next/shop"), sha(1));
    for branch in ["prod-next/cart", "prod-next/shop"] {
        assert_eq!(fixture.try_git(&["merge-base", "prod", branch]), fixture.id("prod"), "{branch}");
    }
}
