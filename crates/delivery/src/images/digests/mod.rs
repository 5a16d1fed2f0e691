//! Resolves images to digests: from registries, the lock file, or both. All verbs use it.

mod request;
mod unresolved;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use manifest::{Diagnostic, Digest, Errors, ImageRef, Pins};
use registry::signatures::{SignatureCheck, SignatureError, VerifiedSignature};
use registry::{
    Credentials, Origin, Proxies, RegistryClient, RegistryError, RegistryErrors, RegistryOptions, ResolvedImage,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::Failure;
use crate::host::InputTrust;
use crate::lock::{Lock, LockMode, LockedImage, Refresh};
use request::{at_places, by_image};

pub use request::{ImageLocation, ImageRequest};

/// Receives the number of answers and of requests, from many threads.
pub type ProgressFn<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// What a resolution depends on besides the images.
pub struct ResolveContext<'a> {
    /// How registries are queried; its proxies are taken from `variables`.
    pub options: RegistryOptions,
    /// The environment variables that configure credentials and proxies.
    pub variables: &'a BTreeMap<String, String>,
    /// Whether the run's input is trusted; if not, no credentials are looked up and only public addresses are connected to.
    pub trust: InputTrust,
    /// The time of new lock entries, in seconds since 1970.
    pub now: i64,
    /// Receives the progress.
    pub progress: ProgressFn<'a>,
}

/// Resolves digests. One for a whole run, so that no query and no token request is repeated.
pub struct Pinner<'a> {
    resolve_ctx: ResolveContext<'a>,
    from: From,
    /// What the lock file holds, and what was found since.
    lock: Lock,
    /// Its name, for messages.
    lock_file: String,
    /// Every image that was requested.
    requested: BTreeSet<ImageRef>,
    resolver: Option<RegistryClient>,
    /// What registries answered in this run.
    answers: BTreeMap<ImageRef, Result<ResolvedImage, RegistryError>>,
}

#[derive(PartialEq)]
enum From {
    /// No registry and no lock file: an image without a digest stays so.
    Nothing,
    Source(LockMode),
}

impl fmt::Debug for Pinner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pinner").field("lock_file", &self.lock_file).finish_non_exhaustive()
    }
}

impl<'a> Pinner<'a> {
    /// A pinner that has queried no registry yet. `lock` is the content of `lock_file`; it is not used where only registries are queried.
    pub fn new(source: LockMode, lock: Lock, lock_file: &str, resolve_ctx: ResolveContext<'a>) -> Self {
        Pinner {
            resolve_ctx,
            from: From::Source(source),
            lock,
            lock_file: lock_file.to_owned(),
            requested: BTreeSet::new(),
            resolver: None,
            answers: BTreeMap::new(),
        }
    }

    /// A pinner that knows no digest and queries no registry.
    pub(crate) fn offline(resolve_ctx: ResolveContext<'a>) -> Self {
        Pinner {
            resolve_ctx,
            from: From::Nothing,
            lock: Lock::default(),
            lock_file: String::new(),
            requested: BTreeSet::new(),
            resolver: None,
            answers: BTreeMap::new(),
        }
    }

    /// Allows more registries to be reached without TLS. It has no effect on registries that were queried before.
    pub(crate) fn allow_insecure(&mut self, registries: impl Iterator<Item = String>) {
        self.resolve_ctx.options.insecure.extend(registries);
    }

    /// The digest of each image that has none. One that has a digest is checked: the digest must exist and be that of
    /// its tag. Where only the lock file may be used, the digest is kept without a check.
    ///
    /// # Errors
    /// Every image that has no digest or a wrong one, with its locations; credentials that cannot be read.
    pub fn resolve(&mut self, wanted: &[ImageRequest]) -> Result<Pins, Failure> {
        let From::Source(source) = &self.from else { return Ok(Pins::default()) };
        let wanted = by_image(wanted);
        if matches!(source, LockMode::Write(Refresh::Images(_))) {
            self.requested.extend(wanted.keys().map(|image| (*image).clone()));
        }
        let span = tracing::info_span!("resolve", images = wanted.len(), queried = tracing::field::Empty).entered();
        let (mut pins, ask) = self.locked(source, &wanted)?;
        span.record("queried", ask.len());
        if ask.is_empty() {
            return Ok(pins);
        }
        let (writes, time) = (source.writes_lock(), moment(self.resolve_ctx.now)?);
        let progress = self.resolve_ctx.progress;
        let new: Vec<ImageRef> = ask.iter().filter(|image| !self.answers.contains_key(*image)).cloned().collect();
        if !new.is_empty() {
            progress(0, new.len());
            let answers = self.resolver()?.resolve_each(&new, progress);
            self.answers.extend(answers);
        }
        let failed = ask.iter().filter_map(|image| self.answers.get(image)?.as_ref().err().cloned());
        RegistryErrors::check(failed.collect()).map_err(|errors| {
            let places = |image: &ImageRef| wanted.get(image).map_or(&[][..], Vec::as_slice);
            unresolved::failure(&errors, &|finding, image| at_places(finding, places(image)))
        })?;
        for image in ask.iter().filter(|image| !image.is_pinned()) {
            let Some(Ok(resolved)) = self.answers.get(image) else { continue };
            pins.insert(image, resolved.digest.clone());
            if writes {
                self.lock.record(LockedImage {
                    reference: image.lookup(),
                    platform: self.resolve_ctx.options.platform.clone(),
                    digest: resolved.digest.clone(),
                    resolved: time.clone(),
                    from: resolved.host.clone(),
                });
            }
        }
        Ok(pins)
    }

