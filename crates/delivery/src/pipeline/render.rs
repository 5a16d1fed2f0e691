//! The first stages: every unit's files are read and rendered, units in parallel, in two steps with the digests of what
//! the sources build between them (a chart may want them as values).

use std::sync::Arc;

use manifest::{Diagnostic, Errors, ImageRef, Node, Pins};
use rayon::prelude::*;
use render_core::files::{Files, join};
use render_core::kustomize::{self, BaseCache, build, build_with_cache};
use render_core::skaffold::default_repo;

use super::{Rendered, SourceTree};
use crate::config::Images;
use crate::error::Failure;
use crate::host::RunContext;
use crate::host::recorded_files::{Recorded, Touched};
use crate::host::system::{Remotes, SystemHost};
use crate::images::digests::ImageRequest;
use crate::lock::{Lock, LockedRemote};
use crate::pipeline::file_set::Style;
use crate::pipeline::helm;
use crate::pipeline::skaffold::{
    DigestSource, GitFacts, Machine, Now, PlanOptions, Prepared, Request, finish, prepare,
};
use crate::plan::{PinnedInputs, Plan, Profiles, Source, Unit};

/// What all units are read through. A file that several of them read is read once.
pub(super) struct Doors<'a> {
    source: SourceTree<'a>,
    world: SystemHost,
    git: Arc<GitFacts>,
    /// What units have in common; absent where there is one alone.
    base_cache: Option<Arc<BaseCache>>,
}

impl<'a> Doors<'a> {
    /// Doors that open no socket where the plan says that everything is locked. `lock` is what the lock file holds.
    pub(super) fn new(plan: &Plan, source: SourceTree<'a>, lock: Lock) -> Self {
        let remotes = Remotes { source: plan.digests.clone(), lock, cache: None };
        let git = Arc::new(GitFacts::at(source.revision.map(str::to_owned)));
        let base_cache = (plan.units.len() > 1).then(Arc::default);
        Doors { source, world: SystemHost::new(remotes), git, base_cache }
    }

    /// The remote bases and files that were used so far.
    pub(super) fn fetched(&self) -> Vec<LockedRemote> {
        self.world.fetched()
    }
}

/// A unit that has been read.
pub(super) enum Loaded {
    /// A Skaffold config, its artifacts and their tags.
    Skaffold(Box<(Request, Prepared)>),
    /// A kustomization or a chart: there is nothing to know before it is rendered.
    BuildsNothing,
}

impl Loaded {
    /// The references of what the unit's source builds, whose digests are wanted before it is rendered.
    pub(super) fn built(&self) -> Vec<ImageRequest> {
        match self {
            Loaded::Skaffold(both) => both.1.wanted(&both.0.working_dir),
            Loaded::BuildsNothing => Vec::new(),
        }
    }
}

/// Reads every unit, in the plan's order.
///
/// # Errors
/// Everything that is wrong in any unit, each finding once.
pub(super) fn load(plan: &Plan, ctx: &RunContext, doors: &Doors<'_>) -> Result<Vec<(Loaded, Touched)>, Failure> {
    let read = |unit: &Unit| -> Result<_, Errors> {
        let files = Recorded::new(doors.source.files);
        let loaded = match &unit.source {
            Source::Kustomize { .. } | Source::Helm(_) => Loaded::BuildsNothing,
            Source::Skaffold { .. } => {
                let request = request(unit, ctx, &files, doors)?;
                let prepared = prepare(&request, &files, &doors.world)?;
                Loaded::Skaffold(Box::new((request, prepared)))
            }
        };
        Ok((loaded, files.into_touched()))
    };
    Ok(every(plan.units.par_iter().map(|unit| read(unit).map_err(|errors| located(unit, errors))).collect())?)
}

/// Renders every unit with the digests of what its source builds.
///
/// # Errors
/// Everything that is wrong in any unit, each finding once.
pub(super) fn render(
    plan: &Plan,
    doors: &Doors<'_>,
    loaded: Vec<(Loaded, Touched)>,
    pins: &Pins,
) -> Result<Vec<Rendered>, Failure> {
    let units: Vec<(&Unit, (Loaded, Touched))> = plan.units.iter().zip(loaded).collect();
    let render = |unit: &Unit, (loaded, mut touched): (Loaded, Touched)| -> Result<_, Errors> {
        let files = Recorded::new(doors.source.files);
        let mut rendered = match (loaded, &unit.source) {
            (Loaded::Skaffold(both), _) => skaffold(*both, pins, &files, &doors.world)?,
            (Loaded::BuildsNothing, Source::Helm(release)) => {
                let objects = helm::render(release, &files, &doors.world, plan.digests.is_locked())?;
                plain(objects, Style::Skaffold, Vec::new())
            }
            (Loaded::BuildsNothing, _) => kustomization(unit, &files, doors)?,
        };
        touched.extend(files.into_touched());
        rendered.inputs = touched.files.into_iter().collect();
        rendered.folders = touched.folders.into_iter().collect();
        Ok(rendered)
    };
    let each = units.into_par_iter().map(|(unit, read)| render(unit, read).map_err(|errors| located(unit, errors)));
    Ok(every(each.collect())?)
}

