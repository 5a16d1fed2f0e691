//! Checks that the source equals its commit, since a delivery records the commit as its source.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use git::source::SourceRepository;
use manifest::{Diagnostic, Errors};
use rayon::prelude::*;

use super::session::SourceTree;
use super::unit::PinnedUnit;
use crate::error::Failure;
use crate::host::git_files::{FileComparison, GitFiles};
use crate::plan::Plan;

/// Refuses what was read from the work tree and differs from HEAD: the config, the rules for images, and every file that rendering read. Files
/// outside of the repository (a cache, a chart's scratch folder) and in other repositories (submodules) are not compared.
///
/// # Errors
/// Every such file. A source that is not a git repository, or has no commit.
pub(super) fn check(plan: &Plan, source: SourceTree<'_>, units: &[PinnedUnit]) -> Result<(), Failure> {
    let repository = SourceRepository::discover(Path::new(&plan.root))?;
    let root = repository.root().to_path_buf();
    let head = GitFiles::new(&repository, "HEAD")?;
    let read: BTreeSet<&String> =
        units.iter().flat_map(|unit| &unit.output.inputs.files).chain(&plan.config).chain(&plan.rules).collect();
    let read: Vec<&String> = read.into_iter().filter(|path| Path::new(path).starts_with(&root)).collect();
    let differing: Vec<(&String, FileComparison)> = read
        .into_par_iter()
        .map(|path| (path, head.compare(source.files, path)))
        .filter(|(_, comparison)| *comparison != FileComparison::Same)
        .collect();
    let mut folders = BTreeMap::new();
    let mut wrong = Vec::new();
    for (path, comparison) in differing {
        let folder = Path::new(path).parent().unwrap_or(&root);
        if *folders.entry(folder).or_insert_with(|| belongs_to(folder, &root)) {
            let message = match comparison {
                FileComparison::OnlyThere => "is not in the last commit",
                FileComparison::Differs | FileComparison::Same => "differs from the last commit",
            };
            wrong.push(
                Diagnostic::new(message)
                    .in_file(path)
                    .hint("commit it, or give --allow-dirty to record a commit that does not contain it"),
            );
        }
    }
    Ok(Errors::check(wrong)?)
}

/// Whether a folder belongs to the repository at `root` itself, and not to one inside it.
fn belongs_to(folder: &Path, root: &Path) -> bool {
    SourceRepository::discover(folder).is_ok_and(|source| source.root() == root)
}
