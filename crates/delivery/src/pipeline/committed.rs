//! Checks that the source equals its commit, since a delivery records the commit as its source.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use git::source::SourceRepository;
use manifest::{Diagnostic, Errors};
use rayon::prelude::*;
use render_core::files::{FileError, Files, join};

use super::session::SourceTree;
use super::unit::PinnedUnit;
use crate::config::SignaturePolicy;
use crate::error::Failure;
use crate::host::git_files::{FileComparison, GitFiles};
use crate::plan::{Plan, PlannedUnit};

/// Refuses what was read from the work tree and differs from HEAD: the config, the rules for images, and every file that rendering read. A file of
/// a submodule is compared with the commit that HEAD has of it. Files outside of the repository are not compared, see `outside`.
///
/// # Errors
/// Every such file. A source that is not a git repository, or has no commit.
pub(super) fn check(plan: &Plan, source: SourceTree<'_>, units: &[PinnedUnit]) -> Result<(), Failure> {
    let repository = SourceRepository::discover(Path::new(&plan.root))?;
    let root = repository.root().to_path_buf();
    let head = GitFiles::new(&repository, "HEAD")?;
    let signatures: BTreeSet<String> = units.iter().flat_map(|unit| signature_files(plan, &unit.unit)).collect();
    let read: BTreeSet<&String> = units
        .iter()
        .flat_map(|unit| &unit.output.inputs.files)
        .chain(&plan.config)
        .chain(&plan.rules)
        .chain(&signatures)
        .collect();
    let read: Vec<&String> = read.into_iter().filter(|path| Path::new(path).starts_with(&root)).collect();
    let differing: Vec<(&String, FileComparison)> = read
        .into_par_iter()
        .map(|path| (path, head.compare(source.files, path)))
        .filter(|(_, comparison)| *comparison != FileComparison::Same)
        .collect();
    let mut nested = NestedRepositories { root: &root, head: &head, known: BTreeMap::new() };
    let mut wrong = Vec::new();
    for (path, comparison) in differing {
        if let Some(message) = message(nested.compare(source.files, path, comparison)) {
            wrong.push(
                Diagnostic::new(message)
                    .in_file(path)
                    .hint("commit it, or give --allow-dirty to record a commit that does not contain it"),
            );
        }
    }
    wrong.extend(structure(&root, &head, source.files, units));
    Ok(Errors::check(wrong)?)
}

/// The keys and trust roots that decide which images may be delivered.
fn signature_files(plan: &Plan, unit: &PlannedUnit) -> Vec<String> {
    let files = unit.signatures.iter().flat_map(SignaturePolicy::files);
    files.map(|path| join(&plan.root, path)).collect()
}

/// What HEAD has and the work tree lacks where rendering looked for it, and symbolic links that HEAD does not have.
fn structure(root: &Path, head: &GitFiles, files: &dyn Files, units: &[PinnedUnit]) -> Vec<Diagnostic> {
    let inputs = || units.iter().map(|unit| &unit.output.inputs);
    let inside = |path: &str| Path::new(path).starts_with(root);
    let listed: BTreeSet<&String> = inputs().flat_map(|inputs| &inputs.folders).filter(|path| inside(path)).collect();
    let names = |folder: &String| -> Vec<String> {
        head.list(folder).unwrap_or_default().iter().map(|name| join(folder, name)).collect()
    };
    let lost = listed.into_iter().flat_map(names).filter(|path| files.kind(path) == Err(FileError::Missing));
    let absent = inputs().flat_map(|inputs| &inputs.absent).filter(|path| inside(path));
    let absent = absent.filter(|path| head.kind(path).is_ok() && files.kind(path) == Err(FileError::Missing)).cloned();
    let absent: BTreeSet<String> = lost.chain(absent).collect();
    let links: BTreeMap<&String, &String> =
        inputs().flat_map(|inputs| &inputs.links).filter(|(path, _)| inside(path)).collect();
    let other = links.into_iter().filter(|(path, real)| inside(real) && head.real(path).as_ref() != Ok(*real));
    let finding = |path: &str, message: &str| {
        Diagnostic::new(message)
            .in_file(path)
            .hint("commit it, or give --allow-dirty to record a commit that does not contain it")
    };
    let absent = absent.iter().map(|path| finding(path, "is deleted, but in the last commit"));
    let other = other.map(|(path, _)| finding(path, "is a symbolic link that the last commit does not have"));
    absent.chain(other).collect()
}

fn message(comparison: FileComparison) -> Option<&'static str> {
    match comparison {
        FileComparison::Same => None,
        FileComparison::OnlyThere => Some("is not in the last commit"),
        FileComparison::Differs => Some("differs from the last commit"),
    }
}

/// The repositories inside the source repository: submodules, and others that its commit does not know.
struct NestedRepositories<'a> {
    root: &'a Path,
    head: &'a GitFiles,
    /// The files of a submodule at the commit that HEAD has of it, by the folder of the repository; absent where HEAD has no submodule there.
    known: BTreeMap<PathBuf, Option<GitFiles>>,
}

impl NestedRepositories<'_> {
    /// The comparison of a file of the repository itself, or of a file of a repository inside it.
    fn compare(&mut self, files: &dyn Files, path: &str, comparison: FileComparison) -> FileComparison {
        let Some(folder) = self.containing(path) else { return comparison };
        let head = self.head;
        let known = self.known.entry(folder.clone()).or_insert_with(|| {
            let commit = head.submodule_commit(folder.to_str()?)?;
            GitFiles::new(&SourceRepository::discover(&folder).ok()?, &commit).ok()
        });
        known.as_ref().map_or(comparison, |submodule| submodule.compare(files, path))
    }

    /// The folder of the repository that a file belongs to, if it is another one.
    fn containing(&self, path: &str) -> Option<PathBuf> {
        let repository = SourceRepository::discover(Path::new(path).parent()?).ok()?;
        (repository.root() != self.root).then(|| repository.root().to_path_buf())
    }
}
