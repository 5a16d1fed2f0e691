//! Builds that share a base cache have the same results as without it: objects, warnings, errors, and the files that they read.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use manifest::yaml::write_kustomize;
use render_core::files::{FileError, FileKind, Files, MemoryFiles, parent};
use render_core::host::NoHost;
use render_core::kustomize::{BaseCache, Options, build, build_with_cache};
use testkit::fixtures::{Case, cases};

/// Files that remember which were read.
struct Noting<'a> {
    files: &'a MemoryFiles,
    read: Mutex<BTreeSet<String>>,
}

impl Files for Noting<'_> {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
        self.files.read(path)
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        self.files.kind(path)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        self.files.list(folder)
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        self.files.real(path)
    }
}

/// What a build printed, or said was wrong; what it warned of; and what it read.
type Outcome = (Result<String, String>, Vec<String>, BTreeSet<String>);

fn outcome(files: &MemoryFiles, folder: &str, base_cache: Option<&BaseCache>) -> Outcome {
    let files = Noting { files, read: Mutex::default() };
    let options = Options::default();
    let built = match base_cache {
        Some(base_cache) => build_with_cache(base_cache, &files, &NoHost, folder, &options),
        None => build(&files, &NoHost, folder, &options),
    };
    let read = files.read.into_inner().unwrap_or_else(PoisonError::into_inner);
    match built {
        Err(errors) => (Err(errors.to_string()), Vec::new(), read),
        Ok(built) => {
            let mut text = String::new();
            let printed = built.objects.iter().try_for_each(|object| write_kustomize(object, &mut text));
            let warnings = built.warnings.iter().map(ToString::to_string).collect();
            (printed.map(|()| text).map_err(|error| error.to_string()), warnings, read)
        }
    }
}

fn files_of(case: &Case) -> (MemoryFiles, BTreeSet<String>) {
    let mut files = MemoryFiles::default();
    let mut folders = BTreeSet::new();
    for (path, bytes) in case.files("in") {
        let path = format!("/{path}");
        if path.to_ascii_lowercase().contains("/kustomization") {
            folders.insert(parent(&path).to_owned());
        }
        files.insert(&path, bytes);
    }
    (files, folders)
}

#[test]
fn builds_beside_each_other_give_what_each_gives_alone() {
    for case in cases("kustomize", "in") {
        let (files, folders) = files_of(&case);
        let base_cache = BaseCache::default();
        // The last builds find most bases in the cache, so the order is reversed as well.
        for folder in folders.iter().chain(folders.iter().rev()) {
            let (alone, beside) = (outcome(&files, folder, None), outcome(&files, folder, Some(&base_cache)));
            assert_eq!(alone.0, beside.0, "{folder} of {}", case.folder.display());
            assert_eq!(alone.1, beside.1, "warnings of {folder} of {}", case.folder.display());
            if alone.0.is_ok() {
                assert_eq!(alone.2, beside.2, "files of {folder} of {}", case.folder.display());
            }
        }
    }
}

#[test]
fn a_base_is_not_taken_where_one_of_its_files_has_changed() {
    let mut files = MemoryFiles::default();
    let map = |value: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  key: {value}\n").into_bytes()
    };
    files.insert("/base/kustomization.yaml", &b"resources: [a.yaml]\n"[..]);
    files.insert("/base/a.yaml", map("one"));
    files.insert("/top/kustomization.yaml", &b"resources: [../base]\nnamePrefix: x-\n"[..]);
    let base_cache = BaseCache::default();
    let first = outcome(&files, "/top", Some(&base_cache)).0;
    files.insert("/base/a.yaml", map("two"));
    let second = outcome(&files, "/top", Some(&base_cache)).0;
    assert!(first.is_ok_and(|text| text.contains("key: one")));
    assert!(second.is_ok_and(|text| text.contains("key: two")));
}

#[test]
fn a_kept_base_that_leads_back_to_its_user_is_a_cycle() {
    let mut files = MemoryFiles::default();
    files.insert("/all/kustomization.yaml", &b"resources: [leaf]\n"[..]);
    files.insert("/all/leaf/kustomization.yaml", &b"namePrefix: leaf-\n"[..]);
    files.insert("/base/kustomization.yaml", &b"resources: [../all]\n"[..]);
    files.insert("/apart/kustomization.yaml", &b"resources: [../base]\n"[..]);
    // `all` contains `inside`, so `base` may not be built for it, though it is in the cache by then.
    files.insert("/all/inside/kustomization.yaml", &b"resources: [../../base]\n"[..]);
    let base_cache = BaseCache::default();
    for folder in ["/apart", "/all/inside"] {
        assert_eq!(outcome(&files, folder, Some(&base_cache)), outcome(&files, folder, None), "{folder}");
    }
    assert!(outcome(&files, "/all/inside", Some(&base_cache)).0.is_err_and(|error| error.contains("cycle")));
}
