//! Where digests come from: the lock file alone, or registries.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use manifest::{Diagnostic, Errors, ImageRef, Pins};
use registry::{Credentials, Lock, LockedImage, Options, Platform, Proxies, Resolution, Resolver};

use crate::failure::Failure;
use crate::unresolved;

/// What was said about digests.
pub(crate) struct Wanted<'a> {
    /// The lock file that alone is read; absent where registries are asked.
    pub(crate) lock: Option<&'a str>,
    /// The platform whose digest is wanted; the whole image's where absent.
    pub(crate) platform: Option<&'a str>,
    /// Registries that are asked without TLS.
    pub(crate) insecure: &'a [String],
    /// PEM files with further certificate authorities.
    pub(crate) authorities: &'a [String],
    /// Places to ask before a registry itself.
    pub(crate) mirrors: &'a BTreeMap<String, Vec<String>>,
}

/// Where digests come from.
pub(crate) enum Pinner {
    /// The lock file alone: no socket is opened.
    Locked {
        /// The file's name, for messages.
        file: String,
        /// What it holds for the platform that is pinned.
        pins: Pins,
    },
    /// Nowhere: what is not given stays without.
    Nowhere,
    /// Registries. One resolver for the whole run, so that no token is fetched twice.
    Registries(Box<Resolver>),
}

impl Pinner {
    /// Decides where digests come from; asks nobody yet. `variables` is the environment.
    ///
    /// # Errors
    /// A lock file that is missing or cannot be read, a platform that is none, credentials that cannot be read.
    pub(crate) fn new(wanted: &Wanted<'_>, variables: &BTreeMap<String, String>) -> Result<Self, Failure> {
        let platform = wanted.platform.map(str::parse::<Platform>).transpose();
        let platform = platform.map_err(|error| Diagnostic::new(error.to_string()).field("registry.platform"))?;
        if let Some(file) = wanted.lock {
            let file = file.to_owned();
            let text = std::fs::read_to_string(Path::new(&file)).map_err(|error| {
                Diagnostic::new(format!("the lock file cannot be read: {error}"))
                    .in_file(&file)
                    .hint("`hydrant pin --lock` writes it; without `locked: true` the registries are asked instead.")
            })?;
            return Ok(Pinner::Locked { pins: Lock::parse(&file, &text)?.pins(platform.as_ref()), file });
        }
        let variable = |name: &str| variables.get(name).filter(|text| !text.is_empty()).cloned();
        let options = Options {
            platform,
            insecure: wanted.insecure.iter().cloned().collect(),
            authorities: wanted.authorities.iter().map(PathBuf::from).collect(),
            mirrors: wanted.mirrors.clone(),
            proxies: Proxies::from_variables(variable),
            ..Options::standard()
        };
        Ok(Pinner::Registries(Box::new(Resolver::new(options, Credentials::from_variables(variable)?)?)))
    }

    /// The digest of each reference.
    ///
    /// # Errors
    /// Every reference that has none, not only the first.
    pub(crate) fn resolve(&self, wanted: &[ImageRef]) -> Result<Pins, Failure> {
        let wanted: Vec<ImageRef> = wanted.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        match self {
            Pinner::Locked { file, pins } => {
                let missing = wanted.iter().filter(|image| pins.digest(image).is_none());
                Errors::check(missing.map(|image| not_locked(image, file)).collect())?;
                Ok(pins.clone())
            }
            Pinner::Nowhere => Ok(Pins::default()),
            Pinner::Registries(_) if wanted.is_empty() => Ok(Pins::default()),
            Pinner::Registries(resolver) => Ok(ask(resolver, &wanted)?.pins()),
        }
    }

    /// As [`Pinner::resolve`], with each answer of a registry written into `lock` as resolved at `time` (RFC 3339).
    ///
    /// # Errors
    /// As [`Pinner::resolve`].
    pub(crate) fn resolve_into(&self, wanted: &[ImageRef], lock: &mut Lock, time: &str) -> Result<Pins, Failure> {
        let Pinner::Registries(resolver) = self else { return self.resolve(wanted) };
        let wanted: Vec<ImageRef> = wanted.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        let found = ask(resolver, &wanted)?;
        for (image, resolved) in found.iter().filter(|(image, _)| !image.is_pinned()) {
            lock.record(LockedImage {
                reference: image.lookup(),
                platform: None,
                digest: resolved.digest.clone(),
                resolved: time.to_owned(),
                from: resolved.from.clone(),
            });
        }
        Ok(found.pins())
    }
}

fn ask(resolver: &Resolver, wanted: &[ImageRef]) -> Result<Resolution, Failure> {
    resolver.resolve(wanted).map_err(|errors| unresolved::failure(&errors, &|finding, _| finding))
}

fn not_locked(image: &ImageRef, file: &str) -> Diagnostic {
    Diagnostic::new(format!("{image} is not in the lock file")).in_file(file).hint(
        "`hydrant pin --lock` asks the registry and adds it; a tag that is made of the source changes with the source.",
    )
}
