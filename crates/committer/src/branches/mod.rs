//! Reads delivered branches from a remote: for diff, promotion, rollback, verification and the board.

mod board;
mod pick;
mod reader;

use std::collections::BTreeMap;

use git::Transport;

use crate::error::DeliverError;
use crate::notes::NOTES;
use reader::{At, Reader};

pub use board::{BoardEntry, BoardRequest, board, board_at};
pub use pick::{Picked, pick};
pub use reader::{BranchPath, BranchTip, Depth};

/// Reads the tips of these branches at once. A branch that does not exist has no entry in the result.
///
/// # Errors
/// The remote could not be read.
pub fn read(
    transport: &mut dyn Transport,
    paths: &[BranchPath],
    depth: Depth,
) -> Result<BTreeMap<BranchPath, BranchTip>, DeliverError> {
    let mut reader = Reader::new(transport)?;
    let names: Vec<String> = paths.iter().map(BranchPath::ref_name).collect();
    let heads = reader.heads(names)?;
    let tips: Vec<At<'_>> =
        paths.iter().filter_map(|path| Some(At { path, commit: *heads.get(&path.ref_name())? })).collect();
    reader.load(&tips, heads.get(NOTES).copied(), depth)?;
    let tips = tips.iter().map(|at| Ok((at.path.clone(), reader.tip(at, depth)?)));
    tips.collect()
}

/// Reads the last `limit` commits of a branch (at least one), newest first, along first parents. Empty if the branch does not exist.
///
/// # Errors
/// The remote could not be read.
pub fn history(
    transport: &mut dyn Transport,
    path: &BranchPath,
    limit: u32,
    depth: Depth,
) -> Result<Vec<BranchTip>, DeliverError> {
    let mut reader = Reader::new(transport)?;
    let heads = reader.heads(vec![path.ref_name()])?;
    let Some(&head) = heads.get(&path.ref_name()) else { return Ok(Vec::new()) };
    reader.fetch(&[head], limit)?;
    let line: Vec<At<'_>> =
        reader.first_parents(Some(head), limit)?.into_iter().map(|commit| At { path, commit }).collect();
    reader.load(&line, heads.get(NOTES).copied(), depth)?;
    line.iter().map(|at| Ok(reader.tip(at, depth)?)).collect()
}
