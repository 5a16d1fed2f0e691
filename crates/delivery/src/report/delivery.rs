//! The report of a delivery: text for terminals, JSON for scripts, Markdown for CI pages.

use std::collections::BTreeMap;
use std::fmt::Write;

use committer::{Assignment, LeftAsIs, NOTES, Outcome, Refusal, TopicState, UnitResult};
use git::{Change, ChangeKind};
use manifest::escape::{self, line};
use registry::Origin;
use serde_json::{Value, json};

use crate::error::Failure;
use crate::images::assign;
use crate::images::origins::ImageOrigin;
use crate::plan::PlannedUnit;
use crate::report::attest::UnitProvenance;
use crate::report::findings::{self, UnitFinding};
use crate::report::table;
use crate::report::{RequestFailure, RequestReport};

/// The result of a unit that could not be delivered because of its source.
const FAILED: &str = "failed";

/// The results of units, in the order in which they are counted.
const RESULTS: [&str; 10] =
    ["committed", "retired", "proposed", "waiting", "withdrawn", "unchanged", "superseded", "held", "refused", FAILED];

/// The result of every unit, in the plan's order.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The units.
    pub units: Vec<UnitReport>,
    /// The units that failed before they were delivered.
    pub failed: Vec<FailedUnit>,
    /// Whether this was a dry run, which writes nothing.
    pub dry_run: bool,
    /// What checks found in the units.
    pub findings: Vec<UnitFinding>,
}

/// A unit that could not be rendered, resolved or checked. Nothing was written for it.
#[derive(Clone, Debug)]
pub struct FailedUnit {
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// The branch.
    pub branch: String,
    /// What is wrong.
    pub failure: Failure,
}

impl FailedUnit {
    pub(crate) fn new(unit: &PlannedUnit, failure: Failure) -> Self {
        let PlannedUnit { service, environment, branch, .. } = unit.clone();
        FailedUnit { service, environment, branch, failure }
    }

    /// `service/environment`
    pub fn name(&self) -> String {
        format!("{}/{}", self.service, self.environment)
    }

    fn json(&self) -> Value {
        let errors: Vec<String> = self.failure.errors().all().iter().map(ToString::to_string).collect();
        json!({
            "service": self.service,
            "environment": self.environment,
            "branch": self.branch,
            "result": FAILED,
            "errors": errors,
        })
    }

    /// The failures of all, each finding once; absent if there is none.
    pub fn failure(failed: &[FailedUnit]) -> Option<Failure> {
        failed.iter().map(|one| one.failure.clone()).reduce(Failure::and)
    }
}

/// What became of one unit.
#[derive(Clone, Debug)]
pub struct UnitReport {
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// The manifest repository, as it may be shown.
    pub repository: String,
    /// The images of the manifest, sorted, as they are in it.
    pub images: Vec<String>,
    /// The image assignments of the unit.
    pub assignments: Vec<Assignment>,
    /// The image assignments that ended with this delivery, with the reason.
    pub ended: Vec<String>,
    /// The sources of images that record one; empty unless requested.
    pub origins: Vec<ImageOrigin>,
    /// What the committer did.
    pub delivery: UnitResult,
    /// The result of the pull request, for a unit that is reviewed and was not refused.
    pub request: Option<RequestReport>,
    /// Whether the unit's output was to be removed.
    pub is_retirement: bool,
    /// The inputs of the unit, where a provenance statement was requested.
    pub provenance: Option<UnitProvenance>,
}

impl Report {
    /// Whether a retry may help with every refusal and failure: the server's own, or a race that was lost every time.
    pub fn may_be_tried_again(&self) -> bool {
        let is_external = |unit: &FailedUnit| matches!(unit.failure, Failure::External(_));
        self.failed.iter().all(is_external)
            && self.units.iter().all(|unit| match &unit.delivery.outcome {
                Outcome::Refused(refusal) => refusal.is_transient() || refusal.left_as_is().is_some(),
                _ => unit.failed_request().is_none_or(|failure| failure.is_transient),
            })
    }

    /// The refusals and what failed of the requests, each with its unit in front. Units that were left as they are on purpose are not
    /// among them.
    pub fn refusals(&self) -> impl Iterator<Item = String> {
        self.units.iter().filter_map(|unit| match &unit.delivery.outcome {
            Outcome::Refused(refusal) if refusal.left_as_is().is_none() => Some(unit.refusal(refusal)),
            _ => unit
                .failed_request()
                .map(|failure| format!("{}: {}", line(&unit.name()), escape::message(&failure.message))),
        })
    }