/// A unit is rendered as if in its service's folder, so its findings name files from there; people stand elsewhere.
fn located(unit: &Unit, errors: Errors) -> Errors {
    errors.map(|finding| Diagnostic { file: finding.file.map(|file| join(&unit.folder, &file)), ..finding })
}

/// All results, or every finding once.
fn every<T>(each: Vec<Result<T, Errors>>) -> Result<Vec<T>, Errors> {
    let (mut good, mut wrong) = (Vec::with_capacity(each.len()), Vec::<Diagnostic>::new());
    for result in each {
        match result {
            Ok(one) => good.push(one),
            Err(errors) => {
                for finding in errors.into_all() {
                    if !wrong.contains(&finding) {
                        wrong.push(finding);
                    }
                }
            }
        }
    }
    Errors::check(wrong).map(|()| good)
}

fn kustomization(unit: &Unit, files: &Recorded<'_>, doors: &Doors<'_>) -> Result<Rendered, Errors> {
    let Source::Kustomize { folder } = &unit.source else {
        return Err(Diagnostic::new(format!("{} is no kustomization", unit.name())).into());
    };
    let options = kustomize::Options::default();
    let built = match &doors.base_cache {
        Some(base_cache) => build_with_cache(base_cache, files, &doors.world, folder, &options)?,
        None => build(files, &doors.world, folder, &options)?,
    };
    Ok(plain(built.objects, Style::Kustomize, built.warnings))
}

/// What was rendered of a source that builds nothing.
fn plain(objects: Vec<Node>, style: Style, warnings: Vec<Diagnostic>) -> Rendered {
    Rendered {
        objects,
        style,
        built: Vec::new(),
        images: Vec::new(),
        origins: Vec::new(),
        inputs: Vec::new(),
        folders: Vec::new(),
        warnings,
        said: Vec::new(),
    }
}

fn skaffold(
    (request, prepared): (Request, Prepared),
    pins: &Pins,
    files: &Recorded<'_>,
    world: &SystemHost,
) -> Result<Rendered, Errors> {
    let built = prepared.builds.iter().filter_map(|one| ImageRef::parse(&one.tag).ok()).collect();
    let made = finish(&request, prepared, pins, files, world)?;
    Ok(Rendered {
        objects: made.configs.into_iter().flat_map(|config| config.objects).collect(),
        style: Style::Skaffold,
        built,
        images: Vec::new(),
        origins: Vec::new(),
        inputs: Vec::new(),
        folders: Vec::new(),
        warnings: made.warnings,
        said: made.said,
    })
}

/// What Skaffold would be told, in the service's folder. Of the machine only the variables count: a delivery depends on
/// no kube-context and on nobody's global config.
fn request(unit: &Unit, ctx: &RunContext, files: &dyn Files, doors: &Doors<'_>) -> Result<Request, Errors> {
    let Source::Skaffold { file, profiles, modules, default_repo, namespace, tag } = &unit.source else {
        return Err(Diagnostic::new(format!("{} is no Skaffold config", unit.name())).into());
    };
    let machine = Machine::look(files, &unit.folder, ctx.variables.clone())?;
    let mut request = Request::new(&unit.folder, machine.environment);
    request.file.clone_from(file);
    request.modules.clone_from(modules);
    match profiles {
        Profiles::Named(names) => request.profiles.clone_from(names),
        Profiles::IfPresent(name) => request.optional_profiles = vec![name.clone()],
    }
    request.images.default_repo.clone_from(default_repo);
    request.images.tag = tag.clone().unwrap_or_default();
    request.images.digest_source = if unit.images == Images::Any { DigestSource::Tag } else { DigestSource::Remote };
    request.render.default_repo.clone_from(default_repo);
    request.render.namespace = namespace.clone().unwrap_or_default();
    if let Some(now) = ctx.now {
        request.now = Now { seconds: now.seconds, nanoseconds: ctx.nanoseconds };
    }
    request.git = doors.git.clone();
    request.base_cache.clone_from(&doors.base_cache);
    if let Some(given) = &unit.pinned_inputs {
        give(given, &mut request, files, &doors.world)?;
    }
    Ok(request)
}

/// Says which artifact each given image is, so that no tag is told and no registry is asked.
fn give(given: &PinnedInputs, request: &mut Request, files: &dyn Files, world: &SystemHost) -> Result<(), Errors> {
    request.images = PlanOptions { digest_source: DigestSource::None, ..PlanOptions::default() };
    let configs = prepare(request, files, world)?.configs;
    let artifacts = configs.iter().flat_map(|config| &config.build.artifacts);
    for artifact in artifacts.map(|artifact| artifact.image.text.as_str()) {
        let moved = default_repo::apply(given.default_repo.as_deref(), false, artifact);
        let moved = moved.map_err(|error| Diagnostic::new(error.to_string()))?;
        let name = ImageRef::parse(&moved).map_err(|error| Diagnostic::new(error.to_string()))?.full_name();
        if let Some(image) = given.images.iter().find(|image| image.full_name() == name) {
            request.images.images.push(format!("{artifact}={image}"));
        }
    }
    if !request.images.images.is_empty() {
        request.images.digest_source = DigestSource::Tag;
    }
    Ok(())
}
