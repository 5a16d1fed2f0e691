//! `hydrant status`: services × environments: the delivered state, its age and its source.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use committer::{AssignedBy, Assignment};
use git::source::{CommitInfo, SourceRepository};
use github::OpenPull;
use manifest::{Diagnostic, ImageRef};
use serde_json::{Value, json};

use crate::error::Failure;
use crate::host::branches::{self, BoardEntry, BranchTip, WithHistory};
use crate::host::disk::DiskFiles;
use crate::host::trailers::{ENVIRONMENT, SERVICE};
use crate::host::{Moment, RunContext};
use crate::images::{assign, moves};
use crate::plan::settings::Settings;
use crate::plan::{PlannedUnit, plan};
use crate::report::format::{age, parse_rfc3339, person, rfc3339};
use crate::report::table;
use crate::review::OpenRequests;

pub use crate::report::board::board;

/// The state of one unit.
#[derive(Clone, Debug)]
pub struct Row {
    /// The unit.
    pub unit: PlannedUnit,
    /// The state of its branch.
    pub state: State,
    /// What the branch holds; nothing where it does not exist.
    pub tip: Option<BranchTip>,
    /// What it held before, newest first.
    pub before: Vec<BranchTip>,
    /// What waits to be merged.
    pub pending: Option<Pending>,
    /// The subjects of source commits that no record has: those of notes, by their ids.
    pub subjects: Subjects,
}

/// Subjects of source commits by their ids.
pub type Subjects = Arc<BTreeMap<String, String>>;

/// A change that waits for its review.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The topic branch.
    pub topic: String,
    /// What it holds.
    pub tip: BranchTip,
    /// The open pull request, if the host was queried and has one.
    pub request: Option<OpenPull>,
}

/// The state of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The branch holds what its record says.
    Delivered,
    /// Delivered, with a hold on later deliveries.
    Held,
    /// The branch differs from its record, or the record cannot be read.
    Drifted,
    /// There is no branch yet.
    Never,
}

/// Reads every unit's branch and its topic branch, with this many commits of each. GitHub is queried for open pull requests if a token
/// is available; a failure is a warning. Nothing is rendered: see `hydrant verify` and `hydrant diff` for what would differ.
///
/// # Errors
/// A config that cannot be read, a remote that cannot be reached.
pub fn status(settings: &Settings, ctx: &RunContext, commits: u32) -> Result<(Vec<Row>, Vec<Diagnostic>), Failure> {
    let plan = plan(&DiskFiles::default(), settings)?;
    let units = branches::histories(plan.units, &plan.root, ctx, commits)?;
    let waiting = units.iter().filter(|one| one.state.waiting.is_some()).map(|one| &one.unit);
    let open = OpenRequests::read(waiting, ctx);
    let tips = units.iter().flat_map(|one| one.state.tip.iter().chain(&one.state.before).chain(&one.state.waiting));
    let subjects: Subjects = Arc::new(noted_subjects(&plan.root, tips));
    let rows = units.into_iter().map(|WithHistory { unit, state: BoardEntry { tip, before, waiting } }| {
        let request = open.of(&unit).cloned();
        let topic = unit.review.as_ref().map(|request| request.topic.clone());
        // A branch that was only created for its first review has no output yet.
        let tip = tip.filter(|tip| !tip.empty);
        let OwnCommits { tip, before } = own_commits(&unit, tip, before);
        let pending = topic.zip(waiting).map(|(topic, tip)| Pending { topic, tip, request });
        Row { state: state(tip.as_ref()), unit, tip, before, pending, subjects: Arc::clone(&subjects) }
    });
    Ok((rows.collect(), open.warnings))
}

/// The commits of a unit among those of its branch.
struct OwnCommits {
    /// What the branch holds, with the commit that delivered it.
    tip: Option<BranchTip>,
    before: Vec<BranchTip>,
}

/// On a branch that units share, the commits that changed this unit. If none of those that were read did, the branch's last one stands for
/// it.
fn own_commits(unit: &PlannedUnit, tip: Option<BranchTip>, before: Vec<BranchTip>) -> OwnCommits {
    let is_intact = matches!(state(tip.as_ref()), State::Delivered | State::Held);
    let (true, Some(tip)) = (is_intact && !unit.branch_folder().is_empty(), &tip) else {
        return OwnCommits { tip, before };
    };
    let line: Vec<&BranchTip> = std::iter::once(tip).chain(&before).collect();
    let is_own = |at: usize| match line.get(at + 1) {
        Some(older) => line[at].content_hash != older.content_hash,
        // What is before the commits that were read is not known.
        None => delivers(unit, &line[at].commit),
    };
    let mut own: Vec<BranchTip> =
        (0..line.len()).filter(|at| !line[*at].empty && is_own(*at)).map(|at| line[at].clone()).collect();
    let commit = if own.is_empty() { tip.commit.clone() } else { own.remove(0).commit };
    OwnCommits { tip: Some(BranchTip { commit, ..tip.clone() }), before: own }
}