    /// The units that were left as they are, since their branches have newer output or are held, with the reason and what to do about it.
    pub fn left_as_is(&self) -> impl Iterator<Item = String> {
        self.units.iter().filter_map(|unit| match &unit.delivery.outcome {
            Outcome::Refused(refusal) if refusal.left_as_is().is_some() => Some(unit.refusal(refusal)),
            _ => None,
        })
    }

    /// Image assignments that ended and failures of the host after opening a pull request (labels, reviewers), each after its unit, and one
    /// line for each repository that does not accept notes.
    pub fn warnings(&self) -> Vec<String> {
        let mut repositories: BTreeMap<&str, &str> = BTreeMap::new();
        for unit in &self.units {
            if let Some(message) = &unit.delivery.not_announced {
                repositories.entry(&unit.repository).or_insert(message);
            }
        }
        let not_announced = repositories.into_iter().map(|(repository, message)| {
            format!("not announced in {NOTES}: {repository} does not accept this ref: {message}")
        });
        let of_requests = self.units.iter().flat_map(|unit| {
            let warnings = unit.request.iter().flat_map(|request| &request.warnings);
            warnings.map(|message| format!("{}: {}", line(&unit.name()), escape::message(message)))
        });
        let ended = self.units.iter().flat_map(|unit| {
            unit.ended.iter().map(|message| format!("{}: {}", line(&unit.name()), escape::message(message)))
        });
        ended.chain(of_requests).chain(not_announced).collect()
    }

    /// A table with a line a unit, a line for each image that was assigned in a chart or whose source commit changed, and a line that sums up.
    pub fn text(&self) -> String {
        let rows = self.units.iter().map(|unit| unit.row(self.dry_run));
        let failed = self.failed.iter().map(|unit| vec![unit.name(), FAILED.to_owned(), unit.branch.clone()]);
        let rows: Vec<Vec<String>> = rows.chain(failed).collect();
        let changes = self.units.iter().flat_map(|unit| {
            let changes = unit.origins.iter().filter_map(ImageOrigin::changes);
            let request = unit.request.as_ref().and_then(RequestReport::line);
            let is_written = matches!(unit.delivery.outcome, Outcome::Committed { .. });
            let applied = unit.applied_images().filter(move |_| is_written);
            request
                .into_iter()
                .chain(applied)
                .chain(changes)
                .map(|message| format!("{}: {}\n", line(&unit.name()), line(&message)))
        });
        format!("{}{}{}\n", table::print(&rows), changes.collect::<String>(), self.sum())
    }

    /// `6 units: 2 committed, 4 unchanged`, or that there was nothing to do.
    fn sum(&self) -> String {
        let count = |result: &str| self.count(result);
        let results = RESULTS;
        let parts: Vec<String> = results
            .iter()
            .map(|result| (count(result), result))
            .filter(|(count, _)| *count > 0)
            .map(|(count, result)| format!("{count} {result}"))
            .collect();
        let total = self.units.len() + self.failed.len();
        let mut text = format!("{total} {}: {}", if total == 1 { "unit" } else { "units" }, parts.join(", "));
        if count("unchanged") == total {
            text.push_str("; nothing was committed");
        }
        if self.dry_run {
            text.push_str(" (a dry run: nothing was written)");
        }
        text
    }

    /// Everything, as one JSON document.
    pub fn json(&self) -> String {
        let units = self.units.iter().map(UnitReport::json).chain(self.failed.iter().map(FailedUnit::json));
        let mut value = json!({ "dryRun": self.dry_run });
        for result in RESULTS {
            value[result] = json!(self.count(result));
        }
        value["units"] = units.collect();
        value["findings"] = findings::json(&self.findings);
        format!("{value:#}\n")
    }

    fn count(&self, result: &str) -> usize {
        if result == FAILED {
            return self.failed.len();
        }
        self.units.iter().filter(|unit| unit.result() == result).count()
    }

