//! `hydrant artifact push`: what a delivery would write, as OCI artifacts that Flux and Argo CD pull.

use std::collections::BTreeMap;

use manifest::{Diagnostic, Errors, ImageRef};
use registry::{Artifact, Parcel, Pushed, ResolveError, Writing};

use crate::error::Failure;
use crate::host::RunContext;
use crate::host::disk::DiskFiles;
use crate::images::digests;
use crate::pipeline::file_set::file_set;
use crate::pipeline::{self, Origin, Rendered, SourceTree};
use crate::plan::settings::Settings;
use crate::plan::{Plan, Unit, plan};
use crate::report::format::rfc3339;

mod archive;
mod report;
mod target;

pub use archive::{Archive, archive};
pub use report::{Report, UnitReport};
pub use target::{ArtifactLocation, Target};

/// Whose media types an artifact has. Flux takes the first layer of any type (source-controller, `selectLayer`), so it
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
    /// Take tags over that stand for something else than such an artifact.
    pub adopt: bool,
    /// Push files of the work tree that differ from its commit.
    pub allow_dirty: bool,
}

/// What was pushed, and what is worth saying beside it.
#[derive(Clone, Debug)]
pub struct Done {
    /// What became of each unit.
    pub report: Report,
    /// Each once, in the units' order.
    pub warnings: Vec<Diagnostic>,
    /// What the source's own programs wrote.
    pub said: Vec<u8>,
}

/// Renders, pins and checks every unit as a delivery does, and pushes each as an artifact. Nothing is written before all
/// units have passed.
///
/// # Errors
/// Everything that is wrong with any unit, or asks for a review; two units that would be pushed to one tag; what a registry
/// refuses.
pub fn push(settings: &Settings, ctx: &RunContext, options: &Options) -> Result<Done, Failure> {
    let mut settings = settings.clone();
    options.target.stands_for_the_repository(&mut settings);
    let files = DiskFiles::default();
    let plan = plan(&files, &settings)?;
    Errors::check(plan.units.iter().filter(|unit| unit.review.is_some()).map(reviewed).collect())?;
    let places = places(&plan, &options.target)?;
    let units = pipeline::checked(&plan, ctx, SourceTree { files: &files, revision: None }, options.allow_dirty)?;
    let origin = Origin::of(&plan, None)?;
    let resolver = digests::resolver(&plan.registries, &ctx.variables)?;
    let each = plan.units.iter().zip(&units).zip(&places);
    let parcels = each.map(|((unit, rendered), place)| {
        let artifact = artifact(unit, rendered, &origin, options.puller)?;
        Ok(Parcel { name: place.name.clone(), tags: place.tags.clone(), artifact })
    });
    let parcels = parcels.collect::<Result<Vec<_>, Failure>>()?;
    let answers = resolver.push(&parcels, Writing { dry_run: options.dry_run, adopt: options.adopt });
    let pushed = all(&plan.units, answers)?;
    let each = plan.units.iter().zip(&units).zip(places).zip(pushed);
    let reports = each.map(|(((unit, rendered), place), pushed)| UnitReport {
        service: unit.service.clone(),
        environment: unit.environment.clone(),
        place,
        pushed,
        images: rendered.images.clone(),
        source: origin.url.clone(),
        commit: origin.head.id.clone(),
    });
    let report = Report { units: reports.collect(), dry_run: options.dry_run };
    let said = units.iter().flat_map(|unit| unit.said.clone()).collect();
    Ok(Done { report, warnings: pipeline::warnings(&units), said })
}

/// What asks for a review must not land without one.
fn reviewed(unit: &Unit) -> Diagnostic {
    let message = format!("{} asks for a review, which a registry cannot hold", unit.name());
    Diagnostic::new(message)
        .field("review")
        .hint("Deliver it to a branch, or say --review push where the artifact is made of what was reviewed already.")
}

/// What became of each unit; or every failure, the unit's name in front.
fn all(units: &[Unit], answers: Vec<Result<Pushed, Box<ResolveError>>>) -> Result<Vec<Pushed>, Failure> {
    let (mut good, mut findings, mut transient) = (Vec::new(), Vec::new(), true);
    for (unit, answer) in units.iter().zip(answers) {
        match answer {
            Ok(pushed) => good.push(pushed),
            Err(error) => {
                let finding = error.diagnostic();
                findings.push(Diagnostic { message: format!("{}: {}", unit.name(), finding.message), ..finding });
                transient &= error.kind.is_transient();
            }
        }
    }
    match Errors::check(findings) {
        Err(findings) if transient => Err(Failure::Outside(findings)),
        Err(findings) => Err(Failure::Input(findings)),
        Ok(()) => Ok(good),
    }
}

/// Where each unit goes, in the plan's order.
fn places(plan: &Plan, target: &Target) -> Result<Vec<ArtifactLocation>, Errors> {
    let places = plan.units.iter().map(|unit| target.place(unit)).collect::<Result<Vec<_>, Diagnostic>>()?;
    let mut taken: BTreeMap<(&ImageRef, &String), &Unit> = BTreeMap::new();
    for (unit, place) in plan.units.iter().zip(&places) {
        for tag in &place.tags {
            if let Some(other) = taken.insert((&place.name, tag), unit) {
                let names = (other.name(), unit.name());
                let message = format!("{} and {} would both be pushed to {}:{tag}", names.0, names.1, place.name);
                return Err(Diagnostic::new(message)
                    .hint("Put {service} and {environment} into the reference.")
                    .into());
            }
        }
    }
    Ok(places)
}

/// A unit's files as an artifact: they lie in it where they lie on the unit's branch.
fn artifact(unit: &Unit, rendered: &Rendered, origin: &Origin, puller: Puller) -> Result<Artifact, Failure> {
    let (folder, files) = file_set(&unit.path, &rendered.objects, rendered.style)?;
    let Archive { bytes, content } = archive(&folder, &files)
        .map_err(|error| Diagnostic::new(format!("{}: the files cannot be packed: {error}", unit.name())))?;
    let (config_media, layer_media) = puller.media();
    // The OCI image spec wants both words in a config; there is nothing to run in this one.
    let config = serde_json::json!({
        "architecture": "unknown",
        "os": "unknown",
        "rootfs": { "type": "layers", "diff_ids": [content] },
    });
    let annotations = [
        ("created", rfc3339(origin.head.committer.time)),
        ("revision", format!("sha1:{}", origin.head.id)),
        ("source", origin.url.clone()),
    ];
    Ok(Artifact {
        config_media: config_media.to_owned(),
        config: config.to_string().into_bytes(),
        layer_media: layer_media.to_owned(),
        layer: bytes,
        annotations: annotations.map(|(name, text)| (format!("org.opencontainers.image.{name}"), text)).into(),
    })
}
