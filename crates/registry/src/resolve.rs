//! Image references in, digests out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use manifest::{Diagnostic, Digest, ImageRef, Pins};
use net::worker_pool;

use crate::credentials::Credentials;
use crate::failure::{Failure, Kind, ResolveError, ResolveErrors};
use crate::http::Http;
use crate::lookup::Lookup;
use crate::options::Options;
use crate::place::{Place, places};
use crate::session::{Rights, Run, Session};

/// Asks registries. Connections, challenges, tokens and the answers of credential helpers are kept for its lifetime.
pub struct Resolver {
    http: Http,
    credentials: Credentials,
    sessions: Mutex<BTreeMap<(Place, Rights), Arc<Session>>>,
}

/// What one reference was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The digest; where the reference has one of its own, that one.
    pub digest: Digest,
    /// The host that answered.
    pub from: String,
}

/// What every reference was found to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    found: BTreeMap<ImageRef, Resolved>,
}

impl Resolution {
    /// What a reference was found to be.
    pub fn get(&self, image: &ImageRef) -> Option<&Resolved> {
        self.found.get(image)
    }

    /// Every reference that was asked for and what it was found to be, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&ImageRef, &Resolved)> {
        self.found.iter()
    }

    /// The digests found for references that had none, to be put beside them.
    pub fn pins(&self) -> Pins {
        let mut pins = Pins::default();
        for (image, resolved) in self.found.iter().filter(|(image, _)| !image.is_pinned()) {
            pins.insert(image, resolved.digest.clone());
        }
        pins
    }
}

impl Resolver {
    /// A resolver that has asked nobody yet. No socket is opened before [`Resolver::resolve`].
    ///
    /// # Errors
    /// Where the file of a certificate authority cannot be read.
    pub fn new(options: Options, credentials: Credentials) -> Result<Self, Diagnostic> {
        Ok(Resolver { http: Http::new(options)?, credentials, sessions: Mutex::default() })
    }

    /// The digest of every reference. A question that several of them ask is asked once. A digest that a reference already
    /// has is checked to exist, and to be what its tag stands for (or one image of that index).
    ///
    /// # Errors
    /// Every reference that has no answer, and why; not only the first.
    pub fn resolve(&self, images: &[ImageRef]) -> Result<Resolution, ResolveErrors> {
        self.resolve_watched(images, &|_, _| {})
    }

    /// As [`Resolver::resolve`]; `watch` is told from many threads how many questions are answered, and of how many.
    ///
    /// # Errors
    /// As [`Resolver::resolve`].
    pub fn resolve_watched(
        &self,
        images: &[ImageRef],
        watch: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Resolution, ResolveErrors> {
        let mut questions: BTreeMap<(String, Option<Digest>), &ImageRef> = BTreeMap::new();
        for image in images {
            questions.entry((image.lookup(), image.digest())).or_insert(image);
        }
        let answers = self.each(&questions.values().copied().collect::<Vec<_>>(), &|lookup| lookup.answer(), watch);
        let answers: BTreeMap<_, _> = questions.into_keys().zip(answers).collect();
        let mut resolution = Resolution::default();
        let (mut failed, mut told) = (Vec::new(), BTreeSet::new());
        for image in images {
            match &answers[&(image.lookup(), image.digest())] {
                Ok(resolved) => {
                    resolution.found.insert(image.clone(), resolved.clone());
                }
                Err(failure) => {
                    if told.insert(image) {
                        failed.push(ResolveError::new(image, failure.clone()));
                    }
                }
            }
        }
        ResolveErrors::check(failed).map(|()| resolution)
    }

    /// One answer for each question, in their order, each registry with its own threads.
    pub(crate) fn each<T: Send>(
        &self,
        questions: &[&ImageRef],
        ask: &(dyn Fn(&Lookup<'_>) -> Result<T, Failure> + Sync),
        watch: &(dyn Fn(usize, usize) + Sync),
    ) -> Vec<Result<T, Failure>> {
        let run = self.run();
        let mut by_registry: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, image) in questions.iter().enumerate() {
            by_registry.entry(image.registry()).or_default().push(index);
        }
        let queues: Vec<Vec<usize>> = by_registry.into_values().collect();
        let done = AtomicUsize::new(0);
        worker_pool::run(&queues, self.http.options().concurrency, &|index| {
            let answer = self.find(&run, questions[index], ask);
            watch(done.fetch_add(1, Ordering::Relaxed) + 1, questions.len());
            answer
        })
    }

    /// Asks mirrors first; what the registry itself says stands.
    fn find<T>(
        &self,
        run: &Run<'_>,
        image: &ImageRef,
        ask: &(dyn Fn(&Lookup<'_>) -> Result<T, Failure> + Sync),
    ) -> Result<T, Failure> {
        let places = places(image.registry(), self.http.options())?;
        let mut last = Err(Failure::new(Kind::Network, image.registry(), "there is no place to ask"));
        for place in places {
            let session = self.session(place, Rights::Pull);
            last = ask(&Lookup { run: *run, session: &session, image });
            if last.is_ok() {
                break;
            }
        }
        last
    }

    pub(crate) fn options(&self) -> &Options {
        self.http.options()
    }

    pub(crate) fn run(&self) -> Run<'_> {
        let deadline = Instant::now() + self.http.options().deadline;
        Run { http: &self.http, credentials: &self.credentials, deadline }
    }

    pub(crate) fn session(&self, place: Place, rights: Rights) -> Arc<Session> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.entry((place.clone(), rights)).or_insert_with(|| Arc::new(Session::new(place, rights))).clone()
    }
}
