//! Remote bases, from a repository on this disk: what is fetched, kept, read and refused.

use std::fs;
use std::path::Path;

use git::Remote;
use git::bases::{self, BaseError, BaseRevision, BaseStore};
use git::source::{CommitFiles, ReadError};
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

fn store(scene: &Scene) -> BaseStore {
    BaseStore::new(scene.folder.path().join("store"))
}

fn revision(id: &str, submodules: bool) -> BaseRevision<'_> {
    BaseRevision { id, submodules }
}

fn read(files: &CommitFiles, path: &str) -> String {
    let bytes = files.read(&format!("/base/{path}")).unwrap_or_else(|error| panic!("{path}: {error}"));
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

#[test]
fn branch_tag_commit_and_default_branch_give_the_same_files() {
    let scene = scene();
    let remote = Remote::new(scene.folder.path().join("outer.git").to_string_lossy());
    let head = bases::resolve(&remote, None).expect("HEAD");
    for name in [None, Some("main"), Some("v1"), Some(head.as_str())] {
        let id = bases::resolve(&remote, name).unwrap_or_else(|error| panic!("{name:?}: {error}"));
        let store = store(&scene);
        store.fetch(&remote, revision(&id, false)).unwrap_or_else(|error| panic!("{name:?}: {error}"));
        let files = store.files(revision(&id, false), "/base").expect("it was fetched");
        assert_eq!(files.commit(), head, "{name:?}");
        assert_eq!(read(&files, "link.yaml"), "kind: Outer\n");
        assert_eq!(files.real_path("/base/link.yaml").expect("the link"), "/base/deep/file.yaml");
        let module = files.list("/base/deep/module").expect_err("submodules are not requested");
        assert_eq!(module, ReadError::Submodule);
        assert!(store.files(revision(&id, true), "/base").is_none(), "its submodules were not fetched");
    }
}

#[test]
fn submodules_come_along_where_asked_for() {
    let scene = scene();
    let remote = Remote::new(format!("file://{}", scene.folder.path().join("outer.git").display()));
    let id = bases::resolve(&remote, Some("v1")).expect("the tag");
    let store = store(&scene);
    store.fetch(&remote, revision(&id, true)).expect("the files");
    // The store has all objects itself.
    fs::remove_dir_all(scene.folder.path().join("outer.git")).expect("the base's repository");
    fs::remove_dir_all(scene.folder.path().join("inner.git")).expect("the submodule's repository");
    let files = store.files(revision(&id, true), "/base").expect("it was fetched");
    assert_eq!(read(&files, "deep/module/base.yaml"), "kind: Inner\n");
    assert_eq!(files.list("/base/deep").expect("a folder"), ["file.yaml", "module"]);
    let files = store.files(revision(&id, false), "/base").expect("a part of it");
    assert_eq!(files.list("/base/deep/module").expect_err("not requested"), ReadError::Submodule);
    let left: Vec<_> =
        fs::read_dir(store.folder()).expect("the store").flatten().map(|entry| entry.file_name()).collect();
    assert!(left.iter().all(|name| name == "objects" || name == "complete"), "{left:?}");
}

#[test]
fn an_unknown_revision_is_named() {
    let scene = scene();
    let remote = Remote::new(scene.folder.path().join("outer.git").to_string_lossy());
    let error = bases::resolve(&remote, Some("v2")).expect_err("there is no v2");
    assert!(error.to_string().contains("revision v2 not found"), "{error}");
    for name in ["-u", "a..b", "a b", "a\nb", "a:b", "x.lock", "/a", "a\\b", "@{1}", ""] {
        let error = bases::resolve(&remote, Some(name)).expect_err(name);
        assert!(matches!(error, BaseError::InvalidRevision { .. }), "{error}");
    }
}

#[test]
fn folders_that_contain_each_other_many_times_are_counted() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("wide.git");
    commit(&path, "main", &[("a", FileMode::Blob, b"x")], None);
    let repository = Repository::open(&path).expect("the repository just made");
    let mut id = repository.head().and_then(|head| head.peel_to_tree()).expect("the tree").id();
    for _ in 0..9 {
        let mut builder = repository.treebuilder(None).expect("a builder");
        for name in ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] {
            builder.insert(name, id, FileMode::Tree.into()).expect("an entry");
        }
        id = builder.write().expect("a tree");
    }
    let tree = repository.find_tree(id).expect("the tree just made");
    let id = repository.commit(None, &person(), &person(), "wide", &tree, &[]).expect("a commit").to_string();
    let store = BaseStore::new(folder.path().join("store"));
    let error =
        store.fetch(&Remote::new(path.to_string_lossy()), revision(&id, true)).expect_err("a thousand million files");
    assert!(matches!(error, BaseError::TooLarge { .. }), "{error}");
    assert!(store.files(revision(&id, true), "/base").is_none());
}

