//! One rendering from end to end: prepare, look the digests up, finish.

use std::collections::BTreeMap;

use manifest::{Diagnostic, ImageRef, Pins};
use render_core::files::{Files, join, parent};

use super::{Prepared, Rendered, Request, finish, prepare};
use crate::digests::{Pinner, Wanted};
use crate::failure::Failure;
use crate::world::World;

/// Where digests come from.
#[derive(Clone, Debug, Default)]
pub struct Locking {
    /// From the lock file alone: no socket is opened.
    pub locked: bool,
    /// The lock file, absolute; where absent, the next `hydrant.lock` in the folder or above.
    pub file: Option<String>,
    /// Registries that are asked without TLS, besides `build.insecureRegistries` of the configs.
    pub insecure: Vec<String>,
}

/// What came of a rendering.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// The objects, warnings, and what hooks said.
    pub rendered: Rendered,
    /// Each artifact and the image that it became.
    pub images: Vec<(String, String)>,
}

/// Renders one folder.
///
/// # Errors
/// As [`prepare`] and [`finish`], and where a digest cannot be had.
pub fn run(request: &Request, locking: &Locking, files: &dyn Files) -> Result<Done, Failure> {
    let world = World::default();
    let prepared = prepare(request, files, &world)?;
    let pins = digests(request, locking, files, &prepared)?;
    let pinned =
        |tag: &str| ImageRef::parse(tag).ok().and_then(|image| pins.pinned(&image)).map(|image| image.to_string());
    let images = prepared.builds.iter();
    let images =
        images.map(|build| (build.image_name.clone(), pinned(&build.tag).unwrap_or_else(|| build.tag.clone())));
    let images = images.collect();
    let rendered = finish(request, prepared, &pins, files, &world)?;
    Ok(Done { rendered, images })
}

fn digests(request: &Request, locking: &Locking, files: &dyn Files, prepared: &Prepared) -> Result<Pins, Failure> {
    if prepared.references.is_empty() {
        return Ok(Pins::default());
    }
    let lock = if locking.locked { Some(lock_file(files, &request.working_dir, locking)?) } else { None };
    let configured = prepared.configs.iter().flat_map(|config| &config.build.insecure_registries);
    let insecure: Vec<String> = locking.insecure.iter().chain(configured).cloned().collect();
    let source = Wanted {
        lock: lock.as_deref(),
        platform: None,
        insecure: &insecure,
        authorities: &[],
        mirrors: &BTreeMap::new(),
    };
    Pinner::new(&source, &request.environment)?.resolve(&prepared.references)
}

fn lock_file(files: &dyn Files, folder: &str, locking: &Locking) -> Result<String, Diagnostic> {
    if let Some(file) = &locking.file {
        return Ok(file.clone());
    }
    let mut folder = folder;
    loop {
        let file = join(folder, "hydrant.lock");
        if files.kind(&file).is_ok() {
            return Ok(file);
        }
        if folder == "/" {
            return Err(Diagnostic::new("--locked, but there is no hydrant.lock here or above")
                .hint("Write one with `hydrant pin --lock`, or name it with --lock-file."));
        }
        folder = parent(folder);
    }
}
