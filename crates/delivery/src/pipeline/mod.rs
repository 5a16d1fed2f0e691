//! A delivery from end to end: load, render, pin, check, deliver. Each stage takes what the one before made.

use manifest::{Diagnostic, ImageRef, Node};
use render_core::files::Files;

use crate::error::Failure;
use crate::host::RunContext;
use crate::images::digests::{ImageRequest, Pinner};
use crate::images::origins::ImageOrigin;
use crate::images::search::Search;
use crate::lock::{self, Lock, LockedRemote};
use crate::pipeline::file_set::Style;
use crate::plan::Plan;
use crate::report::Report;
use crate::report::attest;

mod changed;
mod check;
mod committed;
pub mod file_set;
pub mod helm;
mod pin;
pub mod policy;
pub(crate) mod push;
pub mod record;
mod reference_trailers;
mod render;
pub mod skaffold;

pub use changed::keep_changed;
pub(crate) use push::Origin;

/// How to deliver what was rendered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Write nothing anywhere.
    pub dry_run: bool,
    /// All units or none.
    pub atomic: bool,
    /// Take over branches that hold foreign files.
    pub adopt: bool,
    /// Deliver even if a branch holds something newer.
    pub allow_older: bool,
    /// Deliver even if a rollback holds the branch.
    pub release: bool,
    /// Ask the registries where each image comes from, and write it down.
    pub origins: bool,
    /// Deliver files of the work tree that differ from its commit.
    pub allow_dirty: bool,
    /// How often a branch is read, decided and pushed before giving up; at least 1.
    pub attempts: u32,
    /// How commits are written.
    pub via: Via,
    /// Tell what was made of what: [`Delivered::statement`].
    pub attest: bool,
}

/// How commits are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Via {
    /// By git: one push for all branches.
    #[default]
    Git,
    /// By GitHub's API, so that GitHub signs them; author and committer are whom the token stands for.
    Api,
}

/// A unit's objects on their way through the stages.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The objects in the order they are printed.
    pub objects: Vec<Node>,
    /// Who prints them.
    pub style: Style,
    /// The images that the source builds, without digests.
    pub built: Vec<ImageRef>,
    /// Every image as it is delivered, sorted, each once; filled when digests have been put in.
    pub images: Vec<String>,
    /// Where the images come from, sorted, of those that say; filled where that was asked for.
    pub origins: Vec<ImageOrigin>,
    /// Every file that was read, absolute and sorted.
    pub inputs: Vec<String>,
    /// Every folder that was listed, absolute and sorted.
    pub folders: Vec<String>,
    /// What is worth saying.
    pub warnings: Vec<Diagnostic>,
    /// What the source's own programs wrote, for stderr.
    pub said: Vec<u8>,
}

/// What a delivery did, and what is worth saying beside it.
#[derive(Clone, Debug, Default)]
pub struct Delivered {
    /// What became of each unit.
    pub report: Report,
    /// Each once, in the units' order.
    pub warnings: Vec<Diagnostic>,
    /// What the source's own programs wrote.
    pub said: Vec<u8>,
    /// The lock file's new content, where it is to be written.
    pub lock: Option<Lock>,
    /// What was made of what, as an in-toto statement, where that was asked for.
    pub statement: Option<String>,
}

/// Where the source is read.
#[derive(Clone, Copy)]
pub struct SourceTree<'a> {
    /// The work tree, or the files of a revision.
    pub files: &'a dyn Files,
    /// The revision whose files they are; absent for the work tree, whose commit is HEAD.
    pub revision: Option<&'a str>,
}

/// Renders, pins, checks and delivers every unit of the plan. Nothing is written anywhere before all units have passed
/// every stage up to the last.
///
/// # Errors
/// Everything that is wrong with any unit. A unit that its branch refuses is no error: the report tells.
pub fn deliver(plan: &Plan, ctx: &RunContext, source: SourceTree<'_>, options: &Options) -> Result<Delivered, Failure> {
    let pinned = render_and_pin(plan, ctx, source)?;
    pinned.check(plan, source, options.allow_dirty)?;
    let Pinned { mut units, mut pinner, remotes, .. } = pinned;
    if options.origins {
        pin::origins(&mut pinner, plan, ctx, &mut units)?;
    }
    let lock = pinner.into_lock().map(|mut lock| {
        remotes.iter().for_each(|remote| lock.record_remote(remote.clone()));
        lock
    });
    let report = push::all(plan, ctx, source.revision, &units, options)?;
    Ok(Delivered {
        warnings: warnings(&units),
        said: units.iter().flat_map(|unit| unit.said.clone()).collect(),
        lock: lock.filter(|_| !options.dry_run),
        statement: options.attest.then(|| attest::statement(&report, &remotes, ctx)),
        report,
    })
}

/// Every unit rendered and its images pinned, in the plan's order: what a delivery would write.
///
/// # Errors
/// Everything that is wrong with any unit.
pub fn rendered(plan: &Plan, ctx: &RunContext, source: SourceTree<'_>) -> Result<Vec<Rendered>, Failure> {
    render_and_pin(plan, ctx, source).map(|pinned| pinned.units)
}

/// As [`rendered`], and nothing stands against writing it anywhere.
///
/// # Errors
/// Everything that is wrong with any unit, what its policy refuses, and unless `allow_dirty` what its commit does not have.
pub(crate) fn checked(
    plan: &Plan,
    ctx: &RunContext,
    source: SourceTree<'_>,
    allow_dirty: bool,
) -> Result<Vec<Rendered>, Failure> {
    let pinned = render_and_pin(plan, ctx, source)?;
    pinned.check(plan, source, allow_dirty)?;
    Ok(pinned.units)
}

/// Every unit with its digests, and what found them.
struct Pinned<'a> {
    units: Vec<Rendered>,
    pinner: Pinner<'a>,
    search: Search,
    remotes: Vec<LockedRemote>,
}

impl Pinned<'_> {
    fn check(&self, plan: &Plan, source: SourceTree<'_>, allow_dirty: bool) -> Result<(), Failure> {
        check::all(plan, &self.search, &self.units)?;
        if source.revision.is_none() && !allow_dirty {
            committed::all(plan, source, &self.units)?;
        }
        Ok(())
    }
}

fn render_and_pin<'a>(plan: &'a Plan, ctx: &'a RunContext, source: SourceTree<'_>) -> Result<Pinned<'a>, Failure> {
    let search = Search::read(source.files, &plan.rules)?;
    let lock = if plan.recorded_only {
        lock::read(source.files, &plan.lock, &plan.digests).unwrap_or_default()
    } else {
        lock::read(source.files, &plan.lock, &plan.digests)?
    };
    let doors = render::Doors::new(plan, source, lock.clone());
    let loaded = render::load(plan, ctx, &doors)?;
    let mut pinner = pin::pinner(plan, ctx, lock);
    let built: Vec<ImageRequest> = loaded.iter().flat_map(|(unit, _)| unit.built()).collect();
    let pins = pinner.resolve(&built)?;
    let rendered = render::render(plan, &doors, loaded, &pins)?;
    let units = pin::pin(&mut pinner, plan, &search, &pins, rendered)?;
    Ok(Pinned { units, pinner, search, remotes: doors.fetched() })
}

/// Each warning once, in the units' order.
pub fn warnings(units: &[Rendered]) -> Vec<Diagnostic> {
    let mut all: Vec<Diagnostic> = Vec::new();
    for warning in units.iter().flat_map(|unit| &unit.warnings) {
        if !all.contains(warning) {
            all.push(warning.clone());
        }
    }
    all
}
