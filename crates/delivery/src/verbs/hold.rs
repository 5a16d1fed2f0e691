//! `hydrant hold` and `hydrant release`: deliveries leave a held unit alone. Only its record changes.

use std::path::Path;

use committer::SourceRecord;
use git::source::{Ancestry, SourceRepository};

use super::recommit::{Recommit, never_delivered};
use crate::error::Failure;
use crate::host::RunContext;
use crate::host::branches::{self, BranchTip, Depth, WithHistory};
use crate::host::disk::DiskFiles;
use crate::pipeline::Options;
use crate::pipeline::push::push;
use crate::plan::settings::Settings;
use crate::plan::{PlannedUnit, plan};
use crate::report::Report;
use crate::report::format::{person, rfc3339};
use crate::review::PreparedUnit;

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The units are held, for this reason.
    Set(Option<String>),
    /// Their holds end.
    Release,
}

/// Holds or releases every unit of the plan, with one push per repository. A unit that is in that state already is unchanged.
///
/// # Errors
/// A branch that was never delivered or has no record, a remote that cannot be reached. Nothing is written then.
pub fn hold(settings: &Settings, ctx: &RunContext, hold: &Hold, options: &Options) -> Result<Report, Failure> {
    let plan = plan(&DiskFiles::default(), settings)?;
    let tips = branches::histories_at(&plan.units, &plan.root, ctx, 1, Depth::Files)?;
    let prepare = |one: WithHistory<&PlannedUnit>| {
        let WithHistory { unit, state } = one;
        // What waits for its review is what would be delivered next.
        let tip = state.waiting.or(state.tip).filter(|tip| !tip.empty);
        let tip = tip.ok_or_else(|| never_delivered(unit))?;
        let subject = match hold {
            Hold::Set(_) => format!("hold {} in {}", unit.service, unit.environment),
            Hold::Release => format!("release {} in {}", unit.service, unit.environment),
        };
        let time = ctx.now.unwrap_or(tip.commit.author.time);
        // The newest source with this output stays the one that the branch stands for.
        let tip = with_noted_source(tip, &plan.root);
        let recommit = Recommit { unit, tip: &tip, subject, trailers: &[], time };
        let mut prepared = recommit.prepare(&plan, ctx, options)?;
        apply(&mut prepared, &tip, hold);
        Ok(prepared)
    };
    let prepared = tips.into_iter().map(prepare).collect::<Result<Vec<_>, Failure>>()?;
    push(&plan, ctx, prepared, &|_, _| Ancestry::Ancestor, options)
}

/// The tip with the source commit of its note, if it has one, in its record.
fn with_noted_source(mut tip: BranchTip, root: &str) -> BranchTip {
    let Some((record, noted)) = tip.record.as_mut().zip(tip.noted_source.take()) else { return tip };
    let found = SourceRepository::discover(Path::new(root)).and_then(|source| source.commit(&noted));
    let SourceRecord { repo_url, commands, .. } = std::mem::take(&mut record.source);
    let noted = SourceRecord { repo_url, commands, dry_sha: noted, ..SourceRecord::default() };
    record.source = match found {
        Ok(commit) => SourceRecord {
            author: person(&commit.author),
            date: rfc3339(commit.author.time),
            subject: commit.subject,
            body: commit.body,
            ..noted
        },
        // The source commit is known by its id alone.
        Err(_) => noted,
    };
    tip
}

fn apply(prepared: &mut PreparedUnit, tip: &BranchTip, hold: &Hold) {
    let record = tip.record.as_ref();
    prepared.content.restores = record.and_then(|record| record.restores.clone());
    match hold {
        Hold::Set(reason) => {
            let held = record.and_then(|record| record.hold.clone());
            let reason = reason.clone().or(held).unwrap_or_else(|| "no reason is given".to_owned());
            prepared.content.hold = Some(reason);
        }
        Hold::Release => prepared.content.release = true,
    }
}
