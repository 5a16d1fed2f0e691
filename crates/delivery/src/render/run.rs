//! One rendering from end to end: prepare, look the digests up, finish.

use manifest::ImageRef;
use registry::{Lock, Options};
use render_core::files::Files;

use super::{Rendered, Request, finish, prepare};
use crate::digests::{Asking, Locking, Pinner, Watch};
use crate::failure::Failure;
use crate::lock_file;
use crate::world::{Remotes, World};

/// What digests come from and how.
pub struct Registries<'a> {
    /// What was typed about the lock file. A file that is not named is the next `hydrant.lock` in the folder or above.
    pub locking: Locking,
    /// How registries are asked; `build.insecureRegistries` of the configs is added.
    pub options: Options,
    /// The time of new lock entries, in seconds since 1970.
    pub now: i64,
    /// Who is told how far it is.
    pub watch: Watch<'a>,
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
    let source = registries.locking.digests(None);
    let path = lock_file::find(files, &request.working_dir, registries.locking.file.as_deref());
    let lock = lock_file::read(files, &path, &source)?;
    let world = World::new(Remotes { source: source.clone(), lock: lock.clone(), cache: None });
    let prepared = prepare(request, files, &world)?;
    let configured = prepared.configs.iter().flat_map(|config| &config.build.insecure_registries).cloned();
    let mut options = registries.options.clone();
    options.insecure.extend(configured);
    let asking =
        Asking { options: &options, variables: &request.environment, now: registries.now, watch: registries.watch };
    let mut pinner = Pinner::new(source, lock, &path, asking);
    let pins = pinner.resolve(&prepared.wanted(""))?;
    let pinned =
        |tag: &str| ImageRef::parse(tag).ok().and_then(|image| pins.pinned(&image)).map(|image| image.to_string());
    let images = prepared.builds.iter();
    let images =
        images.map(|build| (build.image_name.clone(), pinned(&build.tag).unwrap_or_else(|| build.tag.clone())));
    let images = images.collect();
    let rendered = finish(request, prepared, &pins, files, &world)?;
    let lock = pinner.into_lock().map(|mut lock| {
        world.fetched().into_iter().for_each(|remote| lock.record_remote(remote));
        (path, lock)
    });
    Ok(Done { rendered, images, lock })
}
