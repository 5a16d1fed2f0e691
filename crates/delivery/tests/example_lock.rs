//! The lock file of `examples/shop` against the example's own sources.
//!
//! A service's tag is the hash of its folder, so the lock is stale as soon as a file in a service's folder changes.
//! The example's registries do not exist: a digest there is the SHA-256 of the reference that it stands for.
//! `UPDATE_EXPECT=1 cargo test -p delivery --test example_lock` writes the file anew.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::path::Path;
use std::process::Command;

use delivery::config::Images;
use delivery::host::disk::DiskFiles;
use delivery::host::{Moment, RunContext};
use delivery::lock::{Lock, LockOptions, LockedImage};
use delivery::pipeline::{self, Options, SourceTree};
use delivery::plan::settings::{Selection, Settings};
use manifest::{Digest, ImageRef};
use testkit::expect::Expect;
use testkit::fixtures::{self, Case};

#[test]
fn the_examples_lock_holds_what_its_sources_make() {
    let folder = tempfile::tempdir().unwrap();
    let shop = folder.path().canonicalize().unwrap();
    let example = fixtures::root().join("examples/shop");
    copy(&example, &shop);

    let mut lock = Lock::default();
    for image in images_of(&shop) {
        let reference = ImageRef::parse(&image).unwrap().lookup();
        lock.record(LockedImage {
            digest: Digest::parse(&testkit::registry::digest_of(reference.as_bytes())).unwrap(),
            reference,
            platform: None,
            resolved: "2026-11-21T22:00:00Z".to_owned(),
            from: "nowhere".to_owned(),
        });
    }
    let mut expect = Expect::default();
    expect.file(&example.join("hydrant.lock"), &lock.print());
    expect.finish();
}

/// Copies what git would track of the example into a repository of its own: the hash of a folder depends only on its content.
fn copy(example: &Path, shop: &Path) {
    let case = Case { name: String::new(), folder: example.to_owned() };
    for (name, bytes) in case.files("services") {
        let path = shop.join("services").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    std::fs::copy(example.join("hydrant.yaml"), shop.join("hydrant.yaml")).unwrap();
    for line in ["init -q", "add -A", "-c user.name=a -c user.email=a@b -c commit.gpgsign=false commit -q -m shop"] {
        let done =
            Command::new("git").args(line.split(' ')).current_dir(shop).env("GIT_CONFIG_GLOBAL", "/dev/null").status();
        assert!(done.unwrap().success(), "git {line}");
    }
}

fn images_of(shop: &Path) -> Vec<String> {
    let settings = Settings {
        folder: shop.to_str().unwrap().to_owned(),
        selection: Selection { all: true, ..Selection::default() },
        images: Some(Images::Any),
        locking: LockOptions { locked: Some(false), ..LockOptions::default() },
        ..Settings::default()
    };
    let files = DiskFiles::default();
    let plan = delivery::plan::plan(&files, &settings).unwrap();
    let ctx = RunContext { now: Some(Moment { seconds: 0, offset_minutes: 0 }), ..RunContext::default() };
    let source = SourceTree { files: &files, revision: None };
    let done =
        pipeline::deliver(&plan, &ctx, source, &Options { dry_run: true, attempts: 1, ..Options::default() }).unwrap();
    assert_eq!(done.report.units.len(), 6);
    done.report.units.iter().flat_map(|unit| unit.images.clone()).collect()
}
