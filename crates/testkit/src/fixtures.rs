//! Fixture tests: each folder below `fixtures/` is a test of its own, which can be run by name.
//!
//! A test target with `harness = false` calls [`run`] with its suites. `cargo test -p render-core kustomize::images/tag-suffix-twice`
//! then runs one fixture; any part of the name works as a filter.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use crate::about::About;
use crate::expect::Expect;
use crate::peer;

/// The fixtures of an area and the function that runs one of them.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    /// The first part of the tests' names: `kustomize` in `kustomize::images/tag-suffix-twice`.
    pub name: &'static str,
    /// The folder below `fixtures/`.
    pub area: &'static str,
    /// The file or folder that every fixture of the suite has, such as `in` or `command`.
    pub marker: &'static str,
    /// Runs a fixture and compares the results with its `expected` files.
    pub run: fn(&Case, &mut Expect),
}

/// A fixture: a folder below `fixtures/`.
#[derive(Clone, Debug)]
pub struct Case {
    /// The folder's path below the area, such as `replacements/delimiter-and-index`.
    pub name: String,
    /// The folder itself.
    pub folder: PathBuf,
}

impl Case {
    /// Returns the text of a file of the fixture, if it exists.
    pub fn text(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(name)).ok()
    }

    /// Returns the bytes of a file of the fixture, if it exists.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.folder.join(name)).ok()
    }

    /// Returns every file below a sub-folder of the fixture, by its path below that, with `/` between the parts.
    pub fn files(&self, below: &str) -> BTreeMap<String, Vec<u8>> {
        let root = self.folder.join(below);
        let mut found = BTreeMap::new();
        collect(&root, &root, &mut found);
        found
    }
}

/// The `main` of a test target: runs every fixture of the suites as a test.
///
/// A fixture fails if its results differ from its `expected` files, if its name is not in kebab case, or if its file `about` is
/// missing or malformed. For each fixture whose expectation comes from another tool there is an ignored test `real_…` as
/// well, which compares the expectation with the tool's output: `cargo test -- --ignored real_`.
///
/// # Panics
/// If a suite has no fixtures.
pub fn run(suites: &[Suite]) -> ExitCode {
    let trials = suites.iter().flat_map(trials).collect();
    let mut arguments = Arguments::from_args();
    // Fixtures that run commands wait for child processes most of the time.
    arguments.test_threads.get_or_insert(4);
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The repository's root folder.
///
/// # Panics
/// If testkit does not lie two folders below it.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().and_then(Path::parent).expect("testkit lies in crates/ of the repository").to_owned()
}

/// Returns the fixtures of an area, sorted by name: each folder below `fixtures/AREA`, at any depth, that holds the file or folder
/// `marker`.
///
/// # Panics
/// If there are none, since a test without cases cannot fail.
pub fn cases(area: &str, marker: &str) -> Vec<Case> {
    let top = root().join("fixtures").join(area);
    let mut found = Vec::new();
    walk(&top, &top, marker, &mut found);
    assert!(!found.is_empty(), "no fixture with {marker} below {}", top.display());
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn trials(suite: &Suite) -> Vec<Trial> {
    let suite = *suite;
    let mut trials = Vec::new();
    for case in cases(suite.area, suite.marker) {
        let name = format!("{}::{}", suite.name, case.name);
        let source = About::of(&case.folder).ok().and_then(|about| about.source);
        if let Some(source) = source.filter(|_| suite.name == suite.area) {
            let folder = case.folder.clone();
            let real = move || peer::check(&folder, &source).map_err(Into::into);
            trials.push(Trial::test(format!("real_{name}"), real).with_ignored_flag(true));
        }
        trials.push(Trial::test(name, move || run_case(&suite, &case).map_err(Into::into)));
    }
    trials
}

fn run_case(suite: &Suite, case: &Case) -> Result<(), String> {
    check_name(&case.name)?;
    let about = About::of(&case.folder)?;
    let mut expect = Expect::new(&case.folder, about);
    (suite.run)(case, &mut expect);
    expect.result()
}

/// Folder names are in kebab case, or a field's name as it is spelled in its file (`configMapGenerator`).
fn check_name(name: &str) -> Result<(), String> {
    let is_good = |part: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
        part.starts_with(|c: char| c.is_ascii_lowercase()) && part.chars().all(allowed) && !part.ends_with('-')
    };
    if name.split('/').all(is_good) { Ok(()) } else { Err(format!("{name}: not in kebab case")) }
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