    /// Splits requests into those that the lock file resolves, and those for registries.
    ///
    /// # Errors
    /// Every image that the lock file lacks where it alone may be used, in the order of their locations.
    fn locked(
        &self,
        source: &LockMode,
        wanted: &BTreeMap<&ImageRef, Vec<&ImageLocation>>,
    ) -> Result<(Pins, Vec<ImageRef>), Errors> {
        let platform = self.resolve_ctx.options.platform.as_ref();
        let (mut pins, mut ask, mut missing) = (Pins::default(), Vec::new(), Vec::new());
        for (image, places) in wanted {
            let known = match source {
                LockMode::Ignore => None,
                LockMode::Write(update) if update.concerns(image) => None,
                LockMode::Locked | LockMode::Write(_) => self.lock.digest(image, platform),
            };
            match known {
                Some(digest) if !image.is_pinned() => drop(pins.insert(image, digest.clone())),
                _ if !source.is_locked() => ask.push((*image).clone()),
                _ if image.is_pinned() => {}
                _ => missing.push(at_places(not_locked(image, &self.lock_file), places)),
            }
        }
        missing.sort_by(|one, other| (&one.file, one.at).cmp(&(&other.file, other.at)));
        Errors::check(missing).map(|()| (pins, ask))
    }

    /// The recorded source of each image, by its digest. Each image has a result of its own.
    ///
    /// # Errors
    /// Where no registry may be queried, and credentials that cannot be read.
    pub fn origins(
        &mut self,
        images: &[(ImageRef, Digest)],
    ) -> Result<BTreeMap<ImageRef, Result<Origin, RegistryError>>, Failure> {
        if matches!(self.from, From::Nothing | From::Source(LockMode::Locked)) {
            let error = Diagnostic::new("--origins needs registries, and `locked` forbids to ask them");
            return Err(error.hint("remove one of the two").into());
        }
        if images.is_empty() {
            return Ok(BTreeMap::new());
        }
        let progress = self.resolve_ctx.progress;
        progress(0, images.len());
        Ok(self.resolver()?.origins(images, progress))
    }

    /// Checks that `--update` names images that were requested.
    ///
    /// # Errors
    /// Every name that no image has.
    pub fn check_updates(&self) -> Result<(), Errors> {
        let From::Source(LockMode::Write(refresh)) = &self.from else { return Ok(()) };
        let unknown = |name: &ImageRef| {
            let known: Vec<String> = self.requested.iter().map(ImageRef::to_string).collect();
            let found = Diagnostic::new(format!("no image is called {name}")).field("--update");
            found.hint(match known.as_slice() {
                [] => "remove it: no image is looked up".to_owned(),
                known => format!("use one of {}", known.join(", ")),
            })
        };
        Errors::check(refresh.without_match(&self.requested).into_iter().map(unknown).collect())
    }

    /// The lock file's content with everything that was found; absent where it is not to be written.
    pub fn into_lock(self) -> Option<Lock> {
        matches!(&self.from, From::Source(source) if source.writes_lock()).then_some(self.lock)
    }

    /// Verifies the signatures of images in their registries; the results are in the checks' order. Registries are asked even if digests come
    /// from the lock file, which has no signatures.
    ///
    /// # Errors
    /// Credentials or certificate authorities that cannot be read.
    pub(crate) fn verify_signatures(
        &mut self,
        checks: &[SignatureCheck],
    ) -> Result<Vec<Result<Vec<VerifiedSignature>, SignatureError>>, Failure> {
        if checks.is_empty() {
            return Ok(Vec::new());
        }
        let progress = self.resolve_ctx.progress;
        Ok(self.resolver()?.verify_signatures(checks, progress))
    }

    fn resolver(&mut self) -> Result<&RegistryClient, Failure> {
        let resolver = match self.resolver.take() {
            Some(resolver) => resolver,
            None => {
                let ResolveContext { options, variables, trust, .. } = &self.resolve_ctx;
                resolver(options, variables, *trust)?
            }
        };
        Ok(self.resolver.insert(resolver))
    }
}

/// A client for registries with the credentials and proxies that the environment configures. It sends no request yet.
///
/// # Errors
/// Credentials or certificate authorities that cannot be read.
pub(crate) fn resolver(
    options: &RegistryOptions,
    variables: &BTreeMap<String, String>,
    trust: InputTrust,
) -> Result<RegistryClient, Failure> {
    let variable = |name: &str| variables.get(name).filter(|text| !text.is_empty()).cloned();
    let (proxies, addresses) = (Proxies::from_variables(variable), trust.addresses());
    let options = RegistryOptions { proxies, addresses, ..options.clone() };
    let credentials = if trust.is_untrusted() { Credentials::none() } else { Credentials::from_variables(variable)? };
    Ok(RegistryClient::new(options, credentials)?)
}

fn moment(seconds: i64) -> Result<String, Diagnostic> {
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok().and_then(|time| time.format(&Rfc3339).ok());
    time.ok_or_else(|| Diagnostic::new(format!("invalid time: {seconds} seconds since 1970")))
}

fn not_locked(image: &ImageRef, file: &str) -> Diagnostic {
    Diagnostic::new(format!("{image} is not in the lock file {file}"))
        .hint("run the same command with --lock to add it, and commit the lock file")
}
