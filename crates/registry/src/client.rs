//! The client of all registries: its sessions and threads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use manifest::{Diagnostic, ImageRef};
use net::{Client, worker_pool};

use crate::authorization::Access;
use crate::context::RequestContext;
use crate::credentials::Credentials;
use crate::endpoint::{Endpoint, endpoints};
use crate::error::{ErrorKind, RequestError};
use crate::lookup::Lookup;
use crate::options::RegistryOptions;
use crate::session::Session;

/// Called from many threads with the number of finished requests and their total.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// What is asked about one image.
pub(crate) type Query<'a, T> = &'a (dyn Fn(&Lookup<'_>) -> Result<T, RequestError> + Sync);

/// Accesses registries. Connections, challenges, tokens and the output of credential helpers are kept for its lifetime.
pub struct RegistryClient {
    http: Client,
    options: RegistryOptions,
    credentials: Credentials,
    sessions: Mutex<BTreeMap<(Endpoint, Access), Arc<Session>>>,
}

impl RegistryClient {
    /// A client that has not connected to any registry yet.
    ///
    /// # Errors
    /// Where the file of a certificate authority cannot be used.
    pub fn new(options: RegistryOptions, credentials: Credentials) -> Result<Self, Diagnostic> {
        let http = Client::new(options.client_options()).map_err(|error| {
            let hint = error.hint();
            hint.into_iter().fold(Diagnostic::new(error.to_string()), Diagnostic::hint).caused_by(error)
        })?;
        Ok(RegistryClient { http, options, credentials, sessions: Mutex::default() })
    }

    pub(crate) fn options(&self) -> &RegistryOptions {
        &self.options
    }

    /// A context for the requests of one call, whose deadline begins now.
    pub(crate) fn context(&self) -> RequestContext<'_> {
        let deadline = Instant::now().checked_add(self.options.deadline);
        RequestContext { http: &self.http, options: &self.options, credentials: &self.credentials, deadline }
    }

    pub(crate) fn session(&self, endpoint: Endpoint, access: Access) -> Arc<Session> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.entry((endpoint.clone(), access)).or_insert_with(|| Arc::new(Session::new(endpoint, access))).clone()
    }

    /// Runs a task for each item, each registry with its own threads; the results are in the items' order.
    pub(crate) fn run_by_registry<I: Sync, T: Send>(
        &self,
        items: &[I],
        registry_of: impl Fn(&I) -> &str,
        task: &(dyn Fn(&I) -> T + Sync),
    ) -> Vec<T> {
        let mut by_registry: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, item) in items.iter().enumerate() {
            by_registry.entry(registry_of(item)).or_default().push(index);
        }
        let queues: Vec<Vec<usize>> = by_registry.into_values().collect();
        worker_pool::run(&queues, self.options.concurrency, &|index| task(&items[index]))
    }

    /// Runs a query for each image; the results are in the images' order.
    pub(crate) fn query_each<T: Send>(
        &self,
        images: &[&ImageRef],
        query: Query<'_, T>,
        progress: Progress<'_>,
    ) -> Vec<Result<T, RequestError>> {
        let ctx = self.context();
        let done = AtomicUsize::new(0);
        self.run_by_registry(images, |image| image.registry(), &|image| {
            let result = self.query(&ctx, image, query);
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, images.len());
            result
        })
    }

    /// Asks mirrors first; the registry's own error is the one that is returned.
    fn query<T>(&self, ctx: &RequestContext<'_>, image: &ImageRef, query: Query<'_, T>) -> Result<T, RequestError> {
        let mut last = Err(RequestError::new(ErrorKind::Network, image.registry(), "no endpoint"));
        for endpoint in endpoints(image.registry(), &self.options)? {
            let session = self.session(endpoint, Access::Pull);
            last = query(&Lookup { ctx: *ctx, session: &session, image });
            if last.is_ok() {
                break;
            }
        }
        last
    }
}
