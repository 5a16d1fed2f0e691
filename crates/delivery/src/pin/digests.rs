//! Which digest each image has: by asking registries, by the lock file, or by both.

use std::collections::BTreeMap;

use manifest::{Diagnostic, Errors, ImageRef, Pins};
use registry::{Credentials, Lock, LockedImage, Options, Platform, Resolver};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Located, Search, at_places, by_image};
use crate::failure::Failure;
use crate::unresolved;

/// Where digests come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Digests {
    /// Registries, every time.
    Registries,
    /// The lock file alone: no socket is opened.
    Locked,
    /// The lock file, and registries for what it lacks or what is to be updated.
    Lock(Update),
}

/// Which images are asked for again although they are locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// None.
    Nothing,
    /// All of them.
    Everything,
    /// These, by any spelling; without a tag, every tag of the repository.
    These(Vec<ImageRef>),
}

/// The digests found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    pins: Pins,
    /// The host that answered for each reference that was asked for.
    pub from: BTreeMap<ImageRef, String>,
}

impl Answers {
    /// The reference with its digest.
    pub fn pinned(&self, image: &ImageRef) -> Option<ImageRef> {
        self.pins.pinned(image)
    }
}

impl Update {
    fn concerns(&self, image: &ImageRef) -> bool {
        match self {
            Update::Nothing => false,
            Update::Everything => true,
            Update::These(these) => these.iter().any(|one| match one.tag() {
                Some(_) => one.lookup() == image.lookup(),
                None => one.full_name() == image.full_name(),
            }),
        }
    }
}

/// What is needed of the world to ask registries.
pub struct World<'a> {
    /// How they are asked.
    pub options: &'a Options,
    /// The environment's variables, where credentials are found by.
    pub variables: &'a BTreeMap<String, String>,
    /// The time of new lock entries, in seconds since 1970.
    pub now: i64,
    /// Told from many threads how many answers there are, and of how many.
    pub watch: &'a (dyn Fn(usize, usize) + Sync),
}

/// The digest of every image, each asked for once, and the lock file brought up to date where it is to be written. A digest
/// that already stands beside an image is checked with its registry unless only the lock file may be used.
///
/// # Errors
/// Every image that has no digest, with the places it stands in.
pub fn digests(
    images: &[Located],
    search: &Search,
    source: &Digests,
    lock: &mut Lock,
    world: &World<'_>,
) -> Result<Answers, Failure> {
    let wanted = by_image(images, search);
    let platform = world.options.platform.as_ref();
    let (mut answers, ask) = from_lock(&wanted, source, lock, platform)?;
    if ask.is_empty() {
        return Ok(answers);
    }
    let credentials = Credentials::from_variables(|name| world.variables.get(name).cloned())?;
    let resolver = Resolver::new(world.options.clone(), credentials)?;
    let found = resolver.resolve_watched(&ask, world.watch).map_err(|errors| {
        let places = |image: &ImageRef| wanted.get(image).map_or(&[][..], Vec::as_slice);
        unresolved::failure(&errors, &|finding, image| at_places(finding, places(image)))
    })?;
    for (image, resolved) in found.iter() {
        answers.from.insert(image.clone(), resolved.from.clone());
        if image.is_pinned() {
            continue;
        }
        answers.pins.insert(image, resolved.digest.clone());
        if matches!(source, Digests::Lock(_)) {
            lock.record(LockedImage {
                reference: image.lookup(),
                platform: platform.cloned(),
                digest: resolved.digest.clone(),
                resolved: moment(world.now)?,
                from: resolved.from.clone(),
            });
        }
    }
    Ok(answers)
}

/// What the lock file answers, and what is left to ask registries for.
///
/// # Errors
/// Every image that the lock file lacks where it alone may be used.
fn from_lock(
    wanted: &BTreeMap<ImageRef, Vec<&Located>>,
    source: &Digests,
    lock: &Lock,
    platform: Option<&Platform>,
) -> Result<(Answers, Vec<ImageRef>), Errors> {
    let (mut answers, mut ask, mut missing) = (Answers::default(), Vec::new(), Vec::new());
    for (image, places) in wanted {
        let known = match source {
            Digests::Registries => None,
            Digests::Lock(update) if update.concerns(image) => None,
            Digests::Locked | Digests::Lock(_) => lock.digest(image, platform),
        };
        match known {
            Some(digest) if !image.is_pinned() => drop(answers.pins.insert(image, digest.clone())),
            _ if *source != Digests::Locked => ask.push(image.clone()),
            _ if image.is_pinned() => {}
            _ => missing.push(at_places(not_locked(image), places)),
        }
    }
    // As the images stand in the files.
    missing.sort_by(|one, other| (&one.file, one.at).cmp(&(&other.file, other.at)));
    Errors::check(missing).map(|()| (answers, ask))
}

fn moment(seconds: i64) -> Result<String, Diagnostic> {
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok().and_then(|time| time.format(&Rfc3339).ok());
    time.ok_or_else(|| Diagnostic::new(format!("{seconds} seconds since 1970 is no time that can be written down")))
}

fn not_locked(image: &ImageRef) -> Diagnostic {
    Diagnostic::new(format!("{image} is not in the lock file"))
        .hint("`hydrant pin --lock` asks its registry and adds it; commit hydrant.lock afterwards.")
}
