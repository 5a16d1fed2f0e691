//! The result of each artifact: text for terminals, JSON for scripts.

use registry::PushResult;
use serde_json::{Value, json};

use super::target::ArtifactLocation;
use crate::report::table;

/// The result of every unit, in the plan's order.
#[derive(Clone, Debug)]
pub struct Report {
    /// The units.
    pub units: Vec<UnitReport>,
    /// Whether this was a dry run, which writes nothing.
    pub dry_run: bool,
}

/// What became of one unit.
#[derive(Clone, Debug)]
pub struct UnitReport {
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// Where its artifact is.
    pub location: ArtifactLocation,
    /// The artifact's digest, and the tags that did not point to it before.
    pub pushed: PushResult,
    /// The images in it, sorted, as they are in it.
    pub images: Vec<String>,
    /// The source repository.
    pub source: String,
    /// The source's commit, of which this run made it.
    pub commit: String,
}

impl Report {
    /// A table with a line a unit.
    pub fn text(&self) -> String {
        let rows: Vec<Vec<String>> = self.units.iter().map(|unit| unit.row(self.dry_run)).collect();
        table::print(&rows)
    }

    /// Everything, as one JSON document.
    pub fn json(&self) -> String {
        let units: Vec<Value> = self.units.iter().map(|unit| unit.json(self.dry_run)).collect();
        format!("{:#}\n", json!({ "dryRun": self.dry_run, "units": units }))
    }
}

impl UnitReport {
    fn word(&self, dry_run: bool) -> &'static str {
        match (self.pushed.moved.is_empty(), dry_run) {
            (true, _) => "unchanged",
            (false, true) => "would push",
            (false, false) => "pushed",
        }
    }

    fn row(&self, dry_run: bool) -> Vec<String> {
        vec![
            format!("{}/{}", self.service, self.environment),
            self.word(dry_run).to_owned(),
            format!("{}:{}", self.location.url(), self.location.tags.join(",")),
            self.pushed.digest.to_string(),
        ]
    }

    fn json(&self, dry_run: bool) -> Value {
        json!({
            "service": self.service,
            "environment": self.environment,
            "result": self.word(dry_run),
            "url": self.location.url(),
            "repository": self.location.name.to_string(),
            "tags": self.location.tags,
            "moved": self.pushed.moved,
            "digest": self.pushed.digest.to_string(),
            "sourceRepository": self.source,
            "sourceCommit": self.commit,
            "images": self.images,
        })
    }
}
