//! `hydrant artifact push`: what a delivery would write, as OCI artifacts that Flux and Argo CD pull.

use std::collections::BTreeMap;

use manifest::{Diagnostic, Errors};
use registry::{Artifact, ArtifactPush, PushOptions, RegistryClient};

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::disk::DiskFiles;
use crate::images::digests;
use crate::pipeline::{self, Pipeline, PrintedUnit, RecordedCommit, SourceTree, recorded};
use crate::plan::settings::Settings;
use crate::plan::{Plan, PlannedUnit, plan};
use crate::report::format::rfc3339;

mod archive;
mod report;
mod target;

pub use archive::{Archive, archive};
pub use report::{Report, UnitReport};
pub use target::{ArtifactLocation, Target};

/// The tool whose media types an artifact has. Flux takes the first layer of any type (source-controller, `selectLayer`), so it
/// reads both; Argo CD takes a list of types that does not have Flux's by default
/// (`ARGOCD_REPO_SERVER_OCI_LAYER_MEDIA_TYPES`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Puller {
    /// As `flux push artifact` writes them (Flux, "OCI cheatsheet").
    Flux,
    /// An image of one layer, as Argo CD takes it without further settings.
    ArgoCd,
}

impl Puller {
    /// The media types of the config and of the layer.
    fn media(self) -> (&'static str, &'static str) {
        match self {
            Puller::Flux => {
                ("application/vnd.cncf.flux.config.v1+json", "application/vnd.cncf.flux.content.v1.tar+gzip")
            }
            Puller::ArgoCd => {
                ("application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar+gzip")
            }
        }
    }
}

/// How artifacts are pushed.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to, and under which tags.
    pub target: Target,
    /// Whose media types they have.
    pub puller: Puller,
    /// Write nothing.
    pub dry_run: bool,
    /// Overwrite tags that point to something else than such an artifact.
    pub adopt: bool,
    /// Push files of the work tree that differ from its commit.
    pub allow_dirty: bool,
}

/// The result of a push.
#[derive(Clone, Debug)]
pub struct Done {
    /// What became of each unit.
    pub report: Report,
    /// Each once, in the units' order.
    pub warnings: Vec<Diagnostic>,
    /// What the source's own programs wrote to stderr.
    pub stderr: Vec<u8>,
}

/// Renders, pins and checks every unit as a delivery does, and pushes each as an artifact. Nothing is written before all
/// units have passed.
///
/// # Errors
/// Everything that is wrong with any unit, or asks for a review; two units that would be pushed to one tag; what a registry
/// refuses.
pub fn push(settings: &Settings, ctx: &RunContext, options: &Options) -> Result<Done, Failure> {
    let mut settings = settings.clone();
    options.target.replace_repository(&mut settings);
    let files = DiskFiles::default();
    let mut plan = plan(&files, &settings)?;
    Errors::check(plan.units.iter().filter(|unit| unit.review.is_some()).map(reviewed).collect())?;
    one_unit_a_tag(&plan, &options.target)?;
    recorded::read_promoted(&mut plan, ctx)?;
    let mut pipeline = Pipeline::open(&plan, ctx, SourceTree { files: &files, revision: None })?;
    let units = pipeline.run_to_printed(&plan.units, options.allow_dirty)?.all()?;
    let warnings = pipeline::unique_warnings(&units);
    let stderr = units.iter().flat_map(|unit| unit.stderr.clone()).collect();
    let commit = RecordedCommit::read(&plan, None)?;
    let units = units.into_iter().map(|unit| ArtifactUnit::new(unit, &commit, options));
    let units = units.collect::<Result<Vec<_>, Failure>>()?;
    let resolver = digests::resolver(&plan.registries, &ctx.variables, ctx.trust)?;
    let report = Report { units: upload(units, &resolver, &commit, options)?, dry_run: options.dry_run };
    Ok(Done { report, warnings, stderr })
}

/// A printed unit, and the artifact that it becomes.
struct ArtifactUnit {
    unit: PrintedUnit,
    location: ArtifactLocation,
    artifact: Artifact,
}

