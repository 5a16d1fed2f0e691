//! Reads one commit of a branch that is chosen by the records of its history.

use git::Transport;

use super::reader::{At, BranchPath, BranchTip, Depth, Reader};
use crate::error::DeliverError;
use crate::notes::NOTES;

/// A commit of a branch, and the history that it was chosen from.
#[derive(Clone, Debug, Default)]
pub struct Picked {
    /// The chosen commit with its files; `None` if none was chosen.
    pub chosen: Option<BranchTip>,
    /// The commits without their files, newest first, along first parents. Empty if the branch does not exist.
    pub past: Vec<BranchTip>,
}

/// Reads the last `limit` commits of a branch (at least one), and the files of the one whose position `choose` returns. It is not called for
/// a branch that does not exist.
///
/// # Errors
/// The remote could not be read.
pub fn pick(
    transport: &mut dyn Transport,
    path: &BranchPath,
    limit: u32,
    choose: &dyn Fn(&[BranchTip]) -> Option<usize>,
) -> Result<Picked, DeliverError> {
    let mut reader = Reader::new(transport)?;
    let heads = reader.heads(vec![path.ref_name()])?;
    let Some(&head) = heads.get(&path.ref_name()) else { return Ok(Picked::default()) };
    reader.fetch(&[head], limit)?;
    let line: Vec<At<'_>> =
        reader.first_parents(Some(head), limit)?.into_iter().map(|commit| At { path, commit }).collect();
    let notes = heads.get(NOTES).copied();
    reader.load(&line, notes, Depth::Record)?;
    let past = line.iter().map(|at| reader.tip(at, Depth::Record)).collect::<Result<Vec<_>, _>>()?;
    let Some(at) = choose(&past).and_then(|position| line.get(position)) else {
        return Ok(Picked { chosen: None, past });
    };
    reader.load(&[*at], notes, Depth::Files)?;
    let chosen = Some(reader.tip(at, Depth::Files)?);
    Ok(Picked { chosen, past })
}