/// Whether a commit's trailers name this unit.
fn delivers(unit: &PlannedUnit, commit: &CommitInfo) -> bool {
    let is = |name: &str, value: &str| {
        let mut trailers = commit.trailers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        trailers.next_back().is_some_and(|(_, known)| known == value)
    };
    is(SERVICE, &unit.service) && is(ENVIRONMENT, &unit.environment)
}

/// The subjects of the source commits that only notes name, as far as the source repository has them.
fn noted_subjects<'a>(root: &str, tips: impl Iterator<Item = &'a BranchTip>) -> BTreeMap<String, String> {
    let ids: BTreeSet<&String> = tips.filter_map(|tip| tip.noted_source.as_ref()).collect();
    if ids.is_empty() {
        return BTreeMap::new();
    }
    let Ok(source) = SourceRepository::discover(Path::new(root)) else { return BTreeMap::new() };
    ids.into_iter().filter_map(|id| Some((id.clone(), source.commit(id).ok()?.subject))).collect()
}

/// The subject of the source commit that a branch stands for; unknown if only a note names it and the source repository lacks it.
fn subject(row: &Row, tip: &BranchTip) -> Option<String> {
    match &tip.noted_source {
        Some(noted) => row.subjects.get(noted).cloned(),
        None => tip.record.as_ref().map(|record| record.source.subject.clone()),
    }
}

fn assignments(tip: &BranchTip) -> impl Iterator<Item = &Assignment> {
    let recorded = tip.record.iter().flat_map(|record| &record.assignments);
    recorded.filter(|one| one.by != AssignedBy::Source)
}

/// A line for each image that a command or a promotion decided.
fn decided(row: &Row, now: Option<Moment>) -> String {
    let name = row.unit.name();
    let line = |one: &Assignment| {
        let at = parse_rfc3339(&one.at).map(|at| age(at, now)).filter(|age| !age.is_empty());
        let at = match at.as_deref() {
            Some("now") => ", now".to_owned(),
            Some(age) => format!(", {age} ago"),
            None => String::new(),
        };
        format!("{name}: {}{at}\n", assign::text(one))
    };
    row.tip.iter().flat_map(assignments).map(line).collect()
}

/// A line about a hold; empty without one.
fn held(row: &Row) -> String {
    let hold = row.tip.as_ref().and_then(|tip| tip.record.as_ref()?.hold.as_ref());
    hold.map(|reason| format!("{}: held: {reason}\n", row.unit.name())).unwrap_or_default()
}

fn state(tip: Option<&BranchTip>) -> State {
    let Some(tip) = tip else { return State::Never };
    // The record of an older hydrant has no hash; the commit that wrote it is then the last one.
    let has_trailers = || tip.commit.trailers.iter().any(|(name, _)| name.eq_ignore_ascii_case(SERVICE));
    match &tip.record {
        Some(record) if tip.intact.unwrap_or_else(has_trailers) => {
            if record.hold.is_some() {
                State::Held
            } else {
                State::Delivered
            }
        }
        _ => State::Drifted,
    }
}

impl State {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            State::Delivered => "delivered",
            State::Held => "held",
            State::Drifted => "drifted",
            State::Never => "never delivered",
        }
    }
}

/// A table for terminals; ages are counted to `now`.
pub fn text(rows: &[Row], now: Option<Moment>) -> String {
    let head =
        ["SERVICE", "ENVIRONMENT", "STATE", "COMMIT", "SOURCE", "AGE", "BY", "IMAGES"].map(String::from).to_vec();
    let mut lines = vec![head];
    lines.extend(rows.iter().map(|row| {
        let short = |id: &str| id.get(..7).unwrap_or(id).to_owned();
        let tip = row.tip.as_ref();
        let images = tip.map(|tip| tags(tip).join(" ")).unwrap_or_default();
        vec![
            row.unit.service.clone(),
            row.unit.environment.clone(),
            row.state.name().to_owned(),
            tip.map(|tip| tip.commit.short_id.clone()).unwrap_or_default(),
            tip.and_then(branches::source_commit).map(short).unwrap_or_default(),
            tip.map(|tip| age(tip.commit.committer.time, now)).unwrap_or_default(),
            tip.map(|tip| tip.commit.committer.name.clone()).unwrap_or_default(),
            images,
        ]
    }));
    let decided: String = rows.iter().flat_map(|row| [held(row), decided(row, now)]).collect();
    let pending: String = rows.iter().filter_map(waiting).collect();
    format!("{}{decided}{pending}", table::print(&lines))
}

