//! Reads delivered branches from their remotes.

use std::collections::BTreeMap;

pub use committer::branches::{BoardEntry, BranchTip, Depth};
use committer::branches::{BoardRequest, BranchPath, Picked, board_at, history, pick as pick_commit, read};
use git::RemoteUrl;
use manifest::{Diagnostic, Errors, ImageRef, Node, yaml};

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::git_remote::transport;
use crate::host::trailers::{IMAGE, PROMOTED};

/// Something that is delivered to a branch.
pub trait OnBranch {
    /// The manifest repository: a URL, or an absolute path.
    fn repository(&self) -> &RemoteUrl;
    /// The branch.
    fn branch(&self) -> &str;
    /// The folder on the branch; empty for its root.
    fn folder(&self) -> String;
    /// The topic branch, where changes are reviewed.
    fn topic(&self) -> Option<&str>;
}

/// A unit, and what its branch holds.
#[derive(Clone, Debug)]
pub struct WithTip<U> {
    /// The unit.
    pub unit: U,
    /// The tip of its branch; absent where the branch does not exist.
    pub tip: Option<BranchTip>,
}

/// A unit, the content and history of its branch, and the proposal on its topic branch.
#[derive(Clone, Debug)]
pub struct WithHistory<U> {
    /// The unit.
    pub unit: U,
    /// The state of its branches.
    pub state: BoardEntry,
}

/// Reads the tip of each unit's branch, in the units' order. Each repository is read once. `root` is the source's folder, whose git
/// configuration has the credentials.
///
/// # Errors
/// A remote that cannot be reached or refuses access.
pub fn tips<U: OnBranch>(
    units: impl IntoIterator<Item = U>,
    root: &str,
    ctx: &RunContext,
    depth: Depth,
) -> Result<Vec<WithTip<U>>, Failure> {
    each_repository(units, |repository, units| {
        let places: Vec<BranchPath> = units.iter().map(|one| place(&one.unit)).collect();
        let tips = read(transport(repository, root, ctx)?.as_mut(), &places, depth)?;
        let with_tip = |unit: U| WithTip { tip: tips.get(&place(&unit)).cloned(), unit };
        Ok(units.into_iter().map(|one| one.map(with_tip)).collect())
    })
}

/// Reads the tip of each unit's branch, the `limit` commits before it, and its topic branch, in the units' order. Each repository is
/// asked once.
///
/// # Errors
/// A remote that cannot be reached or refuses access.
pub fn histories<U: OnBranch>(
    units: impl IntoIterator<Item = U>,
    root: &str,
    ctx: &RunContext,
    limit: u32,
) -> Result<Vec<WithHistory<U>>, Failure> {
    histories_at(units, root, ctx, limit, Depth::Record)
}

/// Reads as [`histories`], to this depth.
///
/// # Errors
/// A remote that cannot be reached or refuses access.
pub fn histories_at<U: OnBranch>(
    units: impl IntoIterator<Item = U>,
    root: &str,
    ctx: &RunContext,
    limit: u32,
    depth: Depth,
) -> Result<Vec<WithHistory<U>>, Failure> {
    each_repository(units, |repository, units| {
        let request = |unit: &U| BoardRequest { path: place(unit), topic: unit.topic().map(str::to_owned) };
        let requests: Vec<BoardRequest> = units.iter().map(|one| request(&one.unit)).collect();
        let states = board_at(transport(repository, root, ctx)?.as_mut(), &requests, limit, depth)?;
        let with_history =
            |unit: U| WithHistory { state: states.get(&place(&unit)).cloned().unwrap_or_default(), unit };
        Ok(units.into_iter().map(|one| one.map(with_history)).collect())
    })
}

/// A unit or what was read of it, and its position among all units.
struct Positioned<T> {
    position: usize,
    unit: T,
}

impl<U> Positioned<U> {
    fn map<T>(self, read: impl FnOnce(U) -> T) -> Positioned<T> {
        Positioned { position: self.position, unit: read(self.unit) }
    }
}

