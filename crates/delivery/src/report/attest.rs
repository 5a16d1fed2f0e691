//! The provenance statement of a delivery: in-toto's Statement v1 with SLSA's provenance v1 as its predicate
//! (in-toto/attestation `spec/v1/statement.md`, slsa.dev/spec/v1.0/provenance), for `cosign attest-blob` and its like to sign.
//!
//! The same delivery in the same CI run gives the same bytes: there is no clock in it.

use std::collections::{BTreeMap, BTreeSet};

use committer::{Outcome, SourceRecord, Unit};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::host::RunContext;
use crate::host::ci_run;
use crate::lock::LockedRemote;
use crate::report::{Report, UnitReport};

/// What a unit was made of, for the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitProvenance {
    /// The SHA-256 of each file, in hex, by its path on the branch.
    pub files: BTreeMap<String, String>,
    /// Where they come from.
    pub source: SourceRecord,
}

impl UnitProvenance {
    /// What the committer is given for a unit.
    pub(crate) fn of(unit: &Unit) -> Self {
        let place =
            |path: &String| if unit.folder.is_empty() { path.clone() } else { format!("{}/{path}", unit.folder) };
        let sum = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let files = unit.files.iter().map(|(path, file)| (place(path), sum(&file.bytes))).collect();
        Self { files, source: unit.source.clone() }
    }
}

/// The statement of a delivery, as JSON with a newline at its end. Units that were refused are not in it. `remotes` are the remote bases.
pub fn statement(report: &Report, remotes: &[LockedRemote], ctx: &RunContext) -> String {
    let held = report.units.iter().filter(|unit| !matches!(unit.delivery.outcome, Outcome::Refused(_)));
    let made: Vec<(&UnitReport, &UnitProvenance)> =
        held.filter_map(|unit| Some((unit, unit.provenance.as_ref()?))).collect();
    let subjects: Vec<Value> = made.iter().flat_map(|(unit, made)| subjects(unit, made)).collect();
    let units: Vec<Value> = made
        .iter()
        .map(|(unit, made)| {
            json!({
                "service": unit.service, "environment": unit.environment, "repository": unit.repository,
                "branch": unit.delivery.branch, "commands": made.source.commands,
            })
        })
        .collect();
    let mut run = json!({
        "builder": {"id": env!("CARGO_PKG_REPOSITORY"), "version": {"hydrant": env!("CARGO_PKG_VERSION")}},
    });
    if let Some(url) = ci_run::url(&ctx.variables) {
        run["metadata"] = json!({ "invocationId": url });
    }
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/delivery.md#the-statement"),
                "externalParameters": {"units": units},
                "resolvedDependencies": dependencies(&made, remotes),
            },
            "runDetails": run,
        },
    });
    // Values made of strings alone are always JSON.
    let text = serde_json::to_string_pretty(&statement).unwrap_or_default();
    format!("{text}\n")
}

/// The branch's commit, and each file.
fn subjects(unit: &UnitReport, made: &UnitProvenance) -> Vec<Value> {
    let branch = &unit.delivery.branch;
    let commit = unit.delivery.commit.as_ref();
    let commit = commit
        .map(|id| json!({"name": format!("{}@refs/heads/{branch}", unit.repository), "digest": {"gitCommit": id}}));
    let files =
        made.files.iter().map(|(path, sum)| json!({"name": format!("{branch}:{path}"), "digest": {"sha256": sum}}));
    commit.into_iter().chain(files).collect()
}

/// The source commits, the remote bases and the pinned images, each once and sorted.
fn dependencies(made: &[(&UnitReport, &UnitProvenance)], remotes: &[LockedRemote]) -> Vec<Value> {
    let mut found: BTreeSet<(String, &str, String)> = BTreeSet::new();
    for (unit, made) in made {
        found.insert((format!("git+{}", made.source.repo_url), "gitCommit", made.source.dry_sha.clone()));
        for image in &unit.images {
            if let Some((name, digest)) =
                image.split_once('@').and_then(|(name, rest)| Some((name, rest.strip_prefix("sha256:")?)))
            {
                found.insert((format!("oci://{name}"), "sha256", digest.to_owned()));
            }
        }
    }
    for remote in remotes {
        let revision = remote.revision.as_ref().map(|revision| format!("@{revision}")).unwrap_or_default();
        found.insert(match remote.commit.strip_prefix("sha256:") {
            Some(sum) => (remote.url.clone(), "sha256", sum.to_owned()),
            None => (format!("git+{}{revision}", remote.url), "gitCommit", remote.commit.clone()),
        });
    }
    found.into_iter().map(|(uri, kind, digest)| json!({"uri": uri, "digest": {kind: digest}})).collect()
}