#[test]
fn a_store_that_was_changed_is_not_believed() {
    let scene = scene();
    let remote = Remote::new(scene.folder.path().join("outer.git").to_string_lossy());
    let id = bases::resolve(&remote, None).expect("HEAD");
    let store = store(&scene);
    store.fetch(&remote, revision(&id, true)).expect("the files");
    let blob = Oid::hash_object(git2::ObjectType::Blob, b"kind: Outer\n").expect("an id").to_string();
    // A loose object under the id of another one is found before the pack's.
    let other = Repository::init_bare(scene.folder.path().join("other.git")).expect("a repository");
    let evil = other.blob(b"kind: Evil\n").expect("a blob").to_string();
    let loose = |id: &str| format!("objects/{}/{}", &id[..2], &id[2..]);
    let place = store.folder().join(loose(&blob));
    fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
    fs::copy(other.path().join(loose(&evil)), &place).expect("the object");
    let pack = store.folder().join("objects/pack");
    let files = || store.files(revision(&id, true), "/base");
    for entry in fs::read_dir(&pack).expect("packs").flatten() {
        fs::rename(entry.path(), scene.folder.path().join(entry.file_name())).expect("moved away");
    }
    assert!(files().is_none(), "the commit is gone");
    for entry in fs::read_dir(scene.folder.path()).expect("packs").flatten() {
        if entry.file_name().to_string_lossy().starts_with("pack-") {
            fs::rename(entry.path(), pack.join(entry.file_name())).expect("moved back");
        }
    }
    // libgit2 looks into packs first, so the loose object is only read if the pack lacks it.
    assert_eq!(read(&files().expect("the commit"), "deep/file.yaml"), "kind: Outer\n");
    swap_in_index(&pack, &blob);
    let error = files().expect("the commit").read("/base/deep/file.yaml").expect_err("another object's bytes");
    assert!(matches!(error, ReadError::Object { .. }), "{error}");
}

/// Changes the id of an object in the pack's index, and its neighbour's, so that each leads to the other's bytes.
fn swap_in_index(pack: &Path, id: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let id = Oid::from_str(id).expect("an id");
    for entry in fs::read_dir(pack).expect("packs").flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "idx") {
            continue;
        }
        let mut bytes = fs::read(&path).expect("an index");
        let count = u32::from_be_bytes(bytes[8 + 255 * 4..8 + 256 * 4].try_into().expect("four bytes")) as usize;
        let ids = 8 + 256 * 4;
        let found = (0..count).find(|index| &bytes[ids + index * 20..ids + index * 20 + 20] == id.as_bytes());
        let Some(found) = found else { continue };
        // The offsets come after the ids and their checksums.
        let offsets = ids + count * 24;
        let other = if found == 0 { 1 } else { 0 };
        for byte in 0..4 {
            bytes.swap(offsets + found * 4 + byte, offsets + other * 4 + byte);
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("permissions");
        fs::write(&path, bytes).expect("written");
    }
}
