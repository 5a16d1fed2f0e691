//! One rendering from end to end: prepare, look the digests up, finish.

use std::collections::BTreeMap;

use manifest::{Diagnostic, ImageRef, Pins};
use registry::Lock;
use render_core::files::{FileError, Files, join, parent};

use super::{Prepared, Rendered, Request, finish, prepare};
use crate::digests::{Pinner, Wanted};
use crate::failure::Failure;
use crate::world::{Remotes, World};

/// Where digests come from.
#[derive(Clone, Debug, Default)]
pub struct Locking {
    /// From the lock file alone: no socket is opened.
    pub locked: bool,
    /// The lock file, absolute; where absent, the next `hydrant.lock` in the folder or above.
    pub file: Option<String>,
    /// The time in RFC 3339, where what is resolved and fetched is to be written into the lock file.
    pub write: Option<String>,
    /// Registries that are asked without TLS, besides `build.insecureRegistries` of the configs.
    pub insecure: Vec<String>,
    /// PEM files with certificate authorities that are trusted beside the system's.
    pub authorities: Vec<String>,
    /// Places to ask before a registry itself.
    pub mirrors: BTreeMap<String, Vec<String>>,
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
pub fn run(request: &Request, locking: &Locking, files: &dyn Files) -> Result<Done, Failure> {
    let path = lock_file(files, &request.working_dir, locking);
    let mut lock = match (&path, locking.locked || locking.write.is_some()) {
        (Ok(path), true) => read(files, path)?,
        _ => Lock::default(),
    };
    let world = World::new(Remotes { locked: locking.locked, lock: lock.clone(), cache: None });
    let prepared = prepare(request, files, &world)?;
    let pins = digests(request, locking, path.as_ref(), &mut lock, &prepared)?;
    let pinned =
        |tag: &str| ImageRef::parse(tag).ok().and_then(|image| pins.pinned(&image)).map(|image| image.to_string());
    let images = prepared.builds.iter();
    let images =
        images.map(|build| (build.image_name.clone(), pinned(&build.tag).unwrap_or_else(|| build.tag.clone())));
    let images = images.collect();
    let rendered = finish(request, prepared, &pins, files, &world)?;
    world.fetched().into_iter().for_each(|remote| lock.record_remote(remote));
    let new = || join(&request.working_dir, "hydrant.lock");
    let lock = locking.write.is_some().then(|| (path.unwrap_or_else(|_| new()), lock));
    Ok(Done { rendered, images, lock })
}

/// The lock file's content; nothing where it is not there.
fn read(files: &dyn Files, path: &str) -> Result<Lock, Diagnostic> {
    match files.read(path) {
        Ok(bytes) => Lock::parse(path, &String::from_utf8_lossy(&bytes)),
        Err(FileError::Missing) => Ok(Lock::default()),
        Err(error) => Err(Diagnostic::new(error.to_string()).in_file(path)),
    }
}

fn digests(
    request: &Request,
    locking: &Locking,
    path: Result<&String, &Diagnostic>,
    lock: &mut Lock,
    prepared: &Prepared,
) -> Result<Pins, Failure> {
    if prepared.references.is_empty() {
        return Ok(Pins::default());
    }
    let only = if locking.locked { Some(path.map_err(Clone::clone)?) } else { None };
    let configured = prepared.configs.iter().flat_map(|config| &config.build.insecure_registries);
    let insecure: Vec<String> = locking.insecure.iter().chain(configured).cloned().collect();
    let source = Wanted {
        lock: only.map(String::as_str),
        platform: None,
        insecure: &insecure,
        authorities: &locking.authorities,
        mirrors: &locking.mirrors,
    };
    let pinner = Pinner::new(&source, &request.environment)?;
    match &locking.write {
        Some(time) => pinner.resolve_into(&prepared.references, lock, time),
        None => pinner.resolve(&prepared.references),
    }
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