impl ArtifactUnit {
    fn new(unit: PrintedUnit, commit: &RecordedCommit, options: &Options) -> Result<Self, Failure> {
        let location = options.target.location(&unit.unit)?;
        let artifact = artifact(&unit, commit, options.puller)?;
        Ok(ArtifactUnit { unit, location, artifact })
    }
}

/// Pushes the artifacts, all that can be at once.
///
/// # Errors
/// Every failure, the unit's name in front.
fn upload(
    units: Vec<ArtifactUnit>,
    resolver: &RegistryClient,
    commit: &RecordedCommit,
    options: &Options,
) -> Result<Vec<UnitReport>, Failure> {
    let parcel = |one: &ArtifactUnit| ArtifactPush {
        name: one.location.name.clone(),
        tags: one.location.tags.clone(),
        artifact: one.artifact.clone(),
    };
    let parcels: Vec<ArtifactPush> = units.iter().map(parcel).collect();
    let answers = resolver.push(&parcels, PushOptions { dry_run: options.dry_run, adopt: options.adopt });
    let (mut reports, mut findings, mut transient) = (Vec::new(), Vec::new(), true);
    for (ArtifactUnit { unit, location, .. }, answer) in units.into_iter().zip(answers) {
        match answer {
            Ok(pushed) => reports.push(UnitReport {
                service: unit.unit.service,
                environment: unit.unit.environment,
                location,
                pushed,
                images: unit.images,
                source: commit.url.clone(),
                commit: commit.head.id.clone(),
            }),
            Err(error) => {
                let finding = error.diagnostic();
                let message = format!("{}: {}", unit.unit.name(), finding.message);
                findings.push(Diagnostic { message, ..finding });
                transient &= error.kind.is_transient();
            }
        }
    }
    match Errors::check(findings) {
        Err(findings) if transient => Err(Failure::External(findings)),
        Err(findings) => Err(Failure::Input(findings)),
        Ok(()) => Ok(reports),
    }
}

/// A unit that requires a review must not be pushed without one.
fn reviewed(unit: &PlannedUnit) -> Diagnostic {
    let message = format!("{} needs a review, which a registry does not support", unit.name());
    Diagnostic::new(message)
        .field("review")
        .hint("deliver it to a branch, or give --review push where the artifact is made of what was reviewed already")
}

/// Refuses two units that would be pushed to one tag.
fn one_unit_a_tag(plan: &Plan, target: &Target) -> Result<(), Errors> {
    let mut taken: BTreeMap<String, &PlannedUnit> = BTreeMap::new();
    for unit in &plan.units {
        let location = target.location(unit)?;
        for tag in &location.tags {
            let reference = format!("{}:{tag}", location.name);
            if let Some(other) = taken.insert(reference.clone(), unit) {
                let message = format!("{} and {} would both be pushed to {reference}", other.name(), unit.name());
                return Err(Diagnostic::new(message).hint("put {service} and {environment} into the reference").into());
            }
        }
    }
    Ok(())
}

/// A unit's files as an artifact: they lie in it where they lie on the unit's branch.
fn artifact(printed: &PrintedUnit, commit: &RecordedCommit, puller: Puller) -> Result<Artifact, Failure> {
    let PrintedUnit { unit, files, .. } = printed;
    let Archive { bytes, content } = archive(&files.folder, &files.files)
        .map_err(|error| Diagnostic::new(format!("{}: the files cannot be packed: {error}", unit.name())))?;
    let (config_media, layer_media) = puller.media();
    // The OCI image spec requires both fields in a config; there is nothing to run in this one.
    let config = serde_json::json!({
        "architecture": "unknown",
        "os": "unknown",
        "rootfs": { "type": "layers", "diff_ids": [content] },
    });
    let annotations = [
        ("created", rfc3339(commit.head.committer.time)),
        ("revision", format!("sha1:{}", commit.head.id)),
        ("source", commit.url.clone()),
    ];
    Ok(Artifact {
        config_media: config_media.to_owned(),
        config: config.to_string().into_bytes(),
        layer_media: layer_media.to_owned(),
        layer: bytes,
        annotations: annotations.map(|(name, text)| (format!("org.opencontainers.image.{name}"), text)).into(),
    })
}
