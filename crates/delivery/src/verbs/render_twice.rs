//! `hydrant render --twice`: which fields of units depend on the clock, the environment, the order of files, or the threads.

use std::collections::BTreeMap;
use std::sync::Arc;

use manifest::{Diagnostic, Node};
use render_core::files::{FileError, FileKind, Files};

use crate::config::SeedSource;
use crate::error::Failure;
use crate::host::RunContext;
use crate::host::disk::DiskFiles;
use crate::host::threads;
use crate::pipeline::{Pipeline, SourceTree, random, recorded};
use crate::plan::settings::Settings;
use crate::plan::{Plan, PlannedRandom, plan};

/// What rendering a unit twice has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedTwice {
    /// `service/environment`
    pub unit: String,
    /// The fields that differ, each with its object.
    pub differing: Vec<String>,
    /// The calls of `keys` and `values` whose order reaches the output. helm draws it at random; it is sorted here.
    pub sorted: Vec<String>,
}

/// The seconds between the two times: 68 years, 4 months and some days, hours, minutes and seconds, so that every part of a date differs.
const LATER: i64 = 2_157_004_863;

/// A zone that few machines are in.
const OTHER_ZONE: &str = "Pacific/Chatham";

/// The beginnings of the names of variables that the second rendering keeps: where programs, caches and credentials are.
const KEPT: &[&str] = &[
    "PATH",
    "HOME",
    "TMPDIR",
    "XDG_",
    "HYDRANT_",
    "GITHUB_",
    "GH_",
    "GIT_",
    "SSH_",
    "SSL_",
    "DOCKER_",
    "REGISTRY_",
    "HELM_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
];

/// Renders the units of the plan two times: now, and 68 years later, in another time zone, without the environment's variables, with folders
/// listed backwards, the units in the opposite order, and on one thread. Random values of charts that a delivery refuses are drawn.
///
/// # Errors
/// A config or a remote that cannot be read, and units that cannot be rendered, both or under the second conditions.
pub fn render_twice(settings: &Settings, ctx: &RunContext) -> Result<Vec<RenderedTwice>, Failure> {
    let files = DiskFiles::default();
    let mut plan = plan(&files, settings)?;
    recorded::read_all(&mut plan.units, &plan.root, ctx)?;
    for unit in plan.units.iter_mut().filter(|unit| unit.random == PlannedRandom::Refuse) {
        unit.random = PlannedRandom::AsHelm;
    }
    let (first, sorted) = rendered(&plan, ctx, &files)?;
    let mut other = plan.clone();
    other.units.reverse();
    let reversed = ListedBackwards(&files);
    let (second, _) = threads::on_one_thread(|| rendered(&other, &other_context(ctx, &plan), &reversed))
        .map_err(under_other_conditions)?;
    let twice = |unit: &crate::plan::PlannedUnit| {
        let name = unit.name();
        let objects = |all: &BTreeMap<String, Vec<Node>>| all.get(&name).cloned().unwrap_or_default();
        RenderedTwice {
            differing: random::differing_fields(&objects(&first), &objects(&second)),
            sorted: sorted.get(&name).cloned().unwrap_or_default(),
            unit: name,
        }
    };
    Ok(plan.units.iter().map(twice).collect())
}

/// By unit: its objects, and the calls whose results were sorted.
type Renderings = (BTreeMap<String, Vec<Node>>, BTreeMap<String, Vec<String>>);

fn rendered(plan: &Plan, ctx: &RunContext, files: &dyn Files) -> Result<Renderings, Failure> {
    let mut pipeline = Pipeline::open(plan, ctx, SourceTree { files, revision: None })?;
    let pinned = pipeline.run_to_pinned(plan.units.clone())?;
    let sorted = pipeline.sorted_maps(&plan.units)?;
    Ok((pinned.into_iter().map(|unit| (unit.unit.name(), unit.output.objects)).collect(), sorted))
}

fn under_other_conditions(failure: Failure) -> Failure {
    let errors = failure.into_errors().map(|error| {
        let message = format!("with another clock and without the environment's variables: {}", error.message);
        Diagnostic { message, ..error }
    });
    Failure::from(errors)
}

fn other_context(ctx: &RunContext, plan: &Plan) -> RunContext {
    let mut other = ctx.clone();
    let seeds: Vec<&String> = plan
        .units
        .iter()
        .filter_map(|unit| match &unit.random {
            PlannedRandom::Stable(SeedSource::Env(name)) => Some(name),
            _ => None,
        })
        .collect();
    other.variables.retain(|name, _| KEPT.iter().any(|kept| name.starts_with(kept)) || seeds.contains(&name));
    other.variables.insert("TZ".to_owned(), OTHER_ZONE.to_owned());
    if let Some(now) = &mut other.now {
        now.seconds = now.seconds.saturating_add(LATER);
    }
    other.nanoseconds = (other.nanoseconds + 500_000_001) % 1_000_000_000;
    other
}

/// Files whose folders are listed backwards.
struct ListedBackwards<'a>(&'a dyn Files);

impl Files for ListedBackwards<'_> {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        self.0.read(path)
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        self.0.kind(path)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        let mut names = self.0.list(folder)?;
        names.reverse();
        Ok(names)
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        self.0.real(path)
    }
}
