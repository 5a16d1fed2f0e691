//! One rendering from end to end: prepare, look the digests up, finish.

use manifest::{Errors, ImageRef, Pins};
use registry::Options;
use render_core::files::Files;

use crate::config::GivenDigests;
use crate::error::Failure;
use crate::host::system::{Remotes, SystemHost};
use crate::images::digests::{Pinner, ProgressFn, ResolveContext};
use crate::images::objects;
use crate::images::search::Search;
use crate::lock::{self, Lock, LockMode};
use crate::pipeline::skaffold::{Rendered, Request, finish, prepare};

/// What digests come from and how.
pub struct Registries<'a> {
    /// Where they come from.
    pub source: LockMode,
    /// The lock file, absolute; where absent, the next `hydrant.lock` in the folder or above.
    pub lock_file: Option<String>,
    /// How registries are asked; `build.insecureRegistries` of the configs is added.
    pub options: Options,
    /// The time of new lock entries, in seconds since 1970.
    pub now: i64,
    /// Who is told how far it is.
    pub progress: ProgressFn<'a>,
    /// How images are found in what was rendered, and what happens to digests that they have, where all are to be pinned; Skaffold pins
    /// those alone that it builds.
    pub everything: Option<(Search, GivenDigests)>,
}

/// What came of a rendering.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// The objects, warnings, and what hooks said.
    pub rendered: Rendered,
    /// Each artifact and the image that it became.
    pub images: Vec<(String, String)>,
    /// The lock file's path and new content, where it is to be written.
    pub lock: Option<(String, Lock)>,
}

/// Renders one folder.
///
/// # Errors
/// As [`prepare`] and [`finish`], and where a digest cannot be had.
pub fn run(request: &Request, registries: &Registries<'_>, files: &dyn Files) -> Result<Done, Failure> {
    let source = registries.source.clone();
    let path = lock::find(files, &request.working_dir, registries.lock_file.as_deref());
    let lock = lock::read(files, &path, &source)?;
    let world = SystemHost::new(Remotes { source: source.clone(), lock: lock.clone(), cache: None });
    let prepared = prepare(request, files, &world)?;
    let configured = prepared.configs.iter().flat_map(|config| &config.build.insecure_registries).cloned();
    let mut options = registries.options.clone();
    options.insecure.extend(configured);
    let resolve_ctx = ResolveContext {
        options: &options,
        variables: &request.environment,
        now: registries.now,
        progress: registries.progress,
    };
    let mut pinner = Pinner::new(source, lock, &path, resolve_ctx);
    let pins = pinner.resolve(&prepared.wanted(""))?;
    let pinned =
        |tag: &str| ImageRef::parse(tag).ok().and_then(|image| pins.pinned(&image)).map(|image| image.to_string());
    let images = prepared.builds.iter();
    let images =
        images.map(|build| (build.image_name.clone(), pinned(&build.tag).unwrap_or_else(|| build.tag.clone())));
    let images = images.collect();
    let mut rendered = finish(request, prepared, &pins, files, &world)?;
    if let Some((search, given)) = &registries.everything {
        pin_everything(&mut pinner, search, *given, &pins, &mut rendered)?;
    }
    let lock = pinner.into_lock().map(|mut lock| {
        world.fetched().into_iter().for_each(|remote| lock.record_remote(remote));
        (path, lock)
    });
    Ok(Done { rendered, images, lock })
}

/// Puts digests beside the images that the manifests name themselves; `built` are in them already.
fn pin_everything(
    pinner: &mut Pinner<'_>,
    search: &Search,
    given: GivenDigests,
    built: &Pins,
    rendered: &mut Rendered,
) -> Result<(), Failure> {
    let (mut wanted, mut wrong) = (Vec::new(), Vec::new());
    for config in &rendered.configs {
        let (found, findings) = objects::wanted("", &config.objects, search);
        wanted.extend(found.into_iter().filter(|one| objects::is_open(&one.image, given, &[built])));
        wrong.extend(findings);
    }
    Errors::check(wrong)?;
    let pins = pinner.resolve(&wanted)?;
    for config in &mut rendered.configs {
        objects::pin(&mut config.objects, search, &pins)?;
    }
    Ok(())
}
