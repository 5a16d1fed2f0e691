//! The delivered branches as they are at the remotes, for every command that looks at them.

use std::collections::BTreeMap;

pub use committer::branches::{BoardEntry, BranchTip, Depth};
use committer::branches::{BranchPath, board, history, read};
use manifest::{Diagnostic, Errors, ImageRef, Node, yaml};

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::git_remote::remote;
use crate::pipeline::file_set::folder;
use crate::pipeline::push::failed;
use crate::pipeline::record::{IMAGE, PROMOTED};
use crate::plan::{Plan, Unit};

/// What stands at each unit's place, in the plan's order; nothing where the branch does not exist. Each repository is
/// asked once.
///
/// # Errors
/// A remote that cannot be reached or does not let us in.
pub fn tips(plan: &Plan, ctx: &RunContext, depth: Depth) -> Result<Vec<Option<BranchTip>>, Failure> {
    let mut by_repository: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, unit) in plan.units.iter().enumerate() {
        by_repository.entry(&unit.repository).or_default().push(index);
    }
    let mut tips: Vec<Option<BranchTip>> = plan.units.iter().map(|_| None).collect();
    for (repository, indices) in by_repository {
        let places: Vec<BranchPath> = indices.iter().map(|index| place(&plan.units[*index])).collect();
        let found = read(&remote(repository, &plan.root, ctx)?, &places, depth).map_err(|error| failed(&error))?;
        for (index, tip) in indices.into_iter().zip(found) {
            tips[index] = tip;
        }
    }
    Ok(tips)
}

/// What stands at each unit's place, what stood there before and what waits on its topic branch, in the plan's order; `limit` commits of each
/// branch. Each repository is asked once.
///
/// # Errors
/// A remote that cannot be reached or does not let us in.
pub fn board_entries(plan: &Plan, ctx: &RunContext, limit: u32) -> Result<Vec<BoardEntry>, Failure> {
    let mut by_repository: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, unit) in plan.units.iter().enumerate() {
        by_repository.entry(&unit.repository).or_default().push(index);
    }
    let mut all: Vec<(usize, BoardEntry)> = Vec::with_capacity(plan.units.len());
    for (repository, indices) in by_repository {
        let topic = |unit: &Unit| unit.review.as_ref().map(|request| request.topic.clone());
        let places: Vec<_> =
            indices.iter().map(|&index| (place(&plan.units[index]), topic(&plan.units[index]))).collect();
        let found = board(&remote(repository, &plan.root, ctx)?, &places, limit).map_err(|error| failed(&error))?;
        all.extend(indices.into_iter().zip(found));
    }
    all.sort_by_key(|(index, _)| *index);
    Ok(all.into_iter().map(|(_, standing)| standing).collect())
}

/// The last `limit` commits of a unit's branch, newest first.
///
/// # Errors
/// A remote that cannot be reached or does not let us in.
pub fn past(plan: &Plan, unit: &Unit, ctx: &RunContext, limit: u32, depth: Depth) -> Result<Vec<BranchTip>, Failure> {
    history(&remote(&unit.repository, &plan.root, ctx)?, &place(unit), limit, depth).map_err(|error| failed(&error))
}

fn place(unit: &Unit) -> BranchPath {
    BranchPath { branch: unit.branch.clone(), folder: folder(&unit.path) }
}

/// The objects in the files of a place, in the order of the files.
///
/// # Errors
/// A file that is no YAML, by its name on the branch.
pub fn objects(unit: &Unit, tip: &BranchTip) -> Result<Vec<Node>, Errors> {
    let mut objects = Vec::new();
    for (path, file) in &tip.files {
        let read = yaml::read_objects(&file.bytes);
        objects.extend(read.map_err(|finding: Diagnostic| finding.in_file(format!("{}:{path}", unit.branch)))?);
    }
    Ok(objects)
}

/// The images that stand there by the record, or by the commit's trailers where an older hydrant wrote the record. What is no image reference is
/// left out: a person may have written it.
pub fn images(tip: &BranchTip) -> Vec<ImageRef> {
    let recorded = tip.record.as_ref().map(|record| record.images.iter()).unwrap_or_default();
    let told = tip.commit.trailers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(IMAGE));
    let silent = recorded.len() == 0;
    let told = told.map(|(_, value)| value).filter(|_| silent);
    recorded.chain(told).filter_map(|image| ImageRef::parse(image).ok()).collect()
}

/// The environment that the images there were promoted from, if they were: by the record, or by the commit's last trailer.
pub fn promoted_from(tip: &BranchTip) -> Option<&str> {
    let recorded = tip.record.as_ref().and_then(|record| record.promoted_from.as_ref());
    let mut told = tip.commit.trailers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(PROMOTED));
    recorded.or_else(|| told.next_back().map(|(_, from)| from)).map(String::as_str)
}

/// The source commit whose output stands there: what the note says, else the record.
pub fn source_commit(tip: &BranchTip) -> Option<&str> {
    let recorded = tip.record.as_ref().map(|record| record.source.dry_sha.as_str());
    tip.noted.as_deref().or(recorded).filter(|id| !id.is_empty())
}
