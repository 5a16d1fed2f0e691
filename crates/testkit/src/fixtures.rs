//! Walks `fixtures/`: a folder is a case.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// One case: a folder below `fixtures/`.
#[derive(Clone, Debug)]
pub struct Case {
    /// The folder's path below the walked area, such as `replacements/delimiter`.
    pub name: String,
    /// The folder itself.
    pub folder: PathBuf,
}

impl Case {
    /// The text of a file of the case, if it is there.
    pub fn text(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(name)).ok()
    }

    /// The bytes of a file of the case, if it is there.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.folder.join(name)).ok()
    }

    /// Every file below a sub-folder of the case, by its path below that, with `/` between the parts.
    pub fn files(&self, below: &str) -> BTreeMap<String, Vec<u8>> {
        let root = self.folder.join(below);
        let mut found = BTreeMap::new();
        collect(&root, &root, &mut found);
        found
    }
}

/// The repository's root folder.
///
/// # Panics
/// Where testkit does not lie two folders below it any more.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().and_then(Path::parent).expect("testkit lies in crates/ of the repository").to_owned()
}

/// The cases of an area (`kustomize`, `yaml`, …), sorted by name: each folder below `fixtures/AREA`, at any depth, that holds
/// the file or folder `marker` (such as `in` or `in.yaml`).
///
/// # Panics
/// Where there is none, since a test that walks nothing cannot fail.
pub fn cases(area: &str, marker: &str) -> Vec<Case> {
    let top = root().join("fixtures").join(area);
    let mut found = Vec::new();
    walk(&top, &top, marker, &mut found);
    assert!(!found.is_empty(), "no case with {marker} below {}", top.display());
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn walk(top: &Path, folder: &Path, marker: &str, found: &mut Vec<Case>) {
    if folder.join(marker).exists() {
        let name = folder.strip_prefix(top).unwrap_or(folder).to_string_lossy().into_owned();
        found.push(Case { name, folder: folder.to_owned() });
        return;
    }
    for path in entries(folder) {
        if path.is_dir() {
            walk(top, &path, marker, found);
        }
    }
}

fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for path in entries(folder) {
        if path.is_dir() {
            collect(root, &path, found);
        } else if let Ok(bytes) = fs::read(&path) {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            found.insert(name, bytes);
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = read.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}
