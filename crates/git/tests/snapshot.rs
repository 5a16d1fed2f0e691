//! The files of a revision of a remote repository, from a repository on this disk.

use std::fs;
use std::path::Path;

use git::Remote;
use git::snapshot;
use git2::{FileMode, IndexEntry, IndexTime, Oid, Repository, Signature};

struct Scene {
    folder: tempfile::TempDir,
}

/// `outer` with a file, an executable, a link and the submodule `inner` under a relative URL; a tag that has a message.
fn scene() -> Scene {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let inner =
        commit(&folder.path().join("inner.git"), "main", &[("base.yaml", FileMode::Blob, b"kind: Inner\n")], None);
    let files: [(&str, FileMode, &[u8]); 4] = [
        (".gitmodules", FileMode::Blob, b"[submodule \"x\"]\n\tpath = deep/module\n\turl = ../inner.git\n"),
        ("deep/file.yaml", FileMode::Blob, b"kind: Outer\n"),
        ("run.sh", FileMode::BlobExecutable, b"#!/bin/sh\n"),
        ("link.yaml", FileMode::Link, b"deep/file.yaml"),
    ];
    let outer = folder.path().join("outer.git");
    let id = commit(&outer, "main", &files, Some(("deep/module", inner)));
    let repository = Repository::open(&outer).expect("the repository just made");
    let target = repository.find_object(id, None).expect("the commit just made");
    repository.tag("v1", &target, &person(), "the first", false).expect("a tag");
    Scene { folder }
}

fn person() -> Signature<'static> {
    Signature::new("Test", "test@example.com", &git2::Time::new(1_700_000_000, 0)).expect("a plain name")
}

fn commit(path: &Path, branch: &str, files: &[(&str, FileMode, &[u8])], module: Option<(&str, Oid)>) -> Oid {
    let repository = Repository::init_bare(path).expect("a bare repository");
    let mut index = repository.index().expect("an index");
    let mut add = |path: &str, mode: FileMode, id: Oid| {
        let zero = IndexTime::new(0, 0);
        let mode = i32::from(mode).unsigned_abs();
        let (path, flags) = (path.as_bytes().to_vec(), 0);
        let entry = IndexEntry {
            ctime: zero,
            mtime: zero,
            dev: 0,
            ino: 0,
            mode,
            uid: 0,
            gid: 0,
            file_size: 0,
            id,
            flags,
            flags_extended: 0,
            path,
        };
        index.add(&entry).expect("an entry");
    };
    for (path, mode, bytes) in files {
        add(path, *mode, repository.blob(bytes).expect("a blob"));
    }
    if let Some((path, id)) = module {
        add(path, FileMode::Commit, id);
    }
    let tree = index.write_tree_to(&repository).expect("a tree");
    let tree = repository.find_tree(tree).expect("the tree just made");
    let id = repository.commit(None, &person(), &person(), "files", &tree, &[]).expect("a commit");
    repository.reference(&format!("refs/heads/{branch}"), id, true, "test").expect("a branch");
    repository.set_head(&format!("refs/heads/{branch}")).expect("HEAD");
    id
}

#[test]
fn branch_tag_commit_and_default_branch_give_the_same_files() {
    let scene = scene();
    let remote = Remote::new(scene.folder.path().join("outer.git").to_string_lossy());
    let head = snapshot::resolve(&remote, None).expect("HEAD");
    for revision in [None, Some("main"), Some("v1"), Some(head.as_str())] {
        let id = snapshot::resolve(&remote, revision).unwrap_or_else(|error| panic!("{revision:?}: {error}"));
        let into = tempfile::tempdir().expect("a folder");
        let commit =
            snapshot::write(&remote, &id, false, into.path()).unwrap_or_else(|error| panic!("{revision:?}: {error}"));
        assert_eq!(commit, head, "{revision:?}");
        assert_eq!(fs::read_to_string(into.path().join("link.yaml")).expect("the link's file"), "kind: Outer\n");
        assert!(fs::symlink_metadata(into.path().join("link.yaml")).expect("the link").is_symlink());
        assert!(!into.path().join("deep/module").exists(), "submodules are not requested");
    }
}

#[test]
fn submodules_come_along_where_asked_for() {
    let scene = scene();
    let remote = Remote::new(format!("file://{}", scene.folder.path().join("outer.git").display()));
    let into = tempfile::tempdir().expect("a folder");
    let id = snapshot::resolve(&remote, Some("v1")).expect("the tag");
    snapshot::write(&remote, &id, true, into.path()).expect("the files");
    assert_eq!(fs::read_to_string(into.path().join("deep/module/base.yaml")).expect("the file"), "kind: Inner\n");
}

#[test]
fn an_unknown_revision_is_named() {
    let scene = scene();
    let remote = Remote::new(scene.folder.path().join("outer.git").to_string_lossy());
    let error = snapshot::resolve(&remote, Some("v2")).expect_err("there is no v2");
    assert!(error.to_string().contains("revision v2 not found"), "{error}");
}
