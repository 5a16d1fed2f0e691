//! The smart protocol over a [`Channel`].

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use git2::{Oid, Repository};
use net::HttpError;

use super::channel::{Channel, Request, Service};
use super::confirm;
use crate::credentials::CredentialSource;
use crate::error::TransportError;
use crate::format::UnsupportedFormat;
use crate::limits::{ADVERTISEMENT_TIMEOUT, FETCH_TIMEOUT, PUSH_TIMEOUT};
use crate::pack::Pack;
use crate::protocol::LimitExceeded;
use crate::protocol::advertisement::{self, Advertisement};
use crate::protocol::fetch::{self, FetchRequest, HistoryResponse, ThinPack};
use crate::protocol::push;
use crate::transport::{HistoryFetch, PushOptions, PushReport, RefUpdate, RemoteRef, Transport};

/// A repository behind a channel.
pub(super) struct Session<C> {
    channel: C,
    url: String,
    /// The time at which every request has ended.
    deadline: Option<Instant>,
    upload_pack: Option<Advertisement>,
    /// The capabilities of `git-receive-pack`; only kept if the channel is stateless.
    receive_pack: Option<Advertisement>,
}

impl<C: Channel> Session<C> {
    /// Opens no connection yet. `url` is for errors.
    pub(super) fn new(channel: C, url: String, deadline: Option<Instant>) -> Self {
        Self { channel, url, deadline, upload_pack: None, receive_pack: None }
    }

    /// Returns the end of a request that may take `limit`.
    fn end(&self, limit: Duration) -> Instant {
        let end = Instant::now() + limit;
        self.deadline.map_or(end, |deadline| deadline.min(end))
    }

    /// The error for what the protocol's reader returned.
    fn error(&mut self, error: &io::Error) -> TransportError {
        let url = self.url.clone();
        match error.kind() {
            ErrorKind::InvalidData => TransportError::Protocol { url, reason: error.to_string() },
            _ if let Some(http) = error.get_ref().and_then(|inner| inner.downcast_ref::<HttpError>()) => {
                TransportError::Unreachable {
                    url,
                    message: http.kind.to_string(),
                    source: Some(Box::new(http.clone())),
                }
            }
            _ if let Some(exceeded) = error.get_ref().and_then(|inner| inner.downcast_ref::<LimitExceeded>()) => {
                TransportError::TooLarge { url, reason: exceeded.to_string() }
            }
            ErrorKind::TimedOut => TransportError::unreachable(url, error.to_string()),
            ErrorKind::Unsupported => self.unsupported_format(UnsupportedFormat::Sha256),
            ErrorKind::Other => TransportError::Server { url, message: error.to_string() },
            _ => {
                let early = "the connection ended before the response was complete";
                let own = if error.kind() == ErrorKind::UnexpectedEof { early.to_owned() } else { error.to_string() };
                match self.channel.stderr() {
                    Some(stderr) => ended_early(url, stderr),
                    None => TransportError::unreachable(url, own),
                }
            }
        }
    }

    fn unsupported_format(&self, format: UnsupportedFormat) -> TransportError {
        TransportError::UnsupportedFormat { url: self.url.clone(), format }
    }

    fn advertisement(&mut self, service: Service) -> Result<Advertisement, TransportError> {
        let mut reader = self.channel.advertisement(service, self.end(ADVERTISEMENT_TIMEOUT))?;
        let read = advertisement::read(&mut reader);
        drop(reader);
        let advertisement = read.map_err(|error| self.error(&error))?;
        match advertisement.value("object-format") {
            None | Some("sha1") => Ok(advertisement),
            Some("sha256") => Err(self.unsupported_format(UnsupportedFormat::Sha256)),
            Some(other) => Err(self.unsupported_format(UnsupportedFormat::Other(format!("object format {other}")))),
        }
    }

