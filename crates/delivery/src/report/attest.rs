//! The provenance statement of a delivery: in-toto's Statement v1 with SLSA's provenance v1 as its predicate
//! (in-toto/attestation `spec/v1/statement.md`, slsa.dev/spec/v1.0/provenance), for `cosign attest-blob` and its like to sign.
//!
//! The same delivery in the same CI run gives the same bytes; it contains no time.

use std::collections::{BTreeMap, BTreeSet};

use committer::{ImageSignature, Outcome, SourceRecord, Unit};
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
    /// The signatures of images that were verified.
    pub signatures: Vec<ImageSignature>,
}

impl UnitProvenance {
    /// What the committer is given for a unit.
    pub(crate) fn of(unit: &Unit) -> Self {
        let place =
            |path: &String| if unit.folder.is_empty() { path.clone() } else { format!("{}/{path}", unit.folder) };
        let sum = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let files = unit.files.iter().map(|(path, file)| (place(path), sum(&file.bytes))).collect();
        Self { files, source: unit.source.clone(), signatures: unit.signatures.clone() }
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

/// A dependency of a delivery, in the order of the statement.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Dependency {
    uri: String,
    /// `gitCommit` or `sha256`.
    digest_kind: &'static str,
    digest: String,
}

impl Dependency {
    fn source(source: &SourceRecord) -> Self {
        let (uri, digest) = (format!("git+{}", source.repo_url), source.dry_sha.clone());
        Dependency { uri, digest_kind: "gitCommit", digest }
    }

    fn image(image: &str) -> Option<Self> {
        let (name, digest) = image.split_once('@')?;
        let digest = digest.strip_prefix("sha256:")?.to_owned();
        Some(Dependency { uri: format!("oci://{name}"), digest_kind: "sha256", digest })
    }

    fn remote(remote: &LockedRemote) -> Self {
        let revision = remote.revision.as_ref().map(|revision| format!("@{revision}")).unwrap_or_default();
        match remote.commit.strip_prefix("sha256:") {
            Some(sum) => Dependency { uri: remote.url.clone(), digest_kind: "sha256", digest: sum.to_owned() },
            None => {
                let uri = format!("git+{}{revision}", remote.url);
                Dependency { uri, digest_kind: "gitCommit", digest: remote.commit.clone() }
            }
        }
    }
}

/// Who signed an image, and what is attested of it. The image is the dependency.
fn signed(signature: &ImageSignature) -> Value {
    let mut value = json!({ "signer": signature.signer });
    let ImageSignature { issuer, attestation, builder, source, .. } = signature;
    for (key, text) in [("issuer", issuer), ("attestation", attestation), ("builder", builder), ("source", source)] {
        if !text.is_empty() {
            value[key] = json!(text);
        }
    }
    value
}

/// The source commits, the remote bases and the pinned images, each once and sorted.
fn dependencies(made: &[(&UnitReport, &UnitProvenance)], remotes: &[LockedRemote]) -> Vec<Value> {
    let mut found: BTreeSet<Dependency> = remotes.iter().map(Dependency::remote).collect();
    for (unit, made) in made {
        found.insert(Dependency::source(&made.source));
        found.extend(unit.images.iter().filter_map(|image| Dependency::image(image)));
    }
    let signatures: BTreeSet<&ImageSignature> = made.iter().flat_map(|(_, made)| &made.signatures).collect();
    let dependency = |one: Dependency| {
        let mut value = json!({"uri": one.uri, "digest": {one.digest_kind: one.digest}});
        let own = |signature: &&&ImageSignature| Dependency::image(&signature.image).as_ref() == Some(&one);
        let own: Vec<Value> = signatures.iter().filter(own).map(|signature| signed(signature)).collect();
        if !own.is_empty() {
            value["annotations"] = json!({ "signatures": own });
        }
        value
    };
    found.into_iter().map(dependency).collect()
}
