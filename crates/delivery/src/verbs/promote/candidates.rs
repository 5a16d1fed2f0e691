//! `hydrant promote` without a selection: the images that promotions would move.

use std::collections::BTreeSet;

use manifest::{Diagnostic, ImageRef};
use serde_json::{Value, json};

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::branches::{self, BranchTip, Depth, WithTip};
use crate::host::disk::DiskFiles;
use crate::images::moves;
use crate::plan::settings::Settings;
use crate::plan::{PlannedUnit, plan};
use crate::report::table;

/// What a promotion would change for one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// `service/environment`
    pub unit: String,
    /// The environment that it is promoted from.
    pub from: String,
    /// A line for each image that would change; `None` if that environment holds nothing.
    pub moves: Option<Vec<String>>,
    /// The reason of a hold that stops a promotion.
    pub hold: Option<String>,
    /// The reason of a hold of the environment that it is promoted from, as after a rollback.
    pub from_hold: Option<String>,
}

/// Compares the images of every selected unit that has an environment before it. Nothing is rendered.
///
/// # Errors
/// A config whose environments have no order, a remote that cannot be reached.
pub fn candidates(settings: &Settings, ctx: &RunContext) -> Result<Vec<Candidate>, Failure> {
    let plan = plan(&DiskFiles::default(), settings)?;
    if plan.units.iter().all(|unit| unit.after.is_none()) {
        let finding = Diagnostic::new("no environment has `after`, so the promotion order is not known");
        let finding = plan.config.iter().fold(finding, |finding, file| finding.in_file(file)).field("environments");
        return Err(finding
            .hint("set `after` in the environments that are promoted, or give --from ENV --to ENV")
            .into());
    }
    let tips = branches::tips(&plan.units, &plan.root, ctx, Depth::Record)?;
    let candidate = |WithTip { unit, tip }: &WithTip<&PlannedUnit>| {
        let from = unit.after.clone()?;
        let is_source =
            |other: &&WithTip<&PlannedUnit>| other.unit.service == unit.service && other.unit.environment == from;
        let source = tips.iter().find(is_source)?.tip.as_ref();
        let hold = |tip: Option<&BranchTip>| tip.and_then(|tip| tip.record.as_ref()?.hold.clone());
        let moves = source.map(|source| moved(tip.as_ref(), source));
        Some(Candidate { unit: unit.name(), from, moves, hold: hold(tip.as_ref()), from_hold: hold(source) })
    };
    Ok(tips.iter().filter_map(candidate).collect())
}

/// The images that both environments run and that differ, and those that only the source runs if the target holds nothing.
fn moved(target: Option<&BranchTip>, source: &BranchTip) -> Vec<String> {
    let (now, next) = (target.map(branches::images).unwrap_or_default(), branches::images(source));
    let names: BTreeSet<String> = now.iter().map(ImageRef::full_name).collect();
    let both: BTreeSet<String> = next.iter().map(ImageRef::full_name).filter(|name| names.contains(name)).collect();
    let shared = |image: &&ImageRef| target.is_none() || both.contains(&image.full_name());
    let now: Vec<&str> = now.iter().filter(shared).map(ImageRef::as_str).collect();
    let next: Vec<String> = next.iter().filter(shared).map(ToString::to_string).collect();
    let lines = moves::lines(&now, &next, &|_| None);
    lines.into_iter().map(|line| line.trim_start_matches("- ").to_owned()).collect()
}

/// A table for terminals, and the command that promotes.
pub fn text(candidates: &[Candidate]) -> String {
    let mut rows = vec![["UNIT", "FROM", "CHANGES"].map(String::from).to_vec()];
    for Candidate { unit, from, moves, hold, from_hold } in candidates {
        let own = hold.as_ref().map(|why| format!(" (held: {why})")).unwrap_or_default();
        let other = from_hold.as_ref().map(|why| format!(" ({from} is held: {why})")).unwrap_or_default();
        let changes = match moves.as_deref() {
            None => format!("{from} holds nothing"),
            Some([]) => "none".to_owned(),
            Some(moves) => moves.join("; "),
        };
        rows.push(vec![unit.clone(), from.clone(), format!("{changes}{own}{other}")]);
    }
    table::print(&rows)
}

/// The candidates as one JSON document.
pub fn json(candidates: &[Candidate]) -> String {
    let one = |Candidate { unit, from, moves, hold, from_hold }: &Candidate| json!({ "unit": unit, "from": from, "changes": moves, "hold": hold, "fromHold": from_hold });
    let value = json!({ "candidates": candidates.iter().map(one).collect::<Vec<Value>>() });
    format!("{value:#}\n")
}