    /// Returns the advertisement of `git-upload-pack`, which is started if necessary, and always with `fresh`.
    fn upload_pack(&mut self, fresh: bool) -> Result<Advertisement, TransportError> {
        if let Some(known) = &self.upload_pack
            && !fresh
            && (known.v2 || self.channel.stateless())
        {
            return Ok(known.clone());
        }
        let advertisement = self.advertisement(Service::UploadPack)?;
        self.upload_pack = Some(advertisement.clone());
        Ok(advertisement)
    }

    /// Returns the advertisement of `git-receive-pack`, which is started if necessary.
    fn receive_pack(&mut self) -> Result<Advertisement, TransportError> {
        if let Some(known) = &self.receive_pack {
            return Ok(known.clone());
        }
        if !self.channel.stateless() {
            // The channel ends the other service.
            self.upload_pack = None;
        }
        let advertisement = self.advertisement(Service::ReceivePack)?;
        if self.channel.stateless() {
            // The refs may have changed when the next push uses it.
            self.receive_pack = Some(Advertisement { refs: Vec::new(), ..advertisement.clone() });
        }
        Ok(advertisement)
    }

    /// Checks that the server has every capability that the push needs.
    fn check_capabilities(
        &self,
        server: &Advertisement,
        updates: &[RefUpdate],
        options: &PushOptions,
    ) -> Result<(), TransportError> {
        if options.atomic && !server.is_reliable() {
            let agent = server.value("agent").unwrap_or("a server without a name");
            let capability = "atomic".to_owned();
            let hint = format!("push without `--atomic`: hydrant does not know whether {agent} supports it");
            return Err(TransportError::Unsupported { url: self.url.clone(), capability, hint });
        }
        for (needed, capability, hint) in [
            (options.atomic, "atomic", "push without `--atomic`"),
            (updates.iter().any(|update| update.new.is_none()), "delete-refs", "delete the branch at the host"),
            (
                !options.options.is_empty(),
                "push-options",
                "set receive.advertisePushOptions on the server, or push without options",
            ),
        ] {
            if needed && !server.has(capability) {
                let (capability, hint) = (capability.to_owned(), hint.to_owned());
                return Err(TransportError::Unsupported { url: self.url.clone(), capability, hint });
            }
        }
        Ok(())
    }

    fn send_push(
        &mut self,
        server: &Advertisement,
        request: Request,
        updates: &[RefUpdate],
    ) -> Result<PushReport, TransportError> {
        let mut reader = self.channel.request(Service::ReceivePack, request, self.end(PUSH_TIMEOUT))?;
        let report = push::report(&mut reader, server, updates);
        drop(reader);
        report.map_err(|error| self.error(&error))
    }

    fn fetch_history(
        &mut self,
        tips: &[Oid],
        commit: Oid,
        store: &Repository,
        thin: ThinPack,
    ) -> Result<HistoryFetch, TransportError> {
        let server = self.upload_pack(false)?;
        let mut done = !server.v2;
        loop {
            let body = fetch::since_request(&server, tips, commit, done, thin);
            let end = self.end(FETCH_TIMEOUT);
            let mut reader = self.channel.request(Service::UploadPack, Request::lines(body), end)?;
            let response = fetch::receive_since(&mut reader, &server, done, store, end);
            drop(reader);
            match response.map_err(|error| self.error(&error))? {
                HistoryResponse::UnknownCommit => return Ok(HistoryFetch::UnknownCommit),
                HistoryResponse::Fetched => return Ok(HistoryFetch::Fetched),
                HistoryResponse::Acknowledged => done = true,
            }
        }
    }

    fn fetch_request(&mut self, request: &FetchRequest<'_>, store: &Repository) -> Result<(), TransportError> {
        if request.ids.is_empty() {
            return Ok(());
        }
        let server = self.upload_pack(false)?;
        let body = fetch::request(&server, request);
        let end = self.end(FETCH_TIMEOUT);
        let mut reader = self.channel.request(Service::UploadPack, Request::lines(body), end)?;
        let received = fetch::receive(&mut reader, &server, store, end);
        drop(reader);
        received.map_err(|error| self.error(&error))
    }
}