    /// A table for a pull request's comment or `$GITHUB_STEP_SUMMARY`.
    pub fn markdown(&self) -> String {
        let mut text = format!("### hydrant deliver\n\n{}\n\n", self.sum());
        text.push_str(&findings::markdown(&self.findings));
        text.push_str("| service | environment | result | commit | images |\n| --- | --- | --- | --- | --- |\n");
        for unit in &self.units {
            let images: Vec<String> = unit.images.iter().map(|image| unit.image_cell(image)).collect();
            let commit = unit.delivery.commit.as_deref().map_or(String::new(), |id| format!("`{}`", short(id)));
            // A String takes whatever is written to it.
            let _ = writeln!(
                text,
                "| {} | {} | {} | {commit} | {} |",
                cell(&unit.service),
                cell(&unit.environment),
                unit.result_cell(),
                images.join("<br>")
            );
        }
        for unit in &self.failed {
            let (service, environment) = (cell(&unit.service), cell(&unit.environment));
            let _ = writeln!(text, "| {service} | {environment} | {FAILED} |  |  |");
        }
        for unit in self.units.iter().filter(|unit| matches!(unit.delivery.outcome, Outcome::Committed { .. })) {
            for image in unit.applied_images() {
                let _ = writeln!(text, "\n{}: {}", cell(&unit.name()), cell(&image));
            }
        }
        for warnings in self.warnings().into_iter().chain(self.left_as_is()) {
            let _ = writeln!(text, "\n> {}", cell(&warnings));
        }
        for refusal in self.refusals() {
            let _ = writeln!(text, "\n> {}", cell(&refusal));
        }
        for finding in FailedUnit::failure(&self.failed).iter().flat_map(|failure| failure.errors().all()) {
            let _ = writeln!(text, "\n> {}", cell(&finding.to_string()));
        }
        text
    }
}

impl UnitReport {
    /// `service/environment`
    pub fn name(&self) -> String {
        format!("{}/{}", self.service, self.environment)
    }

    /// A line for each image that was assigned in a chart.
    fn applied_images(&self) -> impl Iterator<Item = String> {
        self.assignments
            .iter()
            .filter_map(|one| Some(format!("image {} {}, {}", one.image, assign::version(one), assign::applied(one)?)))
    }

    /// The image, and links to the commit that it was built from and to what changed since the one before, where they are known.
    fn image_cell(&self, image: &str) -> String {
        let known = self.origins.iter().find(|one| one.image == image).and_then(ImageOrigin::markdown);
        let code = escape::markdown_code(image);
        known.map_or_else(|| code.clone(), |links| format!("{code} ({links})"))
    }

    /// The result, with a link to the request where there is one.
    fn result_cell(&self) -> String {
        let request = self.request.as_ref();
        match request.and_then(|request| Some((request.url.as_ref()?, request.number))) {
            Some((url, Some(number))) => {
                format!("{} ({})", self.result(), escape::markdown_link(&format!("#{number}"), url))
            }
            Some((url, None)) => format!("{} ({})", self.result(), escape::markdown_link("request", url)),
            None => self.result().to_owned(),
        }
    }

    /// The refusal with its hint on a line of its own.
    fn refusal(&self, refusal: &Refusal) -> String {
        let hint = self.hint(refusal).map_or_else(String::new, |hint| format!("\n  hint: {}", line(&hint)));
        format!("{}: {}{hint}", line(&self.name()), escape::message(&refusal.to_string()))
    }

    /// What to do about a refusal.
    fn hint(&self, refusal: &Refusal) -> Option<String> {
        match refusal {
            Refusal::Held { .. } => {
                let (service, environment) = (&self.service, &self.environment);
                Some(format!("run `hydrant release -s {service} -e {environment}`, or pass --release to deliver again"))
            }
            _ => refusal.hint(),
        }
    }

    fn failed_request(&self) -> Option<&RequestFailure> {
        self.request.as_ref()?.failed.as_ref()
    }