/// A line about what waits.
fn waiting(row: &Row) -> Option<String> {
    let Pending { topic, tip, request } = row.pending.as_ref()?;
    let record = tip.record.as_ref();
    let hold = record.and_then(|record| record.hold.as_ref());
    let kind = if record.is_some_and(|record| record.restores.is_some()) { "rollback" } else { "hold" };
    let what = match hold {
        Some(why) => format!("a {kind} ({why})"),
        None => moved(row.tip.as_ref(), tip),
    };
    let place = request.as_ref().map_or_else(|| format!("on {topic}"), |request| request.url.clone());
    Some(format!("{}: {what} waits for review: {place}\n", row.unit.name()))
}

/// The images that a waiting change moves; its source commit if it moves none.
fn moved(now: Option<&BranchTip>, next: &BranchTip) -> String {
    let (now, next_images) = (now.map(branches::images).unwrap_or_default(), branches::images(next));
    let now: Vec<&str> = now.iter().map(ImageRef::as_str).collect();
    let next_images: Vec<String> = next_images.iter().map(ToString::to_string).collect();
    let lines = moves::lines(&now, &next_images, &|_| None);
    if lines.is_empty() {
        let source = branches::source_commit(next).and_then(|id| id.get(..7)).unwrap_or("unknown");
        return format!("source {source}");
    }
    lines.iter().map(|line| line.trim_start_matches("- ")).collect::<Vec<_>>().join("; ")
}

/// `cart:production-1.4.2` for each image: the last part of its name, and its tag.
fn tags(tip: &BranchTip) -> Vec<String> {
    let last = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let images = branches::images(tip).into_iter();
    images.map(|image| last(image.without_digest().as_str())).collect()
}

/// Everything as JSON.
pub fn json(rows: &[Row]) -> String {
    format!("{:#}\n", json!({ "units": units(rows) }))
}

/// Everything as one self-contained page; ages are relative to `now`.
pub fn html(rows: &[Row], now: Option<Moment>) -> String {
    board(&units(rows), now)
}

fn units(rows: &[Row]) -> Vec<Value> {
    rows.iter().map(row_json).collect()
}

fn row_json(row: &Row) -> Value {
    let tip = row.tip.as_ref();
    let record = tip.and_then(|tip| tip.record.as_ref());
    let images: Vec<String> = tip.map(branches::images).unwrap_or_default().iter().map(ToString::to_string).collect();
    json!({
        "service": row.unit.service,
        "environment": row.unit.environment,
        "branch": row.unit.branch,
        "state": row.state.name(),
        "hold": record.and_then(|record| record.hold.clone()),
        "commit": tip.map(|tip| tip.commit.id.clone()),
        "deliveredAt": tip.map(|tip| rfc3339(tip.commit.committer.time)),
        "deliveredBy": tip.map(|tip| person(&tip.commit.committer)),
        "sourceRepository": record.map(|record| record.source.repo_url.clone()),
        "sourceCommit": tip.and_then(branches::source_commit),
        "sourceSubject": tip.and_then(|tip| subject(row, tip)),
        "images": images,
        "assignments": tip.map(assignments_json),
        "pending": row.pending.as_ref().map(|pending| pending_json(row, pending)),
        "history": row.before.iter().filter(|one| !one.empty).map(|one| past_json(row, one)).collect::<Vec<_>>(),
    })
}

fn assignments_json(tip: &BranchTip) -> Value {
    let one = |one: &Assignment| {
        let mut value = json!(one);
        value["origin"] = json!(assign::origin(one));
        value
    };
    assignments(tip).map(one).collect()
}

fn pending_json(row: &Row, pending: &Pending) -> Value {
    let request = pending.request.as_ref();
    let mut value = past_json(row, &pending.tip);
    value["topic"] = json!(pending.topic);
    value["title"] = json!(request.map_or(&pending.tip.commit.subject, |request| &request.title));
    value["number"] = json!(request.map(|request| request.number));
    value["url"] = json!(request.map(|request| &request.url));
    value
}

/// A delivery that is not at the tip.
fn past_json(row: &Row, one: &BranchTip) -> Value {
    let images: Vec<String> = branches::images(one).iter().map(ToString::to_string).collect();
    json!({
        "commit": one.commit.id,
        "hold": one.record.as_ref().and_then(|record| record.hold.clone()),
        "deliveredAt": rfc3339(one.commit.committer.time),
        "deliveredBy": person(&one.commit.committer),
        "sourceCommit": branches::source_commit(one),
        "sourceSubject": subject(row, one),
        "images": images,
        "assignments": assignments_json(one),
    })
}