/// The error for a service that ended with a message on its standard error.
fn ended_early(url: String, message: String) -> TransportError {
    let credentials = CredentialSource::Ssh;
    let contains = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
    if contains(&["Permission denied", "Host key verification failed", "Too many authentication failures"]) {
        TransportError::Denied { url, message, credentials }
    } else if contains(&["does not appear to be a git repository", "not a git repository", "Repository not found"]) {
        TransportError::NotFound { url, message, credentials }
    } else {
        TransportError::unreachable(url, message)
    }
}

impl<C: Channel> Transport for Session<C> {
    fn list_refs(&mut self, prefixes: &[String]) -> Result<Vec<RemoteRef>, TransportError> {
        // In version 0 the refs are part of the advertisement, so a new one is needed.
        let fresh = self.upload_pack.as_ref().is_some_and(|known| !known.v2);
        let server = self.upload_pack(fresh)?;
        let mut found = if server.v2 {
            let body = fetch::list_request(&server, prefixes);
            let end = self.end(ADVERTISEMENT_TIMEOUT);
            let mut reader = self.channel.request(Service::UploadPack, Request::lines(body), end)?;
            let refs = fetch::receive_refs(&mut reader);
            drop(reader);
            refs.map_err(|error| self.error(&error))?
        } else {
            server.refs
        };
        found.retain(|found| prefixes.iter().any(|prefix| found.name.starts_with(prefix)));
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    fn fetch(&mut self, tips: &[Oid], depth: u32, store: &Repository) -> Result<(), TransportError> {
        self.fetch_request(&FetchRequest { ids: tips, depth, no_blobs: true }, store)
    }

    fn fetch_since(&mut self, tips: &[Oid], commit: Oid, store: &Repository) -> Result<HistoryFetch, TransportError> {
        match self.fetch_history(tips, commit, store, ThinPack::Refused) {
            // A server may insist on thin packs, whose bases may be missing here.
            Err(TransportError::Server { .. } | TransportError::Unreachable { .. })
                if self.upload_pack(false).is_ok_and(|server| !server.v2 && server.has("thin-pack")) =>
            {
                self.fetch_history(tips, commit, store, ThinPack::Accepted)
            }
            fetched => fetched,
        }
    }

    fn fetch_objects(&mut self, ids: &[Oid], store: &Repository) -> Result<(), TransportError> {
        let odb = store.odb().map_err(TransportError::object_store)?;
        let missing: Vec<Oid> = ids.iter().copied().filter(|&id| !odb.exists(id)).collect();
        self.fetch_request(&FetchRequest { ids: &missing, depth: 0, no_blobs: false }, store)
    }

    fn push(
        &mut self,
        updates: &[RefUpdate],
        pack: &Pack<'_>,
        options: &PushOptions,
    ) -> Result<PushReport, TransportError> {
        let server = self.receive_pack()?;
        self.check_capabilities(&server, updates, options)?;
        let stale = push::stale(&server, updates);
        if stale.iter().all(Option::is_some) || options.atomic && stale.iter().any(Option::is_some) {
            // The push cannot succeed, so nothing is sent and the server runs no hooks.
            self.channel.close();
            return Ok(PushReport::not_sent(updates, stale));
        }
        let failed = |source: io::Error| TransportError::Io { location: "the pack of the push".to_owned(), source };
        // A push that only deletes refs has no pack (gitprotocol-pack).
        let pack = updates.iter().any(|update| update.new.is_some()).then(|| pack.spooled()).transpose();
        let request = Request { lines: push::request(&server, updates, options), pack: pack.map_err(failed)? };
        match self.send_push(&server, request, updates) {
            Ok(report) if server.is_reliable() => Ok(report),
            Ok(report) => confirm::accepted(self, report, updates),
            Err(error @ TransportError::Server { .. }) => confirm::failed(self, error, updates),
            // git ends without a report if the hook `reference-transaction` refuses an atomic push.
            Err(TransportError::Unreachable { message, .. }) if message.contains("ref updates aborted by hook") => {
                Ok(PushReport::new(updates, updates.iter().map(|_| Err(message.clone()))))
            }
            Err(error) => Err(error),
        }
    }
}