    fn result(&self) -> &'static str {
        let state = self.delivery.reviewed.as_ref().map(|reviewed| reviewed.state);
        match (&self.delivery.outcome, state) {
            (Outcome::Refused(refusal), _) => match refusal.left_as_is() {
                Some(LeftAsIs::Superseded) => "superseded",
                Some(LeftAsIs::Held) => "held",
                None => "refused",
            },
            (Outcome::Deleted { .. }, _) => "retired",
            (Outcome::Committed { .. }, None) if self.is_retirement => "retired",
            (Outcome::Committed { .. }, Some(_)) => "proposed",
            (Outcome::Committed { .. }, None) => "committed",
            (_, Some(TopicState::Waiting)) => "waiting",
            (_, Some(TopicState::Withdrawn)) => "withdrawn",
            (Outcome::Unchanged | Outcome::NoteUpdated, _) => "unchanged",
        }
    }

    /// The branch, and the topic branch that a change waits on.
    fn branches(&self) -> String {
        let target = &self.delivery.branch;
        let waits = |state| matches!(state, TopicState::Waiting | TopicState::Withdrawn);
        let waits = self.delivery.reviewed.as_ref().filter(|reviewed| waits(reviewed.state));
        waits.map_or_else(|| target.clone(), |reviewed| format!("{} -> {target}", reviewed.topic))
    }

    fn row(&self, dry_run: bool) -> Vec<String> {
        let commit = match (&self.delivery.outcome, &self.delivery.commit) {
            // A dry run makes no commit, so its id would not be found.
            (Outcome::Committed { .. } | Outcome::Deleted { .. }, _) if dry_run => "(dry run)".to_owned(),
            (_, commit) => commit.as_deref().map_or(String::new(), |id| short(id).to_owned()),
        };
        let what = match &self.delivery.outcome {
            Outcome::Refused(_) => String::new(),
            Outcome::Deleted { .. } => "branch deleted".to_owned(),
            _ => changes(&self.delivery.changes),
        };
        vec![self.name(), self.result().to_owned(), self.branches(), commit, what]
    }

    fn json(&self) -> Value {
        let delivery = &self.delivery;
        let changes: Vec<Value> =
            delivery.changes.iter().map(|change| json!({ "path": change.path, "change": kind(change.kind) })).collect();
        let (old, refusal) = match &delivery.outcome {
            Outcome::Committed { old, .. } | Outcome::Deleted { old } => (old.clone(), None),
            Outcome::Refused(refusal) => (None, Some(refusal)),
            Outcome::Unchanged | Outcome::NoteUpdated => (None, None),
        };
        let origin = |one: &ImageOrigin| {
            let source = |image: &str, origin: &Origin| json!({ "image": image, "source": origin.source, "revision": origin.revision });
            let mut value = source(&one.image, &one.origin);
            value["link"] = json!(one.link());
            value["before"] = json!(one.before.as_ref().map(|before| source(&before.image, &before.origin)));
            value["changes"] = json!(one.changes_link());
            value
        };
        let origins: Vec<Value> = self.origins.iter().map(origin).collect();
        let mut report = json!({
            "service": self.service,
            "environment": self.environment,
            "repository": self.repository,
            "branch": delivery.branch,
            "topic": delivery.reviewed.as_ref().map(|reviewed| &reviewed.topic),
            "request": self.request.as_ref().map(RequestReport::json),
            "result": self.result(),
            "noteMoved": delivery.outcome == Outcome::NoteUpdated,
            "commit": delivery.commit,
            "previousCommit": old,
            "changes": changes,
            "images": self.images,
            "assignments": self.assignments,
            "ended": self.ended,
            "origins": origins,
            "attempts": delivery.attempts,
            "refusal": refusal.map(ToString::to_string),
            "hint": refusal.and_then(|refusal| self.hint(refusal)),
            "serverSaid": delivery.server_messages,
        });
        if matches!(delivery.outcome, Outcome::Deleted { .. }) {
            report["branchDeleted"] = json!(true);
        }
        if let Some(message) = &delivery.not_announced {
            report["notAnnounced"] = json!(message);
        }
        report
    }
}

fn kind(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Modified => "modified",
        ChangeKind::Removed => "removed",
    }
}

/// `manifest.yaml added`, or counts where there are more than three.
fn changes(changes: &[Change]) -> String {
    if changes.len() <= 3 {
        let each: Vec<String> = changes.iter().map(|change| format!("{} {}", change.path, kind(change.kind))).collect();
        return each.join(", ");
    }
    let kinds = [ChangeKind::Added, ChangeKind::Modified, ChangeKind::Removed];
    let count = |wanted: ChangeKind| changes.iter().filter(|change| change.kind == wanted).count();
    let each = kinds.into_iter().map(|one| (count(one), one)).filter(|(count, _)| *count > 0);
    each.map(|(count, one)| format!("{count} files {}", kind(one))).collect::<Vec<_>>().join(", ")
}

fn short(id: &str) -> &str {
    id.get(..7).unwrap_or(id)
}

/// A text that cannot end a table's cell, in one line.
fn cell(text: &str) -> String {
    escape::markdown(&text.replace('\n', " "))
}