/// Calls `read` once a repository with its units, and gives the results in the units' order.
fn each_repository<U: OnBranch, T>(
    units: impl IntoIterator<Item = U>,
    read: impl Fn(&RemoteUrl, Vec<Positioned<U>>) -> Result<Vec<Positioned<T>>, Failure>,
) -> Result<Vec<T>, Failure> {
    let mut by_repository: BTreeMap<RemoteUrl, Vec<Positioned<U>>> = BTreeMap::new();
    for (position, unit) in units.into_iter().enumerate() {
        by_repository.entry(unit.repository().clone()).or_default().push(Positioned { position, unit });
    }
    let mut all = Vec::new();
    for (repository, members) in by_repository {
        all.extend(read(&repository, members)?);
    }
    all.sort_by_key(|one| one.position);
    Ok(all.into_iter().map(|one| one.unit).collect())
}

/// Reads the last `limit` commits of a unit's branch, newest first.
///
/// # Errors
/// A remote that cannot be reached or refuses access.
pub fn past<U: OnBranch>(
    unit: &U,
    root: &str,
    ctx: &RunContext,
    limit: u32,
    depth: Depth,
) -> Result<Vec<BranchTip>, Failure> {
    Ok(history(transport(unit.repository(), root, ctx)?.as_mut(), &place(unit), limit, depth)?)
}

/// Reads the last `limit` commits of a unit's branch, and the files of the one whose position `choose` returns.
///
/// # Errors
/// A remote that cannot be reached or refuses access.
pub fn pick<U: OnBranch>(
    unit: &U,
    root: &str,
    ctx: &RunContext,
    limit: u32,
    choose: &dyn Fn(&[BranchTip]) -> Option<usize>,
) -> Result<Picked, Failure> {
    Ok(pick_commit(transport(unit.repository(), root, ctx)?.as_mut(), &place(unit), limit, choose)?)
}

fn place<U: OnBranch>(unit: &U) -> BranchPath {
    BranchPath { branch: unit.branch().to_owned(), folder: unit.folder() }
}

impl<U: OnBranch> OnBranch for &U {
    fn repository(&self) -> &RemoteUrl {
        (**self).repository()
    }

    fn branch(&self) -> &str {
        (**self).branch()
    }

    fn folder(&self) -> String {
        (**self).folder()
    }

    fn topic(&self) -> Option<&str> {
        (**self).topic()
    }
}

/// The objects in the files of a destination, in the order of the files.
///
/// # Errors
/// A file that is invalid YAML, by its name on the branch.
pub fn objects(branch: &str, tip: &BranchTip) -> Result<Vec<Node>, Errors> {
    let mut objects = Vec::new();
    for (path, file) in &tip.files {
        let read = yaml::read_objects(&file.bytes);
        objects.extend(read.map_err(|finding: Diagnostic| finding.in_file(format!("{branch}:{path}")))?);
    }
    Ok(objects)
}

/// The images on the branch by the record, or by the commit's trailers where an older hydrant wrote the record. Values that are not image references are
/// left out: a person may have written it.
pub fn images(tip: &BranchTip) -> Vec<ImageRef> {
    let recorded = tip.record.as_ref().map(|record| record.images.iter()).unwrap_or_default();
    let in_trailers = tip.commit.trailers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(IMAGE));
    let unrecorded = recorded.len() == 0;
    let in_trailers = in_trailers.map(|(_, value)| value).filter(|_| unrecorded);
    recorded.chain(in_trailers).filter_map(|image| ImageRef::parse(image).ok()).collect()
}

/// The environment that the images there were promoted from, if they were: by the record, or by the commit's last trailer.
pub fn promoted_from(tip: &BranchTip) -> Option<&str> {
    let recorded = tip.record.as_ref().and_then(|record| record.promoted_from.as_ref());
    let mut in_trailers = tip.commit.trailers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(PROMOTED));
    recorded.or_else(|| in_trailers.next_back().map(|(_, from)| from)).map(String::as_str)
}

/// The source commit whose output is on the branch: the one in the git note, else the recorded one.
pub fn source_commit(tip: &BranchTip) -> Option<&str> {
    let recorded = tip.record.as_ref().map(|record| record.source.dry_sha.as_str());
    tip.noted_source.as_deref().or(recorded).filter(|id| !id.is_empty())
}
