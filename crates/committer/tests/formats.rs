//! Destinations and sources with object ids or ref storage that hydrant does not support: refused by name, and nothing is written.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod deliveries;

use std::path::{Path, PathBuf};

use deliveries::{deliver, options, unit};
use git::Remote;
use git::source::SourceRepository;
use testkit::git::{Abilities, GitServer};
use testkit::http::{Body, Response};

/// A bare repository with an extension in its configuration.
fn repository(folder: &Path, extension: &str) -> PathBuf {
    let path = folder.join("a.git");
    let mut options = git2::RepositoryInitOptions::new();
    git2::Repository::init_opts(&path, options.bare(true).external_template(false)).unwrap();
    let config = format!("[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\t{extension}\n");
    std::fs::write(path.join("config"), config).unwrap();
    path
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let folders: Vec<PathBuf> = found.iter().filter(|path| path.is_dir()).cloned().collect();
    found.extend(folders.iter().flat_map(|folder| files(folder)));
    found.sort();
    found
}

#[test]
fn local_repositories_are_refused_by_name() {
    for (extension, name, hint) in [
        ("objectformat = sha256", "SHA-256 object ids", "--object-format=sha1"),
        ("refStorage = reftable", "reftable ref storage", "git refs migrate"),
        ("objectformat = blake3", "object format blake3", "without it"),
        ("future = true", "extension future", "without it"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = repository(folder.path(), extension);
        let before = files(folder.path());
        let error = deliver(&Remote::new(path.to_str().unwrap()), &[unit("a", 1, &[("x", "1")])], &options());
        let error = error.unwrap_err();
        assert!(error.to_string().contains(name) && !error.is_outside(), "{extension}: {error}");
        assert!(error.hint().unwrap().contains(hint), "{extension}: {:?}", error.hint());
        assert_eq!(files(folder.path()), before, "{extension}");
        let error = SourceRepository::discover(&path).err().unwrap();
        assert!(error.to_string().contains(name) && error.hint().unwrap().contains(hint), "{extension}: {error}");
    }
}

#[test]
fn servers_with_other_object_ids_are_refused_by_name() {
    for version_2 in [true, false] {
        let abilities = Abilities { version_2, ..Abilities::default() };
        let server = GitServer::start_behind(abilities, |request, answer| {
            assert_eq!(request.method, "GET", "nothing is sent");
            let mut response = answer(request);
            if let Body::Bytes(bytes) = &mut response.body {
                // The length of a packet line is part of the text, so the name has the same length.
                let text = String::from_utf8_lossy(bytes).replace("object-format=sha1", "object-format=sha2");
                *bytes = text.into_bytes();
            }
            response
        });
        let error = deliver(&Remote::new(server.url()), &[unit("a", 1, &[("x", "1")])], &options()).unwrap_err();
        if version_2 {
            assert!(error.to_string().contains("uses object format sha2"), "{error}");
        }
        assert!(!error.is_outside(), "{error}");
    }
    let id = "0".repeat(64);
    for service in ["git-upload-pack", "git-receive-pack"] {
        let line = format!("{id} capabilities^{{}}\0report-status object-format=sha256\n");
        let body = format!("{:04x}{line}0000", line.len() + 4);
        let server = GitServer::start_behind(Abilities::default(), move |request, answer| {
            assert_ne!((request.method.as_str(), service), ("POST", "git-upload-pack"), "nothing is sent");
            assert!(!request.path.ends_with("/git-receive-pack"), "nothing is written");
            if request.query.ends_with(service) {
                return Response::new(200, &format!("application/x-{service}-advertisement"), body.clone());
            }
            answer(request)
        });
        let error = deliver(&Remote::new(server.url()), &[unit("a", 1, &[("x", "1")])], &options()).unwrap_err();
        assert!(error.to_string().contains("uses SHA-256 object ids"), "{service}: {error}");
        assert!(!error.is_outside() && error.hint().is_some(), "{error}");
    }
}
